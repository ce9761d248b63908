"""The delta: events newer than a generation, and the whole histories of customers whose identity or needs changed since.

A customer is dirty, so masked in the base and read anew, if a set moved to or from it (``resolution.change``), its needs
or facts changed (``customer.change``), or an event of it is newer. Whoever changes rows of ``need_event`` or ``slice``
therefore sets ``customer.change`` of the customers concerned.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import duckdb
import sqlalchemy as sa

from geleit.errors import StoreError
from geleit.events.kinds import Catalogue
from geleit.history import gathered, reading, snapshot
from geleit.history.archive import Archive, Segment
from geleit.history.generation import Generation
from geleit.history.statements import load
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, chunked

_ADOPTING = sa.select(sa.func.sum(tables.segment.c.rows)).where(
    tables.segment.c.load_id.in_(sa.select(tables.load.c.id).where(tables.load.c.state != "done"))
)


@dataclass(frozen=True, slots=True)
class AsOf:
    """The state an answer is of: generation (0 = none), the ledger's change, the last acknowledged event, and when.

    ``adopting``: events of bulk loads whose people are not all in the ledger yet: some needs, orders and profiles follow.
    """

    generation: int
    change: int
    last_seq: int
    at: int
    adopting: int = 0


@dataclass(frozen=True, slots=True)
class Tail:
    """What one view of the ledger holds beyond a generation: segments to read; outbox rows are in the ledger itself."""

    as_of: AsOf
    after: int
    segments: tuple[Segment, ...]


def tail(connection: sa.Connection, archive: Archive, generation: Generation | None) -> Tail:
    """Which segments and outbox rows (those after ``after``) a reader adds to the generation.

    Errors: StoreError if catalog, outbox and generation claim the same events or the generation knows a later ledger.
    """
    segments = archive.segments(connection)
    archived = segments[-1].last_seq if segments else 0
    seq = tables.outbox.c.seq
    last = connection.execute(sa.select(sa.func.max(seq))).scalar()
    place = tables.segment.c
    both = sa.select(seq).join(tables.segment, seq.between(place.first_seq, place.last_seq)).limit(1)
    twice = connection.execute(both).scalar() if last is not None and segments else None
    if twice is not None:
        raise StoreError(
            f"the outbox holds event number {twice}, which the archive holds as well; nothing was changed",
            hint="geleit restore BACKUP DIR puts ledger and archive of one moment into a new folder",
        )
    change, last_seq = Ledger.change(connection), max(archived, last or 0)
    after = generation.last_seq if generation else 0
    if generation and (generation.change > change or after > last_seq):
        raise StoreError(
            f"the journal's generation {generation.folder.name} knows a later state (change {generation.change}) than "
            f"the ledger (change {change}), as if an older ledger had been put back; ledger and archive are safe",
            hint="run 'geleit journal rebuild'",
        )
    adopting = int(connection.execute(_ADOPTING).scalar() or 0)
    as_of = AsOf(generation.number if generation else 0, change, last_seq, archive.ledger.clock(), adopting)
    return Tail(as_of, after, tuple(segment for segment in segments if segment.last_seq > after))


def open_view(
    connection: sa.Connection,
    archive: Archive,
    generation: Generation | None,
    beyond: Tail,
    catalogue: Catalogue,
    *,
    coded: bool = False,
) -> duckdb.DuckDBPyConnection:
    """An engine with the view ``events`` (base + delta, the columns of a generation) and the row ``as_of``.

    Without a generation nothing is copied: each question reads the archive. ``coded``: the table ``delta`` has what columns
    are made of all the same.

    Errors: StoreError if a segment or the generation is damaged.
    """
    duck = generation.connect() if generation else reading.spilling(archive.folder.parent)
    sql = load("delta.sql")
    try:
        _collect(duck, connection, archive, beyond)
        gathered.hold(connection, duck, archive, generation)
        if generation:
            _resolve(duck, connection, generation)
        else:
            _resolve_all(duck, connection)
        reading.prepare(duck, catalogue)
        if generation:
            duck.execute(sql["delta"])
            duck.execute(sql["settle"])
        gathered.let_go(duck)
        duck.execute(sql["masked_events"] if generation else sql["all_events"])
        if coded and not generation:
            duck.execute(sql["all_coded"])
        duck.execute(sql["as_of"], asdict(beyond.as_of))
    except duckdb.Error as error:
        duck.close()
        raise reading.translate_error(error, "the journal or the archive") from None
    return duck


def _collect(duck: duckdb.DuckDBPyConnection, connection: sa.Connection, archive: Archive, beyond: Tail) -> None:
    """Rows after the generation, from segments (``archived``) and outbox (``pending``)."""
    reading.gather(duck, [archive.path(segment) for segment in beyond.segments], beyond.after)
    snapshot.copy(connection, reading.OUTBOX.where(tables.outbox.c.seq > beyond.after), duck, "pending")


def _resolve_all(duck: duckdb.DuckDBPyConnection, connection: sa.Connection) -> None:
    """The same as ``_resolve`` where there is no generation: everything is read, from where it lies."""
    duck.execute(load("delta.sql")["all_stored"])
    for rows, name in ((reading.RESOLVED, "resolved"), (reading.SLICED, "sliced")):
        snapshot.copy(connection, rows, duck, name)
    duck.execute(load("gathered.sql")["add_resolved"])
    reading.copy_assigned(connection, duck)


def _resolve(duck: duckdb.DuckDBPyConnection, connection: sa.Connection, generation: Generation) -> None:
    """Table ``stored`` of all rows to be read anew, and where they belong now (``resolved``, ``sliced``, ``assigned``)."""
    sql, early = load("delta.sql"), load("gathered.sql")
    duck.execute(sql["fresh"])
    resolution, customer = tables.resolution.c, tables.customer.c
    stirred = sa.select(customer.id.label("customer_id")).where(customer.change > generation.change)
    snapshot.copy(connection, reading.RESOLVED.where(resolution.change > generation.change), duck, "changed")
    snapshot.copy(connection, stirred, duck, "stirred")
    fresh = _keys(duck, sql["fresh_sets"])
    snapshot.copy_matching(connection, reading.RESOLVED, tables.identifier_set.c.key, fresh, (duck, "owners"))
    duck.execute(early["add_owners"])
    snapshot.copy_matching(connection, reading.SLICED, tables.identifier_set.c.key, fresh, (duck, "holders"))
    duck.execute(sql["dirty"])
    duck.execute(sql["dirty_stored"])
    sets = _keys(duck, sql["stored_sets"])
    snapshot.copy_matching(connection, reading.RESOLVED, tables.identifier_set.c.key, sets, (duck, "resolved"))
    duck.execute(early["add_stored"])
    snapshot.copy_matching(connection, reading.SLICED, tables.identifier_set.c.key, sets, (duck, "sliced"))
    touched = {str(one) for one in _keys(duck, sql["touched"])}
    for some in chunked(_keys(duck, sql["claimed"])):
        claimers = sa.select(tables.need.c.customer_id).where(tables.need.c.id.in_(some))
        touched.update(connection.execute(claimers).scalars())
    reading.copy_assigned(connection, duck, sorted(touched))


def _keys(duck: duckdb.DuckDBPyConnection, query: str) -> list[int | str]:
    return [row[0] for row in duck.execute(query).fetchall()]
