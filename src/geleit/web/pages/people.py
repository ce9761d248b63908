"""People: found by name, number or a sentence someone said; without a question the latest first; each with the need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from geleit.customers import tokens
from geleit.customers.search import Found
from geleit.identity.linkage import queue
from geleit.needs.need import Need
from geleit.web import standing
from geleit.web.pages.person import base_of, words_of
from geleit.web.reader import Reader
from geleit.web.screen import query, show, workspace_of
from geleit.workspace import Workspace

PAGE = 25  # each row asks for the person's needs
SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person in the list: the need they are on (None if none is known), why they were found, the need searched for."""

    href: str
    name: str
    need: standing.NeedView | None
    why: str
    fit: standing.NeedView | None
    since: int


@dataclass(frozen=True, slots=True)
class Fit:
    """The need that a question speaks of, and the sentence of it that fits (empty if only its topic does)."""

    need: Need
    sentence: str


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
        needs = workspace.needs(one.customer_id, words.reader.language)
        fit = _fit(workspace, one, needs, q, words.reader) if q else None

        def view(need: Need | None) -> standing.NeedView | None:
            topic = workspace.topic_label(need.topic, words.reader.language) if need else ""
            return standing.view_need(need, topic, (), words, place) if need else None

        reason = why(one, words.reader, fit.sentence if fit else "")
        current = view(standing.current(needs))
        return PersonRow(place.base, one.name, current, reason, view(fit.need if fit else None), one.since)

    return show(
        request,
        "people.html",
        area="people",
        searches=True,
        q=q,
        after=after,
        found=[row(one) for one in shown],
        cut=bool(q) and len(found) > PAGE,
        asked=0 if q else _asked(workspace),
        more="" if q or len(found) <= PAGE else f"/people{query(after=shown[-1].customer_id)}",
        counts=workspace.counts(),
    )


def _asked(workspace: Workspace) -> int:
    """How many pairs of people wait for somebody who says whether they are one."""
    with workspace.ledger.read() as connection:
        return queue.waiting(connection).open


def _fit(workspace: Workspace, found: Found, needs: Sequence[Need], q: str, reader: Reader) -> Fit | None:
    """The need that the question speaks of: in the reader's language, else as it was said in another one."""
    asked = list(_folded(q))
    labels = {need.topic: workspace.topic_label(need.topic, reader.language) for need in needs}
    if (fit := fitting(needs, labels, asked)) or found.why not in ("words", "product", "text"):
        return fit
    for language in workspace.company.languages:
        labels = {topic: workspace.topic_label(topic, language) for topic in labels}
        if fit := fitting(workspace.needs(found.customer_id, language), labels, asked):
            return fit
    return None


def fitting(needs: Sequence[Need], labels: Mapping[str, str], asked: Sequence[tuple[str, ...]]) -> Fit | None:
    """Of needs (oldest first) the newest with most of the words in quote or topic; a word fits by its beginning."""

    def hits(text: str) -> int:
        said = [form for forms in _folded(text) for form in forms]
        return sum(any(form.startswith(begin) for form in said for begin in forms) for forms in asked)

    found = [(hits(f"{need.quote} {labels[need.topic]}"), at) for at, need in enumerate(needs)]
    most, at = max(found, default=(0, 0))
    if not most:
        return None
    sentences = SENTENCE.split(needs[at].quote)
    best = max(sentences, key=hits)
    return Fit(needs[at], best if hits(best) else "")


def _folded(text: str) -> Iterator[tuple[str, ...]]:
    """The words of a text in all their forms, single letters left out."""
    return (tokens.fold(word) for word in tokens.WORD.findall(text) if len(word) > 1)


def why(found: Found, reader: Reader, sentence: str = "") -> str:
    """What of a person fitted the question; of what was said the whole ``sentence``, where it is at hand."""
    forms = {
        "name": reader.say("name: {word}", word=found.matched),
        "email": reader.say("e-mail: {word}", word=found.matched),
        "phone": reader.say("phone: {word}", word=found.matched),
        "number": reader.say("number: {word}", word=found.matched),
        "words": reader.say("said: {word}", word=reader.quoted(sentence or found.matched)),
        "product": reader.say("bought or looked at: {word}", word=found.matched),
        "text": reader.say("in the record: {word}", word=found.matched),
    }
    return forms.get(found.why, found.matched)
