"""Reads CloudEvents 1.0 (structured, batch, binary) as events of one source."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from geleit.events.event import Event, Identifier
from geleit.events.kinds import Catalogue, snake
from geleit.events.vocabulary import VOCABULARY
from geleit.sources.definition import SourceDefinition
from geleit.sources.records import Rejected
from geleit.sources.segment_spec import (
    GLOBAL,
    Delivery,
    RefusedCallError,
    SegmentSpec,
    distinct,
    in_range,
    moment_of,
    trait_name,
)

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
PREFIX = "ce-"  # of the headers in binary mode
REQUIRED = ("id", "source", "type", "specversion")
VERSION = "1.0"
# Names under which the data of an event says who it is about.
USER = ("userId", "user_id", "customerId", "customer_id")
ANONYMOUS = ("anonymousId", "anonymous_id")


def from_headers(headers: Mapping[str, str], body: bytes) -> bytes:
    """An event in binary mode (attributes in ``ce-*`` headers, data as body) in the structured form.

    A body that is no JSON is kept as base64, as the specification says.
    """
    event: dict[str, Any] = {
        name[len(PREFIX) :]: unquote(value) for name, value in headers.items() if name.startswith(PREFIX)
    }
    if content := headers.get("content-type"):
        event["datacontenttype"] = content
    if body:
        try:
            event["data"] = msgspec.json.decode(body)
        except msgspec.MsgspecError:
            event["data_base64"] = base64.b64encode(body).decode()
    return msgspec.json.encode(event)


def data_of(event: Mapping[str, Any]) -> Any:
    """The event's data: JSON as it is, base64 read back where it holds JSON; None for none."""
    if "data_base64" not in event:
        data = event.get("data")
        return _json(data.encode()) if isinstance(data, str) else data
    try:
        return _json(base64.b64decode(str(event["data_base64"]), validate=True))
    except (binascii.Error, ValueError):
        raise RefusedCallError("bad_value", "data_base64 is no base64") from None


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.MsgspecError:
        return data.decode("utf-8", "replace")


class CloudEvents:
    """Reads the CloudEvents of one source that has no mapping of its own."""

    def __init__(self, definition: SourceDefinition, catalogue: Catalogue) -> None:
        self.spec = SegmentSpec(definition, catalogue)
        self.catalogue = catalogue

    def read(self, raw: bytes, delivery: Delivery) -> Event | Rejected:
        """One event in the structured form, or why it cannot be taken."""
        try:
            return self._event(raw, delivery)
        except RefusedCallError as refused:
            return self.spec.refusal(raw, "", delivery, (refused.reason, str(refused)))
        except msgspec.MsgspecError as error:
            return self.spec.refusal(raw, "", delivery, ("bad_json", f"the event cannot be read: {error}"))

    def _event(self, raw: bytes, delivery: Delivery) -> Event:
        said = msgspec.json.decode(raw)
        require_attributes(said)
        data = data_of(said)
        t = moment_of(said.get("time"), "time")
        fields = data if isinstance(data, dict) else {} if data is None else {"data": data}
        event = Event(
            source=self.spec.source,
            key=f"{said['source']}#{said['id']}",
            kind=kind_of(said["type"], self.catalogue),
            t=delivery.received_at if t is None else in_range(t, said["time"], delivery),
            identifiers=self._identifiers(fields),
            traits=_traits(fields),
            properties={name: value for name, value in fields.items() if value is not None and name != "traits"},
            evidence=self.spec.evidence,
            raw=raw.decode(),
            rank=self.spec.rank,
            received_at=delivery.received_at,
        )
        return self.spec.complete(event)

    def _identifiers(self, data: Mapping[str, Any]) -> tuple[Identifier, ...]:
        found = []
        for own, names in ((self.spec.user_id, USER), (self.spec.anonymous_id, ANONYMOUS)):
            found += [(own, str(data[name])) for name in names if isinstance(data.get(name), str | int)][:1]
        traits = data.get("traits")
        for said in (data, traits if isinstance(traits, Mapping) else {}):
            found += [(shared, str(said[shared])) for shared in GLOBAL if isinstance(said.get(shared), str)]
        identifiers = distinct(found)
        if not identifiers:
            known = ", ".join((*USER, *ANONYMOUS))
            raise RefusedCallError(
                "no_identifier", f"the data name nobody ({known}, email, phone); events in the source can map others"
            )
        return identifiers


def require_attributes(event: Any) -> None:
    """Errors: RefusedCallError unless the attributes that the specification requires are there as texts."""
    if not isinstance(event, dict):
        raise RefusedCallError("not_an_object", "a CloudEvent is an object")
    missing = [name for name in REQUIRED if not isinstance(event.get(name), str) or not event[name]]
    if missing:
        raise RefusedCallError("missing_property", f"a CloudEvent needs {', '.join(missing)}")
    if not event["specversion"].startswith("1."):
        raise RefusedCallError("bad_value", f"specversion is {event['specversion']}; {VERSION} is read")


def kind_of(type_: str, catalogue: Catalogue) -> str:
    """The kind of an event type such as ``com.example.order.completed.v1``: the longest end of it that is known.

    Errors: RefusedCallError for one without letters.
    """
    parts = [snake(part) for part in type_.split(".")]
    parts = [part for part in parts if part and not (part[0] == "v" and part[1:].isdigit())]
    if not parts:
        raise RefusedCallError("no_kind", f"'{type_}' names no kind")
    for first in range(len(parts)):
        end = "_".join(parts[first:])
        if end in VOCABULARY or catalogue.canonical(end) in VOCABULARY:
            return end
    return "_".join(parts)


def _traits(data: Mapping[str, Any]) -> dict[str, Any]:
    traits = data.get("traits")
    if not isinstance(traits, Mapping):
        return {}
    return {trait_name(name): value for name, value in traits.items() if value not in (None, "")}
