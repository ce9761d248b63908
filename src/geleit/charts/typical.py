"""The map of many: the typical way as columns, and what all journeys do along it, beside it and after it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geleit.charts.drawing import LABEL, Drawing, Fact, door, heading, legend
from geleit.charts.flow import hatched
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.plan import LABELS, PAD, PAGE, Paragraph, set_head, set_paragraphs
from geleit.maps.scene import Canvas, Circle, Door, Rect, Scene, Stroke, Text, number
from geleit.maps.style import NO_TONE
from geleit.maps.type import Face, width, wrap

if TYPE_CHECKING:
    from geleit.analytics.experience import Part
    from geleit.analytics.result import Result
    from geleit.analytics.typical import TypicalStep

NARROW, WIDE = 92.0, 196.0  # px: a column
GUTTER = 10.0  # px between the texts of two columns
LARGEST = 24.0  # px: the radius of the node of all journeys
THICKEST = 30.0  # px: the ribbon of all journeys
ARCH, RISE = 26.0, 9.0  # px: how high a ribbon over one skipped step rises, and over each further one
LISTED = 3  # values named in a cell; the others are one number
SHADES = ("ink", "soft", "online")  # of the three channels met most; the others are white
ROW = 14.0  # px from line to line in a cell
SMALL = 11.5
FAINT = 0.005  # ribbons of less than this share of all journeys are not drawn

Lane = Callable[[Canvas, "_Map", float], float]


@dataclass(frozen=True)
class _Map:
    """The map while it is drawn."""

    result: Result[TypicalStep]
    drawing: Drawing
    column: float
    wide: float

    @property
    def steps(self) -> Sequence[TypicalStep]:
        return self.result.rows

    @property
    def everybody(self) -> int:
        return self.steps[0].journeys

    def left(self, place: int) -> float:
        return LABELS + place * self.column

    def middle(self, place: int) -> float:
        return LABELS + (place + 0.5) * self.column

    def name(self, step: TypicalStep) -> str:
        return self.drawing.words.name(step.kind) if step.step else self.drawing.words.say("All journeys")

    def lead(self, part: str, step: int, **more: object) -> str:
        return self.drawing.lead({"part": part, "source": step, **more}, {})


def draw(result: Result[TypicalStep], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows."""
    count = max(len(result.rows), 1)
    column = min(WIDE, max(NARROW, (drawing.width - LABELS) / count))
    picture = _Map(result, drawing, column, max(drawing.width, LABELS + count * column))
    canvas = Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    for lane in (_stages, _names, _ways, _leaving, _beside, _channels, _spans) if result.rows else ():
        y = lane(canvas, picture, y)
    if title:
        y = legend(canvas, y + 10, signs(result, drawing), max(picture.wide, PAGE / 2))
    words = drawing.words
    title = title or words.say("The typical way")
    return Scene(picture.wide, y + 4, tuple(canvas.marks), title, words.explain(result), words.language)


def _stages(canvas: Canvas, picture: _Map, top: float) -> float:
    """The stages as bands over their steps."""
    words, steps = picture.drawing.words, picture.steps
    first = 1
    for place in range(1, len(steps) + 1):
        if place < len(steps) and steps[place].stage == steps[first].stage:
            continue
        if first < place and (stage := steps[first].stage):
            left, right = picture.left(first) + 1, picture.left(place) - 1
            name = words.name(stage, "stage")
            canvas.add(Text(left, top + 12, _cut(name, right - left, "strong", 12), 12, "strong", full=name))
            role = f"bar{words.catalogue.tone(stage)}" if stage in words.catalogue.stage_index else f"bar{NO_TONE}"
            canvas.add(Rect(left, top + 19, right - left, 5, role, ground=True))
        first = place
    return top + 30


def _names(canvas: Canvas, picture: _Map, top: float) -> float:
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


def _ways(canvas: Canvas, picture: _Map, top: float) -> float:
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


def _leaving(canvas: Canvas, picture: _Map, top: float) -> float:
    """Whose last step it is, and what they do instead."""
    words = picture.drawing.words
    y = _ruled(canvas, picture, top)
    bottom = set_head(canvas, y, words.say("Leave the way here"), words.say("and what they do next"))
    for place, step in enumerate(picture.steps):
        if not step.ended:
            continue
        x, room = picture.left(place) + 1, picture.column - GUTTER
        wide = max(room * step.ended / picture.everybody, 1.5)
        canvas.add(Stroke(hatched(x, y, wide, 8.0), "left", (), ground=True))
        canvas.line([(x + wide, y), (x + wide, y + 8)], "blunt", thick=2)
        count = words.number(step.ended)
        door(canvas, f"{picture.name(step)}: {count}", picture.lead("left", step.step), [_door(x, y + 23, count)])
        low = _listed(canvas, picture, step, ("left", step.left), (x, y + 28))
        bottom = max(bottom, low)
    return bottom + PAD


def _beside(canvas: Canvas, picture: _Map, top: float) -> float:
    """What journeys do between this step and a later one."""
    words = picture.drawing.words
    if not any(step.others for step in picture.steps):
        return top
    y = _ruled(canvas, picture, top)
    bottom = set_head(canvas, y, words.say("Beside the way"), words.say("before the next step of it"))
    for place, step in enumerate(picture.steps):
        low = _listed(canvas, picture, step, ("other", step.others), (picture.left(place) + 1, y - 2))
        bottom = max(bottom, low)
    return bottom + PAD


