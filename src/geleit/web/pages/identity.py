"""Why one person: the identifiers, the chain of evidence between two of them, and what was held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from geleit.customers.profile import KnownIdentifier, Profile
from geleit.events.event import Identifier
from geleit.identity import decisions
from geleit.identity import words as names
from geleit.identity.decisions import Decision
from geleit.identity.explanation import Evidence, Explanation, kind_text, rule_text
from geleit.maps import identities
from geleit.needs.need import ReadEvent
from geleit.web.lines import SHORT, Words
from geleit.web.pages.person import base_of, words_of
from geleit.web.reader import Reader
from geleit.web.screen import show, workspace_of
from geleit.workspace import naming

VISITS = 50  # of the latest that are listed


@dataclass(frozen=True, slots=True)
class IdentifierView:
    """One identifier: ``key`` as addresses carry it, its type in words, since when and by whom known."""

    key: str
    name: str
    value: str
    since: str
    sources: str
    standing: str


@dataclass(frozen=True, slots=True)
class LinkView:
    """One piece of evidence: two identifiers seen together, in what, when first, how often; ``held`` = why it is void."""

    a: str
    b: str
    what: str
    href: str
    source: str
    first: str
    count: str
    held: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What somebody decided: the identifiers it names by side, by whom, when, why, and whether it stands."""

    number: int
    kind: str
    sides: list[list[str]]
    author: str
    at: str
    reason: str
    standing: str
    stands: bool


@dataclass(frozen=True, slots=True)
class _Speaker:
    """What it takes to put evidence into words: the person's events by id, and how they read."""

    words: Words
    base: str
    events: Mapping[str, ReadEvent]
    made: Sequence[DecisionView] = ()

    def link(self, one: Evidence, a: Identifier, b: Identifier) -> LinkView:
        """One piece of evidence, told from ``a`` to ``b``."""
        reader = self.words.reader
        first = min(one.shown, key=lambda showing: showing.first_t, default=None)
        sample = self.events.get(first.sample_event) if first else None
        sources = dict.fromkeys(self.words.source_label(showing.source, reader.language) for showing in one.shown)
        return LinkView(
            a=f"{type_name(a.type, reader)} {a.value}",
            b=f"{type_name(b.type, reader)} {b.value}",
            what=self._what(one, sample),
            href=self._href(one, sample),
            source=reader.listed(list(sources)),
            first=reader.stamp(first.first_t) if first else "",
            count=reader.number(sum(showing.count for showing in one.shown)),
            held=rule_text(one.rule, reader.language) if one.rule else "",
        )

    def _what(self, one: Evidence, sample: ReadEvent | None) -> str:
        say = self.words.reader.say
        if one.decision:
            author = next((made.author for made in self.made if made.number == one.decision), "")
            return say("decision {number}, by {author}", number=one.decision, author=author)
        if one.bits:
            return say("probably one person, {bits} bits", bits=self.words.reader.number(one.bits))
        return self.words.what(sample) if sample else say("seen together")

    def _href(self, one: Evidence, sample: ReadEvent | None) -> str:
        if one.decision:
            return "#decisions"
        return f"{self.base}/events?ids={sample.event.id[:SHORT]}" if sample else ""

    def all(self, links: Sequence[Evidence]) -> list[LinkView]:
        """Pieces of evidence as they stand."""
        return [self.link(one, one.a, one.b) for one in links]

    def chain(self, links: Sequence[Evidence], start: str) -> list[LinkView]:
        """Pieces of evidence that follow each other, told in that direction."""
        views, here = [], start
        for one in links:
            a, b = (one.a, one.b) if str(one.a) == here else (one.b, one.a)
            views.append(self.link(one, a, b))
            here = str(b)
        return views


