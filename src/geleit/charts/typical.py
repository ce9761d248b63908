"""The map of many: the typical way as columns, and what all journeys do and say along it, beside it and after it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from geleit.charts import tall_way
from geleit.charts.along import GUTTER, NARROW, WIDE, Along, cut, lane
from geleit.charts.drawing import LABEL, TALL, Drawing, Fact, door, heading, legend
from geleit.charts.lanes import FEW, LANES, STANDS, criterion, judged
from geleit.charts.listing import SMALL
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.plan import LABELS, PAD, PAGE, Paragraph, set_head, set_paragraphs
from geleit.maps.scene import Canvas, Circle, Door, Rect, Scene, Stroke, Text, number
from geleit.maps.style import NO_TONE

if TYPE_CHECKING:
    from geleit.analytics.experience import Part
    from geleit.analytics.result import Result
    from geleit.analytics.typical import TypicalStep

LARGEST = 24.0  # px: the radius of the node of all journeys
THICKEST = 30.0  # px: the ribbon of all journeys
ARCH, RISE = 26.0, 9.0  # px: how high a ribbon over one skipped step rises, and over each further one
FAINT = 0.005  # ribbons of less than this share of all journeys are not drawn


def draw(result: Result[TypicalStep], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows. On a narrow page the steps stand below each other."""
    count = max(len(result.rows), 1)
    tall = drawing.width < TALL
    column = min(WIDE, max(NARROW, (drawing.width - LABELS) / count))
    picture = Along(result, drawing, column, drawing.width if tall else max(drawing.width, LABELS + count * column))
    canvas = Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    if tall:
        y = tall_way.draw(canvas, picture, y) if result.rows else y
    elif result.rows:
        for part in (_stages, _names, _ways):
            y = part(canvas, picture, y)
        for its in LANES:
            y = lane(canvas, picture, its, y)
    if title:
        y = legend(canvas, y + 10, signs(result, drawing), max(picture.wide, PAGE / 2))
    words = drawing.words
    title = title or words.say("The typical way")
    return Scene(picture.wide, y + 4, tuple(canvas.marks), title, words.explain(result), words.language)


def _stages(canvas: Canvas, picture: Along, top: float) -> float:
    """The stages as bands over their steps."""
    words, steps = picture.drawing.words, picture.steps
    first = 1
    for place in range(1, len(steps) + 1):
        if place < len(steps) and steps[place].stage == steps[first].stage:
            continue
        if first < place and (stage := steps[first].stage):
            left, right = picture.left(first) + 1, picture.left(place) - 1
            name = words.name(stage, "stage")
            canvas.add(Text(left, top + 12, cut(name, right - left, "strong", 12), 12, "strong", full=name))
            role = f"bar{words.catalogue.tone(stage)}" if stage in words.catalogue.stage_index else f"bar{NO_TONE}"
            canvas.add(Rect(left, top + 19, right - left, 5, role, ground=True))
        first = place
    return top + 30


def _names(canvas: Canvas, picture: Along, top: float) -> float:
    """What each step is, how many journeys take it, and which share of all."""
    words, bottom = picture.drawing.words, top
    for place, step in enumerate(picture.steps):
        x, room = picture.left(place) + 1, picture.column - GUTTER
        y = set_paragraphs(canvas, [Paragraph(picture.name(step), "strong", 12.5)], x, top, room, anchor="start") + 2
        count = words.number(step.journeys)
        texts = [Text(x, y + 12, count, LABEL, "record", role="door")]
        href = picture.lead("step" if step.step else "all", step.step)
        door(canvas, f"{picture.name(step)}: {count}", href, texts)
        if step.step:
            canvas.add(Text(x, y + 28, words.share(step.share), SMALL, "record", role="soft"))
        bottom = max(bottom, y + 34)
    return bottom


def _ways(canvas: Canvas, picture: Along, top: float) -> float:
    """How journeys go from step to step: nodes by their share, ribbons by how many, arches over what they leave out."""
    words, steps = picture.drawing.words, picture.steps
    least = max(1, math.ceil(picture.everybody * FAINT))
    links = [
        (int(part.value), step.step, part.journeys) for step in steps for part in step.came if part.journeys >= least
    ]
    reach = max((target - source for source, target, _ in links), default=1)
    height = ARCH + RISE * max(reach - 2, 0) if reach > 1 else 0.0
    line = top + PAD + height + LARGEST
    unit = THICKEST / picture.everybody
    for source, target, journeys in sorted(links, key=lambda link: (link[0] - link[1], link)):
        thick = max(journeys * unit, 0.75)
        label = f"{picture.name(steps[source])} → {picture.name(steps[target])}: {words.number(journeys)}"
        path = _ribbon(picture.middle(source), picture.middle(target), line, thick, target - source)
        href = picture.lead("path", source, target=target)
        canvas.add(Door(href, label, (Stroke(path, "ribbon", (), ground=True),), quiet=True))
    for place, step in enumerate(steps):
        radius = max(LARGEST * math.sqrt(step.journeys / picture.everybody), 2.5)
        tone = words.catalogue.tone(step.stage) if step.stage in words.catalogue.stage_index else NO_TONE
        canvas.add(Circle(picture.middle(place), line, radius, f"bar{tone}", ground=True))
    set_head(canvas, line - 18, words.say("The way"), words.say("area: share of all journeys"))
    return line + LARGEST + PAD


