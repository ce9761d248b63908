"""Two people who may be one: side by side, what is alike and what is not, and three answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from geleit.customers.profile import Profile
from geleit.errors import GeleitError
from geleit.events.event import Identifier
from geleit.identity import decisions
from geleit.identity.decisions import Note
from geleit.identity.linkage import queue
from geleit.identity.linkage.headings import role_of_heading
from geleit.identity.linkage.queue import Answer, ProbableLink, Reason
from geleit.identity.linkage.spelling import street
from geleit.web.pages.identity import type_name
from geleit.web.pages.person import base_of
from geleit.web.posting import Form, done, show_form
from geleit.web.reader import Reader
from geleit.web.screen import query, reader_of, workspace_of
from geleit.workspace import linking
from geleit.workspace.workspace import Workspace

ANSWERS: dict[str, Answer] = {"accept": "accepted", "reject": "rejected", "unsure": "unsure"}
STRONG, SOME = 6.0, 2.0  # bits from which a likeness speaks strongly, or at all
FIRST_SHOWN = ("salutation", "first_name", "last_name", "name", "birthday", "street", "postal_code", "city")
# How traits are called here that a source calls otherwise: Geburtsdatum, PLZ.
ROLES = {
    "first": "first_name",
    "last": "last_name",
    "birthday": "birthday",
    "street": "street",
    "postcode": "postal_code",
    "city": "city",
    "company": "company",
}
AGAIN = "1"
NOTHING: dict[str, object] = {"decided": 0, "undo": ""}
SHOWN = 6  # identifiers of a person


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: address of the page, name, traits by name, identifiers, since when known."""

    href: str
    name: str
    traits: dict[str, str]
    identifiers: list[str]
    since: str


