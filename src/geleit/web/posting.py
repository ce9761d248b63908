"""Forms that change something: only from our own pages, each with a token, read without a library.

Two guards, both must hold. The browser says where a request comes from (Sec-Fetch-Site, else Origin): anything but this
very site is refused. And the form repeats a random value that only a page of ours can read from the browser's cookie.

A page that shows a form answers with ``show_form(...)``; its template writes ``<input type="hidden" name="token"
value="{{ token }}">``. What a form posts to is ``Route(path, posted(page), methods=["POST"])``, where ``page(request,
form)`` gets the fields as a ``Form`` and usually answers ``done(address)``.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from geleit.errors import GeleitError
from geleit.web.screen import YEAR, show

TOKEN, AUTHOR = "geleit_form", "geleit_name"  # cookies
LONGEST = 64 * 1024  # bytes of a form
FIELDS = 2_000
SHORTEST = 32  # letters of a token
NAME = 200  # letters of a person's name
TYPE = "application/x-www-form-urlencoded"
SEE_OTHER = 303


class RefusedError(GeleitError):
    """A form that did not come from a page of ours, or too long ago; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form in their order; a name may come several times."""

    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first value of a name without blanks around it; empty if it is not there."""
        return next((value.strip() for key, value in self.fields if key == name), "")

    def all(self, name: str) -> list[str]:
        """All values of a name."""
        return [value for key, value in self.fields if key == name]


Page = Callable[[Request, Form], Response]


def posted(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that reads a form, guards it, and lets ``page`` answer beside the other requests.

    Errors: RefusedError from a foreign page, without the token, or for a form too large or of another kind.
    """

    async def endpoint(request: Request) -> Response:
        form = await _read(request)
        _guard(request, form)
        response = await run_in_threadpool(page, request, form)
        if name := form.get("author")[:NAME]:
            _keep(response, AUTHOR, quote(name), YEAR)
        return response

    return endpoint


def show_form(request: Request, template: str, *, status: int = 200, **values: object) -> Response:
    """One page with a form: ``token`` for it, and ``author``, the name that this browser's person gave before."""
    known = request.cookies.get(TOKEN, "")
    token = known if len(known) >= SHORTEST else secrets.token_urlsafe(24)
    given = {"token": token, "author": author_of(request)} | values
    response = show(request, template, status=status, **given)
    if token != known:
        _keep(response, TOKEN, token)
    return response


def done(address: str) -> Response:
    """The answer to a form that was carried out: look there."""
    return RedirectResponse(address, SEE_OTHER)


def author_of(request: Request) -> str:
    """Who decides in this browser; empty until a name was given once. Users and roles will take its place."""
    return unquote(request.cookies.get(AUTHOR, ""))[:NAME]


def _keep(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="strict")


async def _read(request: Request) -> Form:
    """The fields of a body that is not longer than a form may be."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != TYPE:
        raise RefusedError(f"a form comes as {TYPE}; nothing was changed", hint="send it from the page")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            raise RefusedError(f"the form is longer than {LONGEST:,} bytes; nothing was changed", hint="write less")
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except ValueError:
        raise RefusedError("the form cannot be read; nothing was changed", hint="send it from the page") from None
    return Form(tuple(fields))


def _guard(request: Request, form: Form) -> None:
    if not _from_here(request):
        raise RefusedError(
            "the form came from another site; nothing was changed", hint="open the page here and send it again"
        )
    token, known = form.get("token"), request.cookies.get(TOKEN, "")
    if not token or not secrets.compare_digest(token.encode(), known.encode()):
        raise RefusedError(
            "the form was open for too long, or its browser keeps no cookies; nothing was changed",
            hint="go back, load the page anew and send it again",
        )


def _from_here(request: Request) -> bool:
    """Whether the browser says that a page of this very site sent it; one that says nothing has the token only."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