def identity(request: Request) -> Response:
    """GET /people/{id}/identity?a=&b=&made=: without a choice from the oldest identifier to the newest.

    ``made``: the decision that was just carried out or taken back.
    """
    workspace = workspace_of(request)
    customer = workspace.customer(request.path_params["id"])
    if customer != request.path_params["id"]:
        return RedirectResponse(f"{base_of(customer)}/identity{'?' if request.url.query else ''}{request.url.query}")
    profile = workspace.profile(customer)
    words, base = words_of(request), base_of(customer)
    views = [_identifier(one, words) for one in profile.identifiers]
    a, b = _ends(request, profile)
    between = workspace.explain(a, b) if a != b else None
    whole = workspace.explain(a) if a else None
    made = _decisions(request, profile, words)
    speaker = _Speaker(words, base, {str(read.event.id): read for read in workspace.read_events(customer)}, made)
    picture = _picture(request, between or whole, words.reader)
    return show(
        request,
        "identity.html",
        area="people",
        base=base,
        name=profile.name,
        identifiers=views,
        sources=len({source for one in profile.identifiers for source in one.sources}),
        a=next((one for one in views if one.key == a), None),
        b=next((one for one in views if one.key == b), None),
        between=between,
        chain=speaker.chain(between.chain, a) if between else [],
        links=speaker.all(whole.chain) if whole else [],
        held=speaker.all(whole.held_back) if whole else [],
        picture=Markup(identities.in_page(picture)) if picture else "",  # noqa: S704 (escaped where it is drawn)
        unseen=picture.unseen if picture else 0,
        visits=_visits(whole, words) if whole else [],
        made=made,
        just=next((one for one in made if str(one.number) == request.query_params.get("made")), None),
    )


def _visits(explained: Explanation, words: Words) -> list[dict[str, str]]:
    """The latest visits at browsers of several people, of this person or at this browser."""
    return [
        {
            "browser": f"{type_name(one.browser.type, words.reader)} {one.browser.value}",
            "first": words.reader.stamp(one.from_t),
            "last": words.reader.stamp(one.until_t - 1),
            "href": base_of(one.customer),
            "whose": one.customer,
        }
        for one in reversed(explained.visits[-VISITS:])
    ]


def _picture(request: Request, explained: Explanation | None, reader: Reader) -> identities.Picture | None:
    """The identifiers and what joins them; none for one alone."""
    if explained is None or len(explained.members) < 2:  # noqa: PLR2004 (something to join)
        return None
    return identities.draw(explained, naming.in_words(workspace_of(request), reader.language))


def _ends(request: Request, profile: Profile) -> tuple[str, str]:
    """The two identifiers to explain: those chosen, else the first and the last that became known and join."""
    keys = [f"{one.type}:{one.value}" for one in profile.identifiers]
    joined = sorted((one for one in profile.identifiers if not one.reason), key=lambda one: one.first_t)
    known = [f"{one.type}:{one.value}" for one in joined] or keys
    asked = [request.query_params.get(name, "") for name in ("a", "b")]
    chosen = [one if one in keys else "" for one in asked]
    return chosen[0] or (known[0] if known else ""), chosen[1] or (known[-1] if known else "")


def _identifier(one: KnownIdentifier, words: Words) -> IdentifierView:
    reader = words.reader
    return IdentifierView(
        key=f"{one.type}:{one.value}",
        name=type_name(one.type, reader),
        value=one.value,
        since=reader.day(one.first_t),
        sources=reader.listed([words.source_label(source, reader.language) for source in one.sources]),
        standing=_standing(one.reason, reader),
    )


def _standing(reason: str, reader: Reader) -> str:
    """Whether an identifier joins, or why it does not."""
    if not reason:
        return ""
    if reason == "blocked":
        return reader.say("points at nobody")
    return rule_text(reason, reader.language)


def type_name(type_: str, reader: Reader) -> str:
    """An identifier type in words."""
    return names.type_name(type_, reader.language)


def _decisions(request: Request, profile: Profile, speaker: Words) -> list[DecisionView]:
    """What people decided about this person, the newest first."""
    space, reader = workspace_of(request), speaker.reader
    with space.ledger.read() as connection:
        made = decisions.history(connection, [Identifier(one.type, one.value) for one in profile.identifiers])
        void = decisions.naming(connection, {end for one in made for end in one.named}).settled().void
    return [_decision(one, one.number in void, reader) for one in reversed(made)]


def _decision(one: Decision, void: bool, reader: Reader) -> DecisionView:
    def told(end: Identifier) -> str:
        return f"{type_name(end.type, reader)} {end.value}"

    standing = reader.say("yes")
    if one.undone is not None:
        standing = reader.say(
            "taken back by {author} on {day}: {reason}",
            author=one.undone.author,
            day=reader.day(one.undone.at),
            reason=one.undone.reason,
        )
    elif void:
        standing = reader.say("no, a newer one says otherwise")
    return DecisionView(
        number=one.number,
        kind=kind_text(one.kind, reader.language),
        sides=[[told(end) for end in side] for side in one.sides],
        author=one.author,
        at=reader.stamp(one.at),
        reason=one.reason,
        standing=standing,
        stands=one.undone is None,
    )
