"""Why one person: the identifiers, and the chain of evidence that joins them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from geleit.web.screen import show


def identity(request: Request) -> Response:
    """GET /people/{id}/identity?a=&b=."""
    return show(request, "keys.html")
