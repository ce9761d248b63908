"""Segments for readers: all of them with how many are in, one with its words, its people and why they are in."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from geleit.clock import DAY
from geleit.customers.search import resolve_key
from geleit.errors import GeleitError
from geleit.segments.spans import day_start
from geleit.segments.standing import DayOfMoves, Standing, history, members, standings
from geleit.web.reader import Reader
from geleit.web.screen import reader_of, show, workspace_of
from geleit.workspace.segment_reasons import Reason, reasons
from geleit.workspace.segments import Segments

OF_LATE = 7 * DAY
SHOWN = 8  # people of the sample
MONTH = 30 * DAY
_encoder = msgspec.json.Encoder(enc_hook=str)


@dataclass(frozen=True, slots=True)
class SegmentView:
    """One line of the list."""

    name: str
    title: str
    about: str
    href: str
    standing: Standing
    changed: str


@dataclass(frozen=True, slots=True)
class MemberView:
    """One of the people in it, with what speaks for it."""

    name: str
    href: str
    since: str
    why: list[WhyView]


@dataclass(frozen=True, slots=True)
class WhyView:
    """One reason; ``href`` leads to the event."""

    text: str
    when: str
    href: str


@dataclass(frozen=True, slots=True)
class DayView:
    """One day of who came and went."""

    day: str
    entered: int
    left: int


def segments(request: Request) -> Response:
    """GET /segments."""
    found, reader = Segments(workspace_of(request)), reader_of(request)
    standing = _standings(request)
    views = [
        SegmentView(
            name,
            one.title(name, reader.language),
            one.about.get(reader.language, ""),
            address(name),
            here := standing.get(name, Standing()),
            reader.stamp(here.changed_at) if here.changed_at else "",
        )
        for name, one in found.all.items()
    ]
    problems = [str(one) for one in workspace_of(request).segment_files.problems]
    return show(request, "segments.html", area="segments", segments=views, problems=problems)


def segment(request: Request) -> Response:
    """GET /segments/{name}."""
    space, reader = workspace_of(request), reader_of(request)
    found, name = Segments(space), request.path_params["name"]
    one = found.named(name)
    standing = _standings(request).get(name, Standing())
    now = space.clock()
    with space.ledger.read() as connection:
        latest = members(connection, name, SHOWN)
        moved = history(connection, name, now - MONTH, space.company.zone)
        people = {row.customer: _alive(connection, row.customer) for row in moved.latest}
    why = reasons(found, one, [who for who, _ in latest], reader.language)
    return show(
        request,
        "segment.html",
        area="segments",
        name=name,
        title=one.title(name, reader.language),
        about=one.about.get(reader.language, ""),
        lines=found.lines(one, reader.language),
        standing=standing,
        customers=space.counts().customers,
        sample=[_member(request, who, since, why.get(who, [])) for who, since in latest],
        moves=[
            (
                space.profile(alive).name if (alive := people[row.customer]) else row.customer,
                alive,
                row.entered,
                reader.stamp(row.at),
            )
            for row in moved.latest
        ],
        days=[_day(day, reader) for day in moved.days],
        file=f"segments/{name}.yaml",
    )


def listed(request: Request) -> Response:
    """GET /api/segments: all segments with how many are in, and who came and went in the last seven days."""
    space, reader = workspace_of(request), reader_of(request)
    standing = _standings(request)
    rows = [
        {
            "name": name,
            "label": one.title(name, reader.language),
            "definition": one.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        }
        | _numbers(standing.get(name, Standing()))
        for name, one in Segments(space).all.items()
    ]
    return _json({"as_of": space.as_of(), "segments": rows})


def asked(request: Request) -> Response:
    """GET /api/segments/{name}: its words, how many are in, and everybody's id with the time since when."""
    space, reader = workspace_of(request), reader_of(request)
    found, name = Segments(space), request.path_params["name"]
    one = found.named(name)
    with space.ledger.read() as connection:
        inside = members(connection, name)
    words = ["  " * line.depth + line.text for line in found.lines(one, reader.language)]
    numbers = _numbers(_standings(request).get(name, Standing()))
    people = [{"customer": who, "since_at": since} for who, since in inside]
    label = one.title(name, reader.language)
    return _json({"as_of": space.as_of(), "name": name, "label": label, "words": words, **numbers, "members": people})


def address(name: str) -> str:
    """Where a segment's page is."""
    return f"/segments/{quote(name)}"


def _standings(request: Request) -> dict[str, Standing]:
    space = workspace_of(request)
    with space.ledger.read() as connection:
        return standings(connection, space.clock() - OF_LATE)


def _numbers(standing: Standing) -> dict[str, object]:
    return {
        "live": standing.live,
        "people": standing.people,
        "changed_at": standing.changed_at,
        "entered_7_days": standing.entered,
        "left_7_days": standing.left,
    }


def _member(request: Request, who: str, since: int, why: list[Reason]) -> MemberView:
    space, reader = workspace_of(request), reader_of(request)
    views = [
        WhyView(
            one.text,
            reader.day(one.t) if one.t is not None else "",
            f"/people/{who}/events?ids={one.event_id}" if one.event_id else "",
        )
        for one in why
    ]
    return MemberView(space.profile(who).name, f"/people/{who}", reader.stamp(since) if since else "", views)


def sample_views(request: Request, why: dict[str, list[Reason]]) -> list[MemberView]:
    """People of a draft: nobody is in it yet."""
    return [_member(request, who, 0, some) for who, some in why.items()]


def _alive(connection: object, customer: str) -> str:
    """Who a customer is now; empty if nobody any more."""
    try:
        return resolve_key(connection, customer)  # type: ignore[arg-type]
    except GeleitError:
        return ""


def _day(one: DayOfMoves, reader: Reader) -> DayView:
    return DayView(reader.day(day_start(one.day, reader.zone)), one.entered, one.left)


def _json(value: object) -> Response:
    return Response(_encoder.encode(value), media_type="application/json")
