"""The collector's addresses, its answers, and who may send from a browser."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from geleit.errors import Retryable
from geleit.intake.collector import Writer
from geleit.intake.overload import OverloadedError
from geleit.sources.collected import Posted, Reader
from geleit.sources.segment_spec import CALLS
from geleit.web.collector import calls
from geleit.web.collector.doors import Doors
from geleit.web.collector.hooks import Hooks
from geleit.web.collector.request import (
    BAD_REQUEST,
    LARGE,
    NOT_FOUND,
    SMALL,
    Incoming,
    RefusedError,
    Reply,
    json_reply,
    read,
)

OVERLOADED, FAULT, UNAVAILABLE, NOT_ALLOWED, FORBIDDEN = 429, 500, 503, 405, 403
MANY = 256 * 1024  # bytes of a body that is read beside the loop, so that others need not wait
RETRY = 5  # seconds until a busy ledger or full disk is worth trying again

SHORT: Final = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}
SINGLE = {f"/v1/{name}": type_ for name, type_ in {**CALLS, **SHORT}.items()}
BATCHES = ("/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch")
LARGER = ("/v1/import", "/hooks/")
OURS = ("/v1/", "/api/s/", "/hooks/", "/pixel/", "/beacon/", "/cloudevents")
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

log = logging.getLogger("geleit.collector")


class CollectorApp:
    """Takes requests of the collector's addresses; hands all others to the pages."""

    def __init__(self, pages: ASGIApp, collector: Writer, doors: Doors) -> None:
        self.pages, self.collector, self.doors = pages, collector, doors
        self.clock = doors.clock
        self.hooks = Hooks(doors, self._kept)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not scope["path"].startswith(OURS):
            await self.pages(scope, receive, send)
            return
        try:
            limit = LARGE if scope["path"].startswith(LARGER) else SMALL
            request = await read(scope, receive, limit)
        except ConnectionResetError:
            return
        except RefusedError as refused:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            await answer(send, refusal(refused), headers)
            return
        await answer(send, await self._answered(request), request.headers)

    async def _answered(self, request: Incoming) -> Reply:
        try:
            return await self._reply(request)
        except RefusedError as refused:
            return refusal(refused)
        except OverloadedError as error:
            return refusal(RefusedError(OVERLOADED, error.message, seconds=error.seconds))
        except Retryable as error:
            return refusal(RefusedError(UNAVAILABLE, error.message, seconds=RETRY))
        except Exception:
            log.exception("a request was not answered", extra={"fields": {"method": request.method}})
            return refusal(RefusedError(FAULT, "a fault of the server; nothing is known to be taken, send it again"))

    async def _reply(self, request: Incoming) -> Reply:
        path = request.path.rstrip("/")
        if request.method == "OPTIONS":
            return Reply(204, b"", headers=PREFLIGHT)
        if request.method in ("GET", "HEAD"):
            return await self._get(request, path)
        if request.method != "POST":
            raise RefusedError(NOT_ALLOWED, "send events with POST")
        if path.startswith("/hooks/"):
            return await self.hooks.post(request, path.removeprefix("/hooks/"))
        if calls.is_cloudevent(request) or path == "/cloudevents":
            reader = self._reader(request)
            if reader.definition.events:
                return await self.hooks.mapped(reader, [Posted(raw) for raw in calls.cloud_records(request)])
            return await self._taken(calls.cloud(reader, request, self.clock()))
        if path == "/v1/m":  # what a client says of itself
            return Reply()
        return await self._calls(request, path)

    async def _get(self, request: Incoming, path: str) -> Reply:
        if path.startswith("/v1/projects/") and path.endswith("/settings"):
            key = path.removeprefix("/v1/projects/").removesuffix("/settings")
            self.doors.opened(request, key)
            return json_reply(settings(key, request.headers.get("host", "")))
        if path.startswith(("/pixel/v1/", "/v1/pixel/")):
            body = calls.pixel(request)
            reader = self._reader(request, calls.opened(body).write_key)
            read = calls.single(reader, body, call_type(f"/v1/{path.rpartition('/')[2]}"), self.clock())
            await self._taken(read)
            return Reply(200, PIXEL, "image/gif", (("cache-control", "no-store"),))
        if path.startswith("/hooks/"):
            return self.hooks.known(path.removeprefix("/hooks/"))
        raise RefusedError(NOT_FOUND, "there is no such address")

    async def _calls(self, request: Incoming, path: str) -> Reply:
        """One call, or a batch: wherever a batch is sent, it is one."""
        type_ = "" if path in BATCHES else call_type(path)
        said = calls.opened(request.body)
        reader = self._reader(request, said.write_key)
        if path not in BATCHES and not bytes(said.batch):
            return await self._taken(calls.single(reader, request.body, type_, self.clock()))
        if len(request.body) > MANY:
            return await self._taken(await asyncio.to_thread(calls.batch, reader, said, self.clock()))
        return await self._taken(calls.batch(reader, said, self.clock()))

    def _reader(self, request: Incoming, said: object = None) -> Reader:
        reader = self.doors.opened(request, said)
        collect, origin = reader.definition.collect, request.headers.get("origin")
        if collect is None:
            raise RefusedError(
                FORBIDDEN, f"the source {reader.definition.name} takes webhooks only, at its own address"
            )
        if origin and collect.origins and origin not in collect.origins:
            raise RefusedError(FORBIDDEN, f"pages of {origin} may not send here: the source names other origins")
        return reader

    async def _kept(self, read: calls.Read) -> Reply:
        """What is answered to a system: 200 for all that is kept, for in the quarantine it is as safe as anywhere.

        It would send the same again and again, and in the end nothing more: shops take such addresses off their list.
        """
        return await self._taken(read, kept=True)

    async def _taken(self, read: calls.Read, *, kept: bool = False) -> Reply:
        """Answered when everything is committed: what was refused waits in the quarantine and is named."""
        outcome = await asyncio.wrap_future(self.collector.submit(read.events, read.rejected))
        refused = [
            {"index": place, "reason": refused.reason, "message": refused.message} for place, refused in read.refused
        ]
        refused += [
            {"messageId": key, "reason": "changed_content", "message": "this messageId was taken with another content"}
            for key in outcome.contradicting
        ]
        if not refused:
            return TAKEN
        counts = {"accepted": outcome.new, "duplicate": outcome.duplicate}
        if not read.events and not kept:
            said = {"success": False, "message": refused[0]["message"], **counts, "rejected": refused}
            return json_reply(said, BAD_REQUEST)
        return json_reply({"success": True, **counts, "rejected": refused})


