"""Where a person stands: each need with its words, its stage, since when; which one the page begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geleit.clock import DAY
from geleit.events.properties import affirmed, wording
from geleit.maps.journey import Criterion
from geleit.needs.need import Need, ReadEvent
from geleit.web.lines import SHORT, Words
from geleit.web.reader import Reader
from geleit.web.screen import query
from geleit.web.strip import Frame, Head, Point, Strand, strip
from geleit.web.timeline import day_of, rows

WIDTHS = {"wide": 1168, "middle": 656, "small": 358}  # px: the room a page has above 1080, above 760, below


@dataclass(frozen=True, slots=True)
class NeedView:
    """One need as the page tells of it; ``said`` = when and where its words were said; ``map`` = where its map is."""

    id: str
    topic: str
    quote: str
    stage: str
    tone: str
    state: str
    said: str
    map: str
    open: bool


@dataclass(frozen=True, slots=True)
class StripView:
    """The strip in one width; ``left_out`` = needs, ``earlier`` = steps of the current one that had no room."""

    name: str
    picture: Markup
    left_out: int
    earlier: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person's pages are, and as of when they speak (microseconds UTC)."""

    base: str
    as_of: int


def current(needs: Sequence[Need]) -> Need | None:
    """The need the page begins with: the newest open one, else the newest."""
    still_open = [need for need in needs if need.closed_at is None]
    return next(iter([*reversed(still_open), *reversed(needs)]), None)


def view_need(need: Need, topic: str, events: Sequence[ReadEvent], words: Words, place: Place) -> NeedView:
    """One need in words; ``topic`` is its label, ``events`` are the person's."""
    known = need.stage in words.catalogue.stage_index
    return NeedView(
        id=need.id,
        topic=topic[:1].upper() + topic[1:],
        quote=need.quote,
        stage=words.catalogue.stage_label(need.stage, words.reader.language),
        tone=f"tone-{words.catalogue.tone(need.stage)}" if known else "no-tone",
        state=state(need, place.as_of, words.reader),
        said=said(need, events, words),
        map=f"{place.base}/journey{query(need=need.id)}",
        open=need.closed_at is None,
    )


def state(need: Need, as_of: int, reader: Reader) -> str:
    """How a need stands, as half a sentence."""
    if need.closed_at is None:
        passed = day_of(max(as_of, need.opened_at), reader.zone) - day_of(need.opened_at, reader.zone)
        return (
            reader.counted("open for {n} day", "open for {n} days", passed)
            if passed
            else reader.say("open since today")
        )
    day, lasted = reader.day(need.closed_at), max(1, -(-(need.closed_at - need.opened_at) // DAY))
    if need.closed_by == "person":
        return reader.counted("settled on {day}, after {n} day", "settled on {day}, after {n} days", lasted, day=day)
    if need.closed_by == "gap":
        return reader.counted(
            "silent since {day}, after {n} day", "silent since {day}, after {n} days", lasted, day=day
        )
    return reader.counted("closed on {day}, after {n} day", "closed on {day}, after {n} days", lasted, day=day)


def said(need: Need, events: Sequence[ReadEvent], words: Words) -> str:
    """When and where the need was put into words; empty if nobody wrote it down."""
    spoken = (one for one in events if one.need_id == need.id and one.event.properties.get("words"))
    read = next((one for one in spoken if one.event.id == need.quote_event), None)
    if read is None:
        return ""
    day, place = words.reader.day(read.event.t), words.place(read)
    staff = read.event.properties.get("staff")
    if staff:
        return words.reader.say("Said on {day}, {place}, noted by {person}.", day=day, place=place, person=staff)
    return words.reader.say("Said on {day}, {place}.", day=day, place=place)


def criteria(events: Sequence[ReadEvent], need: Need, language: str) -> list[Criterion]:
    """What the person judges by in one need: stated ones first, each once, in the order they were said."""
    found: dict[str, Criterion] = {}
    for read in events:
        if read.need_id != need.id or read.touchpoint.kind != "criterion_stated":
            continue
        text = wording(read.event.properties.get("criterion"), language)
        supposed = affirmed(read.event.properties.get("supposed")) or read.touchpoint.evidence == "gap"
        if text and (text not in found or not supposed):
            found[text] = Criterion(text, supposed)
    return sorted(found.values(), key=lambda one: one.supposed)


def strips(
    needs: Sequence[tuple[Need, NeedView]], events: Sequence[ReadEvent], words: Words, base: str
) -> list[StripView]:
    """The strip in three widths, the current need last (at the right)."""
    by_need: dict[str, list[ReadEvent]] = {}
    for read in events:
        if read.need_id and read.touchpoint.step:
            by_need.setdefault(read.need_id, []).append(read)
    strands = [_strand(view, by_need.get(need.id, []), words) for need, view in needs]
    language = words.reader.language
    heads = [
        Head(words.catalogue.stage_label(stage.id, language), f"tone-{words.catalogue.tone(stage.id)}")
        for stage in words.catalogue.stages
    ]
    found = []
    for name, width in WIDTHS.items():
        shown = strands if name == "wide" else strands[-1:]
        frame = Frame(width, f"{base}/events", words.reader.say("The journey, step by step"), words.reader)
        drawn = strip(shown, heads, frame)
        found.append(StripView(name, drawn.picture, drawn.left_out + len(strands) - len(shown), drawn.earlier))
    return found


def _strand(view: NeedView, events: Sequence[ReadEvent], words: Words) -> Strand:
    """A need's steps, oldest first; repeats within one visit are one step with its number."""
    points = []
    level = 0
    catalogue, reader = words.catalogue, words.reader
    for row in reversed(rows(events, reader.zone)):
        read = row.first
        level = catalogue.stage_index.get(read.touchpoint.stage, level)
        label = reader.say(
            "{stage}, {day}: {what}",
            stage=catalogue.stage_label(read.touchpoint.stage, reader.language) or reader.say("no stage"),
            day=reader.day(read.event.t),
            what=words.text(row),
        )
        ids = ",".join(str(one.event.id)[:SHORT] for one in row.events)
        points.append(Point(read.event.t, level, words.mark(read), label, ids, len(row.events)))
    return Strand(view.topic, view.state, tuple(points), view.open)
