"""How an event stands in the stores: the outbox row that intake writes and every reader of history takes apart again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from geleit.errors import GeleitError
from geleit.events.event import RANK_DEFAULT, Event, EventId, Identifier

# The outbox's columns, the archive's columns, and what decode reads: one order everywhere.
COLUMNS = (
    "seq",
    "event_id",
    "source",
    "key",
    "record",
    "kind",
    "t",
    "ord",
    "local_day",
    "set_key",
    "evidence",
    "received_at",
    "body",
    "raw",
)


class Body(msgspec.Struct, omit_defaults=True, frozen=True, forbid_unknown_fields=True):
    """What of an event has no column of its own, as JSON."""

    identifiers: tuple[tuple[str, str], ...] = ()
    traits: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    place: dict[str, str] = {}
    original_at: int | None = None
    sent_at: int | None = None
    rank: int = RANK_DEFAULT
    refused: tuple[tuple[str, str, str], ...] = ()


_encoder = msgspec.json.Encoder(order="deterministic")  # equal events have equal bodies, so their hashes agree
_decoder = msgspec.json.Decoder(Body)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its places: ``set_key`` = its identifier set, ``seq`` = the order in which it was acknowledged."""

    event: Event
    event_id: EventId
    set_key: int
    seq: int

    @property
    def place_in_time(self) -> tuple[int, int, str]:
        """The total order: when it happened, then source rank and hash, then the whole id."""
        return self.event.t, self.event.order, self.event_id


def body_of(event: Event) -> str:
    """What has no column of its own, as JSON.

    Errors: GeleitError for text that is not Unicode (it would be unreadable later); nothing is stored then.
    """
    return _json(_encoder, _body(event), event)


def encode(event: Event, set_key: int, local_day: int, body: str | None = None) -> dict[str, Any]:
    """The outbox row of an event (without ``seq``, which the ledger gives); ``body`` if it is known (see ``body_of``).

    ``local_day`` = days since 1970-01-01 in the company's zone. Errors: those of ``body_of``.
    """
    identity = event.id
    return {
        "event_id": identity,
        "source": event.source,
        "key": event.key,
        "record": event.record,
        "kind": event.kind,
        "t": event.t,
        "ord": event.order,
        "local_day": local_day,
        "set_key": set_key,
        "evidence": event.evidence,
        "received_at": event.received_at,
        "body": body_of(event) if body is None else body,
        "raw": event.raw,
    }


def decode(row: Sequence[Any]) -> StoredEvent:
    """The event of a row whose values stand in the order of ``COLUMNS`` (a tuple of SQLAlchemy or DuckDB)."""
    seq, identity, source, key, record, kind, t, _ord, _day, set_key, evidence, received_at, body, raw = row
    rest = _decoder.decode(body)
    event = Event(
        source=source,
        key=key,
        kind=kind,
        t=t,
        identifiers=tuple(Identifier(type_, value) for type_, value in rest.identifiers),
        traits=rest.traits,
        properties=rest.properties,
        place=rest.place,
        evidence=evidence,
        record=record,
        raw=raw,
        rank=rest.rank,
        received_at=received_at,
        original_at=rest.original_at,
        sent_at=rest.sent_at,
        refused=rest.refused,
    )
    return StoredEvent(event, EventId(identity), set_key, seq)


def content_hash(event: Event) -> str:
    """16 hexadecimal digits of what the event says, to tell a repetition from a contradiction under the same key.

    How it reached us (received and sent time, record, raw text, a clock's correction, the source's rank) does not count,
    nor does the time of an event that names none and is therefore said to have happened when it came. Identifiers that
    were refused count as the others: whether they are does not depend on rules, and what comes again after a change of
    rules is what it was.
    """
    t = _said_time(event)
    body = _body(event)
    who = tuple(sorted({*body.identifiers, *((type_, value) for type_, value, _ in body.refused)}))
    said = replace(body, identifiers=who, original_at=None, sent_at=None, rank=RANK_DEFAULT, refused=())
    core = _json(_encoder, said, event)
    return hashlib.sha256(f"{event.kind}\0{t}\0{event.evidence}\0{core}".encode()).hexdigest()[:16]


def _said_time(event: Event) -> int | None:
    if event.original_at is not None:
        return event.original_at
    return None if event.t == event.received_at else event.t


def _body(event: Event) -> Body:
    return Body(
        identifiers=tuple((identifier.type, identifier.value) for identifier in event.identifiers),
        traits=event.traits,
        properties=event.properties,
        place=event.place,
        original_at=event.original_at,
        sent_at=event.sent_at,
        rank=event.rank,
        refused=event.refused,
    )


def _json(encoder: msgspec.json.Encoder, value: object, event: Event) -> str:
    try:
        return encoder.encode(value).decode()
    except UnicodeEncodeError:
        raise GeleitError(
            f"event {event.source}/{event.key} holds text that is not Unicode; it was not stored",
            hint="check the encoding that the source declares",
        ) from None
