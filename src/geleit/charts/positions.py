"""The step matrix as a grid: a row for each event, a column for each place, darker where more journeys have it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geleit.charts.drawing import LABEL, Drawing, Fact, finished, heading, named_number
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.scene import Box, Canvas, Door, Rect, Scene, Text
from geleit.maps.style import NO_TONE
from geleit.maps.type import width, wrap

if TYPE_CHECKING:
    from geleit.analytics.occurrences import Placed
    from geleit.analytics.result import Result

STEPS = (0.02, 0.05, 0.12, 0.25)  # shares at which a cell gets darker
MOST = 20  # rows shown, those that most journeys have anywhere; the table has all
GRID = 620.0  # px: narrower pictures tell each place in rows of bars
LISTED = 4  # rows of a place there
NAMES = 0.2  # of the width: the names
HIGH, GAP = 34.0, 2.0
SMALL = 11.5


@dataclass(frozen=True)
class _Matrix:
    """The answer by value and place."""

    result: Result[Placed]
    drawing: Drawing
    cells: dict[tuple[str, int], Placed]
    values: Sequence[str]
    folded: Sequence[str]
    depth: int

    def name(self, value: str) -> str:
        """What people call a value; '' = nobody goes on."""
        words = self.drawing.words
        return words.name(value, str(getattr(self.result.question, "of", "kind"))) if value else words.say("at an end")

    def tone(self, value: str) -> str:
        """The color of its stage."""
        of = str(getattr(self.result.question, "of", "kind"))
        return self.drawing.words.tone(value, of) if value else NO_TONE

    def lead(self, one: Placed) -> str:
        """The people of a cell."""
        return self.drawing.lead({"step": one.step, "value": one.value}, {})

    def there(self, step: int) -> list[Placed]:
        """What journeys have at a place, the most frequent first."""
        return [row for row in self.rows if row.step == step]

    @property
    def rows(self) -> list[Placed]:
        """All cells."""
        return [*self.result.rows, *self.result.other.open()]


def _matrix(result: Result[Placed], drawing: Drawing) -> _Matrix:
    rows = [*result.rows, *result.other.open()]
    total: dict[str, int] = {}
    for row in rows:
        if row.value:
            total[row.value] = total.get(row.value, 0) + row.journeys
    ranked = sorted(total, key=lambda value: (-total[value], value))
    kept = ranked if len(ranked) <= MOST + 1 else ranked[:MOST]
    values = [*kept, *([""] if any(not row.value for row in rows) else [])]
    cells = {(row.value, row.step): row for row in rows}
    depth = max((row.step for row in rows), default=0)
    return _Matrix(result, drawing, cells, values, ranked[len(kept) :], depth)


def draw(result: Result[Placed], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows. On a narrow page each place is told by itself."""
    words, canvas, matrix = drawing.words, Canvas(), _matrix(result, drawing)
    y = heading(canvas, result, title, drawing) if title else 0.0
    y = _grid(canvas, matrix, y) if _fits(matrix) else _places(canvas, matrix, y)
    told = signs(result, drawing) if title else ()
    return finished(canvas, y + 8 if told else y, result, drawing, title or words.say("Step matrix"), told=told)


def _fits(matrix: _Matrix) -> bool:
    """Whether a grid has room for its longest number."""
    drawing = matrix.drawing
    each = drawing.width * (1 - NAMES) / max(matrix.depth, 1) - GAP
    longest = max((width(drawing.words.number(one.journeys), "strong", SMALL) for one in matrix.rows), default=0.0)
    return drawing.width >= GRID and longest + 4 <= each


def _grid(canvas: Canvas, matrix: _Matrix, top: float) -> float:
    """Rows of cells below the numbers of the places."""
    drawing, words = matrix.drawing, matrix.drawing.words
    left = drawing.width * NAMES
    each = (drawing.width - left) / max(matrix.depth, 1)
    canvas.add(Text(left, top + 12, words.say("at this place of the journey"), 12, role="soft"))
    for step in range(1, matrix.depth + 1):
        canvas.add(Text(left + (step - 0.5) * each, top + 32, words.number(step), 12, "strong", "middle"))
    y = top + 42
    canvas.line([(0, y - 3.5), (drawing.width - 1, y - 3.5)], "rule")
    for value in matrix.values:
        lines = wrap(matrix.name(value), "strong", 12.5, left - 16, 2).lines
        for at, line in enumerate(lines):
            canvas.add(Text(0, y + HIGH / 2 + 4 + (at - (len(lines) - 1) / 2) * 14, line, 12.5, "strong"))
        for step in range(1, matrix.depth + 1):
            box = Box(left + (step - 1) * each, y, left + step * each - GAP, y + HIGH)
            if one := matrix.cells.get((value, step)):
                _cell(canvas, matrix, one, box)
        y += HIGH + GAP
    return y


