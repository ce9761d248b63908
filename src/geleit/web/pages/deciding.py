"""Deciding who is who: whom it concerns, what would become of them, then author, reason, and carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from geleit.customers.profile import Consent
from geleit.errors import GeleitError, NotFoundError
from geleit.events.event import Identifier
from geleit.identity.decisions import FEWEST, Kind, Note
from geleit.web.lines import Words
from geleit.web.pages.people import why
from geleit.web.pages.person import base_of, words_of
from geleit.web.posting import Form, author_of, done, show_form
from geleit.web.reader import Reader
from geleit.web.screen import workspace_of
from geleit.workspace import Workspace, deciding, naming
from geleit.workspace.outcome import Outcome, Person

SEARCHED = 8  # people to choose from
UNPROCESSABLE = 422
Sides = list[list[Identifier]]


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person before or after: what hangs on them, as rows of (what, how much)."""

    href: str
    name: str
    note: str
    identifiers: list[str]
    rows: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """Somebody to decide about: the address that shows what would come of it."""

    href: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for: ``kind`` may be undo (of ``number``); ``others`` are people, ``ticked`` identifiers."""

    kind: str
    others: tuple[str, ...]
    ticked: tuple[str, ...]
    number: int

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The same as fields of a form or an address."""
        named = [("who", one) for one in self.others] + [("x", one) for one in self.ticked]
        return [("kind", self.kind), *named, *([("number", str(self.number))] if self.number else [])]


def decide(request: Request) -> Response:
    """GET /people/{id}/identity/decide?kind=&who=&x=&number=&q=: choose somebody, or see what would come of it."""
    values = request.query_params
    return _page(request, _wanted(values.get("kind", ""), values.getlist, values.get("number", "")))


def decided(request: Request, form: Form) -> Response:
    """POST /people/{id}/identity/decide: carry it out; what cannot be is said on the same page."""
    space, wanted = workspace_of(request), _wanted(form.get("kind"), form.all, form.get("number"))
    note = Note(form.get("author"), form.get("reason"))
    try:
        if wanted.kind == "undo":
            number = deciding.undo(space, wanted.number, note).decision.number
        else:
            kind = cast("Kind", wanted.kind)
            number = deciding.decide(
                space, kind, _sides(space, request.path_params["id"], wanted), note
            ).decision.number
    except NotFoundError:
        raise
    except GeleitError as error:
        return _page(request, wanted, error=error.message, note=note)
    return done(f"{base_of(space.customer(request.path_params['id']))}/identity?made={number}")


def _wanted(kind: str, all_: Callable[[str], Sequence[str]], number: str) -> Wanted:
    if kind not in (*FEWEST, "undo"):
        raise NotFoundError(f"'{kind}' is nothing that can be decided", hint=", ".join((*FEWEST, "undo")))
    return Wanted(kind, tuple(all_("who")), tuple(all_("x")), int(number) if number.isdecimal() else 0)


def _sides(space: Workspace, key: str, wanted: Wanted) -> Sides:
    """What a decision names."""
    if wanted.kind == "merge":
        return [naming.together(space, (key, *wanted.others))]
    if wanted.kind == "household":
        return [[naming.person(space, one) for one in (key, *wanted.others)]]
    ticked = [naming.exact(space, one) for one in wanted.ticked]
    if wanted.kind == "shared":
        return [ticked]
    return [list(side) for side in naming.separation(space, key, ticked)]


def _page(request: Request, wanted: Wanted, *, error: str = "", note: Note | None = None) -> Response:
    space, words = workspace_of(request), words_of(request)
    customer = space.customer(request.path_params["id"])
    base, q = base_of(customer), request.query_params.get("q", "").strip()
    asks = wanted.kind in ("merge", "household") and not wanted.others
    outcome = None
    if not asks:
        try:
            outcome = _outcome(space, customer, wanted)
        except NotFoundError:
            raise
        except GeleitError as refused:
            error = error or refused.message
    return show_form(
        request,
        "decide.html",
        status=UNPROCESSABLE if error else 200,
        area="people",
        base=base,
        name=space.profile(customer).name,
        wanted=wanted,
        asks=asks,
        search=q,
        choices=_choices(space, customer, q, wanted, words) if asks and q else [],
        heading=_heading(wanted, words.reader),
        press=_press(wanted, words.reader),
        before=[_person(space, one, words) for one in outcome.before] if outcome else [],
        after=[_person(space, one, words) for one in outcome.after] if outcome else [],
        sentences=sentences(wanted.kind, outcome, words) if outcome else [],
        error=error,
        reason=note.reason if note else "",
        author=(note.author if note else "") or author_of(request),
    )


