"""Rows of bars side by side: a name, and for each column a bar with its number; on narrow pages the columns stand below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geleit.charts.drawing import LABEL, LINE, Drawing, door
from geleit.maps.scene import Canvas, Rect, Text
from geleit.maps.style import NO_TONE
from geleit.maps.type import width, wrap

BESIDE = 620.0  # px: a picture at least so wide has the columns side by side
NAMES = 0.2  # of the width: the names
STACKED = 0.5  # of a narrow page: what columns are called; their bars stand beside it
HIGH = 12.0  # px: height of a bar
SMALL = 11.5
GAP = 18.0  # px between two columns
BETWEEN = 22.0  # px between two rows


@dataclass(frozen=True, slots=True)
class Bar:
    """A number of a row: ``part`` of the column's longest bar (0 = only the text), and the words after the number.

    ``within``: the ends of the number's range, as parts like the bar's.
    """

    number: str
    part: float = 0.0
    href: str = ""
    after: str = ""
    within: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A name, what is told below it, and a bar for each column."""

    name: str
    bars: tuple[Bar, ...]
    tone: str = NO_TONE
    note: str = ""


def rows(canvas: Canvas, drawing: Drawing, heads: Sequence[str], its: Sequence[Row], top: float) -> float:
    """Draw them from ``top`` on; returns where they end."""
    beside = drawing.width >= BESIDE
    left = drawing.width * NAMES if beside else 0.0
    each = (drawing.width - left) / max(len(heads), 1)
    y = _heads(canvas, heads, (left, each), top) if beside and its else top
    for row in its:
        low = _name(canvas, row, left - GAP if beside else drawing.width, y)
        if beside:
            ends = [
                _bar(canvas, row, bar, head, (left + at * each, y, each - GAP))
                for at, (head, bar) in enumerate(zip(heads, row.bars, strict=True))
            ]
            y = max([low, *ends])
        else:
            y = low
            for head, bar in zip(heads, row.bars, strict=True):
                told = y
                for line in wrap(head, "record", SMALL, drawing.width * STACKED - GAP, 4).lines:
                    canvas.add(Text(0, told + 13, line, SMALL, role="soft"))
                    told += LINE
                left = drawing.width * STACKED
                y = max(told, _bar(canvas, row, bar, head, (left, y, drawing.width - left - 1))) + 2
        canvas.line([(0, y + BETWEEN / 2 - 0.5), (drawing.width - 1, y + BETWEEN / 2 - 0.5)], "hair")
        y += BETWEEN
    return y


def _heads(canvas: Canvas, heads: Sequence[str], place: tuple[float, float], top: float) -> float:
    (left, each), low = place, top
    for at, head in enumerate(heads):
        lines = wrap(head, "strong", 12, each - GAP, 4).lines
        for nth, line in enumerate(lines):
            canvas.add(Text(left + at * each, top + 12 + nth * 15, line, 12, "strong"))
        low = max(low, top + len(lines) * 15)
    canvas.line([(0, low + 6.5), (left + each * len(heads) - GAP, low + 6.5)], "rule")
    return low + 16


def _name(canvas: Canvas, row: Row, room: float, top: float) -> float:
    y = top
    for line in wrap(row.name, "strong", LABEL, room, 5).lines:
        canvas.add(Text(0, y + 13, line, LABEL, "strong"))
        y += LINE
    for line in wrap(row.note, "record", SMALL, room, 3).lines if row.note else ():
        canvas.add(Text(0, y + 12, line, SMALL, role="soft"))
        y += LINE
    return y + 2


def _bar(canvas: Canvas, row: Row, bar: Bar, head: str, place: tuple[float, float, float]) -> float:
    """A number, what is told after it, and its bar below; returns where it ends."""
    x, top, room = place
    role = "door" if bar.href else "ink"
    text = Text(x, top + 13, bar.number, LABEL, "record", role=role)
    if bar.href:
        door(canvas, f"{row.name}, {head}: {bar.number}", bar.href, [text])
    else:
        canvas.add(text)
    y, wide = top + 19, width(bar.number, "record", LABEL)
    if bar.after:
        fits = wide + 6 + width(bar.after, "record", SMALL) <= room
        if fits:
            canvas.add(Text(x + wide + 6, top + 13, bar.after, SMALL, role="soft"))
        else:
            for line in wrap(bar.after, "record", SMALL, room, 3).lines:
                canvas.add(Text(x, y + 11, line, SMALL, role="soft"))
                y += 15
            y += 2
    if bar.part > 0:
        canvas.add(Rect(x, y + 2, max(bar.part * room, 1.0), HIGH, f"bar{row.tone}", ground=True))
        if bar.within:
            _range(canvas, [x + part * room for part in bar.within], y + 2 + HIGH / 2)
        y += HIGH + 4
    return y + 2


def _range(canvas: Canvas, ends: Sequence[float], y: float) -> None:
    """A line over the bar's end, from where to where its number may be."""
    canvas.line([(ends[0], y), (ends[1], y)], "start")
    for x in ends:
        canvas.line([(x, y - 3.5), (x, y + 3.5)], "start")
