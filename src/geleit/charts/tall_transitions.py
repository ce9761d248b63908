"""The transition graph on a phone: each value with its steps below it, the most frequent first, thicker where more go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geleit.charts.drawing import named_number
from geleit.charts.listing import SMALL, At, listed
from geleit.maps.scene import Canvas, Rect, Text
from geleit.maps.type import wrap

if TYPE_CHECKING:
    from geleit.analytics.transitions import Transition
    from geleit.charts.transitions import Graph

INDENT = 16.0  # px before where a value leads
HIGH = 5.0  # px: height of a step's bar
BETWEEN = 14.0  # px between two values


def draw(canvas: Canvas, graph: Graph, top: float) -> float:
    """Draw all values in the order of their stages; returns where the last one ends."""
    words, y, stage = graph.drawing.words, top, ""
    most = max((link.journeys for link in graph.drawn), default=1)
    for layer in graph.columns:
        if layer.stage != stage:
            stage = layer.stage
            canvas.add(Text(0, y + 14, words.name(stage, "stage"), 14, "strong"))
            canvas.line([(0, y + 22.5), (graph.drawing.width - 1, y + 22.5)], "rule")
            y += 34
        for value in layer.nodes:
            y = _value(canvas, graph, value, (y, most)) + BETWEEN
    return y


def _value(canvas: Canvas, graph: Graph, value: str, at: tuple[float, int]) -> float:
    """A value: how many journeys begin and end with it or have it again at once, and the steps from it."""
    words, (y, most) = graph.drawing.words, at
    room = graph.drawing.width - INDENT - 1
    for line in wrap(graph.name(value), "strong", 13, room, 4).lines:
        canvas.add(Text(INDENT, y + 13, line, 13, "strong"))
        y += 16
    canvas.add(Rect(0, y - 16, 8, 16, f"bar{words.tone(value, graph.of)}", ground=True))
    inside = [(text, words.number(link.journeys), graph.lead(link), "") for link, text in graph.inside(value)]
    y = listed(canvas, At(INDENT, y, room), inside)
    for link in sorted(
        (one for one in graph.drawn if one.source == value), key=lambda one: (-one.journeys, one.target)
    ):
        y = _step(canvas, graph, link, (y, most))
    return y


def _step(canvas: Canvas, graph: Graph, link: Transition, at: tuple[float, int]) -> float:
    """A step to another value: how many journeys take it, after how long, and a bar against the most frequent one."""
    words, (top, most) = graph.drawing.words, at
    room = graph.drawing.width - INDENT - 1
    target = graph.name(link.target)
    name = words.say("back: {name}", name=target) if graph.backward(link) else words.say("then: {name}", name=target)
    span = words.span(link.median_us)
    said = (name, words.number(link.journeys))
    y = named_number(canvas, (INDENT, top), room - 90, said, href=graph.lead(link))
    canvas.add(Text(INDENT + room, y - 3, span, SMALL, anchor="end", role="soft"))
    canvas.add(Rect(INDENT, y + 3, max(room * link.journeys / most, 1.0), HIGH, "ribbon", ground=True))
    return y + HIGH + 12
