"""The funnel as a picture: a bar for each step, hatched where journeys are lost, and beside it what came instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geleit.charts.drawing import HIT, LINE, Drawing, Fact, door, hatched, heading, legend, named_number, reach
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.scene import Canvas, Rect, Scene, Stroke, Text
from geleit.maps.style import NO_TONE
from geleit.maps.type import width, wrap

if TYPE_CHECKING:
    from geleit.analytics.funnel import FunnelStep, Instead
    from geleit.analytics.result import Result

BESIDE = 760.0  # px: a picture at least so wide has what came instead at its right
BARS = 0.56  # of the width: the longest bar, where something stands beside it
LIST = 400.0  # px: the list beside a bar is not wider
HIGH = 34.0  # px: height of a bar
LISTED = 4  # kinds that came instead, before the rest is folded
GAP = 26.0  # px between two steps
SMALL = 12.0


@dataclass(frozen=True)
class _Funnel:
    """A funnel while it is drawn: ``longest`` px of the first bar, ``beside``: whether lists stand at the right."""

    result: Result[FunnelStep]
    drawing: Drawing
    longest: float
    beside: bool

    @property
    def unit(self) -> float:
        most = max((row.journeys for row in self.result.rows), default=0)
        return self.longest / most if most else 0.0

    def name(self, row: FunnelStep) -> str:
        words = self.drawing.words
        if getattr(self.result.question, "order", "") == "unordered":
            return words.counted("{n} of the steps", "{n} of the steps", row.step)
        return words.names(row.kinds)

    def tone(self, row: FunnelStep) -> str:
        if getattr(self.result.question, "order", "") == "unordered":
            return NO_TONE
        tones = {self.drawing.words.tone(kind) for kind in row.kinds}
        return tones.pop() if len(tones) == 1 else NO_TONE


def draw(result: Result[FunnelStep], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows and what its colors mean."""
    beside = drawing.width >= BESIDE
    funnel = _Funnel(result, drawing, drawing.width * (BARS if beside else 1), beside)
    canvas = Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    rows = result.rows
    for at, row in enumerate(rows):
        going = rows[at + 1].journeys if at + 1 < len(rows) else row.journeys
        y = _step(canvas, funnel, row, going, y)
    if title:
        y = legend(canvas, y + 4, signs(result, drawing), drawing.width)
    words = drawing.words
    right = max([drawing.width, reach(canvas)])
    return Scene(right, y + 4, tuple(canvas.marks), title or words.say("Funnel"), words.explain(result), words.language)


def _step(canvas: Canvas, funnel: _Funnel, row: FunnelStep, going: int, top: float) -> float:
    """One step: its name and number, how they came, its bar; and what came instead of the next; returns where it ends."""
    words, drawing = funnel.drawing.words, funnel.drawing
    said = (f"{row.step}\u00a0\u00a0{funnel.name(row)}", words.number(row.journeys))
    href = drawing.lead({"part": "reached", "step": row.step}, {})
    y = named_number(canvas, (0, top), funnel.longest, said, href=href)
    for line in wrap(_came(funnel, row), "record", SMALL, funnel.longest, 4).lines:
        canvas.add(Text(0, y + 11, line, SMALL, role="soft"))
        y += LINE
    y += 4
    whole, kept = (max(count * funnel.unit, 1.0) for count in (row.journeys, going))
    canvas.add(Rect(0, y, min(kept, whole), HIGH, f"bar{funnel.tone(row)}", ground=True))
    if going < row.journeys:
        canvas.add(Stroke(hatched(kept, y, whole - kept, HIGH), "left", (), ground=True))
        canvas.line([(whole, y), (whole, y + HIGH)], "blunt", thick=2)
    ends = y + HIGH
    if row.instead:
        if funnel.beside:
            x = funnel.longest + 56
            canvas.line([(whole + 8, y + HIGH / 2), (x - 14, y + HIGH / 2)], "hair")
            listed = _instead(canvas, funnel, row, (x, top), min(LIST, drawing.width - x))
        else:
            listed = _instead(canvas, funnel, row, (0, ends + 8), funnel.longest)
        ends = max(ends, listed)
    canvas.line([(0, ends + GAP / 2 + 0.5), (drawing.width, ends + GAP / 2 + 0.5)], "hair")
    return ends + GAP


def _came(funnel: _Funnel, row: FunnelStep) -> str:
    """Of how many people, which share, after how long."""
    words = funnel.drawing.words
    parts = [words.counted("{n} person", "{n} people", row.people)]
    if row.step > 1:
        parts.append(words.say("{share} of the first step", share=words.share(row.of_first)))
        parts.append(words.say("{share} of the step before", share=words.share(row.of_previous)))
        if row.median_us is not None:
            parts.append(words.say("half of them within {span} of the first step", span=words.span(row.median_us)))
    return " · ".join(parts)


