"""What every answer says to the browser: load nothing from elsewhere, run nothing written into the page, keep nothing."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = ("localhost", "127.0.0.1", "::1", "[::1]")

HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # pages show people: no browser or proxy keeps them; assets set their own
    "cache-control": "no-store",
}


class SecurityHeaders:
    """Adds ``HEADERS`` to every answer that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; complete the answer's headers on its way back."""

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, completed)


def allowed_hosts(configured: Sequence[str]) -> list[str]:
    """Names under which the pages answer; any other Host is refused, so that no foreign page can reach in by DNS."""
    return [*LOCAL, *configured]


def allowed(host: str, names: Sequence[str]) -> bool:
    """Whether a Host header is one of the names; ``*`` allows all, ``*.example.com`` those below.

    >>> allowed("localhost:8420", ["localhost"]), allowed("[::1]:8420", ["[::1]"]), allowed("evil.example", ["localhost"])
    (True, True, False)
    """
    bare = host.rpartition(":")[0] if host.rpartition("]")[2].count(":") else host
    return any(name in ("*", bare) or (name.startswith("*.") and bare.endswith(name[1:])) for name in names)
