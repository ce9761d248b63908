"""Answers those who watch the server: /health (it lives), /ready (it can take events), /metrics (numbers)."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from geleit.errors import GeleitError
from geleit.intake.overload import OverloadedError
from geleit.ledger.ledger import Ledger
from geleit.web.metrics import Server, registry_of
from geleit.web.security import allowed
from geleit.web.traffic import Counted

PATHS: Final = ("/health", "/ready", "/metrics")
ROOM = 256 * 1024 * 1024  # bytes of free disk below which the server is not ready any more
PATIENCE = 5.0  # seconds within which a commit must have been possible
FRESH = 1.0  # seconds that an answer holds, however often it is asked for
READY, NOT_READY, REFUSED, NOT_ALLOWED = 200, 503, 400, 405
NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the server cannot do its work, and what to do."""

    what: str
    hint: str


@dataclass(slots=True)
class Readiness:
    """Whether events can be taken and kept now. ``room``: bytes that the disk must have free."""

    server: Server
    room: int = ROOM
    patience: float = PATIENCE
    _problems: list[Problem] = field(default_factory=list)
    _looked: float = float("-inf")
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def problems(self) -> list[Problem]:
        """What is wrong, as of a second ago at most."""
        async with self._turn:
            if time.monotonic() - self._looked > FRESH:
                self._problems = [*await self._writing(), *self._keeping(), *self._disk()]
                self._looked = time.monotonic()
            return self._problems

    async def _writing(self) -> list[Problem]:
        """The writer begins and commits a transaction that holds nothing, behind all that waits."""
        collector = self.server.collector
        if not collector.alive:
            return [Problem("the writer has ended: no event can be taken", "start the server again; its log says why")]
        try:
            await asyncio.wait_for(asyncio.wrap_future(collector.submit([])), self.patience)
            await asyncio.wait_for(asyncio.to_thread(read, self.server.workspace.ledger), self.patience)
        except OverloadedError:
            return [
                Problem("the server is ending, or more events wait than it may hold", "wait until it has caught up")
            ]
        except TimeoutError:
            return [
                Problem(
                    f"no commit was possible within {self.patience:g} seconds",
                    "see what else writes to the ledger, and how busy its disk is",
                )
            ]
        except GeleitError as error:
            return [Problem(error.message, error.hint)]
        except Exception as error:  # noqa: BLE001 (whatever it is, the server is not ready)
            return [Problem(f"the ledger cannot be used: {type(error).__name__}", "the server's log says where")]
        return []

    def _keeping(self) -> list[Problem]:
        upkeep = self.server.upkeep
        if not upkeep.alive:
            return [Problem("the upkeep has ended: nothing is archived", "start the server again; its log says why")]
        return [Problem(upkeep.fault, upkeep.remedy)] if upkeep.fault else []

    def _disk(self) -> list[Problem]:
        try:
            free = shutil.disk_usage(self.server.workspace.data).free
        except OSError as error:
            return [Problem(f"the folder of the data cannot be looked at: {error.strerror}", "check the disk")]
        if free >= self.room:
            return []
        said = f"the disk that holds the data has {free // 2**20:,} MB left; {self.room // 2**20:,} MB are needed"
        return [Problem(said, "free some room, or move the workspace to a larger disk")]


def read(ledger: Ledger) -> int:
    """One cheap read. Errors: GeleitError."""
    with ledger.read() as connection:
        return Ledger.change(connection)


class Observing:
    """Answers the watchers' addresses; counts and hands on all others.

    ``hosts``: names under which details may be read; under others /health and /ready say yes or no, and /metrics nothing.
    """

    def __init__(self, app: ASGIApp, server: Server, hosts: Sequence[str]) -> None:
        self.app = Counted(app, server.traffic)
        self.readiness = Readiness(server)
        self.registry = registry_of(server)
        self.hosts = list(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] not in PATHS:
            await self.app(scope, receive, send)
            return
        answer = await self._answer(Request(scope))
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(status_code=NOT_ALLOWED, headers={"allow": "GET, HEAD"})
        known = allowed(request.headers.get("host", ""), self.hosts)
        if request.url.path == "/health":
            return JSONResponse({"alive": True}, headers=NO_STORE)
        if request.url.path == "/ready":
            problems = await self.readiness.problems()
            said: dict[str, object] = {"ready": not problems}
            if known:
                said["problems"] = msgspec.to_builtins(problems)
            return JSONResponse(said, NOT_READY if problems else READY, headers=NO_STORE)
        if not known:
            return Response("unknown host: see --allowed-host\n", REFUSED, media_type="text/plain")
        encoder, content_type = choose_encoder(request.headers.get("accept", ""))
        text = await asyncio.to_thread(encoder, self.registry)
        return Response(text, headers={"content-type": content_type} | NO_STORE)
