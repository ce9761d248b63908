"""Start: find a person, and see at once what geleit is for, in one journey of one person."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from geleit.maps.journey import Journey
from geleit.maps.sentences import evidence_sentence, period
from geleit.web.pages.journey import drawn
from geleit.web.pages.person import base_of
from geleit.web.screen import reader_of, show, workspace_of
from geleit.workspace import Workspace

LOOKED_AT = 10  # newest people among whose needs the one to show is sought


@dataclass(frozen=True, slots=True)
class Featured:
    """One person's journey with the sentences above its picture."""

    journey: Journey
    base: str
    period: str
    evidence: str


def start(request: Request) -> Response:
    """GET /: search, examples of what to search for, one journey."""
    workspace, reader = workspace_of(request), reader_of(request)
    counts = workspace.counts()
    if not counts.events:
        return show(request, "empty.html", sources=workspace.sources(reader.language))
    people = workspace.people(limit=LOOKED_AT)
    waiting = sum(source.quarantined for source in workspace.sources(reader.language))
    featured = _featured(request, workspace, [one.customer_id for one in people])
    wide, tall = drawn(featured.journey) if featured else (Markup(), Markup())
    return show(
        request,
        "start.html",
        counts=counts,
        people=people[:3],
        featured=featured,
        waiting=waiting,
        wide=wide,
        tall=tall,
        searches=True,
    )


def _featured(request: Request, workspace: Workspace, customers: list[str]) -> Featured | None:
    """Of the newest people's needs the one with most to tell: with the person's words, then with most events."""
    language = reader_of(request).language
    needs = [(customer, need) for customer in customers for need in workspace.needs(customer, language)]
    if not needs:
        return None
    customer, need = max(needs, key=lambda one: (bool(one[1].quote), len(one[1].event_ids)))
    journey = workspace.journey(customer, need.id, language)
    return Featured(journey, base_of(customer), period(journey), evidence_sentence(journey))
