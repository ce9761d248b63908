"""Takes apart what clients send: single calls, batches, CloudEvents, pixels; everything becomes events and refusals."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from geleit.events.event import Event
from geleit.sources import cloudevents
from geleit.sources.collected import Reader
from geleit.sources.records import Rejected
from geleit.sources.segment_spec import Delivery
from geleit.web.collector.request import BAD_REQUEST, Incoming, RefusedError

KEY, ESCAPE = b'"writeKey"', b"\\u00"  # its name, or letters of it, as JSON may write them


class Body(msgspec.Struct, rename="camel"):
    """What the collector itself reads of a body; the rest is the call's."""

    write_key: Any = None
    batch: msgspec.Raw = msgspec.Raw()
    sent_at: Any = None
    context: Any = None


@dataclass(slots=True)
class Read:
    """What one request brought: ``refused`` by the place of the call in its batch."""

    events: list[Event] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    refused: list[tuple[int, Rejected]] = field(default_factory=list)

    def add(self, place: int, events: Iterable[Event], rejected: Iterable[Rejected]) -> None:
        """What one call gave."""
        self.events.extend(events)
        for one in rejected:
            self.rejected.append(one)
            self.refused.append((place, one))


_body = msgspec.json.Decoder(Body)
_calls = msgspec.json.Decoder(list[msgspec.Raw])
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def opened(body: bytes) -> Body:
    """The body's own fields.

    Errors: RefusedError for what is no JSON object.
    """
    try:
        return _body.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RefusedError(BAD_REQUEST, f"the body is no JSON object: {error}") from None


def keyless(call: bytes) -> bytes:
    """A call without its write key, which is not kept with the record; everything else stays as it was written.

    >>> keyless(b'{"price": 19.90, "writeKey": "gl_x"}')
    b'{"price":19.90}'
    """
    if KEY not in call and ESCAPE not in call:
        return call
    try:
        members = _members.decode(call)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return call
    if members.pop("writeKey", None) is None:
        return call
    return msgspec.json.encode(members)


def single(reader: Reader, body: bytes, type_: str, received_at: int) -> Read:
    """One call."""
    read = Read()
    read.add(0, *reader.call(keyless(body), type_, Delivery(received_at)))
    return read


def batch(reader: Reader, said: Body, received_at: int) -> Read:
    """All calls of a batch.

    Errors: RefusedError if ``batch`` is no list.
    """
    try:
        calls = _calls.decode(said.batch)
    except msgspec.MsgspecError:
        raise RefusedError(BAD_REQUEST, "a batch needs a list of calls under batch") from None
    context = said.context if isinstance(said.context, dict) else {}
    delivery = Delivery(received_at, said.sent_at, context)
    read = Read()
    for place, raw in enumerate(calls):
        read.add(place, *reader.call(keyless(bytes(raw)), "", delivery))
    return read


def is_cloudevent(request: Incoming) -> bool:
    """Whether the request holds CloudEvents, in any of their three ways."""
    return request.content_type in (cloudevents.STRUCTURED, cloudevents.BATCH) or "ce-id" in request.headers


def cloud(reader: Reader, request: Incoming, received_at: int) -> Read:
    """The CloudEvents of a request.

    Errors: RefusedError if the body is not what its content type says.
    """
    delivery = Delivery(received_at)
    read = Read()
    for place, raw in enumerate(cloud_records(request)):
        read.add(place, *reader.cloudevent(raw, delivery))
    return read


def cloud_records(request: Incoming) -> list[bytes]:
    """The CloudEvents of a request, each in the structured form. Errors: as cloud."""
    if request.content_type == cloudevents.BATCH:
        try:
            return [bytes(raw) for raw in _calls.decode(request.body)]
        except msgspec.MsgspecError:
            raise RefusedError(BAD_REQUEST, "a batch of CloudEvents is a JSON list") from None
    if "ce-id" in request.headers:
        return [cloudevents.from_headers(request.headers, request.body)]
    return [request.body]


def pixel(request: Incoming) -> bytes:
    """The call that an image's address holds: ``data`` (base64 of JSON), or its fields one by one.

    Fields may be JSON (``properties={...}``) or dotted (``properties.plan=pro``).
    """
    if packed := request.query.get("data"):
        try:
            return base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_")
        except (binascii.Error, ValueError):
            raise RefusedError(BAD_REQUEST, "data is no base64") from None
    call: dict[str, Any] = {}
    for name, value in request.query.items():
        if name in ("writeKey", "key"):
            continue
        outer, dot, inner = name.partition(".")
        if dot:
            within = call.setdefault(outer, {})
            if isinstance(within, dict):
                within[inner] = value
        else:
            call[name] = _json(value) if name in ("properties", "context", "traits") else value
    return msgspec.json.encode(call)


def _json(value: str) -> Any:
    try:
        return msgspec.json.decode(value)
    except msgspec.MsgspecError:
        return value
