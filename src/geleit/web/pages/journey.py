"""The journey map of one need: the picture in two shapes, its table twin, its files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from geleit.maps.journey import Journey
from geleit.maps.sentences import evidence_sentence, period, skipped_sentence
from geleit.maps.svg import inline, scrolled
from geleit.maps.table import Table, table
from geleit.maps.tall import tall
from geleit.web import standing
from geleit.web.pages.person import base_of, words_of
from geleit.web.screen import query, reader_of, show, workspace_of

FORMATS = ("svg", "png", "pdf", "csv", "json")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table twin with its column's name and head."""

    name: str
    head: str
    text: str


@dataclass(frozen=True, slots=True)
class TwinRow:
    """One step of the table twin and where its events are."""

    href: str
    cells: list[Cell]


def journey(request: Request) -> Response:
    """GET /people/{id}/journey: one need (``?need=``), by default the one with most events."""
    workspace, reader = workspace_of(request), reader_of(request)
    customer = workspace.customer(request.path_params["id"])
    base = base_of(customer)
    if customer != request.path_params["id"]:
        return RedirectResponse(f"{base}/journey{'?' if request.url.query else ''}{request.url.query}")
    needs = workspace.needs(customer, reader.language)
    if not needs:
        return show(request, "journey_none.html", area="people", base=base, name=workspace.profile(customer).name)
    shown = workspace.journey(customer, request.query_params.get("need") or None, reader.language)
    picture, upright = drawn(shown)
    twin = table(shown)
    place = standing.Place(base, workspace.clock())
    others = [
        standing.view_need(need, workspace.topic_label(need.topic, reader.language), (), words_of(request), place)
        for need in reversed(needs)
        if need.id != shown.need_id
    ]
    return show(
        request,
        "journey.html",
        area="people",
        base=base,
        journey=shown,
        period=period(shown),
        evidence=evidence_sentence(shown),
        wide=picture,
        tall=upright,
        columns=[column for at, column in enumerate(twin.columns) if _filled(twin, at)],
        rows=_rows(twin, base),
        skipped=skipped_sentence(shown),
        others=others,
        files=[(name, f"{base}/journey.{name}{query(need=shown.need_id, lang=reader.language)}") for name in FORMATS],
    )


def _filled(twin: Table, at: int) -> bool:
    """Whether anything stands in a column; like the picture, the page leaves lanes out of which nothing is known."""
    return any(row.cells[at] for row in twin.rows)


def _rows(twin: Table, base: str) -> list[TwinRow]:
    """The table's rows; a cell knows its column, so that a narrow page can name it."""
    return [
        TwinRow(
            f"{base}/events{query(ids=','.join(row.event_ids))}",
            [
                Cell(column.name, column.head, row.cells[at])
                for at, column in enumerate(twin.columns)
                if _filled(twin, at)
            ],
        )
        for row in twin.rows
    ]


def drawn(shown: Journey) -> tuple[Markup, Markup]:
    """The map wide (for a screen) and tall (for a phone); each step leads to its events."""
    return _drawn(replace(shown, as_of=0))  # the hour it is looked at does not stand in it


@lru_cache(maxsize=32)
def _drawn(shown: Journey) -> tuple[Markup, Markup]:
    href = f"{base_of(shown.customer_key)}/events?ids={{ids}}"
    across = scrolled(shown, href=href, prefix="wide")
    down = inline(tall(shown, heading=False), href=href, prefix="tall")
    return Markup(across), Markup(down)  # noqa: S704 (the maps room escapes every text it writes)
