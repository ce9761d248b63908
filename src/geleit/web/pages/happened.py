"""The timeline on the person page: what the address asks for, and every link that leads on from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_date

from geleit.clock import EPOCH_DAY, iso
from geleit.needs.need import ReadEvent
from geleit.web.lines import Line, Words
from geleit.web.reader import Reader
from geleit.web.screen import query
from geleit.web.timeline import (
    Bucket,
    Choice,
    Options,
    Page,
    Row,
    day_of,
    histogram,
    options,
    page,
    rows,
    seam,
    starting_at,
    starting_on,
)

TALLEST = 24  # px of the highest month


@dataclass(frozen=True, slots=True)
class Option:
    """One link of a filter, with the number of events it shows."""

    label: str
    href: str
    count: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Pick:
    """One filter: what is chosen (``name``), what else there is, the way back to all."""

    name: str
    options: list[Option]
    everything: Option
    chosen: bool


@dataclass(frozen=True, slots=True)
class Month:
    """One bar of the histogram; ``y`` and ``height`` in px."""

    name: str
    year: str
    label: str
    href: str
    count: int
    y: int
    height: int
    here: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A row (``line``) or a silence (``seam``, with a link to what came before)."""

    line: Line | None = None
    iso: str = ""
    year: str = ""
    seam: str = ""
    before: int = 0
    older: str = ""


@dataclass(frozen=True, slots=True)
class TimelineView:
    """All that the timeline part of the page shows."""

    choice: Choice
    filtered: bool
    all_events: int
    all_sources: int
    picks: list[Pick]
    people: Option
    months: list[Month]
    hidden: list[tuple[str, str]]
    day: str
    newest_day: str
    items: list[Item]
    page: Page
    position: str
    top: str
    newer: str
    older: str
    oldest: str


def timeline(asked: Mapping[str, str], events: Sequence[ReadEvent], words: Words, base: str) -> TimelineView:
    """The timeline as the address asks: ``stage``, ``channel``, ``source``, ``people``, ``day`` or ``from`` an event."""
    reader, zone = words.reader, words.reader.zone
    choice = Choice(
        asked.get("stage", ""), asked.get("channel", ""), asked.get("source", ""), asked.get("people") == "1"
    )
    every = rows(events, zone)
    chosen = [row for row in every if choice.takes(row)] if choice.any else every
    day = _day(asked.get("day", ""))
    start = starting_on(chosen, day, zone) if day else starting_at(chosen, asked.get("from", ""))
    shown = page(chosen, start=start)
    link = _Links(base, choice)
    top_day = _local(shown.rows[0].last.event.t, zone) if shown.rows else None
    found = options(every)
    return TimelineView(
        choice=choice,
        filtered=choice.any,
        all_events=len(events),
        all_sources=len(found.sources),
        picks=_picks(found, words, link),
        people=_people(found, reader, link),
        months=_months(histogram(chosen, zone, top_day), reader, link),
        hidden=[(name, str(value)) for name, value in link.kept().items() if value],
        day=(top_day or date.today()).isoformat(),  # noqa: DTZ011 (only a form's first value)
        newest_day=_local(events[-1].event.t, zone).isoformat() if events else "",
        items=_items(shown, words, link),
        page=shown,
        position=_position(shown, reader),
        top=link.to(),
        newer=link.to(**{"from": shown.newer}),
        older=link.to(**{"from": shown.older}) if shown.older else "",
        oldest=link.to(**{"from": shown.oldest}) if shown.oldest else "",
    )


@dataclass(frozen=True, slots=True)
class _Links:
    base: str
    choice: Choice

    def kept(self) -> dict[str, object]:
        """What stays in every link."""
        choice = self.choice
        people = "1" if choice.people else ""
        return {"stage": choice.stage, "channel": choice.channel, "source": choice.source, "people": people}

    def to(self, **changed: object) -> str:
        """The page with something changed; it begins at the timeline."""
        return f"{self.base}{query(**(self.kept() | changed))}#timeline"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _local(t: int, zone: str) -> date:
    return EPOCH_DAY + timedelta(days=day_of(t, zone))


