"""The one door to the past: every acknowledged event exactly once, from journal, archive and outbox together."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from geleit.errors import NotFoundError, StoreError
from geleit.events.kinds import Catalogue
from geleit.history import delta, reading, snapshot
from geleit.history.archive import Archive
from geleit.history.columns import Columns
from geleit.history.delta import AsOf, Tail, tail
from geleit.history.generation import Generation
from geleit.history.journal import Journal
from geleit.history.owners import Owned
from geleit.history.statements import load
from geleit.history.stored import COLUMNS, StoredEvent, decode
from geleit.history.walk import Walk
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, chunked

MANY_SETS = 2_000  # from which one pass over everything is worth it
FEW = 3  # customers up to which a query each is quicker than one for all

_WITHOUT_RAW = [column if column.name != "raw" else sa.literal("").label("raw") for column in tables.outbox.c]


class History:
    """Reads the latest generation plus what is newer; safe for several threads.

    A damaged generation is left aside (``damage`` says why) and everything is answered from archive and outbox, slower.
    Events come without their raw record; ``raw`` fetches one.
    """

    def __init__(self, ledger: Ledger, archive: Archive, journal: Journal, catalogue: Catalogue) -> None:
        self.ledger = ledger
        self.archive = archive
        self.journal = journal
        self.catalogue = catalogue
        self.damage: StoreError | None = None
        self._refused = 0  # number of a generation that proved damaged while it was read
        self._opened: tuple[int, duckdb.DuckDBPyConnection] | None = None
        self._lock = threading.Lock()

    def events_of(self, set_keys: Sequence[int]) -> list[StoredEvent]:
        """All events of some identifier sets in total order; without raw records."""
        sets = sorted(set(set_keys))
        if not sets:
            return []
        base = self._usable()
        with self.ledger.read() as connection:
            beyond, base = self._tail(connection, base)
            rows = self._outbox_rows(connection, sets, beyond)
        try:
            rows += self._file_rows(sets, beyond, base)
        except _BaseDamagedError:
            return self.events_of(sets)
        return sorted((decode(row) for row in rows), key=lambda stored: stored.place_in_time)

    def grouped(self, owned: Owned) -> dict[str, list[StoredEvent]]:
        """A few customers' histories in one query: events in total order, by customer."""
        histories: dict[str, list[StoredEvent]] = {customer: [] for customer in sorted(owned.customers)}
        for stored in self.events_of(owned.keys):
            if customer := owned.owner(stored.set_key, stored.event.t):
                histories[customer].append(stored)
        return histories

    def moments(self, set_keys: Sequence[int]) -> list[tuple[int, int, int, str, str]]:
        """When something happened under some identifier sets: (set, time, order, event id, kind as the source names it).

        Of few sets as ``events_of``, of many in one pass over archive and outbox.
        """
        if len(set_keys) <= MANY_SETS:
            found = self.events_of(set_keys)
            return [(one.set_key, one.event.t, one.event.order, one.event_id, one.event.kind) for one in found]
        with reading.spilling(self.archive.folder.parent) as duck:
            with self.ledger.read() as connection:
                segments = self.archive.segments(connection)
                snapshot.copy(connection, reading.OUTBOX, duck, "pending")
            reading.gather(duck, [self.archive.path(segment) for segment in segments], 0)
            duck.execute(load("journal.sql")["stored"])
            try:
                return duck.execute(load("delta.sql")["moments"], {"sets": sorted(set(set_keys))}).fetchall()
            except duckdb.Error as error:
                raise reading.translate_error(error, "the archive") from None

    @contextmanager
    def walk(self, customers: Sequence[str], telling: str = "") -> Iterator[Walk]:
        """The histories of many customers in one pass over archive and outbox; numbers are their places in ``customers``.

        ``telling``: a pattern of the bodies that are wanted.
        """
        with reading.spilling(self.archive.folder.parent) as duck:
            # Only for the copies: whoever reads on keeps the ledger's log growing.
            with self.ledger.read() as connection:
                segments = self.archive.segments(connection)
                snapshot.copy(connection, reading.OUTBOX, duck, "pending")
                snapshot.copy(connection, reading.RESOLVED, duck, "resolved")
                snapshot.copy(connection, reading.SLICED, duck, "sliced")
            reading.gather(duck, [self.archive.path(segment) for segment in segments], 0)
            numbers = pa.array(range(len(customers)), pa.int64())
            duck.register("chosen", pa.table({"no": numbers, "customer_id": pa.array(customers, pa.string())}))
            for name in ("owners", "cut"):
                duck.execute(load("walk.sql")[name])
            duck.execute(load("journal.sql")["stored"])
            yield Walk(duck, self.catalogue, telling)

    def open_view(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own with the view ``events`` as of now and the row ``as_of``; the caller closes it.

        Columns are those of a generation's ``events``; without a generation each question reads the archive.
        """
        return self._view()[0]

    def open_columns(self) -> Columns:
        """The same view as coded columns for kernels, with its connection; the caller closes it."""
        duck, base = self._view(coded=True)
        return Columns(duck, base, [stage.id for stage in self.catalogue.stages])

    def as_of(self) -> AsOf:
        """The state that a question asked now is answered from."""
        base = self._usable()
        with self.ledger.read() as connection:
            return self._tail(connection, base)[0].as_of

    def raw(self, stored: StoredEvent) -> str:
        """The record that an event came from, as its source gave it.

        Errors: NotFoundError if the event is in neither outbox nor archive.
        """
        return self.raws([stored])[stored.seq]

    def raws(self, wanted: Sequence[StoredEvent]) -> dict[int, str]:
        """The records that some events came from, by ``seq``; one question to the archive for all of them.

        Errors: NotFoundError if one of the events is in neither outbox nor archive.
        """
        seqs = sorted({stored.seq for stored in wanted})
        found: dict[int, str] = {}
        with self.ledger.read() as connection:
            for some in chunked(seqs):
                query = sa.select(tables.outbox.c.seq, tables.outbox.c.raw).where(tables.outbox.c.seq.in_(some))
                found.update({row.seq: str(row.raw) for row in connection.execute(query)})
            segments = self.archive.segments(connection)
        left = [seq for seq in seqs if seq not in found]
        holding = [one for one in segments if any(one.first_seq <= seq <= one.last_seq for seq in left)]
        if holding:
            paths = [str(self.archive.path(segment)) for segment in holding]
            rows = self._ask("raw", {"paths": paths, "seqs": left, "first": left[0], "last": left[-1]})
            found.update({int(seq): str(raw) for seq, raw in rows})
        lost = next((stored for stored in wanted if stored.seq not in found), None)
        if lost is not None:
            raise NotFoundError(
                f"event {lost.event_id} (number {lost.seq}) is not in the archive", hint="run 'geleit check'"
            )
        return found

    def close(self) -> None:
        """Let go of the generation that is open."""
        with self._lock:
            if self._opened:
                self._opened[1].close()
            self._opened = None

    def _usable(self) -> Generation | None:
        """The latest generation, or None (and ``damage``) if there is none that can be used."""
        try:
            generation = self.journal.latest()
        except StoreError as error:
            self.damage = error
            return None
        if generation and generation.number == self._refused:
            return None
        self.damage = None
        return generation

    def _refuse(self, generation: Generation, error: StoreError) -> None:
        self._refused, self.damage = generation.number, error

    def _view(self, *, coded: bool = False) -> tuple[duckdb.DuckDBPyConnection, Generation | None]:
        """The view, and the generation below it."""
        latest = self._usable()
        try:
            with self.ledger.read() as connection:
                beyond, base = self._tail(connection, latest)
                return delta.open_view(connection, self.archive, base, beyond, self.catalogue, coded=coded), base
        except StoreError:
            newer = self._usable()
            if latest is None or newer is None or newer.number == latest.number:
                raise
        return self._view(coded=coded)  # replaced and removed before it was open

    def _tail(self, connection: sa.Connection, base: Generation | None) -> tuple[Tail, Generation | None]:
        """What is beyond the base; without the base if it does not belong to this ledger."""
        try:
            return tail(connection, self.archive, base), base
        except StoreError as error:
            if base is None:
                raise
            beyond = tail(connection, self.archive, None)
            self._refuse(base, error)
            return beyond, None

    def _outbox_rows(self, connection: sa.Connection, sets: Sequence[int], beyond: Tail) -> list[Sequence[Any]]:
        outbox = tables.outbox.c
        query = sa.select(*_WITHOUT_RAW).where(outbox.seq > beyond.after)
        return [row for some in chunked(sets) for row in connection.execute(query.where(outbox.set_key.in_(some)))]

    def _file_rows(self, sets: Sequence[int], beyond: Tail, base: Generation | None) -> list[Sequence[Any]]:
        rows: list[Sequence[Any]] = []
        if base:
            try:
                rows += self._base_rows(sets, base)
            except (duckdb.Error, StoreError) as error:
                damage = error if isinstance(error, StoreError) else reading.translate_error(error, "the journal")
                self._refuse(base, damage)
                raise _BaseDamagedError from None
        paths = [str(self.archive.path(segment)) for segment in beyond.segments]
        if paths:
            rows += self._ask("segment_rows", {"paths": paths, "after": beyond.after, "sets": sets})
        return rows

    def _base_rows(self, sets: Sequence[int], base: Generation) -> list[tuple[Any, ...]]:
        sql, duck = load("delta.sql"), self._cursor(base)
        customers = [row[0] for row in duck.execute(sql["base_owners"], {"sets": sets}).fetchall()]
        if len(customers) > FEW:
            return duck.execute(sql["base_rows"], {"customers": customers, "sets": sets}).fetchall()
        wanted, place = set(sets), COLUMNS.index("set_key")
        found = (duck.execute(sql["base_rows_of_one"], {"customer": one}).fetchall() for one in customers)
        return [row for rows in found for row in rows if row[place] in wanted]

    def _ask(self, name: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Ask the archive's files."""
        try:
            with reading.connect() as duck:
                return duck.execute(load("delta.sql")[name], dict(values)).fetchall()
        except duckdb.Error as error:
            raise reading.translate_error(error, "the archive") from None

    def _cursor(self, base: Generation) -> duckdb.DuckDBPyConnection:
        """A cursor for this thread on the generation, which stays open until a newer one comes."""
        with self._lock:
            if self._opened is None or self._opened[0] != base.number:
                self._opened = (base.number, base.connect(threads="1"))
            return self._opened[1].cursor()


class _BaseDamagedError(Exception):
    """The generation failed while it was read: ask again without it."""
