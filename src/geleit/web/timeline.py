"""Everything that happened with one person, newest first: rows that fold repeats, filters, months, gaps, pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache

from geleit.clock import EPOCH_DAY, SECOND, local_day
from geleit.events.vocabulary import OURS
from geleit.maps.annotations import attach
from geleit.needs.need import ReadEvent

PAGE = 40  # rows on one page
QUARTER = 15 * 60 * SECOND
SILENCE = 30  # days without an event that are shown as a seam
REPEAT = 30 * 60 * SECOND  # repeats closer than this are one visit


@dataclass(slots=True)
class Options:
    """What may be chosen, with the number of events that each choice shows."""

    stages: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    people: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Which events are asked for; empty means all. ``people``: only where somebody of ours or of theirs was met."""

    stage: str = ""
    channel: str = ""
    source: str = ""
    people: bool = False

    def takes(self, row: Row) -> bool:
        """Whether a row is among them: one of its events or notes fits."""
        return any(
            self.stage in ("", read.touchpoint.stage)
            and self.channel in ("", read.touchpoint.channel)
            and self.source in ("", read.event.source)
            and (not self.people or met(read))
            for read in (*row.events, *row.notes)
        )

    @property
    def any(self) -> bool:
        """Whether something was chosen."""
        return self != Choice()


@dataclass(slots=True)
class Row:
    """One line: the events it stands for (oldest first; several only if they repeat), and what was noted about them."""

    events: list[ReadEvent]
    notes: list[ReadEvent] = field(default_factory=list)

    @property
    def first(self) -> ReadEvent:
        """Its oldest event."""
        return self.events[0]

    @property
    def last(self) -> ReadEvent:
        """Its newest event."""
        return self.events[-1]

    @property
    def size(self) -> int:
        """How many events it stands for, notes included."""
        return len(self.events) + len(self.notes)

    @property
    def ids(self) -> list[str]:
        """Every event that the line opens."""
        return [str(read.event.id) for read in (*self.events, *self.notes)]


