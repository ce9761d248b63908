"""Turns what a page found into HTML: templates, the reader's language, the frame around every page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from geleit import __version__
from geleit.language.words import translations
from geleit.web.assets import address
from geleit.web.reader import NAMES, Reader
from geleit.workspace import Workspace

COOKIE = "geleit_lang"
YEAR = 365 * 24 * 3600


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates; everything is escaped, a missing value is an error."""
    made = Environment(
        loader=PackageLoader("geleit.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(asset=address, version=__version__, names=NAMES)
    return made


def workspace_of(request: Request) -> Workspace:
    """The workspace that this app shows."""
    return cast("Workspace", request.app.state.workspace)


def reader_of(request: Request) -> Reader:
    """Language by ``?lang=``, else the cookie, else the company's first."""
    company = workspace_of(request).company
    asked = (request.query_params.get("lang"), request.cookies.get(COOKIE))
    language = next((one for one in asked if one in company.languages), company.languages[0])
    return Reader(language, company.zone, company.currency, company.languages)


def show(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """One page; ``values`` are its template's.

    Of these the frame reads ``area`` (people or sources: the current tab), ``q`` (what was searched) and ``searches``
    (the page has its own large search field).
    """
    reader = reader_of(request)
    found = translations(reader.language)

    def words(text: str, **filled: object) -> Markup:
        return Markup(found.gettext(text)).format(**filled)  # noqa: S704 (our own catalogue; values are escaped)

    def counted(one: str, many: str, count: int, **filled: object) -> Markup:
        return Markup(found.ngettext(one, many, count)).format(**{"n": reader.number(count)} | filled)  # noqa: S704

    as_of = workspace_of(request).as_of()
    frame = {
        "_": words,
        "ngettext": counted,
        "reader": reader,
        "company": workspace_of(request).company,
        "here": request.url.path,
        "switch": same_page(request, reader.other) if reader.other else "",
        "as_of": as_of.at,
        "adopting": as_of.adopting,
        "area": "",
        "q": "",
        "searches": False,
    }
    html = environment().get_template(template).render(frame | values)
    response = HTMLResponse(html, status_code=status)
    if request.query_params.get("lang") == reader.language:
        response.set_cookie(COOKIE, reader.language, max_age=YEAR, samesite="lax", httponly=True)
    return response


def same_page(request: Request, language: str) -> str:
    """The address of this page in another language."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"?{urlencode([*kept, ('lang', language)])}"


def seen_at(request: Request) -> int:
    """As of when the page answers (microseconds UTC); 0 if nothing was taken in yet."""
    return workspace_of(request).as_of().at


def query(**values: object) -> str:
    """``?a=1&b=2`` of what is set; empty if nothing is."""
    kept = [(name, str(value)) for name, value in values.items() if value not in (None, "", False)]
    return f"?{urlencode(kept)}" if kept else ""
