"""Reads calls of the Segment spec (identify, track, page, screen, group, alias) as events of one source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal
from uuid import uuid4

import msgspec

from geleit.clock import DAY, micros
from geleit.events.event import Event, Identifier
from geleit.events.kinds import Catalogue, snake
from geleit.events.vocabulary import CONSENT_TRAIT, RESERVED
from geleit.sources.collect import Collect
from geleit.sources.definition import SourceDefinition
from geleit.sources.records import UNREAD, Reason, Rejected, identify
from geleit.sources.times import AHEAD, EARLIEST, since_1970

CallType = Literal["identify", "track", "page", "screen", "group", "alias"]
CALLS: dict[str, CallType] = {name: name for name in ("identify", "track", "page", "screen", "group", "alias")}
KINDS = {"identify": "identified", "page": "page_viewed", "screen": "screen_viewed", "alias": "identified"}
LARGEST = 32 * 1024  # bytes of one event
LONGEST_KEY = 100  # characters of a messageId
OURS = frozenset(one.kind for one in RESERVED)
KEPT = ("page", "screen", "campaign", "referrer", "app", "locale", "timezone")  # of the context: what analyses ask for
GLOBAL = ("email", "phone")  # identifier types that mean the same in every system


class Call(msgspec.Struct, rename="camel"):
    """One call as clients write it; what is of another type than the spec says is looked at when it is used."""

    type: Any = None
    message_id: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    previous_id: Any = None
    group_id: Any = None
    event: Any = None
    name: Any = None
    category: Any = None
    properties: Any = None
    traits: Any = None
    context: Any = None
    external_ids: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None
    received_at: Any = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What all calls of one request share: when it came (microseconds UTC), and the batch's own fields."""

    received_at: int
    sent_at: Any = None
    context: Mapping[str, Any] = field(default_factory=dict)