@dataclass(frozen=True, slots=True)
class Row:
    """One trait on both sides; ``same`` where both say the same."""

    name: str
    left: str
    right: str
    same: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What one comparison says, in words, with the figure behind it."""

    what: str
    how: str
    weight: str
    bits: str
    against: bool


def review(request: Request) -> Response:
    """GET /identity/review?again=&place=: the likeliest open link; ``again``: those that somebody was not sure of."""
    return _page(request)


def reviewed(request: Request, form: Form) -> Response:
    """POST /identity/review: one answer, then the next link."""
    said = ANSWERS.get(form.get("answer"))
    a, b = (Identifier(form.get(f"{end}_type"), form.get(f"{end}_value")) for end in ("a", "b"))
    if said is None:
        return _page(request, error="no such answer", status=400)
    note = Note(form.get("author"), form.get("reason") or reader_of(request).say("looked at side by side"))
    try:
        number = linking.reply(workspace_of(request), a, b, said, note)
    except GeleitError as error:
        return _page(request, error=error.message, status=409)
    again = AGAIN if form.get("again") and number else ""
    return done("/identity/review" + query(again=again, decided=str(number or "")))


def _page(request: Request, *, error: str = "", status: int = 200) -> Response:
    workspace, reader = workspace_of(request), reader_of(request)
    again = bool(request.query_params.get("again"))
    place = _place(request)
    found = linking.next_links(workspace, place + 1, "unsure" if again else "open")[place:]
    with workspace.ledger.read() as connection:
        counted = queue.waiting(connection)
    shown = _shown(workspace, found[0], reader) if found else {"link": None}
    return show_form(
        request,
        "review.html",
        status=status,
        area="people",
        error=error,
        open=counted.open if found else 0,
        unsure=counted.unsure,
        again=again,
        skip=f"/identity/review{query(again=AGAIN, place=str(place + 1))}"
        if again and place + 1 < counted.unsure
        else "",
        joins=workspace.rules.probable,
        **_just(request, workspace),
        **shown,
    )


def _place(request: Request) -> int:
    """How many of those that somebody was not sure of are passed over."""
    said = request.query_params.get("place", "")
    return min(int(said), linking.MOST) if said.isascii() and said.isdigit() else 0


def _just(request: Request, workspace: Workspace) -> dict[str, object]:
    """The decision that the last answer became, and the page that takes it back."""
    said = request.query_params.get("decided", "")
    try:
        with workspace.ledger.read() as connection:
            made = decisions.one(connection, int(said))
            homes = linking.owners(connection, made.named)
    except (ValueError, GeleitError):
        return NOTHING
    if made.undone is not None or not homes:
        return NOTHING
    base = base_of(next(iter(homes.values())))
    return {"decided": made.number, "undo": f"{base}/identity/decide?kind=undo&number={made.number}"}


def _shown(workspace: Workspace, link: ProbableLink, reader: Reader) -> dict[str, object]:
    """Both people and what speaks for or against."""
    with workspace.ledger.read() as connection:
        homes = linking.owners(connection, (link.a, link.b))
    left, right = (_side(workspace.profile(homes[end]), reader) for end in (link.a, link.b))
    names = dict.fromkeys([*left.traits, *right.traits])
    rows = [
        Row(name, left.traits.get(name, ""), right.traits.get(name, ""), _alike(left, right, name)) for name in names
    ]
    told = [_told(one, reader) for one in sorted(link.reasons, key=lambda one: -abs(one.bits))]
    return {
        "link": link,
        "left": left,
        "right": right,
        "rows": rows,
        "told": told,
        "chance": _chance(link.bits, reader),
    }


def _alike(left: Side, right: Side, name: str) -> bool:
    """Whether both say the same, in whatever spelling (``Lindenstr. 5`` and ``Lindenstraße 5``)."""
    a, b = left.traits.get(name, ""), right.traits.get(name, "")
    return bool(a) and street(a) == street(b)


def _side(profile: Profile, reader: Reader) -> Side:
    said: dict[str, str] = {}
    for one in profile.traits:
        if isinstance(one.value, str | int):
            said.setdefault(ROLES.get(role_of_heading(one.name), one.name), str(one.value))
    ordered = [name for name in FIRST_SHOWN if name in said] + [name for name in said if name not in FIRST_SHOWN]
    traits = {_trait_name(name, reader): said[name] for name in ordered}
    known = [f"{type_name(one.type, reader)}: {one.value}" for one in profile.identifiers[:SHOWN]]
    return Side(base_of(profile.customer_id), profile.name, traits, known, reader.day(profile.since))


def _trait_name(name: str, reader: Reader) -> str:
    say = reader.say
    ours = {
        "first_name": say("First name"),
        "last_name": say("Last name"),
        "name": say("Name"),
        "birthday": say("Birthday"),
        "street": say("Street"),
        "postal_code": say("Postcode"),
        "city": say("City"),
        "salutation": say("Salutation"),
        "company": say("Company"),
        "email": say("E-mail"),
        "phone": say("Phone"),
    }
    return ours.get(name, name.replace("_", " "))


def _chance(bits: float, reader: Reader) -> str:
    """How likely it is, in words that claim no more than is known."""
    if bits >= STRONG:
        return reader.say("very probably one person")
    return reader.say("probably one person") if bits >= 0 else reader.say("possibly one person")


def _told(one: Reason, reader: Reader) -> Told:
    return Told(
        what=_comparison(one.comparison, reader),
        how=_level(one.level, reader),
        weight=_weight(one.bits, reader),
        bits=reader.number(one.bits),
        against=one.bits < 0,
    )


def _weight(bits: float, reader: Reader) -> str:
    say = reader.say
    if abs(bits) < SOME:
        return say("says little")
    if bits > 0:
        return say("speaks strongly for it") if bits >= STRONG else say("speaks for it")
    return say("speaks strongly against it") if bits <= -STRONG else say("speaks against it")


def _comparison(name: str, reader: Reader) -> str:
    say = reader.say
    ours = {
        "first_name": say("First name"),
        "last_name": say("Last name"),
        "middle_name": say("Middle name"),
        "birthday": say("Birthday"),
        "age": say("Age"),
        "street": say("Street"),
        "town": say("Town"),
        "state": say("State"),
        "email": say("E-mail"),
        "phone": say("Phone"),
        "gender": say("Gender"),
        "company": say("Company"),
        "household": say("One household"),
    }
    return ours.get(name, name.replace("_", " "))


def _level(name: str, reader: Reader) -> str:
    return {english: reader.say(english) for english in LEVELS}.get(name, name)


# Every level of comparisons.py, so that the catalogue can be held complete.
LEVELS: Sequence[str] = (
    "same",
    "different",
    "similar",
    "nearly the same",
    "short form",
    "one part the same",
    "one part of the other",
    "first and last name swapped",
    "day and month swapped",
    "one figure apart",
    "one or two figures apart",
    "two parts the same",
    "same year",
    "day or month the same",
    "a year apart",
    "a few years apart",
    "same street and number",
    "nearly the same street, same number",
    "same street, number nearly the same or unknown",
    "same street",
    "nearly the same street",
    "similar street",
    "same postcode and city",
    "same postcode",
    "same city",
    "postcode one figure apart",
    "nearly the same city",
    "same area",
    "same state",
    "same name before the @",
    "relatives at one address",
)
