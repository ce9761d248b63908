"""Ways as chains: a mark for each step in its stage's color, lower the nearer the end of the need, and who takes the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from geleit.charts.drawing import LABEL, LINE, Drawing, Fact, door, heading, legend, named_number, reach
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.scene import Canvas, Rect, Scene, Text
from geleit.maps.style import NO_TONE
from geleit.maps.type import width, wrap

if TYPE_CHECKING:
    from geleit.analytics.result import Result
    from geleit.analytics.variants import Variant

SEVERAL = "|"  # between the steps of a way, where an address names it
BESIDE = 620.0  # px: a picture at least so wide has the numbers at the left of the chains
NUMBERS = 188.0  # px: the column of numbers
MARK, HIGH = 28.0, 9.0  # px: a step's mark
BETWEEN = 8.0  # px from mark to mark
STAIR = 8.0  # px down from stage to stage
LINES = 6  # of a way's names, before they are cut
GAP = 26.0
SMALL = 12.0


@dataclass(frozen=True)
class _Ways:
    """Ways while they are drawn."""

    result: Result[Variant]
    drawing: Drawing
    left: float

    @property
    def of(self) -> str:
        return str(getattr(self.result.question, "of", "kind"))

    @property
    def room(self) -> float:
        return self.drawing.width - self.left

    @property
    def everybody(self) -> int:
        """All journeys with a step, from the share that the first way has of them."""
        first = self.result.rows[0]
        return round(first.journeys / first.share)

    @property
    def rest(self) -> int:
        return self.everybody - sum(row.journeys for row in self.result.rows)

    def lead(self, row: Variant) -> str:
        return self.drawing.lead({"way": SEVERAL.join(row.way)}, {})

    def rarer(self) -> str:
        """Where those of the folded ways are."""
        return self.drawing.lead({}, {"way": [SEVERAL.join(row.way) for row in self.result.rows]})

    def depth(self, step: str) -> int:
        """How far down a step's stage is; what has none stays at the top."""
        stages = self.drawing.words.catalogue.stage_index
        return stages.get(self.drawing.words.stage(step, self.of), 0)

    def comes_to(self, way: Sequence[str]) -> str:
        """The latest stage that a way has; empty where its steps have none."""
        words = self.drawing.words
        stages = {words.stage(step, self.of) for step in way} & set(words.catalogue.stage_index)
        return words.name(max(stages, key=words.catalogue.stage_index.__getitem__), "stage") if stages else ""

    def said(self, way: Sequence[str]) -> str:
        """A way in words; what repeats is told once, with how often."""
        words = self.drawing.words
        parts = []
        for step, run in groupby(way):
            times = len(list(run))
            name = words.name(step, self.of)
            parts.append(f"{name} \u00d7\u2060{words.number(times)}" if times > 1 else name)
        return " → ".join(parts)


