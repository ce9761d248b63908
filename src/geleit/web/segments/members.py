"""Everybody who is in a segment: a page at a time, or all as a CSV file."""

from __future__ import annotations

import csv
import io

from starlette.requests import Request
from starlette.responses import Response

from geleit.charts.cells import inert
from geleit.clock import moment
from geleit.segments.standing import members
from geleit.web.pages.files import TYPES, file_name
from geleit.web.screen import reader_of, show, workspace_of
from geleit.workspace.segments import Segments

PAGE = 50


def people(request: Request) -> Response:
    """GET /segments/{name}/people: who came in last stands first; ``rows=csv`` gives all of them."""
    space, reader = workspace_of(request), reader_of(request)
    name = request.path_params["name"]
    title = Segments(space).named(name).title(name, reader.language)
    with space.ledger.read() as connection:
        inside = members(connection, name)
    if request.query_params.get("rows") == "csv":
        return _csv(inside, file_name(title))
    given = request.query_params.get("page", "1")
    last = max(1, -(-len(inside) // PAGE))
    at = min(max(1, int(given)) if given.isdecimal() else 1, last)
    return show(
        request,
        "segment_people.html",
        area="segments",
        name=name,
        title=title,
        total=len(inside),
        first=(at - 1) * PAGE + 1,
        people=[
            (f"/people/{who}", space.profile(who).name, reader.stamp(since) if since else "")
            for who, since in inside[(at - 1) * PAGE : at * PAGE]
        ],
        pages=[(page, page == at) for page in sorted({1, last, *range(max(1, at - 2), min(last, at + 2) + 1)})],
    )


def _csv(inside: list[tuple[str, int]], name: str) -> Response:
    """The ids with the time since when; nothing about the person that the pages would not hide from some."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["customer", "since_at"])
    writer.writerows([inert(who), moment(since).isoformat() if since else ""] for who, since in inside)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(text.getvalue().encode(), media_type=TYPES["csv"], headers=headers)
