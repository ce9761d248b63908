"""Takes over from a broken workspace the events that this one does not know: after an older backup was restored."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from geleit.errors import GeleitError
from geleit.files import checksum
from geleit.history.archive import Archive
from geleit.history.stored import COLUMNS, decode
from geleit.intake.live import BATCH, Intake, Receipt

Progress = Callable[[str], None]
Rows = Iterator[tuple[Any, ...]]
OUTBOX = "the outbox of the ledger"
ROWS = f"SELECT {', '.join(COLUMNS)} FROM outbox ORDER BY seq {{}}"  # noqa: S608 (names of our columns)


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was found: events ``read``, ``new`` ones of them, ``contradicting`` ones (in quarantine now).

    ``unreadable``: files, or the outbox, that could not be read to their end.
    """

    read: int
    new: int
    contradicting: int
    unreadable: tuple[str, ...]


def salvage(
    intake: Intake,
    archive: Archive,
    old: Path,
    told: Progress = lambda _: None,
    *,
    only: frozenset[str] | None = None,
) -> Salvaged:
    """Take in every event of the workspace at ``old`` (or of its ``data/``) that is not known here; ``old`` stays as it is.

    ``only``: of these sources.
    Its archive is read file by file, then what its ledger still says of events that were not archived yet, as far as
    it can be read. Running it again changes nothing.
    Errors: GeleitError if there is nothing to read, Retryable when the disk is full: run it again.
    """
    data = old / "data" if (old / "data").is_dir() else old
    if not (data / "archive").is_dir() and not (data / "ledger.sqlite").is_file():
        raise GeleitError(f"{old} holds neither archive nor ledger", hint="name the broken workspace's folder")
    work = _Work(replace(intake, listing=frozenset()), only)  # states have their keys already
    with archive.ledger.read() as connection:
        known = {segment.sha256 for segment in archive.segments(connection)}
    files = sorted((data / "archive").rglob("*.parquet"))
    for number, path in enumerate(files, 1):
        told(f"archive: file {number:,} of {len(files):,}, {work.total.new:,} new events")
        if checksum(path) not in known:
            work.take(_archived(path), path.relative_to(data).as_posix())
    told(f"outbox, {work.total.new:,} new events")
    if only is None or (data / "ledger.sqlite").is_file():  # set aside on purpose, it was archived to its end
        work.take(_waiting(data / "ledger.sqlite"), OUTBOX)
    return Salvaged(work.read, work.total.new, work.total.changed, tuple(work.unreadable))


class _Work:
    def __init__(self, intake: Intake, only: frozenset[str] | None) -> None:
        self.intake, self.only, self.read, self.total = intake, only, 0, Receipt()
        self.unreadable: list[str] = []

    def take(self, rows: Rows, place: str) -> None:
        """Take rows in as long as they can be read."""
        some: list[tuple[Any, ...]] = []
        try:
            for row in rows:
                some.append(row)
                if len(some) == BATCH:
                    self._accept(some)
                    some = []
        except (OSError, pa.ArrowException, sqlite3.DatabaseError):
            self.unreadable.append(place)
        self._accept(some)

    def _accept(self, rows: list[tuple[Any, ...]]) -> None:
        events = []
        for row in rows:
            try:
                event = decode(row).event
            except (msgspec.DecodeError, TypeError, ValueError):  # a damaged page may hold anything
                self.unreadable.append(f"event {row[1]}")
                continue
            if self.only is None or event.source in self.only:
                events.append(event)
        self.read += len(events)
        if events:
            self.total += self.intake.accept(events)


def _archived(path: Path) -> Rows:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=list(COLUMNS)):
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            yield from zip(*(columns[name].to_pylist() for name in COLUMNS), strict=True)


def _waiting(ledger: Path) -> Rows:
    """The outbox of a SQLite ledger, read in a copy of it: from its beginning, and where that breaks from its end."""
    with copied(ledger) as copy:
        broken = None
        for direction in ("ASC", "DESC"):
            try:
                yield from copy.execute(ROWS.format(direction))
            except sqlite3.DatabaseError as error:
                broken = error
            else:
                break
        if broken:
            raise broken


@contextmanager
def copied(ledger: Path) -> Iterator[sqlite3.Connection]:
    """A copy of a SQLite ledger with what its log holds; the ledger stays as it is. Errors: FileNotFoundError."""
    if not ledger.is_file():
        raise FileNotFoundError(ledger)
    with tempfile.TemporaryDirectory(dir=ledger.parent.parent) as name:
        for path in ledger.parent.glob("ledger.sqlite*"):
            if not path.name.endswith("-shm"):
                shutil.copyfile(path, Path(name) / path.name)
        with closing(sqlite3.connect(Path(name) / ledger.name)) as copy:
            yield copy
