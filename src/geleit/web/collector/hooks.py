"""Takes webhooks at /hooks/<source>: who sends is proved by signature or write key, the source's events map it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from geleit.clock import iso
from geleit.errors import GeleitError
from geleit.intake.tally import Seldom
from geleit.sources.collect import Hook
from geleit.sources.collected import Posted, Reader
from geleit.sources.signatures import SignatureError, Signed, require_signed
from geleit.web.collector import bodies, calls
from geleit.web.collector.doors import Doors
from geleit.web.collector.line import Line
from geleit.web.collector.request import BAD_REQUEST, NOT_FOUND, UNAUTHORIZED, Incoming, RefusedError, Reply, json_reply

UNAVAILABLE = 503
LATER = 300  # seconds until a person may have set a secret that is missing
KEYS = frozenset(  # parameters of an address that open something, in small letters: they are not kept with a record
    {"key", "writekey", "token", "secret", "password", "signature", "hmac", "apikey", "api_key", "auth", "access_token"}
)
TOPICS: Final = ("x-shopify-topic", "x-wc-webhook-topic", "x-github-event", "x-gitlab-event", "x-event-type", "x-topic")
HEADERS: Final = frozenset(
    {
        *TOPICS,
        "x-shopify-shop-domain",
        "x-shopify-api-version",
        "x-shopify-webhook-id",
        "x-shopify-event-id",
        "x-shopify-triggered-at",
        "x-wc-webhook-source",
        "x-wc-webhook-resource",
        "x-wc-webhook-event",
        "x-wc-webhook-delivery-id",
        "x-zendesk-account-id",
        "x-zendesk-webhook-id",
        "x-zendesk-webhook-invocation-id",
        "x-github-delivery",
    }
)
PING = b"webhook_id="  # how WooCommerce asks, unsigned, whether anybody is there before it keeps an address

Take = Callable[[calls.Read], Awaitable[Reply]]

log = logging.getLogger("geleit.hooks")


class _Challenge(msgspec.Struct):
    type: Any = None
    challenge: Any = None


@dataclass(slots=True)
class Hooks:
    """The addresses of webhooks. ``take``: commits what was read and says what became of it."""

    doors: Doors
    take: Take
    lines: dict[str, Line] = field(default_factory=dict)
    seldom: Seldom = field(default_factory=Seldom)

    def known(self, source: str) -> Reply:
        """Says to systems that ask before they send whether there is such an address. Errors: RefusedError."""
        self._reader(source)
        return Reply()

    async def post(self, request: Incoming, source: str) -> Reply:
        """One delivery.

        Errors: RefusedError for an unknown address, a sender who proves nothing, or an empty body; OverloadedError.
        """
        reader = self._reader(source)
        hook = reader.definition.hook or Hook.model_validate({})
        if _is_ping(hook, request):
            return Reply()
        self._require_sender(reader, hook, request)
        if challenge := _challenge(request.body):
            return json_reply({"challenge": challenge})
        if calls.is_cloudevent(request):
            records = calls.cloud_records(request)
        else:
            records = bodies.records_of(request, reader.definition.records)
        if not request.body.strip():
            raise RefusedError(BAD_REQUEST, "the body is empty: nothing was taken")
        said = said_beside(request, hook, self.doors.clock())
        return await self.mapped(reader, [Posted(record, said) for record in records])

    async def mapped(self, reader: Reader, records: list[Posted]) -> Reply:
        """Map and commit: what each record gave, and what was refused, by its place."""
        line = self.lines.setdefault(reader.definition.name, Line(reader))
        read = calls.Read()
        for place, taken in enumerate(await line.mapped(records)):
            read.add(place, *taken)
        return await self.take(read)

    def _reader(self, source: str) -> Reader:
        reader = self.doors.readers.get(source)
        if reader is None or reader.definition.hook is None:
            raise RefusedError(NOT_FOUND, "no source of this name takes webhooks; if it is new, restart geleit serve")
        return reader

    def _require_sender(self, reader: Reader, hook: Hook, request: Incoming) -> None:
        """Errors: RefusedError for whoever has neither signed (where the source says so) nor shows its write key."""
        if hook.signature is None or hook.secret is None:
            if self.doors.opened(request) is not reader:
                raise RefusedError(UNAUTHORIZED, "this write key belongs to another source")
            return
        name = reader.definition.name
        try:
            secret = hook.secret.reveal(reader.root)
        except GeleitError as error:  # it names the secret, which is no secret
            if times := self.seldom.due(f"secret {name}"):
                text, fields = f"{error.message}; {error.hint}", {"source": name, "times": times}
                log.error("webhooks are refused until it is mended: %s", text, extra={"fields": fields})  # noqa: TRY400
            raise RefusedError(UNAVAILABLE, "the server is not ready for this sender yet", seconds=LATER) from None
        try:
            require_signed(hook.signature, secret, _signed(request, self.doors.clock()))
        except SignatureError as error:
            if times := self.seldom.due(f"signature {name}"):
                log.warning("a webhook was refused: %s", error, extra={"fields": {"source": name, "times": times}})
            raise RefusedError(UNAUTHORIZED, f"not signed as {name} signs: {error}") from None


def said_beside(request: Incoming, hook: Hook, now: int) -> dict[str, Any]:
    """What a request says beside its body, as the column ``_hook`` holds it: topic, headers, query, received_at."""
    headers = request.headers
    named = {name: headers[name] for name in sorted(HEADERS | set(hook.headers)) if headers.get(name)}
    query = {name: value for name, value in request.query.items() if name.lower() not in KEYS}
    topic = next((headers[name] for name in TOPICS if headers.get(name)), query.get("topic", ""))
    said: dict[str, Any] = {"topic": topic, "headers": named, "query": query}
    return {name: value for name, value in said.items() if value} | {"received_at": iso(now)}


def _signed(request: Incoming, now: int) -> Signed:
    bodies_ = [request.wire] if request.wire == request.body else [request.wire, request.body]
    return Signed(request.method, _addresses(request), request.headers, bodies_, now)


def _addresses(request: Incoming) -> list[str]:
    """The whole address under which a sender may know us; before a proxy, that of the proxy.

    Names may be anybody's: a signature fits only the one that the sender wrote, and nothing else is made of them.
    """
    headers: Mapping[str, str] = request.headers
    hosts = [headers.get("x-forwarded-host", "").partition(",")[0].strip(), headers.get("host", "")]
    schemes = [headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower(), request.scheme, "https"]
    path = request.raw_path or request.path
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    pairs = [(scheme, host) for scheme in schemes if scheme in ("http", "https") for host in hosts if host]
    return [f"{scheme}://{host}{path}{query}" for scheme, host in dict.fromkeys(pairs)]


def _is_ping(hook: Hook, request: Incoming) -> bool:
    number = request.body.removeprefix(PING)
    return hook.signature == "woocommerce" and number != request.body and number.isdigit()


def _challenge(body: bytes) -> str:
    """What Slack wants to hear again before it keeps an address; '' for all other bodies."""
    if b"url_verification" not in body[:1000]:
        return ""
    try:
        said = msgspec.json.decode(body, type=_Challenge)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return said.challenge if said.type == "url_verification" and isinstance(said.challenge, str) else ""
