"""A bulk load: many events at once go straight into the archive; what they say waits in parts until it is adopted.

A chunk is acknowledged by one short transaction that lists its segment, its keys and its parts. What hangs on it in the
ledger (identifiers, facts, customers) follows in slices: see ``adoption``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from geleit.files import Syncs, only_one
from geleit.history.archive import Archive, Segment
from geleit.history.disk import writing
from geleit.history.keys import CONTENT, Keys, Places, Rows, Run, distinct, first_of_each, in_order, rows_of_columns
from geleit.history.turn import turn
from geleit.identity import refused
from geleit.intake import parts
from geleit.intake.live import Intake, Receipt, contradiction
from geleit.intake.members import Written
from geleit.intake.staging import STORED
from geleit.ledger import tables
from geleit.ledger.ledger import among, last_event, take_numbers
from geleit.sources import quarantine
from geleit.sources.records import Rejected

load = tables.load.c
NEW, AGAIN, CONTRADICTING = range(3)
Fates = npt.NDArray[np.int64]


class Load:
    """One load, from its first chunk to its last."""

    def __init__(self, intake: Intake, archive: Archive, number: int) -> None:
        self.intake, self.archive, self.number = intake, archive, number
        self.keys: Keys = archive.keys
        self.written = Written()

    def take(self, staged: pa.Table, rejected: Sequence[Rejected]) -> Receipt:
        """Acknowledge one chunk of staged rows (``staging.STAGED``); what is rejected goes to the quarantine.

        Errors: Retryable if the ledger is busy or the disk full. Chunks before are in.
        """
        return self.take_all([(staged, rejected)])[0]

    def take_all(self, chunks: Sequence[tuple[pa.Table, Sequence[Rejected]]]) -> list[Receipt]:
        """The same for chunks of several sources together: one acknowledgement, a receipt for each.

        Errors: as ``take``.
        """
        with writing("the bulk load", "what was acknowledged before is safe"):
            return self._take(chunks)

    def _take(self, chunks: Sequence[tuple[pa.Table, Sequence[Rejected]]]) -> list[Receipt]:
        now = self.intake.ledger.clock()
        staged = pa.concat_tables([table for table, _ in chunks])
        while True:
            with self.intake.ledger.read() as connection:
                before = last_event(connection)
            keys = rows_of_columns(staged["event_id"], staged["content"])
            fates = self._sift(staged, keys)
            news = fates == NEW
            new, keys = (staged, keys) if news.all() else (staged.filter(pa.array(news)), keys[:, news])
            if not new.num_rows or self._acknowledge(new, keys, before):
                break
        receipts, place = [], 0
        for table, rejected in chunks:
            mine = fates[place : place + table.num_rows]
            receipts.append(self._told(table, mine, rejected, now))
            place += table.num_rows
        return receipts

    def _told(self, staged: pa.Table, fates: Fates, rejected: Sequence[Rejected], now: int) -> Receipt:
        """What became of one chunk; contradictions and rejections go to the quarantine."""
        again, contradicting = (staged.filter(pa.array(fates == fate)) for fate in (AGAIN, CONTRADICTING))
        with self.intake.ledger.read() as connection:
            contradicted = again.num_rows and quarantine.contradictions(connection)
        if contradicted:
            pairs = zip(again["record"].to_pylist(), again["key"].to_pylist(), strict=True)
            quarantine.settle_repeated(self.intake.ledger, set(pairs), now)
        rows = contradicting.select(["source", "key", "record", "raw", "event_id"]).to_pylist()
        put = quarantine.put_all(self.intake.ledger, [*rejected, *map(contradiction, rows)], now)
        new = staged.num_rows - again.num_rows - contradicting.num_rows
        return Receipt(new, again.num_rows, contradicting.num_rows, put)

    def _sift(self, staged: pa.Table, wanted: Rows) -> Fates:
        """What becomes of each row: NEW, AGAIN, or CONTRADICTING an earlier one of its key."""
        order = in_order(wanted)
        known, said = self._known(staged, wanted, order)
        if not known.any() and distinct(wanted[:, order]):
            return np.full(len(known), NEW)
        leads, led = first_of_each(wanted, order)
        same = wanted[CONTENT] == np.where(known, said, led)
        fates: Fates = np.where(same, AGAIN, CONTRADICTING)
        fates[leads & ~known] = NEW
        return fates

    def _known(self, staged: pa.Table, wanted: Rows, order: Places) -> tuple[np.ndarray, np.ndarray]:
        """Which rows were acknowledged before, and the content that stands under their keys."""
        key = tables.event_key.c
        with self.intake.ledger.read() as connection:
            known, said = self.keys.look_up(connection, wanted, order)
            live: dict[str, str] = {}
            if connection.execute(sa.select(key.id).limit(1)).first():
                query = sa.select(key.id, key.content).where(among(key.id, staged["event_id"].to_pylist()))
                live = dict(connection.execute(query).all())
        if live:
            ids = staged["event_id"].to_pylist()
            places = [place for place, identity in enumerate(ids) if identity in live]
            known[places] = True
            said[places] = np.array([int(live[ids[place]], 16) for place in places], np.uint64)
        return known, said

    def _acknowledge(self, new: pa.Table, keys: Rows, before: int) -> bool:
        """Segment, keys and parts, listed together; False if somebody else took one of the events in meanwhile."""
        with Syncs() as syncs:
            run = self.keys.write(keys, syncs)
            told = refused.rows_of_columns(new)
            self._write_part(new, syncs)
            with turn(self.archive.lock):
                segment = self.archive.write(new.select(STORED.names), self._reserve(new.num_rows))
                self._wait(syncs, segment)
                entered = self._enter(segment, run, (before, new["event_id"]), told)
        if entered:
            self.keys.sift(run)
            self.written.note(new["set_key"].to_numpy())
        return entered

    def _wait(self, syncs: Syncs, segment: Segment) -> None:
        """Until everything that was written beside a segment is durable; else the segment goes, too."""
        try:
            syncs.done()
        except OSError:
            self.archive.path(segment).unlink()
            raise

    def _reserve(self, rows: int) -> int:
        """Numbers for the rows of a segment that is being written."""
        with self.intake.ledger.write() as connection:
            _clear_reserved(connection, self.archive)  # of a chunk that failed, while this process goes on
            first = 1 + take_numbers(connection, tables.outbox, rows)
            values = {"first_seq": first, "last_seq": first + rows - 1}
            connection.execute(sa.update(tables.load).where(load.id == self.number).values(**values))
        return first

    def _enter(
        self, segment: Segment, run: Run, sifted: tuple[int, pa.ChunkedArray], told: Sequence[refused.Row]
    ) -> bool:
        """The acknowledgement: everything that was written counts from here on; ``told``: identifiers that were refused."""
        with self.intake.ledger.write() as connection:
            if _overtaken(connection, *sifted):
                self.archive.path(segment).unlink()
                return False
            self.intake.ledger.next_change(connection)
            self.archive.enter(connection, segment, load=self.number)
            self.keys.enter(connection, run)
            refused.count(connection, told)
            values = {"first_seq": None, "last_seq": None, "parts": load.parts + 1}
            connection.execute(sa.update(tables.load).where(load.id == self.number).values(**values))
        return True

    def _write_part(self, new: pa.Table, syncs: Syncs) -> None:
        """What finding out who is who needs: the sets that are new to the load."""
        with self.intake.ledger.read() as connection:
            number = connection.execute(sa.select(load.parts).where(load.id == self.number)).scalar_one()
        parts.write(parts.part_folder(self.archive, self.number, number), new, self.written, syncs)


@contextmanager
def loading(intake: Intake, archive: Archive) -> Iterator[Load]:
    """The load that is open, or a new one; only one process loads at a time."""
    with only_one(archive.folder.parent / "load.lock"):
        with writing("the bulk load", "nothing was changed"), intake.ledger.write() as connection:
            number = _open_load(connection, archive, intake.ledger.clock())
        yield Load(intake, archive, number)


def _open_load(connection: sa.Connection, archive: Archive, now: int) -> int:
    """The number of the open load; what a kill left half written of it is cleared away."""
    number = clear_half_written(connection, archive)
    if number is None:
        values = {"state": "loading", "started_at": now, "parts": 0, "adopted": 0}
        done = connection.execute(sa.insert(tables.load).values(**values))
        return int(done.inserted_primary_key[0]) if done.inserted_primary_key else 0
    return number


def clear_half_written(connection: sa.Connection, archive: Archive) -> int | None:
    """Forget what was written and never acknowledged; returns the number of the open load, if there is one.

    The caller holds ``load.lock``.
    """
    archive.keys.sweep(connection)
    return _clear_reserved(connection, archive)


def _clear_reserved(connection: sa.Connection, archive: Archive) -> int | None:
    """Remove the segment that was being written; returns the number of the open load, if there is one."""
    row = connection.execute(sa.select(load.id, load.first_seq, load.last_seq).where(load.state == "loading")).first()
    if row is None:
        return None
    if row.first_seq is not None:
        for path in archive.folder.rglob(f"{row.first_seq:012d}-{row.last_seq:012d}-*.parquet"):
            path.unlink()
        connection.execute(sa.update(tables.load).where(load.id == row.id).values(first_seq=None, last_seq=None))
    return int(row.id)


def _overtaken(connection: sa.Connection, before: int, ids: pa.ChunkedArray) -> bool:
    """Whether an event of a chunk was taken in by somebody else since the number ``before``."""
    since = sa.select(tables.outbox.c.event_id).where(tables.outbox.c.seq > before)
    archived = sa.select(tables.segment.c.id).where(tables.segment.c.first_seq > before).limit(1)
    if connection.execute(archived).first():  # archived already: look again at everything
        return True
    others = set(connection.execute(since).scalars())
    return bool(others) and not others.isdisjoint(ids.to_pylist())