def _cell(canvas: Canvas, matrix: _Matrix, one: Placed, box: Box) -> None:
    """A share on its tint; it leads to the journeys."""
    words = matrix.drawing.words
    tint = 1 + sum(one.share >= step for step in STEPS)
    canvas.add(Rect(box.left, box.top, box.right - box.left, box.bottom - box.top, f"tint{tint}", ground=True))
    share, count = words.share(one.share), words.number(one.journeys)
    wide, middle = box.right - box.left - 4, (box.left + box.right) / 2
    texts = [Text(middle, box.top + 15, count, SMALL, "strong", "middle", "door")]
    if width(share, "record", 11) <= wide:
        texts.append(Text(middle, box.top + 29, share, 11, "record", "middle"))
    label = f"{one.step}, {matrix.name(one.value)}: {count}, {share}"
    canvas.add(Door(matrix.lead(one), label, tuple(texts), box))


def _places(canvas: Canvas, matrix: _Matrix, top: float) -> float:
    """On a phone: every place with what most journeys have there, and how many others there are."""
    drawing, words = matrix.drawing, matrix.drawing.words
    y = top
    for step in range(1, matrix.depth + 1):
        there = [one for one in matrix.there(step) if one.value]
        ended = [one for one in matrix.there(step) if not one.value]
        canvas.add(Text(0, y + 14, words.say("Place {n}", n=words.number(step)), 14, "strong"))
        y += 26
        for one in [*there[:LISTED], *ended]:
            said = (matrix.name(one.value), words.number(one.journeys))
            y = named_number(canvas, (0, y), drawing.width - 90, said, href=matrix.lead(one))
            canvas.add(Text(drawing.width - 1, y - 3, words.share(one.share), 12, "record", "end", "soft"))
            wide = max((drawing.width - 1) * one.share, 1.0)
            canvas.add(Rect(0, y + 4, wide, 8, f"bar{matrix.tone(one.value)}", ground=True))
            y += 22
        if rest := len(there) - LISTED if len(there) > LISTED else 0:
            text = words.counted("{n} other at this place", "{n} others at this place", rest)
            canvas.add(Text(0, y + 10, text, LABEL, role="soft"))
            y += 18
        y += 14
    return y


def signs(result: Result[Placed], drawing: Drawing) -> list[tuple[str, str]]:
    """From which shares on cells are darker, and what is folded."""
    words, matrix = drawing.words, _matrix(result, drawing)
    if not result.rows:
        return []
    bounds = (0.0, *STEPS)
    said = [
        (f"tint{at}", words.say("from {share}", share=words.share(low)) if low else words.say("fewer"))
        for at, low in enumerate(bounds, 1)
    ]
    if rest := len(matrix.folded):
        text = words.counted(
            "{n} rarer one is not drawn; the table has it.", "{n} rarer ones are not drawn; the table has them.", rest
        )
        said.append(("", text))
    return said


def facts(result: Result[Placed], drawing: Drawing) -> list[Fact]:
    """With what most journeys begin, and how many are at an end soon."""
    words, matrix = drawing.words, _matrix(result, drawing)
    first = matrix.there(1)
    if not first:
        return []
    found = [
        Fact(
            words.number(first[0].journeys),
            matrix.lead(first[0]),
            words.say("journeys begin like this: {name}", name=matrix.name(first[0].value)),
        )
    ]
    if one := matrix.cells.get(("", 2)):
        found.append(
            Fact(words.number(one.journeys), matrix.lead(one), words.say("are at an end after their first step"))
        )
    return found


def twin(result: Result[Placed], drawing: Drawing) -> Twin:
    """Every cell as a row, place by place."""
    words, matrix = drawing.words, _matrix(result, drawing)
    rows = [
        (
            Cell(words.number(one.step)),
            Cell(matrix.name(one.value)),
            Cell(words.number(one.journeys), matrix.lead(one)),
            Cell(words.number(one.people)),
            Cell(words.share(one.share)),
        )
        for one in matrix.rows
    ]
    heads = (
        Column(words.say("Place"), numeric=True), Column(words.say("what")),
        Column(words.say("Journeys"), numeric=True), Column(words.say("People"), numeric=True),
        Column(words.say("Share"), numeric=True),
    )  # fmt: skip
    return Twin(heads, tuple(rows))
