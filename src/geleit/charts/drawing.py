"""What every chart is drawn with: whose words, how wide, where numbers lead; and what stands around a picture in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from geleit.charts.words import Words
from geleit.maps.plan import PAGE, Paragraph, set_paragraphs
from geleit.maps.scene import Box, Canvas, Door, Rect, Scene, Text, number
from geleit.maps.type import width, wrap

if TYPE_CHECKING:
    from geleit.analytics.result import Result

HIT = 24.0  # px: what can be pressed is at least so high and wide
LINE = 16.0  # px from line to line of a label
LABEL = 13.0  # px: size of a label
EDGE = 24.0  # px of paper around a picture file
TALL = 620.0  # px: narrower pictures stand tall, so that a phone shows them whole


class Lead(Protocol):
    """Where a number leads: to the people of a cell, but those of ``less`` (values of the cell's columns)."""

    def __call__(self, cell: Mapping[str, object], less: Mapping[str, Sequence[str]] = ..., /) -> str: ...


def nowhere(_cell: Mapping[str, object], _less: Mapping[str, Sequence[str]] | None = None, /) -> str:
    """In a file numbers lead nowhere."""
    return ""


def _same(_changes: Mapping[str, str]) -> str:
    return ""


@dataclass(frozen=True)
class Drawing:
    """For whom a chart is drawn, how wide (px), where its numbers lead, and what the reader chose of the picture itself.

    ``again`` gives the address of the same page with other choices; ``rows`` = how many rows of the table are wanted;
    ``kept`` holds what picture, facts and signs of one answer share.
    """

    words: Words
    lead: Lead = nowhere
    width: float = PAGE
    chosen: Mapping[str, str] = field(default_factory=dict)
    again: Callable[[Mapping[str, str]], str] = _same
    rows: int | None = None
    kept: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that matters, the people behind it, and the words after it."""

    number: str
    href: str
    words: str


def hatched(x: float, y: float, wide: float, high: float, step: float = 5.0) -> str:
    """Path data of slanted lines that fill a rectangle."""
    parts = []
    at = step / 2
    while at < wide + high:
        x0, y0 = (x + at, y) if at <= wide else (x + wide, y + at - wide)
        x1, y1 = (x, y + at) if at <= high else (x + at - high, y + high)
        parts.append(f"M{number(x0)} {number(y0)}L{number(x1)} {number(y1)}")
        at += step
    return "".join(parts) or f"M{number(x)} {number(y)}"


def reach(canvas: Canvas) -> float:
    """How far to the right anything is drawn."""
    return max((box.right for mark in canvas.marks for box in mark.boxes), default=0.0)


def door(canvas: Canvas, label: str, href: str, texts: Sequence[Text]) -> None:
    """Texts that lead somewhere together, with room to press them."""
    boxes = [box for text in texts for box in text.boxes]
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    top, bottom = min(box.top for box in boxes), max(box.bottom for box in boxes)
    more, taller = max(0.0, HIT - (right - left)) / 2, max(0.0, HIT - (bottom - top)) / 2
    canvas.add(Door(href, label, tuple(texts), Box(left - more, top - taller, right + more, bottom + taller)))


def named_number(canvas: Canvas, at: tuple[float, float], room: float, said: tuple[str, str], *, href: str) -> float:
    """A name with its number after it, wrapped into ``room`` px from ``at`` (left, top) on; returns where it ends.

    ``said`` = (name, number). The whole is one door.
    """
    (x, top), (name, number) = at, said
    lines = list(wrap(name, "strong", LABEL, room, 4).lines)
    texts = [Text(x, top + 13 + place * LINE, line, LABEL, "strong") for place, line in enumerate(lines)]
    after = x + width(lines[-1], "strong", LABEL) + 5 if lines else x
    fits = after + width(number, "record", LABEL) <= x + room
    line = len(lines) - 1 if fits else len(lines)
    texts.append(Text(after if fits else x, top + 13 + line * LINE, number, LABEL, "record", role="door"))
    door(canvas, f"{name}: {number}", href, texts)
    return top + (line + 1) * LINE


def heading(canvas: Canvas, result: Result[Any], title: str, drawing: Drawing) -> float:
    """What a picture that stands alone says of itself: its question, what is counted, as of when; returns where it ends."""
    words = drawing.words
    limit = min(drawing.width, PAGE)
    said = [
        Paragraph(title, "strong", 22),
        Paragraph(words.explain(result), "record", 14, "soft"),
        Paragraph(words.say("As of {moment}.", moment=words.moment(result.as_of.at)), "record", 14, "soft"),
    ]
    return set_paragraphs(canvas, said, 0, 0, limit * 0.9, anchor="start") + 18


def legend(canvas: Canvas, top: float, signs: Sequence[tuple[str, str]], limit: float) -> float:
    """What colors mean (role, words) and what else needs a word (no role), in lines; returns where it ends."""
    x, y = 0.0, top + 14
    for role, name in signs:
        sign = 22.0 if role else 0.0
        lines = wrap(name, "record", 12, limit - sign).lines
        wide = sign + max(width(line, "record", 12) for line in lines)
        if x and x + wide > limit:
            x, y = 0.0, y + 20
        if role:
            canvas.add(Rect(x, y - 9, 16, 10, role))
        for line in lines:
            canvas.add(Text(x + sign, y, line, 12, "record", "start", "soft"))
            y += 15 if line != lines[-1] else 0
        x += wide + 22
    return y + 10


def finished(
    canvas: Canvas,
    low: float,
    result: Result[Any],
    drawing: Drawing,
    name: str,
    *,
    told: Sequence[tuple[str, str]] = (),
) -> Scene:
    """The picture that ends at ``low``, with a legend if there is something ``told``."""
    low = legend(canvas, low, told, drawing.width) if told else low
    far, words = reach(canvas), drawing.words
    right = far + 1 if far > drawing.width else drawing.width
    return Scene(right, low + 4, tuple(canvas.marks), name, words.explain(result), words.language)


def said_of(result: Result[Any]) -> str:
    """What the values of a question are: kind, channel, stage, and so on."""
    return str(getattr(result.question, "of", "kind"))


def rarer(result: Result[Any], drawing: Drawing) -> list[tuple[str, str]]:
    """What is folded into the rest of the rows, for the legend."""
    if not (rest := result.other.rows):
        return []
    one, many = "{n} rarer one is not drawn; the CSV has it.", "{n} rarer ones are not drawn; the CSV has them."
    return [("", drawing.words.counted(one, many, rest))]
