"""Counts what is asked of the server, by kind of address: never by address, which may name a person."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geleit.intake.tally import SECONDS, Distribution

BEGINNINGS = (
    ("/hooks/", "hooks"),
    ("/static/", "static"),
    ("/v1/projects/", "settings"),
    ("/pixel/", "pixel"),
    ("/v1/pixel/", "pixel"),
    ("/v1/", "call"),
    ("/api/s/", "call"),
    ("/api/", "api"),
)
WHOLE = {
    "/v1/batch": "batch",
    "/v1/b": "batch",
    "/beacon/v1/batch": "batch",
    "/v1/import": "import",
    "/cloudevents": "cloudevents",
    "/geleit.js": "snippet",
}
GONE = "gone"  # who asked went away before the answer


@dataclass(slots=True)
class Traffic:
    """Answers by kind of address and status, and how long they took."""

    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: dict[str, Distribution] = field(default_factory=dict)

    def add(self, path: str, status: str, seconds: float) -> None:
        """One request."""
        self.answered[path, status] += 1
        if path not in self.seconds:
            self.seconds[path] = Distribution(SECONDS)
        self.seconds[path].add(seconds)


def kind_of(path: str) -> str:
    """The kind of an address.

    >>> kind_of("/v1/track"), kind_of("/v1/batch"), kind_of("/people/42")
    ('call', 'batch', 'pages')
    """
    if found := WHOLE.get(path.rstrip("/")):
        return found
    return next((kind for beginning, kind in BEGINNINGS if path.startswith(beginning)), "pages")


class Counted:
    """Counts the requests that ``app`` answers."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self.app, self.traffic = app, traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), GONE

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except BaseException:
            status = "500" if status == GONE else status
            raise
        finally:
            self.traffic.add(kind_of(scope["path"]), status, time.perf_counter() - began)
