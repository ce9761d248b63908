"""Definitions that were found sound before: a file that is the same needs no second check when a workspace is opened.

Kept beside the data, one file per source. Only reading is spared: before anything is mapped, ``plan`` checks every
expression anyway.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from geleit import definitions, events
from geleit.errors import GeleitError
from geleit.files import write_durably

CHECKERS = ("duckdb", "pydantic", "sqlglot")  # what decides with us whether a definition is sound


def mark(path: Path) -> str:
    """The fingerprint of a file and of everything that checks it; '' for a file that cannot be read."""
    try:
        content = path.read_bytes()
    except OSError:
        return ""
    return hashlib.sha256(_checkers().encode() + content).hexdigest()


def recall(path: Path, root: Path, wanted: str) -> dict[str, Any] | None:
    """The tree of a file with this mark, if it was found sound; None otherwise."""
    try:
        kept = json.loads(_place(path, root).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return kept["tree"] if wanted and isinstance(kept, dict) and kept.get("mark") == wanted else None


def remember(path: Path, root: Path, found: str, tree: dict[str, Any]) -> None:
    """Keep the tree of a sound file whose mark was taken before it was read.

    Nothing is kept before the workspace has data, of a tree that JSON cannot hold, or where nothing can be written.
    """
    place = _place(path, root)
    if not place.parent.parent.is_dir() or not _plain(tree) or mark(path) != found:
        return
    try:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        write_durably(place, json.dumps({"mark": found, "tree": tree}).encode())
    except (OSError, GeleitError):
        return


def _place(path: Path, root: Path) -> Path:
    return root / "data" / "checked" / f"{path.stem}.json"


def _plain(node: object) -> bool:
    """Whether JSON gives the same back: no dates, no truth values with anchors."""
    if isinstance(node, dict):
        return all(map(_plain, node.values()))
    if isinstance(node, list):
        return all(map(_plain, node))
    return isinstance(node, str | float) or node is None or type(node) in {int, bool}


@lru_cache(maxsize=1)
def _checkers() -> str:
    digest = hashlib.sha256(" ".join(version(name) for name in CHECKERS).encode())
    ours = [*Path(__file__).parent.glob("*.py"), *Path(events.__file__ or "").parent.glob("*.py")]
    for file in [*sorted(ours), Path(definitions.__file__)]:
        digest.update(file.read_bytes())
    return digest.hexdigest()
