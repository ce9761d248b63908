"""The trend as a picture: a row of bars for each value, one bar a span, all above one calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from geleit.charts.drawing import LABEL, Drawing, Fact, door, hatched, heading, legend, said_of
from geleit.charts.twin import Cell, Column, Twin
from geleit.language.formats import day_of
from geleit.maps.plan import Paragraph, set_paragraphs
from geleit.maps.scene import Box, Canvas, Door, Rect, Scene, Stroke, Text
from geleit.maps.type import width

if TYPE_CHECKING:
    from geleit.analytics.result import Result
    from geleit.analytics.trend import Happened

TOP = 8  # values shown, unless the reader names some
NAMES = 190.0  # px: the column of names, on pages that are wide enough
PHONE = 560.0  # px: narrower pages have the name above its row
HIGH = 54.0  # px: the highest bar of a row
HEAD = 18.0  # px above a row's bars, where the highest is told
ROW = 26.0  # px between two rows
MOST = 46.0  # px: the widest bar
SMALL = 11.5


@dataclass(frozen=True)
class _Trend:
    """A trend while it is drawn."""

    drawing: Drawing
    rows: dict[str, list[Happened]]
    of: str
    left: float
    step: float

    @property
    def right(self) -> float:
        return self.left + self.step * max((len(row) for row in self.rows.values()), default=0)


def draw(result: Result[Happened], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows."""
    trend = _measured(result, drawing)
    canvas = Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    for value, row in trend.rows.items():
        y = _row(canvas, trend, value, row, y)
    if trend.rows:
        y = _calendar(canvas, trend, next(iter(trend.rows.values())), y)
    if title:
        y = legend(canvas, y + 6, signs(result, drawing), drawing.width)
    right = max(drawing.width, trend.right + 1)
    words = drawing.words
    return Scene(right, y + 4, tuple(canvas.marks), title or words.say("Trend"), words.explain(result), words.language)


def _measured(result: Result[Happened], drawing: Drawing) -> _Trend:
    rows: dict[str, list[Happened]] = {}
    for row in result.rows:
        rows.setdefault(row.value, []).append(row)
    shown = dict(list(rows.items())[: max(TOP, len(getattr(result.question, "values", ())))])
    left = NAMES if drawing.width > PHONE else 0.0
    spans = max((len(row) for row in shown.values()), default=1)
    step = max(min((drawing.width - left) / max(spans, 1), MOST), 3.0)
    return _Trend(drawing, shown, said_of(result), left, step)


def _row(canvas: Canvas, trend: _Trend, value: str, row: Sequence[Happened], top: float) -> float:
    """One value: its name, its bars, and the number of the highest; returns where it ends."""
    words, lead = trend.drawing.words, trend.drawing.lead
    name = words.name(value, trend.of)
    room = (trend.left or trend.drawing.width) - 16
    low = set_paragraphs(canvas, [Paragraph(name, "strong", LABEL)], 0, top, room, anchor="start")
    highest = max(row, key=lambda one: (one.journeys, one.begins))
    total = words.counted("{n} time", "{n} times", sum(one.count for one in row))
    door(canvas, f"{name}: {total}", lead({"value": value}, {}), [Text(0, low + 14, total, LABEL, role="door")])
    low += 20
    top = top if trend.left else low
    floor = top + HEAD + HIGH
    for place, one in enumerate(row):
        if one.journeys:
            _bar(canvas, trend, one, (trend.left + place * trend.step, floor), highest.journeys)
    canvas.line([(trend.left, floor), (trend.left + trend.step * len(row), floor)], "rule")
    if highest.journeys:
        _highest(canvas, trend, highest, (row.index(highest), len(row)), top + HEAD - 5)
    return max(floor, low) + ROW


def _bar(canvas: Canvas, trend: _Trend, one: Happened, at: tuple[float, float], most: int) -> None:
    words, (x, floor) = trend.drawing.words, at
    tone = words.tone(one.value, trend.of)
    high, wide = max(HIGH * one.journeys / most, 1.5), max(trend.step - min(trend.step * 0.25, 3), 1.0)
    when = day_of(one.begins, words.language)
    label = f"{words.name(one.value, trend.of)}, {when}: {words.number(one.journeys)}"
    marks: list[Rect | Stroke] = [Rect(x, floor - high, wide, high, f"bar{tone}", ground=True)]
    if not one.complete:
        marks = [
            Rect(x, floor - high, wide, high, "paper", ground=True),
            Stroke(hatched(x, floor - high, wide, high), "left", (), ground=True),
        ]
    href = trend.drawing.lead({"value": one.value, "span": one.begins.isoformat()}, {})
    hit = Box(x, floor - HIGH, x + trend.step, floor)
    canvas.add(Door(href, label, tuple(marks), hit, quiet=True))


