"""SQL of this room: one text per question, in .sql files beside the modules, found by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load(file: str) -> Mapping[str, str]:
    """The statements of one .sql file by name; each begins with ``-- name: it`` and a line of purpose.

    >>> sorted(load("gathered.sql"))[:3]
    ['add_expected', 'add_owners', 'add_published']
    """
    return load_from(FOLDER / file)


@cache
def load_from(path: Path) -> Mapping[str, str]:
    """The statements of an .sql file of another room."""
    parts = NAME.split(path.read_text(encoding="utf-8"))
    return dict(zip(parts[1::2], (text.strip() for text in parts[2::2]), strict=True))
