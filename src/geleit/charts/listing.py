"""Names below each other, each with its number, which leads to its people: cells of lanes, and pictures on phones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geleit.charts.drawing import LABEL, door
from geleit.maps.scene import Canvas, Text
from geleit.maps.type import width, wrap

ROW = 14.0  # px from line to line
SMALL = 11.5


@dataclass(frozen=True, slots=True)
class At:
    """Where a cell is drawn: its left edge, its top, and how wide it may be."""

    x: float
    y: float
    room: float


def listed(canvas: Canvas, at: At, said: Sequence[tuple[str, str, str, str]]) -> float:
    """Names, each with its number (which leads somewhere) and what is told after it; returns where they end."""
    y = at.y
    for name, count, href, after in said:
        lines = wrap(name, "record", SMALL, at.room, 3).lines
        for line in lines:
            y += ROW
            canvas.add(Text(at.x, y, line, SMALL, "record"))
        x = at.x + width(lines[-1], "record", SMALL) + 4
        wide = width(f"{count} {after}".strip(), "record", SMALL)
        if x + wide > at.x + at.room:
            x, y = at.x, y + ROW
        door(canvas, f"{name}: {count}", href, [small_door(x, y, count, SMALL)])
        if after:
            canvas.add(Text(x + width(count + " ", "record", SMALL), y, after, SMALL, role="soft"))
        y += 10
    return y


def small_door(x: float, y: float, text: str, size: float = LABEL) -> Text:
    """A number that leads somewhere."""
    return Text(x, y, text, size, "record", role="door")