def _picks(found: Options, words: Words, link: _Links) -> list[Pick]:
    """The filters by stage (in the model's order), channel and source (the most frequent first)."""
    reader, choice, catalogue = words.reader, link.choice, words.catalogue
    language = reader.language
    order = catalogue.stage_index
    stages = dict(sorted(found.stages.items(), key=lambda one: order.get(one[0], len(order))))
    channels, sources = dict(found.channels.most_common()), dict(found.sources.most_common())

    def pick(name: str, everything: str, counts: Mapping[str, int], label: Callable[[str], str]) -> Pick:
        chosen = getattr(choice, name)
        options = [
            Option(_capital(label(value)), link.to(**{name: value}), reader.number(count), value == chosen)
            for value, count in counts.items()
        ]
        return Pick(_name(options, everything), options, Option(everything, link.to(**{name: ""})), bool(chosen))

    return [
        pick("stage", reader.say("all stages"), stages, lambda one: catalogue.stage_label(one, language)),
        pick("channel", reader.say("all channels"), channels, lambda one: catalogue.channel_label(one, language)),
        pick("source", reader.say("all sources"), sources, lambda one: words.source_label(one, language)),
    ]


def _people(found: Options, reader: Reader, link: _Links) -> Option:
    """Only events where somebody was met, or all again."""
    chosen = link.choice.people
    return Option(
        reader.say("only with people"), link.to(people="" if chosen else "1"), reader.number(found.people), chosen
    )


def _name(listed: Sequence[Option], everything: str) -> str:
    return next((option.label for option in listed if option.chosen), everything)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _months(buckets: Sequence[Bucket], reader: Reader, link: _Links) -> list[Month]:
    tallest = max((bucket.count for bucket in buckets), default=1) or 1
    found, year = [], 0
    for bucket in buckets:
        height = max(1, round(bucket.count / tallest * TALLEST))
        name, whole = _month_names(bucket, reader)
        label = reader.counted("{month}: {n} event", "{month}: {n} events", bucket.count, month=whole)
        shown_year = str(bucket.year) if bucket.year != year and bucket.month > 0 else ""
        href = link.to(day=bucket.last_day.isoformat())
        found.append(Month(name, shown_year, label, href, bucket.count, 40 - height, height, bucket.here))
        year = bucket.year if bucket.month > 0 else year
    return found


def _month_names(bucket: Bucket, reader: Reader) -> tuple[str, str]:
    """Short and whole name of a month, a year, or all years up to one."""
    if bucket.month < 0:
        until = reader.say("to {year}", year=bucket.year)
        return until, until
    if not bucket.month:
        return str(bucket.year), str(bucket.year)
    first = bucket.last_day.replace(day=1)
    short = str(format_date(first, "LLL", locale=reader.language))
    return short, str(format_date(first, "LLLL yyyy", locale=reader.language))


def _items(shown: Page, words: Words, link: _Links) -> list[Item]:
    """Rows with the silences between them."""
    reader, items = words.reader, []
    left = shown.events - shown.events_before
    before: Row | None = None
    year = 0
    for row in shown.rows:
        silence = seam(before, row, reader.zone, left) if before else None
        if silence:
            items.append(
                Item(
                    seam=reader.counted(
                        "{n} day without an event, {start} to {end}",
                        "{n} days without an event, {start} to {end}",
                        silence.days - 1,
                        start=reader.day(silence.older),
                        end=reader.day(silence.newer),
                    ),
                    before=silence.before,
                    older=link.to(**{"from": row.last.event.id}),
                )
            )
        happened = _local(row.last.event.t, reader.zone).year
        line = words.line(row)
        items.append(Item(line, iso(line.t), str(happened) if happened != year else ""))
        year, before = happened, row
        left -= row.size
    return items


def _position(shown: Page, reader: Reader) -> str:
    """``Events 1 to 40 of 66``."""
    if not shown.rows:
        return ""
    first, last = shown.events_before + 1, shown.events_before + shown.events_here
    values = {"first": reader.number(first), "last": reader.number(last), "all": reader.number(shown.events)}
    if first == last:
        return reader.say("Event {first} of {all}", **values)
    return reader.say("Events {first} to {last} of {all}", **values)
