"""People: found by name, number or a sentence someone said; without a question the latest first; each with the need."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from geleit.customers.search import Found
from geleit.web import standing
from geleit.web.pages.person import base_of, words_of
from geleit.web.reader import Reader
from geleit.web.screen import query, show, workspace_of

PAGE = 25  # each row asks for the person's needs


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person in the list: the need they are on (None if none is known), and why they were found."""

    href: str
    name: str
    need: standing.NeedView | None
    why: str
    since: int


def people(request: Request) -> Response:
    """GET /people?q=&after=: search results, or everybody a page at a time."""
    workspace = workspace_of(request)
    q = request.query_params.get("q", "").strip()
    after = request.query_params.get("after", "")
    found = workspace.find(q, PAGE + 1) if q else workspace.people(after, PAGE + 1)
    shown = found[:PAGE]
    words = words_of(request)

    def row(one: Found) -> PersonRow:
        place = standing.Place(base_of(one.customer_id), workspace.clock())
        need = standing.current(workspace.needs(one.customer_id, words.reader.language))
        topic = workspace.topic_label(need.topic, words.reader.language) if need else ""
        view = standing.view_need(need, topic, (), words, place) if need else None
        return PersonRow(place.base, one.name, view, why(one, words.reader), one.since)

    return show(
        request,
        "people.html",
        area="people",
        searches=True,
        q=q,
        after=after,
        found=[row(one) for one in shown],
        cut=bool(q) and len(found) > PAGE,
        more="" if q or len(found) <= PAGE else f"/people{query(after=shown[-1].customer_id)}",
        counts=workspace.counts(),
    )


def why(found: Found, reader: Reader) -> str:
    """What of a person fitted the question."""
    forms = {
        "name": reader.say("name: {word}", word=found.matched),
        "email": reader.say("e-mail: {word}", word=found.matched),
        "phone": reader.say("phone: {word}", word=found.matched),
        "number": reader.say("number: {word}", word=found.matched),
        "words": reader.say("said: {word}", word=reader.quoted(found.matched)),
    }
    return forms.get(found.why, found.matched)
