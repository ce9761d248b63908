"""Start: find a person, and see at once what geleit is for, in one journey of one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from geleit.customers import tokens
from geleit.errors import NotFoundError
from geleit.maps.journey import Journey
from geleit.maps.sentences import evidence_sentence, period
from geleit.web.pages.journey import drawn
from geleit.web.pages.person import base_of
from geleit.web.pages.sources import first_event
from geleit.web.screen import reader_of, show, workspace_of
from geleit.workspace import Workspace

FULLEST = 5  # needs with most to tell: the first is shown, their people and words are examples to search for
NAMED, SPOKEN = 3, 5  # so many people as examples; letters of a word worth searching for
NAMES = {"first_name", "last_name", "name"}


@dataclass(frozen=True, slots=True)
class Featured:
    """One person's journey with the sentences above its picture."""

    journey: Journey
    base: str
    period: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Example:
    """Something to search for: a person's name, or a word that somebody ``said``."""

    question: str
    said: bool


def start(request: Request) -> Response:
    """GET /: search, examples of what to search for, one journey."""
    workspace, reader = workspace_of(request), reader_of(request)
    counts = workspace.counts()
    sources = workspace.sources(reader.language)
    if not counts.events:
        return show(request, "empty.html", sources=sources, first=first_event(request, sources))
    fullest = [*_chosen(workspace), *workspace.fullest(limit=FULLEST)]
    silent = [source.label for source in sources if source.live and source.live.silence.state == "silent"]
    featured = _featured(workspace, *fullest[0], reader.language) if fullest else None
    wide, tall = drawn(featured.journey) if featured else (Markup(), Markup())
    return show(
        request,
        "start.html",
        counts=counts,
        examples=_examples(workspace, fullest, featured.journey if featured else None),
        featured=featured,
        waiting=sum(source.quarantined for source in sources),
        silent=silent,
        wide=wide,
        tall=tall,
        searches=True,
    )


def _chosen(workspace: Workspace) -> list[tuple[str, str]]:
    """The fullest need of the customer whom geleit.yaml features; nothing if there is none (yet)."""
    if not workspace.company.featured:
        return []
    try:
        customer = workspace.customer(workspace.company.featured)
    except NotFoundError:
        return []
    fullest = max(workspace.needs(customer), key=lambda need: len(need.event_ids), default=None)
    return [(customer, fullest.id)] if fullest else []


def _featured(workspace: Workspace, customer: str, need: str, language: str) -> Featured:
    """The journey of the need with most to tell."""
    journey = workspace.journey(customer, need, language)
    return Featured(journey, base_of(customer), period(journey), evidence_sentence(journey))


def _examples(workspace: Workspace, fullest: Sequence[tuple[str, str]], shown: Journey | None) -> list[Example]:
    """People who told their name, and one word of the words that head the journey shown."""
    profiles = [workspace.profile(customer) for customer in dict.fromkeys(customer for customer, _ in fullest)]
    called = [profile.name for profile in profiles if NAMES & {trait.name for trait in profile.traits}]
    spoken = _word(shown.quote, shown.topic) if shown else ""
    named = [Example(name, said=False) for name in list(dict.fromkeys(called))[:NAMED]]
    return [*named, Example(spoken, said=True)] if spoken else named


def _word(quote: str, topic: str) -> str:
    """The topic if it was said, else the longest word of the quote; empty if all are short."""
    if topic and topic.casefold() in quote.casefold():
        return topic
    longest = max(tokens.WORD.findall(quote)[: tokens.MOST], key=len, default="")
    return longest if len(longest) >= SPOKEN else ""
