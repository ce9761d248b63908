"""Keeps the needs of the ledger up to date: customers whose events or identity changed are cut anew in slices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

import sqlalchemy as sa

from geleit.events.kinds import Catalogue, in_language
from geleit.history.history import History
from geleit.history.owners import owned
from geleit.history.stored import StoredEvent
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, among, chunked, given, upsert
from geleit.ledger.live_tables import need_tip
from geleit.ledger.prepared import Prepared
from geleit.ledger.segment_tables import segment_applied, segment_wait
from geleit.needs.cut import cut_all
from geleit.needs.need import Cut, Need, ReadEvent
from geleit.needs.parallel import Cutting, telling
from geleit.needs.rows import write_cuts
from geleit.needs.rules import Needs

MANY = 400  # waiting customers from which one pass over everything is worth it
SLICE = 400  # customers per transaction: short enough that the ledger is never held for long

_recut = tables.recut.c
_ASK = Prepared(upsert(tables.recut, ["change"]))
_WAITING = Prepared(sa.select(_recut.customer_id).where(given(_recut.customer_id)))
_KNOWN = Prepared(sa.select(tables.need.c.id).where(given(tables.need.c.customer_id)).limit(1))
_CHANGED = Prepared(sa.update(tables.customer).where(given(tables.customer.c.id)).values(change=sa.bindparam("number")))
_DONE = Prepared(
    sa.delete(tables.recut).where(_recut.customer_id == sa.bindparam("customer"), _recut.change <= sa.bindparam("seen"))
)
_SEGMENTS = Prepared(sa.select(segment_applied.c.name).limit(1))
_LOOK = Prepared(upsert(segment_wait, ["change"]))  # whoever's needs changed may stand otherwise to segments


def ask(connection: sa.Connection, customers: Iterable[str], change: int) -> None:
    """Note in the caller's transaction that these customers' needs have to be cut anew."""
    rows = [{"customer_id": customer, "change": change} for customer in sorted(set(customers))]
    _ASK.many(connection, rows)


def ask_all(connection: sa.Connection, change: int) -> None:
    """Note that everybody's needs have to be cut anew (kinds or rules changed)."""
    everybody = connection.execute(sa.select(tables.customer.c.id)).scalars()
    ask(
        connection, [*everybody, *connection.execute(sa.select(tables.need.c.customer_id).distinct()).scalars()], change
    )


def recut_slice(ledger: Ledger, history: History, catalogue: Catalogue, rules: Needs) -> int:
    """Cut the next waiting customers anew; returns how many, 0 when nobody waits."""
    return _cut(ledger, history, catalogue, rules, sa.select(_recut.customer_id, _recut.change))


def cut_now(ledger: Ledger, history: History, catalogue: Catalogue, rules: Needs, customers: Iterable[str]) -> None:
    """Cut these customers anew, of whom somebody wants to see the needs at once, if they wait."""
    for some in chunked(sorted(customers), SLICE):
        wanted = sa.select(_recut.customer_id, _recut.change).where(among(_recut.customer_id, some))
        _cut(ledger, history, catalogue, rules, wanted)


def _cut(
    ledger: Ledger, history: History, catalogue: Catalogue, rules: Needs, wanted: sa.Select[tuple[str, int]]
) -> int:
    with ledger.read() as connection:
        waiting = connection.execute(wanted.order_by(_recut.customer_id).limit(SLICE)).all()
        mine = owned(connection, [row.customer_id for row in waiting])
    if not waiting:
        return 0
    histories = history.grouped(mine)
    found = {one: cut_all(read_all(stored, catalogue), rules) for one, stored in histories.items()}
    _write(ledger, found, {row.customer_id: row.change for row in waiting})
    return len(waiting)


def read_all(stored: Sequence[StoredEvent], catalogue: Catalogue) -> list[ReadEvent]:
    """Events with their touchpoints, not yet given to needs."""
    return [ReadEvent(item.event, catalogue.touchpoint(item.event)) for item in stored]


