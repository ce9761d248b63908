"""The ground plan of a wide map: which steps stand in which columns, and cells of text set under them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geleit.maps.icons import ICON, Icon, draw_icon
from geleit.maps.journey import Journey, Step
from geleit.maps.scene import Canvas, Text
from geleit.maps.type import ASCENT, LEADING, Face, wrap

PAGE = 1344.0  # px: content width of a page at full size
LABELS = 152.0  # px: the label column; columns of steps begin after it
HEAD_GAP = 14.0  # px kept free between a lane's head and its matter
COLUMN_MIN, COLUMN_MAX = 66.0, 150.0
GUTTER = 5.0  # px between the texts of two columns
PAD = 12.0  # px above and below the matter of a lane
CELL_LINES = 24  # generous: a cell is cut only beyond
ICON_GAP = 4.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps ``first`` up to ``last`` (exclusive) of a journey in columns of equal width, from ``left`` on."""

    journey: Journey
    first: int
    last: int
    column: float
    width: float
    left: float = LABELS

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that are drawn."""
        return self.journey.steps[self.first : self.last]

    @property
    def right(self) -> float:
        """Where the last column ends."""
        return self.edge(len(self.steps))

    def edge(self, place: int) -> float:
        """Left border of a column."""
        return self.left + place * self.column

    def centre(self, place: int) -> float:
        """Middle of a column."""
        return self.left + (place + 0.5) * self.column

    def runs(self, values: Sequence[str]) -> Iterator[tuple[int, int, str]]:
        """(first, last exclusive, value) of every row of equal neighbours."""
        start = 0
        for place in range(1, len(values) + 1):
            if place == len(values) or values[place] != values[start]:
                yield start, place, values[start]
                start = place


def plan(journey: Journey, first: int, last: int | None, column: float | None = None) -> Plan:
    """Columns for a page of 1344 px: as wide as the page allows; beyond 18 steps the picture grows wider than it.

    A given ``column`` width is kept instead, and the picture is as wide as its columns are (for paper).
    """
    end = len(journey.steps) if last is None else last
    count = max(end - first, 1)
    if column is not None:
        return Plan(journey, first, end, column, max(PAGE / 2, LABELS + count * column))
    column = min(COLUMN_MAX, max(COLUMN_MIN, (PAGE - LABELS) / count))
    return Plan(journey, first, end, column, max(PAGE, LABELS + count * column))


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A text of a cell in one face, size and role; ``icon`` stands above it."""

    text: str
    face: Face = "record"
    size: float = 11.5
    role: str = "ink"
    icon: Icon | None = None


def set_paragraphs(
    canvas: Canvas, paragraphs: Sequence[Paragraph], x: float, top: float, width: float, *, anchor: str = "middle"
) -> float:
    """Set paragraphs below each other at ``x``; returns where the last one ends."""
    y = top
    for paragraph in paragraphs:
        if paragraph.icon:
            middle = x if anchor == "middle" else x + ICON / 2
            y += ICON_GAP if y > top else 0
            draw_icon(canvas, paragraph.icon, middle, y + ICON / 2)
            y += ICON + ICON_GAP
        wrapped = wrap(paragraph.text, paragraph.face, paragraph.size, width, CELL_LINES)
        for place, line in enumerate(wrapped.lines):
            full = paragraph.text if wrapped.cut and place == len(wrapped.lines) - 1 else ""
            baseline = y + ASCENT * paragraph.size
            canvas.add(Text(x, baseline, line, paragraph.size, paragraph.face, anchor, paragraph.role, full))
            y += LEADING * paragraph.size
    return y


def set_head(canvas: Canvas, top: float, title: str, sub: str = "", width: float = LABELS - HEAD_GAP) -> float:
    """A lane's head in the label column; returns where it ends."""
    head = [Paragraph(title, "strong", 13)] + ([Paragraph(sub, "record", 12, "soft")] if sub else [])
    return set_paragraphs(canvas, head, 0, top, width, anchor="start")


def cell_width(plan: Plan, cells: Sequence[Sequence[Paragraph]], place: int) -> float:
    """A cell between two empty ones reaches half a column into both."""
    inside = 0 < place < len(cells) - 1
    alone = inside and not cells[place - 1] and not cells[place + 1]
    return plan.column * (2 if alone else 1) - GUTTER


def cell_lane(
    canvas: Canvas, plan: Plan, top: float, head: tuple[str, str], cells: Sequence[Sequence[Paragraph]]
) -> float:
    """A lane of texts under their steps with its head; returns where it ends, its own space included."""
    bottom = set_head(canvas, top + PAD, *head)
    for place, cell in enumerate(cells):
        ends = set_paragraphs(canvas, cell, plan.centre(place), top + PAD + 1, cell_width(plan, cells, place))
        bottom = max(bottom, ends)
    return bottom + PAD


def rule(canvas: Canvas, plan: Plan, y: float, role: str = "hair") -> None:
    """A hairline over the whole picture."""
    canvas.line([(0, y), (plan.width, y)], role)
