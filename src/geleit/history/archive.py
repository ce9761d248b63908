"""The archive: every acknowledged event for ever, in immutable checksummed Parquet segments that the ledger lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from geleit.clock import moment
from geleit.errors import Retryable, StoreError
from geleit.files import checksum, sync_file, sync_folder
from geleit.history import snapshot
from geleit.history.keys import Keys
from geleit.history.turn import turn
from geleit.ledger import tables
from geleit.ledger.lease import Lease
from geleit.ledger.ledger import Ledger, chunked

VERSION = "1"
ROWS = 20_000  # per segment: so many outbox rows leave the ledger in about 50 ms
DRAINED = re.compile(r"(?:next|\d+-\d+-[0-9a-f]{8})-(\d+)\.(?:part|parquet)")  # ends with its writer's fencing token
REPEATING = ["source", "kind", "evidence", "local_day"]  # columns worth a dictionary


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the archive as the ledger's catalog lists it; ``path`` is relative to the archive's folder."""

    path: str
    sha256: str
    rows: int
    bytes: int
    first_seq: int
    last_seq: int
    min_t: int
    max_t: int


@dataclass(slots=True)
class _Extent:
    """How far the rows of a segment reach, summed while they are written."""

    rows: int = 0
    first_seq: int = 0
    last_seq: int = 0
    min_t: int = 0
    max_t: int = 0

    def take(self, batch: pa.Table) -> None:
        seqs, times = batch["seq"].to_pylist(), batch["t"].to_pylist()
        self.first_seq = self.first_seq or seqs[0]
        self.last_seq = seqs[-1]
        self.min_t = min(times) if not self.rows else min(self.min_t, *times)
        self.max_t = max(times) if not self.rows else max(self.max_t, *times)
        self.rows += len(seqs)


