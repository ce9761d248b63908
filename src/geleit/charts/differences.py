"""Differences of two groups as dots with their 95 % intervals: filled where they are clear, open and grey where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geleit.charts.drawing import LABEL, LINE, Drawing, Fact, door, finished, heading, said_of
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.scene import Canvas, Circle, Scene, Text
from geleit.maps.type import width, wrap

if TYPE_CHECKING:
    from geleit.analytics.result import Result

SHOWN = 20  # rows drawn; the table has all
BESIDE = 620.0  # px: a picture at least so wide has names, dots and numbers side by side
SMALL = 11.5
DOT = 4.5
BETWEEN = 18.0


@dataclass(frozen=True, slots=True)
class _Row:
    """A difference of two shares, whatever question found it: ``counts`` are (words, number, group)."""

    value: str
    shares: tuple[float, float]
    counts: tuple[tuple[str, int, str], ...]
    difference: float
    low: float
    high: float
    clear: bool


def draw(result: Result[Any], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows."""
    words, canvas = drawing.words, Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    rows = _rows(result, drawing)[:SHOWN]
    most = max((max(abs(row.low), abs(row.high)) for row in rows), default=1.0) or 1.0
    beside = drawing.width >= BESIDE
    left, room = (drawing.width * 0.27, drawing.width * 0.4) if beside else (8.0, drawing.width - 16)
    scale = (left + room / 2, (room / 2 - 8) / most)
    if rows:
        y = _axis(canvas, drawing, scale, most, y)
    for row in rows:
        y = _row(canvas, result, drawing, row, (scale, (left, room), y))
    told = signs(result, drawing) if title else ()
    return finished(canvas, y, result, drawing, title or words.say("Differences"), told=told)


def _rows(result: Result[Any], drawing: Drawing) -> list[_Row]:
    words = drawing.words
    if result.question.name == "correlation":
        return [
            _Row(
                row.value,
                (row.with_it, row.without_it),
                (
                    (words.say("with success"), row.successes, "a"),
                    (words.say("without success"), row.journeys - row.successes, "b"),
                ),
                row.difference, row.low, row.high, not row.low <= 0 <= row.high,
            )
            for row in result.rows
        ]  # fmt: skip
    return [
        _Row(
            row.value,
            (row.share_a, row.share_b),
            ((words.say("in group a"), row.journeys_a, "a"), (words.say("in group b"), row.journeys_b, "b")),
            row.difference, row.low, row.high, row.clear,
        )
        for row in result.rows
    ]  # fmt: skip


def _points(drawing: Drawing, share: float) -> str:
    """Percentage points with their sign."""
    value = round(share * 100, 1)
    sign = "+" if value > 0 else "\u2212" if value < 0 else ""
    return f"{sign}{drawing.words.number(abs(value))}"


def _axis(canvas: Canvas, drawing: Drawing, scale: tuple[float, float], most: float, top: float) -> float:
    """Where nothing differs, and how far the ends are."""
    middle, unit = scale
    low = drawing.words.say("rarer"), drawing.words.say("more often")
    for text, anchor, x in (
        (f"{_points(drawing, -most)} {low[0]}", "start", middle - most * unit),
        (f"{low[1]} {_points(drawing, most)}", "end", middle + most * unit),
    ):
        canvas.add(Text(x, top + 12, text, SMALL, anchor=anchor, role="soft"))
    canvas.add(Text(middle, top + 12, "0", SMALL, anchor="middle", role="soft"))
    return top + 26


def _row(
    canvas: Canvas, result: Result[Any], drawing: Drawing, row: _Row, place: tuple[tuple[float, float], tuple[float, float], float]
) -> float:  # fmt: skip
    """Its name, its dot in its interval, and its numbers; returns where it ends."""
    (middle, unit), (left, room), top = place
    words, beside = drawing.words, drawing.width >= BESIDE
    y = top
    of = said_of(result)
    for line in wrap(words.name(row.value, of), "strong", LABEL, (left - 20) if beside else drawing.width, 4).lines:
        canvas.add(Text(0, y + 13, line, LABEL, "strong"))
        y += LINE
    at = top + 10 if beside else y + 10
    canvas.line([(middle, at - 8), (middle, at + 8)], "rule")
    ends = [middle + share * unit for share in (row.low, row.high)]
    canvas.line([(ends[0], at), (ends[1], at)], "start" if row.clear else "stem", thick=1)
    for x in ends:
        canvas.line([(x, at - 3.5), (x, at + 3.5)], "start" if row.clear else "stem")
    canvas.add(Circle(middle + row.difference * unit, at, DOT, "said" if row.clear else "unasked"))
    x, wide = (left + room + 24, drawing.width - left - room - 24) if beside else (0.0, drawing.width)
    low = _numbers(canvas, drawing, row, (x, top if beside else at + 10, wide))
    y = max(y, low, at + 10)
    canvas.line([(0, y + BETWEEN / 2 - 0.5), (drawing.width - 1, y + BETWEEN / 2 - 0.5)], "hair")
    return y + BETWEEN