def draw(result: Result[Variant], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows and what its colors mean."""
    words = drawing.words
    ways = _Ways(result, drawing, NUMBERS if drawing.width >= BESIDE else 0.0)
    canvas = Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    for row in result.rows:
        y = _way(canvas, ways, row, y)
        canvas.line([(0, y + GAP / 2 - 0.5), (drawing.width - 1, y + GAP / 2 - 0.5)], "hair")
        y += GAP
    if result.rows and ways.rest:
        text = words.counted("{n} rarer way", "{n} rarer ways", result.other.rows)
        said = (text, words.number(ways.rest))
        y = named_number(canvas, (0, y), drawing.width, said, href=ways.rarer()) + 4
        share = words.say("{share} of all", share=words.share(ways.rest / ways.everybody))
        canvas.add(Text(0, y + 11, share, SMALL, role="soft"))
        y += LINE + 8
    if title:
        y = legend(canvas, y + 4, signs(result, drawing), drawing.width)
    right = max(drawing.width, reach(canvas) + 1)
    return Scene(right, y + 4, tuple(canvas.marks), title or words.say("Ways"), words.explain(result), words.language)


def _way(canvas: Canvas, ways: _Ways, row: Variant, top: float) -> float:
    """One way: who takes it, how long, the chain of its marks and its names; returns where it ends."""
    words = ways.drawing.words
    number = words.number(row.journeys)
    count = Text(0, top + 14, number, LABEL + 1, "strong", role="door")
    door(canvas, f"{ways.said(row.way)}: {number}", ways.lead(row), [count])
    share = words.say("{share} of all", share=words.share(row.share))
    canvas.add(Text(width(number, "strong", LABEL + 1) + 7, top + 14, share, SMALL, role="soft"))
    people = words.counted("{n} person", "{n} people", row.people)
    half = words.say("half within {span}", span=words.span(row.median_us)) if len(row.way) > 1 else ""
    y = top + 24
    beside = ways.left > 0
    for text in (people, half) if beside else (" · ".join(part for part in (people, half) if part),):
        for line in wrap(text, "record", SMALL, (ways.left or ways.drawing.width) - 14, 3).lines if text else ():
            canvas.add(Text(0, y + 10, line, SMALL, role="soft"))
            y += LINE
    below = _chain(canvas, ways, row, top + 2 if beside else y + 8)
    return max(y, below)


def _chain(canvas: Canvas, ways: _Ways, row: Variant, top: float) -> float:
    """The staircase of marks, and the names below it; returns where they end."""
    drawn = list(row.way)
    pitch = MARK + BETWEEN
    most = max(1, int((ways.room + BETWEEN) // pitch))
    if len(drawn) > most:  # a long way gets narrower marks, down to what can still be told apart
        pitch = max(ways.room / len(drawn), 3.0)
        drawn = drawn[: int(ways.room // pitch)]
    wide = max(pitch - BETWEEN, pitch * 0.62)
    least = min(ways.depth(step) for step in drawn)
    lowest = max(ways.depth(step) for step in drawn) - least
    before: tuple[float, float] | None = None
    for place, step in enumerate(drawn):
        x, y = ways.left + place * pitch, top + (ways.depth(step) - least) * STAIR
        if before:
            canvas.line([before, (x, y + HIGH / 2)], "stem")
        canvas.add(Rect(x, y, wide, HIGH, f"bar{ways.drawing.words.tone(step, ways.of)}", ground=True))
        before = (x + wide, y + HIGH / 2)
    y = top + lowest * STAIR + HIGH + 6
    told = ways.said(row.way)
    wrapped = wrap(told, "record", LABEL, ways.room, LINES)
    for line in wrapped.lines:
        canvas.add(Text(ways.left, y + 12, line, LABEL, full=told if wrapped.cut and line == wrapped.lines[-1] else ""))
        y += LINE
    return y


def signs(result: Result[Variant], drawing: Drawing) -> list[tuple[str, str]]:
    """The stages of the steps, and what height means."""
    if not result.rows:
        return []
    ways, words = _Ways(result, drawing, 0), drawing.words
    tones = {words.tone(step, ways.of) for row in result.rows for step in row.way}
    found = [
        (f"bar{words.catalogue.tone(stage.id)}", words.catalogue.stage_label(stage.id, words.language))
        for stage in words.catalogue.stages
        if str(words.catalogue.tone(stage.id)) in tones
    ]
    if NO_TONE in tones:
        found.append((f"bar{NO_TONE}", words.say("no stage, or several")))
    if len(found) > 1:
        found.append(("", words.say("The lower a mark, the later its stage.")))
    return found


def facts(result: Result[Variant], drawing: Drawing) -> list[Fact]:
    """How many take the most frequent way, and how many one of the rare ones."""
    if not result.rows:
        return []
    words, ways, first = drawing.words, _Ways(result, drawing, 0), result.rows[0]
    said = words.say("take the most frequent way ({share})", share=words.share(first.share))
    found = [Fact(words.number(first.journeys), ways.lead(first), said)]
    if ways.rest:
        text = "take one rarer way", "take one of {n} rarer ways"
        found.append(Fact(words.number(ways.rest), ways.rarer(), words.counted(*text, result.other.rows)))
    return found


def twin(result: Result[Variant], drawing: Drawing) -> Twin:
    """Every way that is shown as a row, and the rest as one."""
    words, ways = drawing.words, _Ways(result, drawing, 0)
    rows = [
        (
            Cell(ways.said(row.way)),
            Cell(words.number(len(row.way))),
            Cell(words.number(row.journeys), ways.lead(row)),
            Cell(words.share(row.share)),
            Cell(words.number(row.people)),
            Cell(words.span(row.median_us) if len(row.way) > 1 else "-"),
            Cell(ways.comes_to(row.way)),
        )
        for row in result.rows
    ]
    if result.rows and ways.rest:
        text = words.counted("{n} rarer way", "{n} rarer ways", result.other.rows)
        share = words.share(ways.rest / ways.everybody)
        rows.append(
            (
                Cell(text),
                Cell(""),
                Cell(words.number(ways.rest), ways.rarer()),
                Cell(share),
                Cell(""),
                Cell(""),
                Cell(""),
            )
        )
    heads = (
        Column(words.say("The way")), Column(words.say("Steps"), numeric=True),
        Column(words.say("Journeys"), numeric=True), Column(words.say("Share"), numeric=True),
        Column(words.say("People"), numeric=True), Column(words.say("half within"), numeric=True),
        Column(words.say("comes to")),
    )  # fmt: skip
    return Twin(heads, tuple(rows))
