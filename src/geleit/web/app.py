"""Routes, guards and error pages: everything between the socket and a page."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from geleit.errors import GeleitError, NotFoundError
from geleit.web import api, questions
from geleit.web.assets import serve_asset
from geleit.web.journeys import pages as asking
from geleit.web.journeys.people import people as behind
from geleit.web.pages.account import account
from geleit.web.pages.deciding import decide, decided
from geleit.web.pages.events import events
from geleit.web.pages.files import journey_file
from geleit.web.pages.identity import identity
from geleit.web.pages.journey import journey
from geleit.web.pages.people import people
from geleit.web.pages.person import person
from geleit.web.pages.review import review, reviewed
from geleit.web.pages.sources import quarantine, sources
from geleit.web.pages.start import start
from geleit.web.posting import RefusedError, posted
from geleit.web.screen import show
from geleit.web.security import HEADERS, SecurityHeaders, allowed_hosts
from geleit.web.segments.routes import ROUTES as SEGMENTS
from geleit.web.snippet import SnippetDoor
from geleit.workspace import Workspace

REFUSED, NOT_FOUND, FAULT = 403, 404, 500


def create_app(workspace: Workspace, *, hosts: Sequence[str] = ()) -> Starlette:
    """The pages of one workspace. ``hosts`` = names besides localhost under which they may be reached."""
    routes = [
        Route("/", start),
        Route("/people", people),
        Route("/people/{id}", person),
        Route("/people/{id}/journey", journey),
        Route("/people/{id}/journey.{format}", journey_file),
        Route("/people/{id}/events", events),
        Route("/people/{id}/identity", identity),
        Route("/people/{id}/identity/decide", decide, methods=["GET"]),
        Route("/people/{id}/identity/decide", posted(decided), methods=["POST"]),
        Route("/identity/review", review, methods=["GET"]),
        Route("/identity/review", posted(reviewed), methods=["POST"]),
        Route("/accounts/{id}", account),
        Route("/journeys", asking.hub),
        Route("/journeys/{name}.{form}", asking.file),
        Route("/journeys/{name}", asking.question),
        Route("/journeys/{name}/people", behind),
        *SEGMENTS,
        Route("/sources", sources),
        Route("/sources/quarantine", quarantine),
        Route("/keys", keys),
        Route("/api/people/{id}", api.person),
        Route("/api/people/{id}/journey", api.journey),
        Route("/api/analytics", questions.listed),
        Route("/api/analytics/{name}", questions.ask),
        Route("/static/{name:path}", serve_asset),
    ]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(SnippetDoor),
            Middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts(hosts), www_redirect=False),
            Middleware(GZipMiddleware, minimum_size=2048, compresslevel=4),
        ],
        exception_handlers={HTTPException: refused, GeleitError: failed, Exception: broken},
    )
    app.state.workspace = workspace
    return app


def keys(request: Request) -> Response:
    """GET /keys: the same list as in the dialog."""
    return show(request, "keys.html")


def refused(request: Request, error: Exception) -> Response:
    """What the router itself refuses: no such address, no such method."""
    status = error.status_code if isinstance(error, HTTPException) else FAULT
    return _sorry(request, status, "", "")


def failed(request: Request, error: Exception) -> Response:
    """An error made for a person: not found, or a fault with its text and the next command."""
    if not isinstance(error, GeleitError):
        return broken(request, error)
    statuses = {NotFoundError: NOT_FOUND, RefusedError: REFUSED}
    return _sorry(request, statuses.get(type(error), FAULT), error.message, error.hint)


def broken(request: Request, _error: Exception) -> Response:
    """A fault of ours; the traceback goes to the log, never to the page."""
    answer = _sorry(request, FAULT, "", "")
    for name, value in HEADERS.items():  # Starlette answers faults outside of all middleware
        answer.headers.setdefault(name, value)
    answer.headers["connection"] = "close"  # the server drops the connection after a fault: nobody may reuse it
    return answer


def _sorry(request: Request, status: int, message: str, hint: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": message or "not found", "hint": hint}, status_code=status)
    told = {"fault": status >= FAULT, "refused": status == REFUSED, "message": message, "hint": hint}
    return show(request, "error.html", status=status, searches=True, **told)