class RefusedCallError(Exception):
    """A call that cannot become an event; ``reason`` is the quarantine's."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason


_decoder = msgspec.json.Decoder(Call)


class SegmentSpec:
    """Reads the calls of one source."""

    def __init__(self, definition: SourceDefinition, catalogue: Catalogue) -> None:
        collect, system = definition.collect or Collect.model_validate({}), definition.system_name
        self.definition, self.catalogue = definition, catalogue
        self.source, self.rank, self.evidence = definition.name, definition.rank, definition.evidence
        space = namespace(system)
        self.user_id = collect.user_id or f"{space}.user_id"
        self.anonymous_id = collect.anonymous_id or f"{space}.anonymous_id"
        self.device_id = collect.device_id or f"{space}.device_id"
        self.space = space
        self.consent = collect.consent

    def read(self, raw: bytes, type_: str, delivery: Delivery) -> Event | Rejected:
        """One call (``type_`` as the address says it, else the call's own) as an event, or why it cannot be one."""
        try:
            return self._event(_decoder.decode(_not_too_large(raw)), raw, type_, delivery)
        except RefusedCallError as refused:
            return self.refusal(raw, type_, delivery, (refused.reason, str(refused)))
        except msgspec.MsgspecError as error:
            return self.refusal(raw, type_, delivery, ("bad_json", f"the call cannot be read: {error}"))

    def refusal(self, raw: bytes, type_: str, delivery: Delivery, why: tuple[Reason, str]) -> Rejected:
        """A call for the quarantine, with all that reading it again needs."""
        record = envelope(raw, type_, delivery)
        reason, message = why
        return Rejected(self.source, "", 0, reason, message, record, identify(self.source, raw))

    def _event(self, call: Call, raw: bytes, type_: str, delivery: Delivery) -> Event:
        kind_of = CALLS.get(type_ or str(call.type))
        if kind_of is None:
            raise RefusedCallError("no_kind", f"'{call.type}' is no call of the spec: {', '.join(CALLS)}")
        context = {**delivery.context, **_object(call.context, "context")}
        t, original_at, sent_at = _times(call, delivery)
        properties = self._properties(call, kind_of, context)
        event = Event(
            source=self.source,
            key=_key(call, raw),
            kind=KINDS.get(kind_of) or ("account_joined" if kind_of == "group" else _kind(call)),
            t=t,
            identifiers=self._identifiers(call, kind_of, context),
            traits=self._traits(call, kind_of, context),
            properties=properties,
            evidence=self.evidence,
            raw=raw.decode(),
            rank=self.rank,
            received_at=delivery.received_at,
            original_at=original_at,
            sent_at=sent_at,
        )
        return self.complete(event)

    def complete(self, event: Event) -> Event:
        """The event itself.

        Errors: RefusedCallError if a kind of ours lacks what it requires. Shop kinds of existing clients are taken as
        they come: the spec recommends their properties and asks for none.
        """
        if event.kind in OURS and (missing := self.catalogue.missing(event)):
            names = ", ".join(need.replace("|", " or ") for need in missing)
            raise RefusedCallError("missing_property", f"{event.kind} requires {names}")
        return event

    def _identifiers(self, call: Call, kind_of: CallType, context: Mapping[str, Any]) -> tuple[Identifier, ...]:
        found = [(self.user_id, _text(call.user_id)), (self.anonymous_id, _text(call.anonymous_id))]
        if kind_of == "alias":  # whoever was known by another user id stays another person: only a human says else
            found.append((self.anonymous_id, _text(call.previous_id)))
        if not any(value for _, value in found):
            raise RefusedCallError("no_identifier", "neither userId nor anonymousId")
        device = context.get("device")
        if isinstance(device, Mapping):
            found.append((self.device_id, _text(device.get("id"))))
        found += self._external(call.external_ids) + self._external(context.get("externalIds"))
        for traits in (call.traits if kind_of == "identify" else None, context.get("traits")):
            if isinstance(traits, Mapping):
                found += [(name, _text(traits.get(name))) for name in GLOBAL]
        return distinct(found)

    def _external(self, listed: Any) -> list[tuple[str, str]]:
        """Identifiers under ``externalIds``: of users only, email and phone as such, others as this system's own."""
        found = []
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, Mapping) and one.get("collection") in (None, "", "users"):
                type_ = snake(_text(one.get("type")))
                if type_:
                    found.append((type_ if type_ in GLOBAL else f"{self.space}.{_ascii(type_)}", _text(one.get("id"))))
        return found

    def _traits(self, call: Call, kind_of: CallType, context: Mapping[str, Any]) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for traits in (context.get("traits"), call.traits if kind_of == "identify" else None):
            if isinstance(traits, Mapping):
                said.update({trait_name(name): value for name, value in traits.items() if value not in (None, "")})
        consent = context.get("consent")
        preferences = consent.get("categoryPreferences") if isinstance(consent, Mapping) else None
        for category, allowed in preferences.items() if isinstance(preferences, Mapping) else ():
            if isinstance(allowed, bool):
                said[f"{CONSENT_TRAIT}{self.consent.get(category, category)}"] = allowed
        return said

    def _properties(self, call: Call, kind_of: CallType, context: Mapping[str, Any]) -> dict[str, Any]:
        properties = {
            name: value for name, value in _object(call.properties, "properties").items() if value is not None
        }
        if kind_of in ("page", "screen"):
            for title, said in (("name", _text(call.name)), ("category", _text(call.category))):
                properties |= {title: said} if said and title not in properties else {}
        if kind_of == "group":
            account = _text(call.group_id)
            if not account:
                raise RefusedCallError("missing_property", "a group call needs a groupId")
            properties |= _object(call.traits, "traits") | {"account_id": account}
            properties.setdefault("account_name", _text(properties.get("name")))
        if kept := {part: value for part in KEPT if (value := context.get(part))}:
            properties["context"] = kept
        return properties


def distinct(found: list[tuple[str, str]]) -> tuple[Identifier, ...]:
    """Types and values as identifiers, each once, without those that are empty."""
    return tuple(Identifier(type_, value) for type_, value in dict.fromkeys(found) if value)


@lru_cache(maxsize=4096)
def trait_name(name: str) -> str:
    """``firstName`` as geleit writes it: ``first_name``; a name without letters stays as it is."""
    return snake(name) or name


@lru_cache(maxsize=1024)
def namespace(system: str) -> str:
    """A system's name as the beginning of identifier types.

    >>> namespace("Web-Shop 2"), namespace("2go")
    ('web_shop_2', 's2go')
    """
    plain = _ascii(snake(system)) or "source"
    return plain if plain[0].isalpha() else f"s{plain}"


