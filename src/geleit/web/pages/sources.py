"""Where everything comes from: each source with its last run, and the records that wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from geleit.web.remedies import reason_name, remedy
from geleit.web.screen import reader_of, show, workspace_of

LISTED = 200  # records shown; the count above is of all


@dataclass(frozen=True, slots=True)
class ReasonView:
    """One reason of one source: how many records it holds back and what helps."""

    name: str
    remedy: str
    count: int
    source: str


def sources(request: Request) -> Response:
    """GET /sources."""
    workspace = workspace_of(request)
    found = workspace.sources(reader_of(request).language)
    return show(request, "sources.html", area="sources", sources=found, waiting=sum(one.quarantined for one in found))


def quarantine(request: Request) -> Response:
    """GET /sources/quarantine?source=: what could not be mapped, why, and what can be done."""
    workspace, reader = workspace_of(request), reader_of(request)
    name = request.query_params.get("source", "")
    if name:
        workspace.source(name)
    every = workspace.sources(reader.language)
    entries = workspace.quarantine(name or None, limit=LISTED)
    reasons = [
        ReasonView(reason_name(reason, reader), remedy(reason, reader), count, one.label)
        for one in every
        if name in ("", one.name)
        for reason, count in one.reasons
    ]
    return show(
        request,
        "quarantine.html",
        area="sources",
        source=name,
        label=workspace.source_label(name, reader.language) if name else "",
        sources=[one for one in every if one.quarantined],
        reasons=sorted(reasons, key=lambda one: -one.count),
        reason_names={entry.reason: reason_name(entry.reason, reader) for entry in entries},
        entries=entries,
        waiting=sum(one.quarantined for one in every if name in ("", one.name)),
    )
