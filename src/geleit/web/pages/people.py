"""People: found by name, number or a sentence someone said; without a question the latest first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from geleit.web.pages.person import base_of
from geleit.web.screen import query, show, workspace_of

PAGE = 50


def people(request: Request) -> Response:
    """GET /people?q=&after=: search results, or everybody a page at a time."""
    workspace = workspace_of(request)
    q = request.query_params.get("q", "").strip()
    after = request.query_params.get("after", "")
    found = workspace.find(q, PAGE + 1) if q else workspace.people(after, PAGE + 1)
    shown = found[:PAGE]
    more = "" if q or len(found) <= PAGE else f"/people{query(after=shown[-1].customer_id)}"
    return show(
        request,
        "people.html",
        area="people",
        searches=True,
        q=q,
        after=after,
        found=[(base_of(one.customer_id), one) for one in shown],
        cut=bool(q) and len(found) > PAGE,
        more=more,
        counts=workspace.counts(),
    )