TAKEN = Reply()


def call_type(path: str) -> str:
    """The type of a call as its address says it; '' where the call itself does (Jitsu's path with another word).

    Errors: RefusedError for no address of ours.
    """
    if path in SINGLE:
        return SINGLE[path]
    if path.startswith("/api/s/"):
        return CALLS.get(path.rpartition("/")[2], "")
    raise RefusedError(NOT_FOUND, "there is no such address")


def settings(key: str, host: str) -> dict[str, object]:
    """What the browser library of Segment asks for before it sends: one destination, here."""
    everything = {"__default": {"enabled": True, "integrations": {}}}
    return {
        "integrations": {
            "Segment.io": {"apiKey": key, "apiHost": f"{host}/v1", "versionSettings": {"version": "4.4.7"}}
        },
        "plan": {"track": everything, "identify": everything, "group": everything},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


PREFLIGHT = (
    ("access-control-allow-methods", "GET, POST, OPTIONS"),
    ("access-control-max-age", "86400"),
)


def refusal(refused: RefusedError) -> Reply:
    """An error as clients read it."""
    headers = (("retry-after", str(refused.seconds)),) if refused.seconds else ()
    return json_reply({"success": False, "message": str(refused)}, refused.status, headers)


async def answer(send: Send, reply: Reply, headers: Mapping[str, str]) -> None:
    """Send a reply; a browser's page may read it wherever it stands, for keys decide who sends, not addresses."""
    sent = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        *((name.encode(), value.encode()) for name, value in reply.headers),
    ]
    if origin := headers.get("origin"):
        sent += [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"vary", b"Origin"),
            (b"access-control-expose-headers", b"Retry-After"),
        ]
        if asked := headers.get("access-control-request-headers"):
            sent.append((b"access-control-allow-headers", asked.encode("latin-1")))
    await send({"type": "http.response.start", "status": reply.status, "headers": sent})
    await send({"type": "http.response.body", "body": reply.body})