@dataclass(frozen=True, slots=True)
class Seam:
    """A stretch of days without an event between two rows; ``before`` = events older than it."""

    newer: int
    older: int
    days: int
    before: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """A month, or a year, of the histogram: its last day, how many events, whether the page begins in it."""

    year: int
    month: int
    count: int
    last_day: date
    here: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the timeline: rows ``start`` to ``end`` of all rows, with the events they stand for."""

    rows: tuple[Row, ...]
    start: int
    all_rows: int
    events_before: int
    events_here: int
    events: int
    newer: str
    older: str
    oldest: str

    @property
    def end(self) -> int:
        """The row after the last one here."""
        return self.start + len(self.rows)


def day_of(t: int, zone: str) -> int:
    """``local_day`` for many events: no zone changes its clock, and no day begins, within a quarter of an hour."""
    return _day_of_quarter(t // QUARTER, zone)


@lru_cache(maxsize=100_000)
def _day_of_quarter(quarter: int, zone: str) -> int:
    return local_day(quarter * QUARTER, zone)


def met(read: ReadEvent) -> bool:
    """Whether the person met somebody: a contact, or one of us is named."""
    return read.touchpoint.contact or bool(read.event.properties.get("staff"))


def rows(events: Sequence[ReadEvent], zone: str) -> list[Row]:
    """All events (in total order) as lines, newest first; each event stands in exactly one.

    A note of the same day stands with its step, later or earlier ones by themselves, together if written down together;
    repeats within half an hour are one.
    """
    place = {id(read): at for at, read in enumerate(events)}
    lines: list[Row] = []
    held = attach(events)
    for told in held:
        today = day_of(told.step.event.t, zone) if told.about else 0
        near = [note for note in told.about if day_of(note.event.t, zone) == today]
        lines.extend(Row([note]) for note in told.about if note not in near)
        lines.append(Row([told.step], near))
    lines += [Row([read]) for read in events if held and read.touchpoint.kind in OURS]
    if not held:
        lines = [Row([read]) for read in events]
    lines.sort(key=lambda row: place[id(row.first)])
    folded: list[Row] = []
    for row in lines:
        if folded and _repeats(folded[-1], row, zone):
            folded[-1].events.extend(row.events)
        elif folded and _noted_together(folded[-1], row):
            folded[-1].notes.extend(row.events)
        else:
            folded.append(row)
    return folded[::-1]


def options(lines: Sequence[Row]) -> Options:
    """Every stage, channel and source that occurs, counted as ``Choice`` counts: all events of the rows it takes."""
    found = Options()
    for row in lines:
        reads = (*row.events, *row.notes) if row.size > 1 else row.events
        size = len(reads)
        for stage in {read.touchpoint.stage for read in reads}:
            found.stages[stage] += size
        for channel in {read.touchpoint.channel for read in reads}:
            found.channels[channel] += size
        for source in {read.event.source for read in reads}:
            found.sources[source] += size
        found.people += size if any(met(read) for read in reads) else 0
    for unknown in (found.stages, found.channels):
        unknown.pop("", None)
    return found


def _repeats(before: Row, row: Row, zone: str) -> bool:
    """Whether a row only says the row before it once more."""
    one, other = before.last, row.first
    if other.event.t - one.event.t > REPEAT or before.notes or row.notes or not one.touchpoint.step:
        return False
    same = (
        one.touchpoint == other.touchpoint and one.event.source == other.event.source and one.need_id == other.need_id
    )
    if not same or _speaks(one) or _speaks(other):
        return False
    return day_of(one.event.t, zone) == day_of(other.event.t, zone)


def _noted_together(before: Row, row: Row) -> bool:
    """Whether both are notes that one source wrote down in the same moment."""
    one, other = before.first, row.first
    notes = not one.touchpoint.step and not other.touchpoint.step
    return notes and one.event.t == other.event.t and one.event.source == other.event.source


def _speaks(read: ReadEvent) -> bool:
    """Whether it stands for itself: words, a colleague, the beginning or end of a need, an order."""
    said = read.event.properties
    return bool(said.get("words") or said.get("staff") or said.get("order_id")) or read.touchpoint.kind in (
        "need_opened",
        "need_closed",
    )


def page(lines: Sequence[Row], *, start: int) -> Page:
    """The page that begins at row ``start``; its neighbours are named by the newest event of their first row."""
    start = max(0, min(start, len(lines) - 1)) if lines else 0
    here = lines[start : start + PAGE]
    counts = [row.size for row in lines]
    after = start + PAGE
    return Page(
        rows=tuple(here),
        start=start,
        all_rows=len(lines),
        events_before=sum(counts[:start]),
        events_here=sum(counts[start:after]),
        events=sum(counts),
        newer=_name(lines, max(0, start - PAGE)) if start else "",
        older=_name(lines, after) if after < len(lines) else "",
        oldest=_name(lines, max(0, len(lines) - PAGE)) if after < len(lines) else "",
    )


def _name(lines: Sequence[Row], at: int) -> str:
    return str(lines[at].last.event.id)


def starting_at(lines: Sequence[Row], event_id: str) -> int:
    """The row that holds an event, else 0."""
    return next((at for at, row in enumerate(lines) if event_id in row.ids), 0) if event_id else 0


def starting_on(lines: Sequence[Row], day: date, zone: str) -> int:
    """The newest row on or before a day; the last row if all are later."""
    wanted = (day - EPOCH_DAY).days
    on = (at for at, row in enumerate(lines) if day_of(row.last.event.t, zone) <= wanted)
    return next(on, max(0, len(lines) - 1))


def seam(newer: Row, older: Row, zone: str, before: int) -> Seam | None:
    """The silence between two neighbouring rows, if it is long enough to be shown."""
    days = day_of(newer.first.event.t, zone) - day_of(older.last.event.t, zone)
    return Seam(newer.first.event.t, older.last.event.t, days, before) if days >= SILENCE else None


MONTHS_SHOWN, YEARS_SHOWN = 12, 4


def histogram(lines: Sequence[Row], zone: str, at: date | None) -> list[Bucket]:
    """Events per month, oldest first; what is older than ``MONTHS_SHOWN`` months per year, what is older still as one.

    A year has month 0; the bucket of all earlier years has month -1. Nothing is left out.
    """
    if not lines:
        return []
    counts: Counter[tuple[int, int]] = Counter()
    for read in (read for row in lines for read in (*row.events, *row.notes)):
        day = EPOCH_DAY + timedelta(days=day_of(read.event.t, zone))
        counts[day.year, day.month] += 1
    places = {year * 12 + month - 1: count for (year, month), count in counts.items()}
    newest = max(places)
    first = max(min(places), newest - MONTHS_SHOWN + 1)
    earliest = min(places) // 12
    years: Counter[int] = Counter()
    for place, count in places.items():
        if place < first:
            years[max(place // 12, first // 12 - YEARS_SHOWN)] += count
    last_year = (first - 1) // 12  # the last year that has months before the first single one
    found = [_year(year, years[year], first, earliest) for year in range(min(years), last_year + 1)] if years else []
    found += [_month(place // 12, place % 12 + 1, counts) for place in range(first, newest + 1)]
    return [replace(bucket, here=at is not None and _holds(found, place, at)) for place, bucket in enumerate(found)]


def _month(year: int, month: int, counts: Counter[tuple[int, int]]) -> Bucket:
    following = date(year + month // 12, month % 12 + 1, 1)
    return Bucket(year, month, counts[year, month], following - timedelta(days=1))


def _year(year: int, count: int, first: int, earliest: int) -> Bucket:
    """A year up to the first single month; the oldest one stands for all before it."""
    end = min(date(year, 12, 31), date(first // 12, first % 12 + 1, 1) - timedelta(days=1))
    return Bucket(year, -1 if year == first // 12 - YEARS_SHOWN and earliest < year else 0, count, end)


def _holds(found: Sequence[Bucket], place: int, at: date) -> bool:
    before = found[place - 1].last_day if place else date.min
    return before < at <= found[place].last_day