def _numbers(canvas: Canvas, drawing: Drawing, row: _Row, place: tuple[float, float, float]) -> float:
    """The difference with its interval, the shares, and the people of both groups."""
    (x, y, room), words = place, drawing.words
    said = [
        words.say(
            "{difference} points ({low} to {high})",
            difference=_points(drawing, row.difference), low=_points(drawing, row.low), high=_points(drawing, row.high),
        ),
        words.say("{a} against {b}", a=words.share(row.shares[0]), b=words.share(row.shares[1])),
    ]  # fmt: skip
    if not row.clear:
        said.append(words.say("not clear"))
    for line in wrap(" · ".join(said), "record", 12, room, 4).lines:
        canvas.add(Text(x, y + 12, line, 12))
        y += LINE
    left = x
    for text, count, group in row.counts:
        shown = words.number(count)
        wide = width(f"{shown} {text}", "record", SMALL)
        if left > x and left + wide > x + room:
            left, y = x, y + 24
        number_ = Text(left, y + 13, shown, SMALL, role="door" if count else "ink")
        name = words.name(row.value)
        if count:
            door(canvas, f"{name}, {text}: {shown}", drawing.lead({"group": group, "value": row.value}, {}), [number_])
        else:
            canvas.add(number_)
        canvas.add(Text(left + wide, y + 13, text, SMALL, anchor="end", role="soft"))
        left += wide + 16
    return y + LINE + 2


def signs(result: Result[Any], drawing: Drawing) -> list[tuple[str, str]]:
    """How to read dots, and what they do not say."""
    if not result.rows:
        return []
    words = drawing.words
    found = [
        words.say("Dot: difference of the shares in percentage points; line: its 95 % interval."),
        words.say("Open dots: not clear, the interval holds zero or a group is small."),
        words.say("This is an association, not a cause: the groups may differ for other reasons."),
    ]
    if having := getattr(result.question, "having", ()):
        found.insert(0, words.say("Group a: journeys with “{kinds}”, group b: without.", kinds=words.names(having)))
    elif result.question.name == "compare":
        found.insert(0, words.called(result.question).groups(words.language))  # type: ignore[attr-defined]  # it has
    if len(result.rows) > SHOWN:
        more = len(result.rows) - SHOWN + result.other.rows
        found.append(words.counted("{n} more is in the table.", "{n} more are in the table.", more))
    return [("", text) for text in found]


def facts(result: Result[Any], drawing: Drawing) -> list[Fact]:
    """How many differences are clear."""
    rows = _rows(result, drawing)
    if not rows:
        return []
    clear, words = sum(row.clear for row in rows), drawing.words
    text = words.counted(
        "of {of} difference is clear", "of {of} differences are clear", len(rows), of=words.number(len(rows))
    )
    return [Fact(words.number(clear), "", text)]


def twin(result: Result[Any], drawing: Drawing) -> Twin:
    """Every difference as a row."""
    words, of = drawing.words, said_of(result)
    rows = _rows(result, drawing)
    heads: Sequence[str] = [text for text, _, _ in rows[0].counts] if rows else ()
    found = [
        (
            Cell(words.name(row.value, of)),
            *(
                Cell(words.number(count), drawing.lead({"group": group, "value": row.value}, {}) if count else "")
                for _, count, group in row.counts
            ),
            *(Cell(words.share(share)) for share in row.shares),
            *(Cell(_points(drawing, share)) for share in (row.difference, row.low, row.high)),
            Cell(words.say("yes") if row.clear else words.say("no")),
        )
        for row in rows
    ]
    shares = (
        (words.say("success with it"), words.say("success without it"))
        if result.question.name == "correlation"
        else (words.say("share in a"), words.say("share in b"))
    )
    columns = [*heads, *shares, words.say("points"), words.say("at least"), words.say("at most")]
    first, last = Column(words.say("What happens")), Column(words.say("clear"))
    return Twin((first, *(Column(head, numeric=True) for head in columns), last), tuple(found))
