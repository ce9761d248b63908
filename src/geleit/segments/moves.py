"""Who came into a segment and who left it: remembered, and told as events of geleit's own through the inbox."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from geleit.events.event import Event, Identifier
from geleit.identity.graph import customer_id
from geleit.ledger import inbox, tables
from geleit.ledger.ledger import given
from geleit.ledger.prepared import Prepared
from geleit.ledger.segment_tables import segment_move

SOURCE = "geleit"
ENTERED, LEFT = "segment_entered", "segment_left"

log = logging.getLogger("geleit.segments")

_ident, _place = tables.identifier.c, tables.identifier_resolution.c
_IDENTIFIERS = Prepared(
    sa.select(_place.customer_id, _ident.type, _ident.value, _place.reason)
    .join(tables.identifier, _ident.id == _place.identifier_id)
    .where(given(_place.customer_id))
    .order_by(_ident.first_t, _ident.type, _ident.value)
)
_MOVE = Prepared(sa.insert(segment_move))


class Move(NamedTuple):
    """Somebody came into a segment, or left it."""

    segment: str
    customer: str
    entered: bool


def tell(
    connection: sa.Connection,
    moves: Sequence[Move],
    labels: Mapping[str, Mapping[str, str]],
    moment: tuple[int, int, int],
) -> None:
    """Remember moves, and write an event of each into the inbox; ``moment``: now, the change, and the depth of what led here."""
    if not moves:
        return
    now, change, depth = moment
    named = _named(connection, {one.customer for one in moves})
    rows, events = [], []
    for one in moves:
        event = _event(one, named.get(one.customer), labels.get(one.segment, {}), (now, change))
        deep = depth >= inbox.DEEPEST
        if event is not None and not deep:
            events.append(event)
        told = "" if event is None or deep else event.id
        rows.append(
            {"segment": one.segment, "customer_id": one.customer, "entered": one.entered, "at": now, "event_id": told}
        )
    _MOVE.many(connection, rows)
    inbox.put(connection, events, depth + 1, now)
    if lost := len(moves) - len(events):
        log.warning(
            "moves without an event: they were caused by too many others, or nobody is named",
            extra={"fields": {"moves": lost}},
        )


def _event(one: Move, who: Identifier | None, label: Mapping[str, str], moment: tuple[int, int]) -> Event | None:
    if who is None:
        return None
    now, change = moment
    return Event(
        source=SOURCE,
        key=f"{one.segment}/{one.customer}/{change}",
        kind=ENTERED if one.entered else LEFT,
        t=now,
        identifiers=(who,),
        properties={"segment": one.segment, "label": dict(label) or one.segment},
        received_at=now,
    )


def _named(connection: sa.Connection, customers: Iterable[str]) -> dict[str, Identifier]:
    """An identifier that stands for each customer: the one it is named after, else its first that joins."""
    found: dict[str, list[tuple[bool, bool, Identifier]]] = defaultdict(list)
    for customer, type_, value, reason in _IDENTIFIERS.all(connection, values=sorted(customers)):
        who = Identifier(type_, value)
        found[customer].append((customer_id(who) != customer, bool(reason), who))
    return {customer: min(some, key=lambda one: one[:2])[2] for customer, some in found.items()}