def _outcome(space: Workspace, customer: str, wanted: Wanted) -> Outcome:
    if wanted.kind == "undo":
        return deciding.preview_undo(space, wanted.number)
    return deciding.preview(space, cast("Kind", wanted.kind), _sides(space, customer, wanted))


def _choices(space: Workspace, customer: str, q: str, wanted: Wanted, words: Words) -> list[ChoiceView]:
    found = [one for one in space.find(q, SEARCHED + 1) if one.customer_id != customer]
    base = f"{base_of(customer)}/identity/decide"
    return [
        ChoiceView(
            f"{base}?{urlencode([('kind', wanted.kind), ('who', one.customer_id)])}", one.name, why(one, words.reader)
        )
        for one in found[:SEARCHED]
    ]


def sentences(kind: str, outcome: Outcome, words: Words) -> list[str]:
    """What would come of it, in sentences."""
    reader, before, after = words.reader, outcome.before, outcome.after
    if kind == "household":
        said = [reader.counted("{n} person, one household: each stays a customer of their own.", "{n} people, one household: each stays a customer of their own.", len(after))]  # fmt: skip
    elif len(after) < len(before):
        said = [reader.counted("This {n} person becomes one: {what}.", "These {n} people become one: {what}.", len(before), what=_sum(after, reader))]  # fmt: skip
    elif len(after) > len(before):
        said = [reader.counted("This becomes {n} person.", "This becomes {n} people.", len(after))]
    else:
        said = [reader.say("Nobody's identifiers change.")]
    for one in outcome.withdrawn:
        what = _consent_name(one.purpose, one.channel, words)
        said.append(reader.say("{what}: the yes of {name} ends, for one of them said no.", what=what, name=one.name))
    return said


def _sum(people: Sequence[Person], reader: Reader) -> str:
    counts = [
        reader.counted("{n} order", "{n} orders", sum(one.orders for one in people)),
        reader.counted("{n} open need", "{n} open needs", sum(len(one.open_needs) for one in people)),
        reader.counted("{n} open promise", "{n} open promises", sum(one.promises for one in people)),
    ]
    return reader.listed(counts)


def _person(space: Workspace, one: Person, words: Words) -> PersonView:
    reader = words.reader
    needs = reader.listed([space.topic_label(topic, reader.language) for topic in one.open_needs]) or reader.say("none")
    counts = [
        reader.counted("{n} identifier", "{n} identifiers", len(one.identifiers)),
        reader.counted("{n} event", "{n} events", one.events),
    ]
    rows = [
        (reader.say("Open needs"), needs),
        (reader.say("Orders"), reader.number(one.orders) if one.orders else reader.say("none")),
        (reader.say("Open promises"), reader.number(one.promises) if one.promises else reader.say("none")),
        *(_consent(answer, words) for answer in one.consents),
    ]
    return PersonView(base_of(one.customer_id), one.name, ", ".join(counts), list(one.identifiers), rows)


def _consent(answer: Consent, words: Words) -> tuple[str, str]:
    reader = words.reader
    given = reader.say("yes, {day}", day=reader.day(answer.t))
    withdrawn = reader.say("no, {day}", day=reader.day(answer.t))
    return _consent_name(answer.purpose, answer.channel, words), given if answer.given else withdrawn


def _consent_name(purpose: str, channel: str, words: Words) -> str:
    said = words.purpose(purpose)
    said = said[:1].upper() + said[1:]
    if not channel:
        return said
    label = words.catalogue.channel_label(channel, words.reader.language)
    return words.reader.say("{purpose} by {channel}", purpose=said, channel=label)


def _heading(wanted: Wanted, reader: Reader) -> str:
    return {
        "merge": reader.say("Merge with somebody"),
        "separate": reader.say("Separate into two people"),
        "shared": reader.say("Mark as shared"),
        "household": reader.say("One household"),
        "undo": reader.say("Take decision {number} back", number=wanted.number),
    }[wanted.kind]


def _press(wanted: Wanted, reader: Reader) -> str:
    return {
        "merge": reader.say("Merge"),
        "separate": reader.say("Separate"),
        "shared": reader.say("Mark as shared"),
        "household": reader.say("Note the household"),
        "undo": reader.say("Take back"),
    }[wanted.kind]