def _highest(canvas: Canvas, trend: _Trend, one: Happened, place: tuple[int, int], y: float) -> None:
    """The number of the highest bar, above it, kept inside the row."""
    words, (nth, count) = trend.drawing.words, place
    text = words.number(one.journeys)
    wide = width(text, "record", SMALL)
    middle = trend.left + (nth + 0.5) * trend.step - wide / 2
    x = min(max(middle, trend.left), max(trend.left + count * trend.step - wide, trend.left))
    href = trend.drawing.lead({"value": one.value, "span": one.begins.isoformat()}, {})
    name = f"{words.name(one.value, trend.of)}, {day_of(one.begins, words.language)}: {text}"
    door(canvas, name, href, [Text(x, y, text, SMALL, role="door")])


def _calendar(canvas: Canvas, trend: _Trend, row: Sequence[Happened], top: float) -> float:
    """When the spans begin: as many days as there is room for, with ticks."""
    words, free = trend.drawing.words, 0.0
    y = top - ROW
    for place, one in enumerate(row):
        x = trend.left + place * trend.step
        text = day_of(one.begins, words.language)
        wide = width(text, "record", SMALL)
        if x < free or x + wide > max(trend.drawing.width, trend.right):
            continue
        canvas.line([(x + 0.5, y + 3), (x + 0.5, y + 9)], "rule")
        canvas.add(Text(x, y + 23, text, SMALL, role="soft"))
        free = x + wide + 22
    return y + 32


def signs(result: Result[Happened], drawing: Drawing) -> list[tuple[str, str]]:
    """What needs a word."""
    words = drawing.words
    values = len({row.value for row in result.rows})
    said = [("", words.say("Bars are journeys; each row has a scale of its own, its highest number is told."))]
    if any(not row.complete and row.journeys for row in result.rows):
        said.append(("", words.say("Hatched: the span was not over.")))
    shown = len(_measured(result, drawing).rows)
    if values > shown:
        more = words.counted("{n} more is in the table.", "{n} more are in the table.", values - shown)
        said.append(("", more))
    return said if values else []


def facts(result: Result[Happened], drawing: Drawing) -> list[Fact]:
    """When the first value was met most."""
    if not result.rows:
        return []
    words, first = drawing.words, result.rows[0].value
    most = max((row for row in result.rows if row.value == first), key=lambda row: (row.journeys, row.begins))
    said = words.say(
        "journeys with “{value}” in the span from {day}, the most of all",
        value=words.name(first, said_of(result)),
        day=day_of(most.begins, words.language),
    )
    href = drawing.lead({"value": first, "span": most.begins.isoformat()}, {})
    return [Fact(words.number(most.journeys), href, said)]


def twin(result: Result[Happened], drawing: Drawing) -> Twin:
    """Every span of every value as a row; spans in which nothing happened are left out."""
    words, lead = drawing.words, drawing.lead
    rows = []
    for row in result.rows:
        if not row.journeys:
            continue
        cell = {"value": row.value, "span": row.begins.isoformat()}
        rows.append(
            (
                Cell(_said(row.begins, words.language, row.complete, words.say("not over"))),
                Cell(words.name(row.value, result.question.of)),  # type: ignore[attr-defined]
                Cell(words.number(row.count)),
                Cell(words.number(row.journeys), lead(cell, {})),
                Cell(words.share(row.share)),
                Cell(words.number(row.people)),
            )
        )
    heads = (
        Column(words.say("Begins")), Column(words.say("What happens")), Column(words.say("Times"), numeric=True),
        Column(words.say("Journeys"), numeric=True), Column(words.say("of the active"), numeric=True),
        Column(words.say("People"), numeric=True),
    )  # fmt: skip
    return Twin(heads, tuple(rows))


def _said(begins: date, language: str, complete: bool, unfinished: str) -> str:
    return day_of(begins, language) if complete else f"{day_of(begins, language)} ({unfinished})"
