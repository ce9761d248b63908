"""The step flow on a phone: step below step, each value with its bar, where it goes on to, and who goes no further."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from geleit.charts.drawing import LABEL, LINE, door, hatched, named_number
from geleit.charts.listing import SMALL, At, listed
from geleit.charts.unrolled import REST, Cell, Ribbon, Stand
from geleit.maps.scene import Canvas, Rect, Stroke, Text
from geleit.maps.type import width

if TYPE_CHECKING:
    from geleit.charts.flow import Flowing

HIGH = 10.0  # px: height of a bar
INDENT = 16.0  # px before where a value goes on to
ONWARD = 3  # values named to which one goes on; the others are one number
BETWEEN = 18.0  # px between two steps


def draw(canvas: Canvas, flow: Flowing, top: float) -> float:
    """Draw all steps; returns where the last one ends."""
    y = top
    for column, stands in enumerate(flow.unrolled.columns):
        y = _head(canvas, flow, column, y)
        for stand in stands:
            y = _stand(canvas, flow, stand, y)
        y += BETWEEN
    return y


def _head(canvas: Canvas, flow: Flowing, column: int, top: float) -> float:
    words, head, name = flow.drawing.words, flow.unrolled.heads[column], flow.head(column)
    count = words.counted("{n} journey", "{n} journeys", head.journeys)
    canvas.add(Text(0, top + 14, name, 14, "strong"))
    after = Text(width(name, "strong", 14) + 8, top + 14, count, LABEL, role="door")
    door(canvas, f"{name}: {count}", flow.drawing.lead(head.cell, head.less), [after])
    canvas.line([(0, top + 24.5), (flow.drawing.width - 1, top + 24.5)], "rule")
    return top + 34


def _stand(canvas: Canvas, flow: Flowing, stand: Stand, top: float) -> float:
    """A value: its name and number, its bar with the hatched part of those who go no further, and where the others go."""
    drawing, words = flow.drawing, flow.drawing.words
    room, most = drawing.width - 1, max(head.journeys for head in flow.unrolled.heads)
    said = (flow.name(stand), words.number(stand.here.journeys))
    y = named_number(canvas, (0, top), room, said, href=drawing.lead(stand.here.cell, stand.here.less)) + 5
    wide = max(room * stand.here.journeys / most, 2.0)
    gone = wide * stand.ended.journeys / stand.here.journeys if stand.here.journeys else 0.0
    role = "bar" + words.tone("" if stand.value == REST else stand.value, flow.question.of)
    begin = 0.0 if not flow.backward else gone
    canvas.add(*([Rect(begin, y, wide - gone, HIGH, role, ground=True)] if wide > gone else []))
    if gone:
        left, edge = (0.0, 1.0) if flow.backward else (wide - gone, wide)
        canvas.add(Stroke(hatched(left, y, gone, HIGH), "left", (), ground=True))
        canvas.line([(edge, y), (edge, y + HIGH)], "blunt", thick=2)
    return _onward(canvas, flow, stand, y + HIGH + 2) + 8


def _onward(canvas: Canvas, flow: Flowing, stand: Stand, top: float) -> float:
    """Where a value goes on to (or came from), the most frequent first, and who does not."""
    drawing, words = flow.drawing, flow.drawing.words
    its = sorted(
        (one for one in flow.unrolled.ribbons if (one.column, one.source) == (stand.column, stand.value)),
        key=lambda one: (-one.cell.journeys, one.target),
    )
    shown = [one for one in its if one.target != REST][:ONWARD]
    said = [_row(flow, _other_end(flow, words.name(one.target, flow.question.of)), one.cell) for one in shown]
    if rest := [one for one in its if one not in shown]:
        said.append(_row(flow, _other_end(flow, words.say("something else")), _others(flow, stand, shown, rest)))
    if stand.ended.journeys:
        text = words.say("began here") if flow.backward else words.say("no further")
        said.append(_row(flow, text, stand.ended))
    y = listed(canvas, At(INDENT, top, drawing.width - INDENT - 1), said)
    return _folded(canvas, flow, stand, y) if stand.value == REST else y


def _other_end(flow: Flowing, name: str) -> str:
    """What follows, or what came before."""
    words = flow.drawing.words
    return words.say("before: {name}", name=name) if flow.backward else words.say("then: {name}", name=name)


def _row(flow: Flowing, name: str, cell: Cell) -> tuple[str, str, str, str]:
    return name, flow.drawing.words.number(cell.journeys), flow.drawing.lead(cell.cell, cell.less), ""


def _others(flow: Flowing, stand: Stand, shown: Sequence[Ribbon], rest: Sequence[Ribbon]) -> Cell:
    """All ribbons of a value that are not named, as one number."""
    far, near = ("source", "target") if flow.backward else ("target", "source")
    cell: dict[str, object] = {"step": stand.column + 1}
    less: Mapping[str, Sequence[str]] = {far: [*(one.target for one in shown), ""]}
    if stand.value == REST:
        kept = [one.value for one in flow.unrolled.columns[stand.column] if one.value != REST]
        less = {**less, near: kept}
    else:
        cell[near] = stand.value
    return Cell(cell, less, sum(one.cell.journeys for one in rest))


def _folded(canvas: Canvas, flow: Flowing, stand: Stand, top: float) -> float:
    """A word that opens the list of what is folded, or the list."""
    drawing, words = flow.drawing, flow.drawing.words
    is_open = str(stand.column) == drawing.chosen.get("open", "")
    toggled = drawing.again({"open": "" if is_open else str(stand.column)})
    y = top
    if toggled:
        toggle = words.say("close the list") if is_open else words.say("open the list")
        text = Text(INDENT, y + 14, toggle, SMALL, "record", role="door")
        door(canvas, f"{flow.name(stand)}: {toggle}", toggled, [text])
        y += LINE + 8
    if is_open:
        said = [_row(flow, words.name(value, flow.question.of), cell) for value, cell in stand.folded]
        y = listed(canvas, At(INDENT, y, drawing.width - INDENT - 1), said)
    return y
