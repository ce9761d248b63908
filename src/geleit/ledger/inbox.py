"""Events that geleit itself causes, on their way to intake: written in the causer's transaction, taken in one of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from geleit.events.event import Event, Identifier
from geleit.ledger.prepared import Prepared
from geleit.ledger.segment_tables import inbox

DEEPEST = 8  # events of ours that may lead to one another

_PUT = Prepared(sa.insert(inbox))
_NEXT = Prepared(
    sa.select(inbox.c.id, inbox.c.depth, inbox.c.body)
    .order_by(inbox.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_DONE = Prepared(sa.delete(inbox).where(inbox.c.id <= sa.bindparam("last"), inbox.c.depth == sa.bindparam("deep")))


class _Body(msgspec.Struct, omit_defaults=True):
    """What of an event is written."""

    source: str
    key: str
    kind: str
    t: int
    identifiers: tuple[tuple[str, str], ...]
    properties: dict[str, Any]
    received_at: int


def put(connection: sa.Connection, events: Sequence[Event], depth: int, now: int) -> None:
    """Write events in the caller's transaction; ``depth``: how many events of ours led to them, themselves included."""
    _PUT.many(connection, [{"depth": depth, "body": _written(event), "created_at": now} for event in events])


def waiting(connection: sa.Connection, most: int) -> tuple[int, int, list[Event]]:
    """The next events of one depth: (the last one's number, the depth, the events); no events if nothing waits."""
    rows = _NEXT.all(connection, most=most)
    depth = rows[0][1] if rows else 0
    same = []
    for number, deep, body in rows:
        if deep != depth:
            break
        same.append((number, body))
    return (same[-1][0] if same else 0), depth, [_read(body) for _, body in same]


def done(connection: sa.Connection, last: int, depth: int) -> None:
    """The events up to a number were taken, in this very transaction."""
    _DONE.run(connection, last=last, deep=depth)


def _written(event: Event) -> str:
    who = tuple((one.type, one.value) for one in event.identifiers)
    body = _Body(event.source, event.key, event.kind, event.t, who, event.properties, event.received_at)
    return msgspec.json.encode(body).decode()


def _read(text: str) -> Event:
    body = msgspec.json.decode(text, type=_Body)
    who = tuple(Identifier(type_, value) for type_, value in body.identifiers)
    return Event(
        body.source, body.key, body.kind, body.t, who, properties=body.properties, received_at=body.received_at
    )