def _instead(canvas: Canvas, funnel: _Funnel, row: FunnelStep, at: tuple[float, float], room: float) -> float:
    """Who was lost here, and what came instead; the rest is one line; returns where it ends."""
    (x, y), words, lead = at, funnel.drawing.words, funnel.drawing.lead
    lost = sum(one.journeys for one in row.instead)
    head = words.counted("{n} does not take the next step; instead:", "{n} do not take the next step; instead:", lost)
    lines = wrap(head, "strong", 13, room, 3).lines
    texts = [Text(x, y + 13 + place * LINE, line, 13, "strong", role="door") for place, line in enumerate(lines)]
    door(canvas, head, lead({"part": "lost", "step": row.step}, {}), texts)
    y += LINE * len(lines) + 8
    most = row.instead if len(row.instead) <= LISTED + 1 else row.instead[:LISTED]
    for one in most:
        cell = {"part": "lost", "step": row.step, "next": one.kind}
        y = _line(canvas, (x, y, room), (_after(funnel, one), words.number(one.journeys)), lead(cell, {}))
    if rest := row.instead[len(most) :]:
        said = words.counted("{n} other", "{n} others", len(rest))
        href = lead({"part": "lost", "step": row.step}, {"next": [one.kind for one in most]})
        y = _line(canvas, (x, y, room), (said, words.number(sum(one.journeys for one in rest))), href)
    return y


def _after(funnel: _Funnel, one: Instead) -> str:
    words = funnel.drawing.words
    return words.name(one.kind) if one.kind else words.say("nothing more")


def _line(canvas: Canvas, place: tuple[float, float, float], said: tuple[str, str], href: str) -> float:
    """A name at the left and its number at the right; returns where the line ends."""
    (x, y, room), (name, count) = place, said
    taken = width(count, "strong", 13) + 24
    lines = wrap(name, "record", 13, room - taken, 4).lines
    texts = [Text(x, y + 13 + at * LINE, line, 13) for at, line in enumerate(lines)]
    texts.append(Text(x + room, y + 13, count, 13, "strong", "end", "door"))
    door(canvas, f"{name}: {count}", href, texts)
    return y + max(LINE * len(lines) + 4, HIT)


def signs(result: Result[FunnelStep], drawing: Drawing) -> list[tuple[str, str]]:
    """The stages of the steps, and what hatching means."""
    funnel, words = _Funnel(result, drawing, 1, beside=True), drawing.words
    tones = {funnel.tone(row) for row in result.rows}
    found = [
        (f"bar{words.catalogue.tone(stage.id)}", words.catalogue.stage_label(stage.id, words.language))
        for stage in words.catalogue.stages
        if str(words.catalogue.tone(stage.id)) in tones
    ]
    if NO_TONE in tones:
        found.append((f"bar{NO_TONE}", words.say("no stage, or several")))
    return [*found, ("", words.say("Hatched: lost between this step and the next, with what came instead."))]


def facts(result: Result[FunnelStep], drawing: Drawing) -> list[Fact]:
    """How many begin, how many come to the end, where most are lost."""
    words, lead, rows = drawing.words, drawing.lead, result.rows
    first, last = rows[0], rows[-1]
    found = [
        Fact(
            words.number(first.journeys),
            lead({"part": "reached", "step": 1}, {}),
            words.say("journeys take the first step"),
        ),
        Fact(
            words.number(last.journeys),
            lead({"part": "reached", "step": last.step}, {}),
            words.say("the last ({share})", share=words.share(last.of_first)),
        ),
    ]
    lost = [(sum(one.journeys for one in row.instead), row.step) for row in rows]
    most, step = max(lost, key=lambda one: (one[0], -one[1]))
    if most:
        found.append(
            Fact(
                words.number(most),
                lead({"part": "lost", "step": step}, {}),
                words.say("are lost after step {n}", n=step),
            )
        )
    return found


def twin(result: Result[FunnelStep], drawing: Drawing) -> Twin:
    """Every step as a row, and below it what came instead of the next."""
    funnel, words, lead = _Funnel(result, drawing, 1, beside=True), drawing.words, drawing.lead
    rows: list[tuple[Cell, ...]] = []
    for row in result.rows:
        numbers: Sequence[Any] = (
            Cell(words.number(row.journeys), lead({"part": "reached", "step": row.step}, {})),
            Cell(words.number(row.people)),
            Cell(words.share(row.of_first)),
            Cell(words.share(row.of_previous if row.step > 1 else None)),
            Cell(words.span(row.median_us if row.step > 1 else None)),
            Cell(words.span(row.p95_us if row.step > 1 else None)),
        )
        rows.append((Cell(str(row.step)), Cell(funnel.name(row)), *numbers))
        for one in row.instead:
            cell = {"part": "lost", "step": row.step, "next": one.kind}
            said = words.say("instead: {name}", name=_after(funnel, one))
            count = (Cell(words.number(one.journeys), lead(cell, {})), Cell(words.number(one.people)))
            rows.append((Cell(str(row.step)), Cell(said), *count, Cell(""), Cell(""), Cell(""), Cell("")))
    heads = (
        Column(words.say("Step"), numeric=True),
        Column(words.say("what happens")),
        Column(words.say("Journeys"), numeric=True),
        Column(words.say("People"), numeric=True),
        Column(words.say("of the first"), numeric=True),
        Column(words.say("of the step before"), numeric=True),
        Column(words.say("half within"), numeric=True),
        Column(words.say("95 % within"), numeric=True),
    )
    return Twin(heads, tuple(rows))
