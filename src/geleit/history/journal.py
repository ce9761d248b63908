"""The journal: builds generations from archive and ledger, publishes the newest, keeps one behind it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from geleit.errors import StoreError
from geleit.events.kinds import Catalogue
from geleit.files import checksum, sync_file, sync_folder, write_durably
from geleit.history import gathered, reading, snapshot
from geleit.history.archive import Archive, Segment
from geleit.history.disk import writing
from geleit.history.generation import DATABASE, FORMAT, MANIFEST, File, Generation, Manifest
from geleit.history.statements import load
from geleit.history.turn import turn
from geleit.ledger import tables
from geleit.ledger.lease import Lease
from geleit.ledger.ledger import Ledger

CURRENT = "CURRENT"
PUBLISHED = (
    tables.customer,
    tables.need,
    tables.trait,
    tables.consent_fact,
    tables.order_fact,
    tables.order_line,
    tables.account_fact,
    tables.product_fact,
)
COUNTED = ("events", "resolution", *(table.name for table in PUBLISHED))
LAST = 2**63 - 1
SAFE = "the generation before stays"
SMALL = 256  # values that fit a code of one byte


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one consistent view of the ledger held."""

    change: int
    last_seq: int
    at: int
    segments: list[Segment]
    gathered: int


class Journal:
    """Generations under ``folder``; the holder of the lease ``journal`` builds, any number read."""

    def __init__(self, folder: Path, ledger: Ledger, archive: Archive) -> None:
        self.folder = folder
        self.ledger = ledger
        self.archive = archive
        self.lease = Lease(ledger, "journal")

    def latest(self) -> Generation | None:
        """The generation that ``CURRENT`` names; None before the first build.

        Errors: StoreError if it is damaged (``rebuild`` makes it anew; ledger and archive are not touched by that).
        """
        name = self._current()
        while name:
            try:
                return Generation(self.folder / name)
            except StoreError:
                newer = self._current()
                if newer == name:
                    raise
                name = newer  # replaced and removed while it was opened
        return None

    def build(self, catalogue: Catalogue, definitions_hash: str) -> Generation:
        """Build the next generation from archive and ledger and publish it; readers of older ones go on undisturbed.

        Errors: StoreError for a damaged segment, Retryable when the disk is full or another process took over; the generation
        before stays current.
        """
        with self.lease.held() as token, turn(self.folder / "build.lock"):
            number = 1 + max((int(path.name[1:]) for path in self._generations()), default=0)
            part = self.folder / f".g{number:06d}-{token}.part"
            with writing("the journal", SAFE):
                self._sweep()
                part.mkdir(mode=0o700)
                seen, codes, counts = self._fill(part, catalogue)
                manifest = Manifest(
                    format=FORMAT,
                    number=number,
                    change=seen.change,
                    last_seq=seen.last_seq,
                    at=seen.at,
                    definitions=definitions_hash,
                    counts=counts,
                    codes=codes,
                    files=_seal(part),
                    gathered=seen.gathered,
                )
                write_durably(part / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
                self._publish(part, f"g{number:06d}")
            self._sweep()
        return Generation(self.folder / f"g{number:06d}")

    def rebuild(self, catalogue: Catalogue, definitions_hash: str) -> Generation:
        """Build anew and let go of every older generation, sound or damaged."""
        generation = self.build(catalogue, definitions_hash)
        with self.lease.held(), turn(self.folder / "build.lock"):
            for path in self._generations():
                if path.name < generation.folder.name:
                    shutil.rmtree(path)
        return generation

    def _current(self) -> str:
        path = self.folder / CURRENT
        return path.read_text(encoding="ascii", errors="replace").strip() if path.exists() else ""

    def _generations(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("g*") if path.is_dir() and path.name[1:].isdecimal())

    def _sweep(self) -> None:
        """Keep the current generation and the one before; remove older, half-built and never published ones."""
        reading.sweep(self.archive.folder.parent)
        current = self._current()
        known = [path.name for path in self._generations() if path.name <= current]
        for path in [*self._generations(), *self.folder.glob(".*.part")]:
            if path.name in known[-2:]:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _fill(self, part: Path, catalogue: Catalogue) -> tuple[_Seen, dict[str, list[str]], dict[str, int]]:
        """Write database and columns; everything in them is of one change of the ledger."""
        spill = part / "spill"
        with reading.connect(memory_limit=reading.MEMORY, temp_directory=str(spill)) as duck:
            duck.execute("ATTACH $path AS built", {"path": str(part / DATABASE)})
            seen = self._copy_ledger(duck)
            self.archive.verify(seen.segments)
            paths = [self.archive.path(segment) for segment in seen.segments]
            sql = load("journal.sql")
            try:
                with writing("the journal", SAFE):
                    _settle_owners(duck, kept=bool(seen.gathered))
                    reading.gather(duck, paths, after=0)
                    duck.execute(sql["stored"])
                    reading.prepare(duck, catalogue)
                    for name in ("events", "resolution", "customer_code", "need_code"):
                        duck.execute(sql[name])
            except duckdb.Error as error:
                raise reading.translate_error(error, "the archive") from None
            codes = _write_columns(duck, part, catalogue)
            counts = {name: int(duck.table(f"built.{name}").count("*").fetchall()[0][0]) for name in COUNTED}
            duck.execute("CHECKPOINT built")
            duck.execute("DETACH built")
        shutil.rmtree(spill, ignore_errors=True)
        return seen, codes, counts

    def _copy_ledger(self, duck: duckdb.DuckDBPyConnection) -> _Seen:
        with self.ledger.read() as connection:
            until = _until(connection)
            segments = [one for one in self.archive.segments(connection) if one.last_seq <= until]
            snapshot.copy(connection, reading.OUTBOX.where(tables.outbox.c.seq <= until), duck, "pending")
            snapshot.copy(connection, reading.SLICED, duck, "sliced")
            reading.copy_assigned(connection, duck)
            snapshot.copy(connection, reading.PLACED, duck, "published_resolution")
            early = gathered.hold(connection, duck, self.archive)
            for table in PUBLISHED:
                snapshot.copy(connection, _without_change(table), duck, f"built.{table.name}")
            change = self.ledger.change(connection)
            seq = tables.outbox.c.seq
            last = connection.execute(sa.select(sa.func.max(seq)).where(seq <= until)).scalar()
        archived = segments[-1].last_seq if segments else 0
        return _Seen(change, max(last or 0, archived), self.ledger.clock(), segments, early)

    def _publish(self, part: Path, name: str) -> None:
        """Make it the current one, unless another process has taken over: then nobody shall see it."""
        with self.ledger.write():
            part.rename(self.folder / name)
            sync_folder(self.folder)
            write_durably(self.folder / CURRENT, f"{name}\n".encode())


def _settle_owners(duck: duckdb.DuckDBPyConnection, *, kept: bool) -> None:
    """Whose each set is, and what was gathered of a load that is being adopted (``kept``), with the generation for its delta."""
    sql, whole = load("gathered.sql"), {"whole": reading.WHOLE}
    duck.execute(sql["add_published"], whole)
    for name in ("kept_owner", "kept_member", "kept_origin") if kept else ():
        duck.execute(sql[name])
    gathered.let_go(duck)
    duck.execute(load("journal.sql")["resolved"], whole)


def _until(connection: sa.Connection) -> int:
    """The number up to which events are complete: behind it a bulk load may still be writing."""
    reserved = connection.execute(sa.select(sa.func.min(tables.load.c.first_seq))).scalar()
    return LAST if reserved is None else reserved - 1


def _without_change(table: sa.Table) -> sa.Select[tuple[object, ...]]:
    return sa.select(*(column for column in table.c if column.name != "change"))


def _write_columns(duck: duckdb.DuckDBPyConnection, part: Path, catalogue: Catalogue) -> dict[str, list[str]]:
    """Write the coded columns as ``.npy`` files in stored order; returns the values by code."""
    sql = load("journal.sql")
    kinds = [row[0] for row in duck.execute(sql["kinds"]).fetchall()]
    own_kinds = [row[0] for row in duck.execute(sql["own_kinds"]).fetchall()]
    channels = [row[0] for row in duck.execute(sql["channels"]).fetchall()]
    stages = [*(stage.id for stage in catalogue.stages), ""]
    channel: type[np.generic] = np.uint8 if len(channels) <= SMALL else np.uint16
    types: dict[str, type[np.generic]] = {
        "customer": np.int32,
        "t": np.int64,
        "ord": np.int64,
        "kind": np.uint16,
        "own_kind": np.uint16,
        "channel": channel,
        "stage": np.uint8,
        "local_day": np.int32,
        "need": np.int32,
        "flags": np.uint8,
    }
    rows = int(duck.table("built.events").count("*").fetchall()[0][0])
    columns = {name: _column(part / f"{name}.npy", form, rows) for name, form in types.items()}
    values = {"kinds": kinds, "own_kinds": own_kinds, "channels": channels, "stages": stages}
    answer = duck.sql(sql["coded"], params=values)
    for batch in answer.to_arrow_reader(snapshot.BATCH):
        place = batch["place"].to_numpy()
        for name, column in columns.items():
            column[place] = batch[name].to_numpy()
    for column in columns.values():
        if isinstance(column, np.memmap):
            column.flush()
    return {"kind": kinds, "own_kind": own_kinds, "channel": channels, "stage": stages}


def _column(path: Path, form: type[np.generic], rows: int) -> npt.NDArray[np.generic]:
    if not rows:  # nothing can be mapped from an empty file
        empty = np.empty(0, form)
        np.save(path, empty)
        return empty
    mapped: npt.NDArray[np.generic] = np.lib.format.open_memmap(path, mode="w+", dtype=form, shape=(rows,))
    with path.open("r+b") as handle:  # a full disk says so here; later it would end the process
        os.posix_fallocate(handle.fileno(), 0, path.stat().st_size)
    return mapped


def _seal(part: Path) -> dict[str, File]:
    """Make the files durable and note their checksums."""
    files = {}
    for path in sorted(part.iterdir()):
        path.chmod(0o600)
        sync_file(path)
        files[path.name] = File(bytes=path.stat().st_size, sha256=checksum(path))
    return files