def slices(ledger: Ledger, history: History, catalogue: Catalogue, rules: Needs) -> Iterator[int]:
    """Cut all waiting customers anew, slice by slice; gives the number of each slice.

    Many are read in one pass over history and cut on all processors, few one slice after another.
    """
    with ledger.read() as connection:
        rows = connection.execute(sa.select(tables.recut.c.customer_id, tables.recut.c.change)).all()
    waiting: dict[str, int] = dict(rows)
    if len(waiting) > MANY:
        customers = sorted(waiting)
        with (
            history.walk(customers, telling(rules)) as walk,
            closing(Cutting(walk.tables(), walk.ways, rules)) as cutting,
        ):
            for some in cutting:
                found = {customers[one.no]: Cut(one.needs, one.tip, one.noted) for one in some}
                _write(ledger, found, waiting)
                yield len(found)
    left = len(waiting)  # not more: beside live events there are always some that wait anew
    while left > 0 and (done := recut_slice(ledger, history, catalogue, rules)):
        left -= done
        yield done


def _write(ledger: Ledger, found: Mapping[str, Cut], waiting: Mapping[str, int]) -> None:
    """Put the needs of some customers in the place of their old ones; they wait no more.

    Who waits no more at all was cut by another process meanwhile, maybe from newer events: that result stands.
    """
    with ledger.write() as connection:
        still = {customer for (customer,) in _WAITING.all(connection, values=list(found))}
        found = {customer: needs for customer, needs in found.items() if customer in still}
        if not found:
            return
        change = ledger.next_change(connection)
        _forget(connection, list(found), change)
        write_cuts(connection, found)
        if _SEGMENTS.all(connection):
            _LOOK.many(connection, [{"customer_id": customer, "change": change} for customer in sorted(found)])
        _DONE.many(connection, [{"customer": customer, "seen": waiting[customer]} for customer in found])


def _forget(connection: sa.Connection, customers: Sequence[str], change: int) -> None:
    """Take away the old needs of customers, who change by that."""
    if _KNOWN.all(connection, values=customers):
        old = sa.select(tables.need.c.id).where(among(tables.need.c.customer_id, customers))
        connection.execute(sa.delete(tables.need_event).where(tables.need_event.c.need_id.in_(old)))
        connection.execute(sa.delete(tables.need).where(among(tables.need.c.customer_id, customers)))
    connection.execute(sa.delete(need_tip).where(among(need_tip.c.customer_id, customers)))
    _CHANGED.run(connection, values=customers, number=change)


def needs_of(connection: sa.Connection, customer_id: str, *, language: str, now: int) -> list[Need]:
    """A customer's needs, oldest first; one that fell silent before ``now`` is closed by its gap."""
    rows = connection.execute(
        sa.select(tables.need).where(tables.need.c.customer_id == customer_id).order_by(tables.need.c.opened_at)
    ).all()
    members: dict[str, list[str]] = {row.id: [] for row in rows}
    for some in chunked(list(members)):
        query = sa.select(tables.need_event).where(tables.need_event.c.need_id.in_(some))
        query = query.order_by(tables.need_event.c.event_id)
        for row in connection.execute(query):
            members[row.need_id].append(row.event_id)
    return [_ended(_from_row(row, members[row.id], language), now) for row in rows]


def _from_row(row: sa.Row[tuple[object, ...]], members: Sequence[str], language: str) -> Need:
    quote = row.quote
    if quote.startswith("{"):
        quote = in_language(json.loads(quote), language)
    return Need(
        id=row.id,
        topic=row.topic,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        quote=quote,
        quote_event=row.quote_event,
        event_ids=tuple(members),
        stage=row.stage,
        last_at=row.last_at,
        silent_at=row.silent_at,
    )


def _ended(need: Need, now: int) -> Need:
    if need.closed_at is None and need.silent_at is not None and need.silent_at < now:
        return replace(need, closed_at=need.last_at, closed_by="gap")
    return need
