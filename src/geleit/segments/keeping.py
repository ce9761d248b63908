"""Looks again at people whose answer has run out, or who wait for it: what no event brings about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import sqlalchemy as sa

from geleit.ledger.ledger import Ledger
from geleit.ledger.prepared import Prepared
from geleit.ledger.segment_tables import segment_standing, segment_wait
from geleit.segments.live import SLICE, Live

_standing, _wait = segment_standing.c, segment_wait.c
_DUE = Prepared(
    sa.select(_standing.customer_id, _standing.segment)
    .where(_standing.next_at <= sa.bindparam("now", type_=sa.BigInteger))
    .order_by(_standing.next_at)
    .limit(SLICE)
)
_WAITING = Prepared(sa.select(_wait.customer_id, _wait.change).order_by(_wait.change, _wait.customer_id).limit(SLICE))
_DONE = Prepared(
    sa.delete(segment_wait).where(_wait.customer_id == sa.bindparam("customer"), _wait.change <= sa.bindparam("seen"))
)


def look_again(ledger: Ledger, live: Live) -> Iterator[int]:
    """Look at everybody who waits, and at everybody whose moment has come; gives how many at a time, slice by slice."""
    while done := _waiting(ledger, live):
        yield done
    while done := _due(ledger, live):
        yield done


def _waiting(ledger: Ledger, live: Live) -> int:
    with ledger.read() as connection:
        if not _WAITING.all(connection):
            return 0
    with ledger.write() as connection:
        rows = _WAITING.all(connection)
        matching = live.known(connection)
        change = ledger.next_change(connection)
        if live.filling:
            return 0
        if matching is not None:
            wanted = {customer: set(matching.segments) for customer, _ in rows}
            live.look(connection, wanted, (ledger.clock(), change, 0))
        _done(connection, rows)
    return len(rows)


def _done(connection: sa.Connection, rows: list[tuple[str, int]]) -> None:
    for customer, seen in rows:
        _DONE.run(connection, customer=customer, seen=seen)


def _due(ledger: Ledger, live: Live) -> int:
    now = ledger.clock()
    with ledger.read() as connection:
        if not _DUE.all(connection, now=now):
            return 0
    with ledger.write() as connection:
        known = live.known(connection)
        if live.filling:
            return 0
        wanted: dict[str, set[str]] = defaultdict(set)
        for customer, name in _DUE.all(connection, now=now):
            if known is not None and name in known.segments:
                wanted[customer].add(name)
            else:
                connection.execute(sa.delete(segment_standing).where(_standing.segment == name))
        live.look(connection, wanted, (now, ledger.next_change(connection), 0))
    return len(wanted)
