"""Start: find a person, and see at once what geleit is for, in one journey of one person."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from geleit.errors import NotFoundError
from geleit.maps.journey import Journey
from geleit.maps.sentences import evidence_sentence, period
from geleit.web.pages.journey import drawn
from geleit.web.pages.person import base_of
from geleit.web.screen import reader_of, show, workspace_of
from geleit.workspace import Workspace

LOOKED_AT = 5  # newest people among whom one with a journey is sought


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
    """The newest person who has a journey with words, else the newest with a journey."""
    language = reader_of(request).language
    found: list[Journey] = []
    for customer in customers:
        try:
            found.append(workspace.journey(customer, None, language))
        except NotFoundError:
            continue
        if found[-1].quote:
            break
    best = next((one for one in reversed(found) if one.quote), found[0] if found else None)
    if best is None:
        return None
    return Featured(best, base_of(best.customer_key), period(best), evidence_sentence(best))
