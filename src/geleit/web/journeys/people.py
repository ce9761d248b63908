"""The people behind a number of an answer: as many as the number says, each with the need whose journey it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response

from geleit.charts.cells import people_csv
from geleit.errors import GeleitError
from geleit.web import standing
from geleit.web.journeys.asked import CELL, LESS, Asked, Unaskable, asked, model_of
from geleit.web.journeys.cells import told
from geleit.web.journeys.expressed import builder
from geleit.web.pages.files import TYPES, file_name
from geleit.web.pages.person import base_of, words_of
from geleit.web.screen import show, workspace_of

if TYPE_CHECKING:
    from geleit.analytics.reference import Actor

PAGE = 25  # each row asks for the person's needs
BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Behind:
    """One of them: the person's page and name, and the need (None where journeys are of customers)."""

    href: str
    name: str
    need: standing.NeedView | None


def people(request: Request) -> Response:
    """GET /journeys/{name}/people?...&cell.COLUMN=&less.COLUMN=: a page at a time, or all as CSV (``rows=csv``)."""
    one = asked(request)
    try:
        found = actors(one)
    except Unaskable as error:
        return show(request, "behind.html", status=BAD_REQUEST, **_frame(one), problem=error.message, exact=error.exact)
    if one.page.get("rows") == "csv":
        return _csv(one, found)
    number = one.page.get("page", "1")
    last = max(1, -(-len(found) // PAGE))
    at = min(max(1, int(number)) if number.isdecimal() else 1, last)
    return show(
        request,
        "behind.html",
        **_frame(one),
        problem="",
        total=len(found),
        persons=len({actor.customer for actor in found}),
        behind=[_row(one, actor) for actor in found[(at - 1) * PAGE : at * PAGE]],
        pages=[(page, page == at, _here(one, page=str(page))) for page in _near(at, last)],
        csv=_here(one, rows="csv"),
        explained=one.words.explain(one.result),
        builder=builder(one) if found else "",
        as_of=one.result.as_of.at,
    )


def _frame(one: Asked) -> dict[str, Any]:
    return {
        "area": "journeys",
        "title": one.words.say(one.view.title),
        "back": one.address(),
        "cell": told(one),
    }


def actors(one: Asked) -> list[Actor]:
    """The people of the cell without those of ``less``.

    Errors: Unaskable for what names no cell.
    """
    cell = {name: _typed(one, name, text) for name, text in one.cell.items()}
    try:
        found = one.result.actors(**cell)
        for name, texts in one.less.items():
            for text in texts:
                gone = set(one.result.actors(**{**cell, name: _typed(one, name, text)}))
                found = [actor for actor in found if actor not in gone]
    except Unaskable:
        raise
    except GeleitError as error:
        raise Unaskable(one.words.say("This number is not on the page."), f"{error.message}. {error.hint}") from None
    return found


def _typed(one: Asked, name: str, text: str) -> object:
    """A cell's value as its column holds it."""
    schema = model_of(one.view.name).counted
    if name in schema.names and pa.types.is_integer(schema.field(name).type):
        try:
            return int(text)
        except ValueError:
            raise Unaskable(one.words.say("This number is not on the page."), f"{name}: '{text}'") from None
    return text


def _row(one: Asked, actor: Actor) -> Behind:
    workspace, words = workspace_of(one.request), words_of(one.request)
    place = standing.Place(base_of(actor.customer), workspace.clock())
    name = workspace.profile(actor.customer).name
    needs = workspace.needs(actor.customer, words.reader.language) if actor.need else []
    need = next((need for need in needs if need.id == actor.need), None)
    topic = workspace.topic_label(need.topic, words.reader.language) if need else ""
    return Behind(place.base, name, standing.view_need(need, topic, (), words, place) if need else None)


def _here(one: Asked, **page: str) -> str:
    pairs = [(f"{CELL}{name}", text) for name, text in one.cell.items()]
    pairs += [(f"{LESS}{name}", text) for name, texts in one.less.items() for text in texts]
    address = one.address("/people")
    return f"{address}{'&' if '?' in address else '?'}{urlencode([*pairs, *page.items()])}"


def _near(at: int, last: int) -> Sequence[int]:
    """The first and last page and those around this one."""
    return sorted({1, last, *range(max(1, at - 2), min(last, at + 2) + 1)})


def _csv(one: Asked, found: Sequence[Actor]) -> Response:
    name = file_name(one.words.say(one.view.title), one.words.say("People"))
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(people_csv(found).encode(), media_type=TYPES["csv"], headers=headers)
