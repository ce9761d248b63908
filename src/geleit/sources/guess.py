"""Drafts sources/NAME.yaml from an export of any format; a person reads and corrects the draft."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from geleit.clock import SECOND, moment
from geleit.errors import GeleitError
from geleit.events.kinds import snake
from geleit.sources import database_sample, draft, sample
from geleit.sources.roles import columns_of
from geleit.sources.times import TimeReader


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted definition. ``notes`` say what was guessed and what a person has to decide."""

    name: str
    yaml: str
    notes: tuple[str, ...]


def guess(file: Path, *, root: Path, zone: str, now: int, name: str = "") -> Draft:
    """Draft a definition for one export; a file outside the workspace is copied into ``exports/``.

    Errors: GeleitError if the file does not exist, is empty, or is of no known format; nothing is written then.
    """
    if not file.is_file():
        raise GeleitError(
            f"{file} does not exist", hint="name an export: CSV, Excel, JSON, Parquet, XES or a zip of them"
        )
    chosen = snake(name or file.name.split(".")[0]) or "source"
    found = sample.look(file)
    columns = columns_of(found, TimeReader(zone, "earlier", now))
    written = moment(int(file.stat().st_mtime * SECOND), zone).date().isoformat()
    yaml, notes = draft.write(draft.Place(chosen, _inside(file, root), zone, written), found, columns)
    return Draft(chosen, yaml, notes)


def guess_table(url: str, table: str, *, root: Path, zone: str, now: int, name: str = "", secret: str = "") -> Draft:
    """Draft a definition for a table of a database; ``secret`` names the password of its user.

    Errors: GeleitError and Retryable if the database cannot be reached, has no such table, or the table is empty.
    """
    chosen = snake(name or table.rpartition(".")[2]) or "source"
    found = database_sample.look(url, table, root, secret=secret)
    columns = columns_of(found, TimeReader(zone, "earlier", now))
    today = moment(now, zone).date().isoformat()
    yaml, notes = draft.write(draft.Place(chosen, table, zone, today), found, columns)
    return Draft(chosen, yaml, notes)


def _inside(file: Path, root: Path) -> str:
    resolved = file.resolve()
    if not resolved.is_relative_to(root.resolve()):
        target = root / "exports" / file.name
        if target.exists():
            raise GeleitError(f"exports/{file.name} exists already; nothing was changed", hint="rename the file")
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, target)
        resolved = target.resolve()
    return resolved.relative_to(root.resolve()).as_posix()
