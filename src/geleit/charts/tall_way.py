"""The map of many on a phone: its steps below each other beside one path line, what is told of each below its name."""

from __future__ import annotations

import math

from geleit.charts.along import Along
from geleit.charts.drawing import named_number
from geleit.charts.lanes import LANES
from geleit.charts.listing import SMALL, At, listed
from geleit.maps.plan import Paragraph, set_paragraphs
from geleit.maps.scene import Canvas, Circle, Rect, Text
from geleit.maps.style import NO_TONE
from geleit.maps.type import wrap

RAIL, LARGEST = 18.0, 14.0  # px: where the path line runs, and the radius of the node of all journeys
TEXT = 46.0  # px: where texts begin
BETWEEN = 16.0  # px between two steps
THICKEST = 16.0  # px: the path of all journeys
FROM = 3  # steps named from which journeys come


def draw(canvas: Canvas, picture: Along, top: float) -> float:
    """Draw all steps; returns where the last one ends."""
    nodes: list[tuple[float, float]] = []
    y, stage = top + 4, ""
    for step in picture.steps:
        if step.stage and step.stage != stage:
            stage = step.stage
            y = _band(canvas, picture, stage, y)
        share = step.journeys / picture.everybody
        nodes.append((y + 12, max(LARGEST * math.sqrt(share), 2.5)))
        y = _step(canvas, picture, len(nodes) - 1, y) + BETWEEN
    _rail(canvas, picture, nodes)
    return y - BETWEEN


def _band(canvas: Canvas, picture: Along, stage: str, top: float) -> float:
    words = picture.drawing.words
    known = stage in words.catalogue.stage_index
    role = f"bar{words.catalogue.tone(stage)}" if known else f"bar{NO_TONE}"
    canvas.add(Text(TEXT, top + 12, words.name(stage, "stage"), 12, "strong"))
    canvas.add(Rect(TEXT, top + 18, picture.wide - TEXT - 1, 5, role, ground=True))
    return top + 32


def _step(canvas: Canvas, picture: Along, place: int, top: float) -> float:
    """A step's name with how many take it, from where they come, and every lane that has something to tell of it."""
    words, step = picture.drawing.words, picture.steps[place]
    room = picture.wide - TEXT - 1
    href = picture.lead("step" if step.step else "all", step.step)
    y = named_number(canvas, (TEXT, top), room, (picture.name(step), words.number(step.journeys)), href=href) + 3
    if step.step:
        share = words.say("{share} of all", share=words.share(step.share))
        y = set_paragraphs(canvas, [Paragraph(share, "record", 12, "soft")], TEXT, y, room, anchor="start") + 6
        y = _head(canvas, picture, "Come from", y)
        said = [
            (
                picture.name(picture.steps[int(one.value)]),
                words.number(one.journeys),
                picture.lead("path", int(one.value), target=step.step),
                "",
            )
            for one in step.came[:FROM]
        ]
        y = listed(canvas, At(TEXT, y, room), said) + 2
    for lane in LANES:
        if lane.has(step):
            y = _head(canvas, picture, lane.title, y + 4)
            y = lane.cell(canvas, picture, step, At(TEXT, y + 4, room))
    return y


def _head(canvas: Canvas, picture: Along, text: str, top: float) -> float:
    y = top
    for line in wrap(picture.drawing.words.say(text), "strong", SMALL, picture.wide - TEXT, 2).lines:
        canvas.add(Text(TEXT, y + 12, line, SMALL, "strong", role="soft"))
        y += 15
    return y


def _rail(canvas: Canvas, picture: Along, nodes: list[tuple[float, float]]) -> None:
    """The path from node to node, as thick as journeys that go this way without leaving anything out."""
    words, steps = picture.drawing.words, picture.steps
    for place in range(1, len(steps)):
        onward = sum(one.journeys for one in steps[place].came if int(one.value) == place - 1)
        thick = max(THICKEST * onward / picture.everybody, 0.75)
        (above, _), (below, _) = nodes[place - 1], nodes[place]
        canvas.add(Rect(RAIL - thick / 2, above, thick, below - above, "ribbon", ground=True))
    for step, (y, radius) in zip(steps, nodes, strict=True):
        known = step.stage in words.catalogue.stage_index
        canvas.add(Circle(RAIL, y, radius, f"bar{words.catalogue.tone(step.stage) if known else NO_TONE}", ground=True))