def _ribbon(left: float, right: float, line: float, thick: float, steps: int) -> str:
    """Path data of a band from node to node: straight to the next, an arch over what lies between."""
    n, half = number, thick / 2
    if steps == 1:
        return f"M{n(left)} {n(line - half)}H{n(right)}V{n(line + half)}H{n(left)}Z"
    rise = (LARGEST + ARCH + RISE * (steps - 2)) * 4 / 3 - half
    return (
        f"M{n(left - half)} {n(line)}C{n(left - half)} {n(line - rise - thick)} {n(right + half)} {n(line - rise - thick)} "
        f"{n(right + half)} {n(line)}H{n(right - half)}C{n(right - half)} {n(line - rise)} {n(left + half)} "
        f"{n(line - rise)} {n(left + half)} {n(line)}Z"
    )


def signs(result: Result[TypicalStep], drawing: Drawing) -> list[tuple[str, str]]:
    """What needs a word."""
    words, said = drawing.words, []
    if result.rows:
        said.append(("", words.say("An arch passes over steps that journeys leave out.")))
    least = math.ceil(result.rows[0].journeys * FAINT) if result.rows else 0
    faint = sum(1 for row in result.rows for part in row.came if part.journeys < least)
    if faint:
        text = "{n} way of less than {share} is not drawn; the table has it."
        texts = "{n} ways of less than {share} are not drawn; the table has them."
        said.append(("", words.counted(text, texts, faint, share=words.share(FAINT))))
    if any(row.felt.journeys for row in result.rows):
        said.append(("", words.say("A hollow dot: fewer than {n} journeys said it.", n=FEW)))
    return said


def facts(result: Result[TypicalStep], drawing: Drawing) -> list[Fact]:
    """How many there are, how many take the whole way, how many none of it."""
    if not result.rows:
        return []
    words, lead = drawing.words, drawing.lead
    start, last = result.rows[0], result.rows[-1]
    return [
        Fact(words.number(start.journeys), lead({"part": "all"}, {}), words.say("journeys lie beside it")),
        Fact(
            words.number(last.journeys),
            lead({"part": "step", "source": last.step}, {}),
            words.say("take its last step: {step}", step=words.name(last.kind)),
        ),
        Fact(words.number(start.ended), lead({"part": "left", "source": 0}, {}), words.say("take none of its steps")),
    ]


def twin(result: Result[TypicalStep], drawing: Drawing) -> Twin:
    """Every number of the picture as a row: the step, what is told of it, how many journeys and people."""
    words, rows = drawing.words, []
    names = {str(row.step): words.name(row.kind) if row.step else words.say("the beginning") for row in result.rows}
    for row in result.rows:
        step = Cell(f"{row.step} {words.name(row.kind)}" if row.step else words.say("All journeys"))
        taken: dict[str, object] = {"part": "step" if row.step else "all", "source": row.step}
        span = Cell(words.span(row.median_us))
        count = Cell(words.number(row.journeys), drawing.lead(taken, {}))
        rows.append((step, Cell(words.say("take the step")), Cell(""), count, Cell(words.number(row.people)), span))
        for said, value, one, cell in _told(row, drawing, names):
            count = Cell(words.number(one.journeys), drawing.lead(cell, {}))
            rows.append((step, Cell(said), Cell(value), count, Cell(words.number(one.people)), Cell("")))
    if result.rows:
        total, everybody = sum(row.ended for row in result.rows), result.rows[0]
        count = Cell(words.number(total), drawing.lead({"part": "left"}, {}))
        left = (Cell(words.say("leave the way, then")), Cell(""), count, Cell(words.number(everybody.people)), Cell(""))
        rows.append((Cell(words.say("Together")), *left))
    heads = (
        Column(words.say("Step")), Column(words.say("what they do")), Column(""),
        Column(words.say("Journeys"), numeric=True), Column(words.say("People"), numeric=True),
        Column(words.say("Median"), numeric=True),
    )  # fmt: skip
    return Twin(heads, tuple(rows))


def _told(
    row: TypicalStep, drawing: Drawing, names: Mapping[str, str]
) -> Iterator[tuple[str, str, Part, dict[str, object]]]:
    """What is told of a step: in words, of which value, by how many, and the cell of those."""
    words = drawing.words
    for one in row.came:
        yield (
            words.say("come from"),
            names[one.value],
            one,
            {"part": "path", "source": int(one.value), "target": row.step},
        )
    for part, said, of, found in (
        ("channel", words.say("through"), "channel", row.channels),
        ("other", words.say("beside the way"), "kind", row.others),
        ("left", words.say("leave the way, then"), "kind", row.left),
    ):
        none = words.say("no channel") if part == "channel" else words.say("nothing more")
        for one in found:
            name = words.name(one.value, of) if one.value else none
            yield said, name, one, {"part": part, "source": row.step, "value": one.value}
    yield from _said(row, drawing)


def _said(row: TypicalStep, drawing: Drawing) -> Iterator[tuple[str, str, Part, dict[str, object]]]:
    """What people said at a step, and how promises to them stand."""
    words = drawing.words
    for one in row.felt.values:
        cell: dict[str, object] = {"part": "felt", "source": row.step, "value": one.value}
        yield words.say("say how it was for them"), judged(float(one.value), words), one, cell
    for one in row.criteria:
        name = criterion(one.value, words) if one.value else words.say("anything")
        yield words.say("judge by"), name, one, {"part": "criterion", "source": row.step, "value": one.value}
    for one in row.promises:
        cell = {"part": "promise", "source": row.step, "value": one.value}
        yield words.say("have promises"), words.say(STANDS[one.value]), one, cell
