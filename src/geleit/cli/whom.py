"""Whom and which days a command asks about: a segment by its name, a file of people, a day as people write it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer

from geleit.errors import GeleitError
from geleit.language.spans import read_day
from geleit.workspace import Workspace
from geleit.workspace.segments import Segments


def day(text: str) -> date:
    """``2026-05-01`` or ``1.5.2026``.

    Errors: BadParameter saying how a day is written.
    """
    try:
        return date.fromisoformat(read_day(text))
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no day; write it like 2026-05-01 or 1.5.2026") from None


def is_segment(workspace: Workspace, path: Path) -> bool:
    """Whether a segment's name is meant, not a file."""
    return str(path) in workspace.segment_files.now or not (path.exists() or path.suffix)


def customers(workspace: Workspace, path: Path) -> tuple[str, ...]:
    """The ids of those who are in a segment, or stand in a file.

    Errors: NotFoundError for an unknown segment or person; GeleitError for a file that cannot be read.
    """
    if is_segment(workspace, path):
        return Segments(workspace).members(str(path))
    try:
        keys = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise GeleitError(f"{path} cannot be read: {error}", hint="one customer id or type:value a line") from None
    return tuple(workspace.customer(key) for key in keys)
