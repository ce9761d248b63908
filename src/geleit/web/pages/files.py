"""The journey map to take along: SVG, PNG, PDF on A3, CSV, JSON."""

from __future__ import annotations

import re
import unicodedata

from starlette.requests import Request
from starlette.responses import Response

from geleit.errors import NotFoundError
from geleit.maps.export import render
from geleit.web.pages.journey import FORMATS
from geleit.web.screen import reader_of, workspace_of

TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "cjml": "application/xml",
}
# a picture opened by itself may use the style it carries and nothing else
ALONE = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'none'"


def journey_file(request: Request) -> Response:
    """GET /people/{id}/journey.{format}?need=&lang=.

    Errors: NotFoundError for a form that maps do not have.
    """
    form = request.path_params["format"]
    if form not in FORMATS:
        raise NotFoundError(f"'{form}' is no form of a map", hint=f"choose one of {', '.join(FORMATS)}")
    workspace = workspace_of(request)
    customer = workspace.customer(request.path_params["id"])
    journey = workspace.journey(customer, request.query_params.get("need") or None, reader_of(request).language)
    name = file_name(journey.customer_name, journey.topic)
    headers = {
        "content-disposition": f'attachment; filename="{name}.{form}"',
        "content-security-policy": ALONE,
    }
    return Response(render(journey, form), media_type=TYPES[form], headers=headers)


def file_name(*words: str) -> str:
    """Words as a plain file name.

    >>> file_name("Jörg Weiß", "Waschmaschine")
    'jorg-weiss-waschmaschine'
    """
    plain = unicodedata.normalize("NFKD", " ".join(words).replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "journey"