def _listed(
    canvas: Canvas, picture: _Map, step: TypicalStep, named: tuple[str, Sequence[Part]], at: tuple[float, float]
) -> float:
    """The values met most, each with its number, and how many other values there are; returns where it ends."""
    (part, found), (x, y) = named, at
    words, room = picture.drawing.words, picture.column - GUTTER
    for one in found[:LISTED]:
        name = words.name(one.value) if one.value else words.say("nothing more")
        count = words.number(one.journeys)
        lines = wrap(name, "record", SMALL, room, 3).lines
        for line in lines:
            y += ROW
            canvas.add(Text(x, y, line, SMALL, "record"))
        after = x + width(lines[-1], "record", SMALL) + 4
        fits = after + width(count, "record", SMALL) <= x + room
        y += 0 if fits else ROW
        href = picture.lead(part, step.step, value=one.value)
        door(canvas, f"{name}: {count}", href, [_door(after if fits else x, y, count, SMALL)])
        y += 10
    if more := found[LISTED:]:
        y += ROW
        said = words.counted("{n} other step", "{n} other steps", len(more))
        for line in wrap(said, "record", SMALL, room, 2).lines:
            canvas.add(Text(x, y, line, SMALL, "record", role="soft"))
            y += ROW
    return y


def _channels(canvas: Canvas, picture: _Map, top: float) -> float:
    """Through which channels each step is taken: a bar of shades, and the largest in words."""
    words = picture.drawing.words
    total: dict[str, int] = {}
    for step in picture.steps:
        for one in step.channels:
            total[one.value] = total.get(one.value, 0) + one.journeys
    total.pop("", None)
    if not total:
        return top
    ranked = sorted(total, key=lambda value: (-total[value], value))[: len(SHADES)]
    shades = dict(zip(ranked, SHADES, strict=False))
    y = _ruled(canvas, picture, top)
    bottom = _shades(canvas, picture, set_head(canvas, y, words.say("Through")) + 4, shades, len(total) > len(shades))
    for place, step in enumerate(picture.steps):
        x, room = picture.left(place) + 1, picture.column - GUTTER
        whole = sum(one.journeys for one in step.channels)
        at = x
        for value in [*ranked, *(one.value for one in step.channels if one.value not in shades)]:
            part = sum(one.journeys for one in step.channels if one.value == value)
            wide = room * part / whole if whole else 0.0
            role = shades.get(value, "offline")
            canvas.add(*([Rect(at, y, wide, 9, role, ground=True)] if wide else []))
            at += wide
        low = y + 11
        for one in step.channels[:2]:
            name = words.name(one.value, "channel") if one.value else words.say("no channel")
            low += ROW
            share = words.share(one.journeys / whole)
            said = f"{_cut(name, room - width(' ' + share, 'record', SMALL))} {share}"
            href = picture.lead("channel", step.step, value=one.value)
            door(canvas, f"{name}: {words.number(one.journeys)}", href, [_door(x, low, said, SMALL)])
            low += 8
        bottom = max(bottom, low)
    return bottom + PAD


def _shades(canvas: Canvas, picture: _Map, y: float, shades: dict[str, str], others: bool) -> float:
    """Which shade is which channel, under the lane's head."""
    words = picture.drawing.words
    named = [(words.name(value, "channel"), role) for value, role in shades.items()]
    for name, role in [*named, *([(words.say("other channels"), "offline")] if others else [])]:
        canvas.add(Rect(0, y + 2, 12, 9, role, ground=True))
        canvas.add(Text(18, y + 11, _cut(name, LABELS - 36, "record", 12), 12, "record", role="soft", full=name))
        y += 17
    return y


def _spans(canvas: Canvas, picture: _Map, top: float) -> float:
    """How long after the step before: the median, and between which spans half of all lie, on a scale of powers."""
    words = picture.drawing.words
    longest = max((step.upper_us or 0 for step in picture.steps), default=0)
    if not longest:
        return top
    y = _ruled(canvas, picture, top)
    bottom = set_head(
        canvas, y, words.say("After the step before"), words.say("median, and where the middle half lies")
    )
    for place, step in enumerate(picture.steps):
        if step.lower_us is None or step.median_us is None or step.upper_us is None:
            continue
        x, room = picture.left(place) + 1, picture.column - GUTTER
        low, middle, high = (
            x + room * math.log1p(span / 1e6) / math.log1p(longest / 1e6)
            for span in (step.lower_us, step.median_us, step.upper_us)
        )
        canvas.line([(x, y + 5), (x + room, y + 5)], "hair")
        canvas.add(Rect(low, y + 2, max(high - low, 1.5), 6, "online", ground=True))
        canvas.add(Circle(middle, y + 5, 3.5, "said", ground=True))
        spans = words.say("{low} to {high}", low=words.span(step.lower_us), high=words.span(step.upper_us))
        said = [Paragraph(words.span(step.median_us), "strong", 12), Paragraph(spans, "record", SMALL, "soft")]
        bottom = max(bottom, set_paragraphs(canvas, said, x, y + 13, room, anchor="start"))
    return bottom + PAD


def _door(x: float, y: float, text: str, size: float = LABEL) -> Text:
    return Text(x, y, text, size, "record", role="door")


def _cut(text: str, room: float, face: Face = "record", size: float = SMALL) -> str:
    """The text in one line, cut where it does not fit."""
    return wrap(text, face, size, room, 1).lines[0]


def _ruled(canvas: Canvas, picture: _Map, top: float) -> float:
    """A hairline before a lane; where its matter begins."""
    canvas.line([(0, top), (picture.wide, top)], "hair")
    return top + PAD


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
