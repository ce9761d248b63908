"""The map of many while it is drawn: its columns on a wide page, or its steps below each other on a phone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geleit.charts.drawing import Drawing, door
from geleit.charts.listing import ROW, SMALL, At, listed, small_door
from geleit.maps.plan import LABELS, PAD, set_head
from geleit.maps.scene import Canvas
from geleit.maps.type import Face, wrap

if TYPE_CHECKING:
    from geleit.analytics.experience import Part
    from geleit.analytics.result import Result
    from geleit.analytics.typical import TypicalStep

NARROW, WIDE = 92.0, 196.0  # px: a column
GUTTER = 10.0  # px between the texts of two columns
LISTED = 3  # values named in a cell; the others are one number


@dataclass(frozen=True)
class Along:
    """An answer while it is drawn: columns of ``column`` px on a picture of ``wide`` px."""

    result: Result[TypicalStep]
    drawing: Drawing
    column: float
    wide: float

    @property
    def steps(self) -> Sequence[TypicalStep]:
        """The steps; the beginning, which stands for all journeys, first."""
        return self.result.rows

    @property
    def everybody(self) -> int:
        """All journeys."""
        return self.steps[0].journeys

    def left(self, place: int) -> float:
        """Where a column begins."""
        return LABELS + place * self.column

    def middle(self, place: int) -> float:
        """The middle of a column."""
        return LABELS + (place + 0.5) * self.column

    def name(self, step: TypicalStep) -> str:
        """What people call a step."""
        return self.drawing.words.name(step.kind) if step.step else self.drawing.words.say("All journeys")

    def lead(self, part: str, step: int, **more: object) -> str:
        """The people of a cell."""
        return self.drawing.lead({"part": part, "source": step, **more}, {})

    def in_table(self) -> str:
        """All numbers, also those that a cell only counts."""
        return self.drawing.again({"rows": "all"}).replace("#picture", "#table")


@dataclass(frozen=True, slots=True)
class Lane:
    """What is told of every step: its head, of which steps there is something to tell, and how (returns where it ends)."""

    title: str
    sub: str
    has: Callable[[TypicalStep], bool]
    cell: Callable[[Canvas, Along, TypicalStep, At], float]
    more: Callable[[Canvas, Along, float], float] = lambda _canvas, _picture, y: y
    """What stands below the head: what shades mean, a sum."""


def lane(canvas: Canvas, picture: Along, its: Lane, top: float) -> float:
    """Draw a lane across all columns, below a hairline; nothing where no step has anything to tell."""
    if not any(its.has(step) for step in picture.steps):
        return top
    words = picture.drawing.words
    canvas.line([(0, top), (picture.wide, top)], "hair")
    y = top + PAD
    bottom = its.more(canvas, picture, set_head(canvas, y, words.say(its.title), words.say(its.sub) if its.sub else ""))
    for place, step in enumerate(picture.steps):
        if its.has(step):
            low = its.cell(canvas, picture, step, At(picture.left(place) + 1, y, picture.column - GUTTER))
            bottom = max(bottom, low)
    return bottom + PAD


def parts(canvas: Canvas, picture: Along, step: TypicalStep, named: tuple[str, Sequence[Part]], at: At) -> float:
    """The kinds met most, each with its number, and how many others there are."""
    part, found = named
    words = picture.drawing.words
    shown = found[:LISTED]
    said = [
        (
            words.name(one.value) if one.value else words.say("nothing more"),
            words.number(one.journeys),
            picture.lead(part, step.step, value=one.value),
            "",
        )
        for one in shown
    ]
    y = listed(canvas, at, said)
    rest = found[LISTED:]
    if not rest:
        return y
    text = words.counted("+ {n} other way", "+ {n} other ways", len(rest))
    if part == "left":  # whoever leaves does one thing next: the rest is a number of journeys
        count = words.number(sum(one.journeys for one in rest))
        href = picture.drawing.lead({"part": part, "source": step.step}, {"value": [one.value for one in shown]})
        return listed(canvas, At(at.x, y, at.room), [(text, count, href, "")])
    return further(canvas, picture, text, At(at.x, y, at.room))


def further(canvas: Canvas, picture: Along, text: str, at: At) -> float:
    """How much more there is; it opens in the table."""
    y, texts = at.y, []
    for line in wrap(text, "record", SMALL, at.room, 2).lines:
        y += ROW
        texts.append(small_door(at.x, y, line, SMALL))
    door(canvas, text, picture.in_table(), texts)
    return y + 10


def cut(text: str, room: float, face: Face = "record", size: float = SMALL) -> str:
    """The text in one line, cut where it does not fit."""
    return wrap(text, face, size, room, 1).lines[0]
