"""Source definitions that come with geleit, one per known export: what each is for, and a copy of it for a workspace."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from geleit.definitions import load
from geleit.errors import GeleitError, NotFoundError
from geleit.sources.definition import SourceDefinition, load_source
from geleit.sources.formats import Format

SHELF = Path(__file__).parent / "ready"
NAME = re.compile(r"[a-z][a-z0-9_-]*")
REMARK = re.compile(r"# (What|Get it|Verified|Not verified|Adapt|Left out): (.+)")
FILE_LINE = re.compile(r"^file:.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ready:
    """One ready definition. ``verified`` names the documentation its form was checked against; else ``doubt`` says why not.

    ``what`` the export is, ``get_it`` how to get it, ``adapt`` what to set (may be empty), ``left_out`` what it leaves.
    ``hook``: how the system proves itself when it sends live, "key" or the name of its signature; "" if it does not send.
    ``secret``: name of the secret that it signs with. ``attached``: files beside it whose rows its records take along.
    """

    name: str
    label: Mapping[str, str]
    system: str
    format: Format
    file: tuple[str, ...]
    what: str
    get_it: str
    verified: str
    doubt: str
    adapt: str
    left_out: str
    hook: str
    secret: str
    attached: tuple[str, ...] = ()


def ready_sources() -> list[Ready]:
    """All ready definitions, by name."""
    return [_read(path) for path in sorted(SHELF.glob("*.yaml"))]


def ready_source(name: str) -> Ready:
    """The ready definition of a name.

    Errors: NotFoundError naming close ones.
    """
    return _read(_path(name))


def definition_of(name: str) -> SourceDefinition:
    """A ready definition as it is mapped.

    Errors: NotFoundError for an unknown name.
    """
    return load_source(_path(name), SHELF)


def add(root: Path, name: str, own_name: str = "", file: str = "") -> Path:
    """Write a ready definition into a workspace as sources/<own_name>.yaml; ``file`` replaces its path or pattern.

    Errors: NotFoundError for an unknown name; GeleitError if the file is there already (nothing is changed), or if
    the name or the path cannot be.
    """
    source = _path(name)
    own = own_name or name
    if not NAME.fullmatch(own):
        raise GeleitError(
            f"'{own}' is no name for a source; nothing was written",
            hint="small letters, digits, - and _, beginning with a letter: --as web_shop",
        )
    target = root / "sources" / f"{own}.yaml"
    text = source.read_text(encoding="utf-8")
    if file:
        line = f"file: {json.dumps(file, ensure_ascii=False)}"
        text = FILE_LINE.sub(lambda _: line, text, count=1)
    target.parent.mkdir(exist_ok=True)
    try:
        with target.open("x", encoding="utf-8") as handle:
            handle.write(text)
    except FileExistsError:
        raise GeleitError(
            f"sources/{own}.yaml exists already; nothing was changed", hint="give another name: --as MYNAME"
        ) from None
    try:
        load_source(target, root)
    except GeleitError:
        target.unlink()
        raise
    return target


def _path(name: str) -> Path:
    path = SHELF / f"{name}.yaml"
    if NAME.fullmatch(name) and path.is_file():
        return path
    close = difflib.get_close_matches(name, [path.stem for path in SHELF.glob("*.yaml")], n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else "geleit source ready lists what there is"
    raise NotFoundError(f"there is no ready source '{name}'", hint=hint)


def _read(path: Path) -> Ready:
    definition = load(path, SourceDefinition, root=path.parent).named(path.stem)  # its expressions are checked by tests
    said, hook = remarks(path.read_text(encoding="utf-8")), definition.hook
    return Ready(
        name=path.stem,
        label=definition.label,
        system=definition.system_name,
        format=definition.format_of(definition.file[0]),
        file=definition.file,
        attached=tuple(attach.file for attach in definition.attach.values() if attach.file),
        what=said.get("What", ""),
        get_it=said.get("Get it", ""),
        verified=said.get("Verified", ""),
        doubt=said.get("Not verified", ""),
        adapt=said.get("Adapt", ""),
        left_out=said.get("Left out", ""),
        hook=str(hook.signature or "key") if hook else "",
        secret=hook.secret.secret if hook and hook.secret else "",
    )


def remarks(text: str) -> dict[str, str]:
    r"""The remarks in the comment that a ready definition begins with, by their first word.

    >>> remarks("# What: all orders,\n#   one per line.\n# Left out: carts.\nfile: a.csv\n")
    {'What': 'all orders, one per line.', 'Left out': 'carts.'}
    """
    found: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if match := REMARK.fullmatch(line):
            last = match[1]
            found[last] = match[2].strip()
        elif last:
            found[last] += f" {line.removeprefix('#').strip()}"
    return found
