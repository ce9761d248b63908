"""A picture before it is written down: marks and texts with their places, so that a test can ask what touches what."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from geleit.maps.type import ASCENT, DESCENT, Face, width

SLACK = 0.25  # px that boxes may share before they count as touching
STRIDE = 6.0  # px: a slanted stroke is boxed in pieces of this height


class Box(NamedTuple):
    """A rectangle in px, y downward."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether both share more than a hair's breadth."""
        return (
            self.left + SLACK < other.right
            and other.left + SLACK < self.right
            and self.top + SLACK < other.bottom
            and other.top + SLACK < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text: ``y`` is the baseline, ``anchor`` start, middle or end. ``full`` is set where it was cut."""

    x: float
    y: float
    text: str
    size: float
    face: Face = "record"
    anchor: str = "start"
    role: str = "ink"
    full: str = ""

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The space of the line, by the font's own measure."""
        wide = width(self.text, self.face, self.size)
        left = self.x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return (Box(left, self.y - ASCENT * self.size, left + wide, self.y + DESCENT * self.size),)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A drawn line, open or closed: SVG path data, a role, and the boxes it fills. A ``ground`` is written upon."""

    d: str
    role: str
    boxes: tuple[Box, ...]
    ground: bool = False


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle; a ``ground`` is written upon."""

    x: float
    y: float
    width: float
    height: float
    role: str
    radius: float = 0
    ground: bool = False

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Its own space."""
        return (Box(self.x, self.y, self.x + self.width, self.y + self.height),)


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle."""

    x: float
    y: float
    radius: float
    role: str
    ground: bool = False

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The square around it."""
        return (Box(self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius),)


Mark = Text | Stroke | Rect | Circle


@dataclass(frozen=True, slots=True)
class Node:
    """A step's own mark with its numeral: one thing to press, with a full text label and the events it opens."""

    number: int
    event_ids: tuple[str, ...]
    label: str
    marks: tuple[Mark, ...]
    x: float
    y: float
    reach: float = 13

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The space of all its drawn marks."""
        return tuple(box for mark in self.marks if not isinstance(mark, Text) for box in mark.boxes)


@dataclass(frozen=True, slots=True)
class Door:
    """Marks that lead somewhere, as a number leads to its people; ``hit`` is what can be pressed.

    ``quiet``: the same way stands elsewhere, too, so that keyboards and screen readers pass it by.
    """

    href: str
    label: str
    marks: tuple[Mark, ...]
    hit: Box | None = None
    quiet: bool = False

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The space of all its marks."""
        return tuple(box for mark in self.marks for box in mark.boxes)


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole picture in px. ``title`` and ``description`` say in words what it shows."""

    width: float
    height: float
    marks: tuple[Mark | Node | Door, ...]
    title: str
    description: str
    language: str = "en"

    def texts(self) -> Iterator[Text]:
        """Every text of the picture, numerals in nodes included."""
        for mark in self.marks:
            if isinstance(mark, Node | Door):
                yield from (inner for inner in mark.marks if isinstance(inner, Text))
            elif isinstance(mark, Text):
                yield mark

    def collisions(self) -> list[str]:
        """What is wrong with the picture, in words: texts that touch a text or a mark, or leave the picture."""
        opened = [inner for mark in self.marks for inner in (mark.marks if isinstance(mark, Door) else (mark,))]
        spaces = sorted(((box, mark) for mark in opened if not _ground(mark) for box in mark.boxes), key=_by_left)
        found = [f"{_name(mark)} leaves the picture" for box, mark in spaces if not self._holds(box)]
        active: list[tuple[Box, Mark | Node]] = []
        for box, mark in spaces:
            active = [(other, its) for other, its in active if other.right > box.left]
            for other, its in active:
                if its is not mark and _must_not_meet(mark, its) and box.meets(other):
                    found.append(f"{_name(its)} meets {_name(mark)} at {box.left:.0f},{box.top:.0f}")
            active.append((box, mark))
        return found + [problem for mark in self.marks if isinstance(mark, Node) for problem in _numeral_outside(mark)]

    def _holds(self, box: Box) -> bool:
        return box.left > -1 and box.top > -1 and box.right < self.width + 1 and box.bottom < self.height + 1


def _by_left(space: tuple[Box, Mark | Node]) -> float:
    return space[0].left


def _ground(mark: Mark | Node) -> bool:
    return not isinstance(mark, Text | Node) and mark.ground


def _must_not_meet(one: Mark | Node, other: Mark | Node) -> bool:
    """Texts keep clear of everything, nodes of each other; strokes may cross strokes and run into nodes."""
    return isinstance(one, Text) or isinstance(other, Text) or (isinstance(one, Node) and isinstance(other, Node))


def _numeral_outside(node: Node) -> list[str]:
    inside = Box(node.x - node.reach, node.y - node.reach, node.x + node.reach, node.y + node.reach)
    boxes = [box for mark in node.marks if isinstance(mark, Text) for box in mark.boxes]
    outside = any(box.left < inside.left or box.right > inside.right for box in boxes)
    return [f"numeral of step {node.number} leaves its node"] if outside else []


def _name(mark: Mark | Node) -> str:
    if isinstance(mark, Text):
        return f"text '{mark.text}'"
    if isinstance(mark, Node):
        return f"node {mark.number}"
    return f"{type(mark).__name__.lower()} {mark.role}"


@dataclass(slots=True)
class Canvas:
    """Where lanes draw; becomes a scene when all have."""

    marks: list[Mark | Node | Door] = field(default_factory=list)

    def add(self, *marks: Mark | Node | Door) -> None:
        """Put marks on top of what is drawn."""
        self.marks.extend(marks)

    def line(self, points: Sequence[tuple[float, float]], role: str, *, thick: float = 1, corner: float = 0) -> None:
        """A stroke through points, its corners rounded by ``corner`` px; ``thick`` is its width for collisions."""
        boxes = tuple(box for start, end in itertools.pairwise(points) for box in _stretch(start, end, thick / 2))
        self.marks.append(Stroke(_rounded(points, corner), role, boxes))


def _stretch(start: tuple[float, float], end: tuple[float, float], half: float) -> Iterator[Box]:
    """A straight stretch as small boxes, so that a slant does not claim its whole rectangle."""
    (x0, y0), (x1, y1) = start, end
    pieces = 1 if x0 == x1 or y0 == y1 else max(1, int(abs(y1 - y0) / STRIDE))
    for piece in range(pieces):
        ax, ay = x0 + (x1 - x0) * piece / pieces, y0 + (y1 - y0) * piece / pieces
        bx, by = x0 + (x1 - x0) * (piece + 1) / pieces, y0 + (y1 - y0) * (piece + 1) / pieces
        yield Box(min(ax, bx) - half, min(ay, by) - half, max(ax, bx) + half, max(ay, by) + half)


def _rounded(points: Sequence[tuple[float, float]], corner: float) -> str:
    """Path data with each inner corner replaced by a quadratic curve."""
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        if corner:
            ax, ay = _toward(at, before, corner)
            bx, by = _toward(at, after, corner)
            parts.append(f"L{number(ax)} {number(ay)}Q{number(at[0])} {number(at[1])} {number(bx)} {number(by)}")
        else:
            parts.append(f"L{number(at[0])} {number(at[1])}")
    return "".join(parts) + f"L{number(points[-1][0])} {number(points[-1][1])}"


def _toward(start: tuple[float, float], end: tuple[float, float], reach: float) -> tuple[float, float]:
    (x0, y0), (x1, y1) = start, end
    length = float(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5) or 1.0
    share = min(reach, length / 2) / length
    return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share


def number(value: float) -> str:
    """A coordinate as SVG wants it: two decimals at most, no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"