class Archive:
    """Segments under ``folder``, catalogued in the ledger.

    Only the holder of the lease ``archive`` drains and sweeps; ``maintenance.lock`` beside the folder keeps bulk loads
    and checks apart from it.
    """

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.folder = folder
        self.ledger = ledger
        self.lock = folder.parent / "maintenance.lock"
        self.keys = Keys(folder.parent / "keys")
        self.lease = Lease(ledger, "archive")

    def drain(self, limit_rows: int = ROWS) -> int:
        """Move the oldest outbox rows into one new segment; returns how many, 0 when the outbox is empty.

        The rows leave the ledger in the transaction that lists their synced file: each event is in exactly one of
        both at any moment, whatever is killed when.
        Errors: Retryable when the disk is full, or when another process took over; the outbox keeps the rows.
        """
        with self.lease.held(), turn(self.lock) as alone:
            try:
                self._sweep(alone=alone)
                aside, extent = self._write(limit_rows)
                if not extent.rows:
                    return 0
                segment = self._publish(aside, extent)
            except OSError as error:
                raise Retryable(
                    f"the archive {self.folder.name} cannot be written: {error.strerror or error}; "
                    "the events stay in the ledger",
                    hint="free disk space or check the folder's rights",
                ) from None
            self._list(segment)
            return segment.rows

    def write(self, rows: pa.Table, first_seq: int) -> Segment:
        """Write rows (the outbox's columns without ``seq``) as one durable segment numbered from ``first_seq``.

        It counts from the moment that ``enter`` lists it. The caller holds the lock.
        Errors: OSError when the disk is full.
        """
        year = self.folder / str(moment(self.ledger.clock()).year)
        _make(year)
        seqs = pa.array(np.arange(first_seq, first_seq + rows.num_rows))
        table = rows.add_column(0, pa.field("seq", pa.int64()), seqs).replace_schema_metadata(
            {"geleit.segment": VERSION}
        )
        aside = year / "bulk.part"
        pq.write_table(table, aside, compression="zstd", use_dictionary=REPEATING, row_group_size=ROWS)
        times = pc.min_max(rows["t"]).as_py()
        last = first_seq + rows.num_rows - 1
        return self._publish(aside, _Extent(rows.num_rows, first_seq, last, times["min"], times["max"]))

    def enter(self, connection: sa.Connection, segment: Segment, *, load: int | None = None) -> None:
        """List a segment in the catalog; ``load`` is the bulk load that wrote it."""
        values = {name: getattr(segment, name) for name in Segment.__dataclass_fields__}
        connection.execute(sa.insert(tables.segment).values(**values, created_at=self.ledger.clock(), load_id=load))

    def segments_of(self, connection: sa.Connection, load: int) -> list[Segment]:
        """The segments that a bulk load wrote, in the order of its parts."""
        columns = [tables.segment.c[name] for name in Segment.__dataclass_fields__]
        mine = sa.select(*columns).where(tables.segment.c.load_id == load)
        return [Segment(*row) for row in connection.execute(mine.order_by(tables.segment.c.first_seq))]

    def segments(self, connection: sa.Connection) -> list[Segment]:
        """The catalog as the connection sees it, by sequence.

        Errors: StoreError if two segments claim the same sequence numbers.
        """
        columns = [tables.segment.c[name] for name in Segment.__dataclass_fields__]
        rows = connection.execute(sa.select(*columns).order_by(tables.segment.c.first_seq))
        found = [Segment(*row) for row in rows]
        for earlier, later in pairwise(found):
            if later.first_seq <= earlier.last_seq:
                raise StoreError(
                    f"the archive's segments {earlier.path} and {later.path} overlap; no file was changed",
                    hint="geleit restore BACKUP DIR puts ledger and archive of one moment into a new folder",
                )
        return found

    def path(self, segment: Segment) -> Path:
        """Where a segment's file is.

        Errors: StoreError if it is missing or of another size than catalogued.
        """
        path = self.folder / segment.path
        if not path.is_file():
            raise _damaged(segment, "is missing")
        if path.stat().st_size != segment.bytes:
            raise _damaged(segment, f"has {path.stat().st_size} bytes instead of {segment.bytes}")
        return path

    def verify(self, segments: Sequence[Segment] | None = None) -> int:
        """Read every segment (or the given ones) and compare its checksum; returns how many are sound.

        Errors: StoreError naming the first file that is missing or damaged.
        """
        if segments is None:
            with self.ledger.read() as connection:
                segments = self.segments(connection)
        for segment in segments:
            if checksum(self.path(segment)) != segment.sha256:
                raise _damaged(segment, "differs from its checksum")
        return len(segments)

    def orphans(self) -> list[Path]:
        """Files that the catalog does not list: left by a crash, or foreign."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]  # first: what is listed meanwhile is none
        with self.ledger.read() as connection:
            listed = set(connection.execute(sa.select(tables.segment.c.path)).scalars())
        return sorted(path for path in files if path.relative_to(self.folder).as_posix() not in listed)

    def _sweep(self, *, alone: bool) -> None:
        """Remove what a crash left, but no whole file whose events the ledger does not know.

        Such a file appears when an older ledger was put back; it may be the only place of its events. ``check`` names it.
        Files of a later holder of the lease are never touched: this process may have stood still. Files of bulk loads
        are, only if none is being written (``alone``).
        """
        for path in self.orphans():
            drained = DRAINED.fullmatch(path.name)
            if not alone if drained is None else int(drained[1]) > self.lease.token:
                continue
            if path.suffix == ".part" or (path.suffix == ".parquet" and self._known(path)):
                path.unlink(missing_ok=True)

    def _known(self, path: Path) -> bool:
        try:
            ids = pq.read_table(path, columns=["event_id"])["event_id"].to_pylist()
        except (OSError, pa.ArrowException):
            return False
        key = tables.event_key.c.id
        count = sa.select(sa.func.count()).select_from(tables.event_key)
        with self.ledger.read() as connection:
            return len(ids) == sum(connection.execute(count.where(key.in_(some))).scalar_one() for some in chunked(ids))

    def _write(self, limit_rows: int) -> tuple[Path, _Extent]:
        """The rows in a file of a temporary name; nothing is written for an empty outbox."""
        statement = sa.select(tables.outbox).order_by(tables.outbox.c.seq).limit(limit_rows)
        form = snapshot.schema(statement).with_metadata({"geleit.segment": VERSION})
        year = self.folder / str(moment(self.ledger.clock()).year)
        aside, extent = year / f"next-{self.lease.token}.part", _Extent()
        writer: pq.ParquetWriter | None = None
        with self.ledger.read() as connection:
            if (gap := _gap(connection)) is not None:  # of the same view: a bulk load may reserve numbers at any time
                statement = statement.where(tables.outbox.c.seq < gap)
            try:
                for batch in snapshot.batches(connection, statement):
                    if writer is None:
                        _make(year)
                        writer = pq.ParquetWriter(aside, form, compression="zstd", use_dictionary=REPEATING)
                    writer.write_table(batch.replace_schema_metadata(form.metadata))
                    extent.take(batch)
            finally:
                if writer is not None:
                    writer.close()
        return aside, extent

    def _publish(self, aside: Path, extent: _Extent) -> Segment:
        """Give the file its name, durably; that of a drained one ends with the fencing token, as it did before."""
        drained = DRAINED.fullmatch(aside.name)
        writer = f"-{drained[1]}" if drained else ""
        sync_file(aside)
        aside.chmod(0o600)
        digest = checksum(aside)
        name = f"{extent.first_seq:012d}-{extent.last_seq:012d}-{digest[:8]}{writer}.parquet"
        path = aside.replace(aside.with_name(name))
        sync_folder(path.parent)
        return Segment(
            path=path.relative_to(self.folder).as_posix(),
            sha256=digest,
            rows=extent.rows,
            bytes=path.stat().st_size,
            first_seq=extent.first_seq,
            last_seq=extent.last_seq,
            min_t=extent.min_t,
            max_t=extent.max_t,
        )

    def _list(self, segment: Segment) -> None:
        """List the segment and remove its rows from the outbox in one transaction."""
        with self.ledger.write() as connection:
            seq = tables.outbox.c.seq
            self.enter(connection, segment)
            gone = connection.execute(sa.delete(tables.outbox).where(seq.between(segment.first_seq, segment.last_seq)))
            if gone.rowcount != segment.rows:
                raise Retryable(
                    f"the outbox changed while {segment.rows} events were archived ({gone.rowcount} found); "
                    "nothing was moved",
                    hint="run the same command again",
                )


def _gap(connection: sa.Connection) -> int | None:
    """Where numbers begin that a bulk load took or reserved after the oldest row of the outbox."""
    oldest = sa.select(sa.func.min(tables.outbox.c.seq)).scalar_subquery()
    listed = sa.select(sa.func.min(tables.segment.c.first_seq)).where(tables.segment.c.first_seq > oldest)
    reserved = sa.select(sa.func.min(tables.load.c.first_seq)).where(tables.load.c.first_seq > oldest)
    found = [connection.execute(query).scalar() for query in (listed, reserved)]
    return min((place for place in found if place is not None), default=None)


def _make(folder: Path) -> None:
    """Make a folder whose name holds through a crash."""
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
        for above in list(folder.parents)[:3]:
            sync_folder(above)


def _damaged(segment: Segment, what: str) -> StoreError:
    return StoreError(
        f"the archive's segment {segment.path} {what}; it holds {segment.rows} events. "
        "The ledger, the other segments and the journal built before are safe",
        hint="run 'geleit repair BACKUP': it puts this file back from a folder of backups",
    )
