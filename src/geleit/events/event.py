"""An event is one thing that happened between a person and a company: who, what, when, where."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NewType

EventId = NewType("EventId", str)  # 32 hexadecimal digits, from source and key
Refused = tuple[str, str, str]  # an identifier's type and value (the beginning of a long one), and why it is left out
Evidence = Literal["log", "told", "public", "gap"]
Medium = Literal["online", "offline", "phone"]
Ownership = Literal["home", "earned", "paid", "other", "owned"]

RANK_DEFAULT = 100
RANK_MAX = 32_767


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A typed value that points at a person: ``shop.user_id`` (namespaced) or ``email`` (global)."""

    type: str
    value: str

    def __str__(self) -> str:
        return f"{self.type}:{self.value}"


@dataclass(frozen=True, slots=True)
class Event:
    """One event as intake takes it: normalised, with the raw record it came from.

    ``t`` is microseconds UTC of when it happened, ``received_at`` of when we learned of it.
    ``place`` overrides the kind's touchpoint: keys stage, channel, medium, ownership, initiator (person|company).
    ``record`` names the source record, so that several events of one record know each other. ``refused``: identifiers
    that came with it and point at nobody.
    """

    source: str
    key: str
    kind: str
    t: int
    identifiers: tuple[Identifier, ...] = ()
    traits: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)
    evidence: Evidence = "log"
    record: str = ""
    raw: str = ""
    rank: int = RANK_DEFAULT
    received_at: int = 0
    original_at: int | None = None
    sent_at: int | None = None
    refused: tuple[Refused, ...] = ()
    _id: str = field(default="", init=False, repr=False, compare=False)  # an event is asked for it a dozen times

    @property
    def id(self) -> EventId:
        """The event's id: a hash of source and key, the same however and whenever it arrives."""
        known = self._id
        if not known:
            known = event_id(self.source, self.key)
            object.__setattr__(self, "_id", known)
        return EventId(known)

    @property
    def order(self) -> int:
        """Second part of the total order (t, order): source rank, then hash of the event key; 63 bits."""
        return total_order(self.rank, self.id)


@lru_cache(maxsize=16_384)  # the same event is made anew on its way
def event_id(source: str, key: str) -> EventId:
    """The first 128 bits of SHA-256 over (source, key) as 32 hexadecimal digits.

    >>> event_id("till", "4711")
    '5bd2945eb7a59aaa1273fcd32f8701cb'
    """
    return EventId(hashlib.sha256(f"{source}\0{key}".encode()).hexdigest()[:32])


def spoken_of(event: Event) -> tuple[EventId, ...]:
    """Ids that the property ``about`` may name: a key of the same source, or ``source:key``; empty without one."""
    return named_by(event.source, event.properties.get("about"))


def named_by(source: str, about: object) -> tuple[EventId, ...]:
    """Ids that a property ``about`` of an event of this source may name."""
    name = str(about or "")
    if not name:
        return ()
    other, colon, key = name.partition(":")
    here = event_id(source, name)
    return (here, event_id(other, key)) if colon else (here,)


def total_order(rank: int, event: EventId) -> int:
    """``rank`` in the upper 15 bits, 48 bits of the event's hash below; fits a signed BIGINT."""
    return (rank << 48) | int(event[:12], 16)
