"""Saves a segment that was made in the app: a file like any other, never over one that changed meanwhile."""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any

from ruamel.yaml import YAML

from geleit.clock import moment
from geleit.definitions import fit
from geleit.errors import GeleitError
from geleit.files import make_folder, only_one, write_durably
from geleit.segments.definition import Segment, check_all
from geleit.workspace.segments import Segments

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


class ChangedError(GeleitError):
    """Somebody else wrote the file meanwhile; nothing was written."""


def draft_of(tree: Any) -> Segment:
    """What a form said, as a segment.

    Errors: DefinitionError naming the place.
    """
    return fit(tree, Segment, "draft")


def seen(segments: Segments, name: str) -> str:
    """A mark of the file as it is now; empty if there is none."""
    path = segments.workspace.root / "segments" / f"{name}.yaml"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else ""


def save(segments: Segments, name: str, tree: dict[str, Any], known: tuple[str, str]) -> None:
    """Write ``segments/NAME.yaml``. ``known``: the mark of the file that the author saw (empty: a new one), and the author.

    Errors: GeleitError for a name that is none, or without an author; ChangedError; DefinitionError.
    """
    mark, author = known
    if not NAME.fullmatch(name) or name == "new":
        raise GeleitError(
            f"'{name}' is no name of a file; nothing was saved",
            hint="small letters, digits and hyphens: repair-questions",
        )
    if not author.strip():
        raise GeleitError("nobody is named who saves it; nothing was saved", hint="write your name")
    segment = draft_of(tree)
    segments.check(name, segment)
    space = segments.workspace
    problems = check_all(segments.all | {name: segment}, space.definitions.kinds, space.definitions.needs)
    if problems:
        raise problems[0]
    with only_one(space.data / "segments.lock"):
        if seen(segments, name) != mark:
            raise ChangedError(
                f"segments/{name}.yaml was {'changed' if mark else 'made'} by somebody else meanwhile; nothing was saved",
                hint="open it anew and make your change again, or choose another name",
            )
        folder = space.root / "segments"
        make_folder(folder)
        write_durably(folder / f"{name}.yaml", _written(tree, author, space.clock()), mode=0o644)


def _written(tree: dict[str, Any], author: str, now: int) -> bytes:
    text = io.StringIO()
    named = " ".join(author.split())[:200]
    text.write(f"# saved by {named} on {moment(now):%Y-%m-%d}\n")
    yaml = YAML()
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(tree, text)
    return text.getvalue().encode()