def envelope(raw: bytes, type_: str, delivery: Delivery) -> str:
    """A call with what it shared with others of its request, as one JSON object: reading that gives the same event."""
    try:
        call = msgspec.json.decode(raw)
    except msgspec.MsgspecError:
        call = None
    if not isinstance(call, dict):
        return msgspec.json.encode({UNREAD: raw.decode("utf-8", "replace")}).decode()
    if delivery.context:
        own = call.get("context")
        call["context"] = {**delivery.context, **(own if isinstance(own, dict) else {})}
    if type_:
        call["type"] = type_
    call.setdefault("sentAt", delivery.sent_at)
    call["receivedAt"] = delivery.received_at
    return msgspec.json.encode({name: value for name, value in call.items() if value is not None}).decode()


def _not_too_large(raw: bytes) -> bytes:
    if len(raw) > LARGEST:
        raise RefusedCallError("too_large", f"the call has {len(raw):,} bytes; {LARGEST:,} may be")
    return raw


def _key(call: Call, raw: bytes) -> str:
    key = _text(call.message_id)
    if len(key) > LONGEST_KEY:
        raise RefusedCallError("bad_value", f"messageId has {len(key)} characters; {LONGEST_KEY} may be")
    if key:
        return key
    if call.timestamp or call.original_timestamp:  # the same call sent twice is one
        return hashlib.sha256(raw).hexdigest()[:32]
    return uuid4().hex


def _kind(call: Call) -> str:
    kind = _snake(_text(call.event))
    if not kind:
        raise RefusedCallError("no_kind", "a track call needs the name of its event")
    return kind


_snake = lru_cache(maxsize=4096)(snake)


def _times(call: Call, delivery: Delivery) -> tuple[int, int | None, int | None]:
    """When it happened by our clock, and by the client's; and when the client sent it by its own clock.

    A client's clock may be wrong: what it says is moved by the difference between when it says it sent and when it came.
    """
    said = call.timestamp or call.original_timestamp  # with both, the former is what the application said
    sent_at = moment_of(call.sent_at or delivery.sent_at, "sentAt")
    original_at = moment_of(said, "timestamp")
    if original_at is None:
        return delivery.received_at, None, sent_at
    if isinstance(call.received_at, str) and call.timestamp:  # passed on by a collector, which has corrected it itself
        return in_range(original_at, said, delivery), original_at, sent_at
    t = original_at if sent_at is None else delivery.received_at - (sent_at - original_at)
    if sent_at is not None and original_at > sent_at + DAY:  # a time in the client's own future: no clock explains that
        t = original_at
    return in_range(t, said, delivery), original_at, sent_at


def in_range(t: int, said: Any, delivery: Delivery) -> int:
    """The time itself. Errors: RefusedCallError for one before 1900 or more than two years ahead."""
    if not EARLIEST <= t <= delivery.received_at + AHEAD:
        raise RefusedCallError("time_out_of_range", f"'{said}' lies before 1900 or more than two years ahead")
    return t


def moment_of(value: Any, name: str) -> int | None:
    """Microseconds UTC of a time as clients write it (ISO 8601, seconds or milliseconds since 1970); None for none.

    Errors: RefusedCallError for what cannot be read.
    """
    if value in (None, ""):
        return None
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return micros(found if found.tzinfo else found.replace(tzinfo=UTC))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return since_1970(Decimal(str(value)))
    except (ValueError, OverflowError, InvalidOperation):
        pass
    raise RefusedCallError("bad_time", f"{name} '{value}' cannot be read as a time, such as 2026-03-01T10:15:00Z")


def _object(value: Any, name: str) -> dict[str, Any]:
    if value in (None, ""):
        return {}
    if not isinstance(value, dict):
        raise RefusedCallError("bad_value", f"{name} is no object with names and values")
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or value is None:
        return ""
    return str(value) if isinstance(value, int | float) else ""


def _ascii(name: str) -> str:
    """The letters, digits and underscores of a name that an identifier type may have."""
    folded = name.translate({0xE4: "ae", 0xF6: "oe", 0xFC: "ue", 0xDF: "ss"})
    return "".join(c for c in folded if c.isascii() and (c.isalnum() or c == "_"))
