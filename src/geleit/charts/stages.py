"""Stages as rows of bars: how many journeys come to each, how many of them go further, how soon and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geleit.charts import bars
from geleit.charts.bars import Bar, Row
from geleit.charts.drawing import Drawing, Fact, heading, legend, reach
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.scene import Canvas, Scene

if TYPE_CHECKING:
    from geleit.analytics.result import Result
    from geleit.analytics.stages import StageReached


def draw(result: Result[StageReached], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows."""
    words, canvas = drawing.words, Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    most = max((row.journeys for row in result.rows), default=1)
    heads = (
        words.say("come to it"), words.say("go to a later one"), words.say("half come within"),
        words.say("half stay at most"),
    )  # fmt: skip
    found = [
        Row(
            words.name(row.stage, "stage"),
            (
                Bar(words.number(row.journeys), row.journeys / most, _came(row, drawing), words.share(row.share)),
                Bar(words.number(row.further), row.further / most, _went(row, drawing), words.share(row.conversion)),
                Bar(words.span(row.lead_median_us), after=_within(drawing, row.lead_p95_us)),
                Bar(words.span(row.dwell_median_us), after=_within(drawing, row.dwell_p95_us)),
            ),
            words.tone(row.stage, "stage"),
            words.counted("{n} person", "{n} people", row.people),
        )
        for row in result.rows
    ]
    y = bars.rows(canvas, drawing, heads, found, y)
    if title:
        y = legend(canvas, y, signs(result, drawing), drawing.width)
    right = max(drawing.width, reach(canvas) + 1)
    return Scene(right, y + 4, tuple(canvas.marks), title or words.say("Stages"), words.explain(result), words.language)


def _came(row: StageReached, drawing: Drawing) -> str:
    return drawing.lead({"stage": row.stage}, {})


def _went(row: StageReached, drawing: Drawing) -> str:
    return drawing.lead({"stage": row.stage, "further": 1}, {}) if row.further else ""


def _within(drawing: Drawing, micros: int) -> str:
    return drawing.words.say("95 % within {span}", span=drawing.words.span(micros))


def signs(result: Result[StageReached], drawing: Drawing) -> list[tuple[str, str]]:
    """What shares are of."""
    said = "First share: of all journeys; second: of those that come to the stage. Stages may be passed over and come back."
    return [("", drawing.words.say(said))] if result.rows else []


def facts(result: Result[StageReached], drawing: Drawing) -> list[Fact]:
    """Where the fewest go further, but for the last stage."""
    words = drawing.words
    if len(result.rows) < 2:  # noqa: PLR2004 (a stage and a later one)
        return []
    least = min(result.rows[:-1], key=lambda row: row.conversion)
    said = words.say(
        "of {n} journeys that come to “{stage}” go to no later stage",
        stage=words.name(least.stage, "stage"),
        n=words.number(least.journeys),
    )
    return [
        Fact(words.number(least.journeys - least.further), drawing.lead({"stage": least.stage, "further": 0}, {}), said)
    ]


def twin(result: Result[StageReached], drawing: Drawing) -> Twin:
    """Every stage as a row."""
    words = drawing.words
    found = [
        (
            Cell(words.name(row.stage, "stage")),
            Cell(words.number(row.journeys), _came(row, drawing)),
            Cell(words.number(row.people)),
            Cell(words.share(row.share)),
            Cell(words.number(row.further), _went(row, drawing)),
            Cell(words.share(row.conversion)),
            Cell(words.span(row.lead_median_us)),
            Cell(words.span(row.dwell_median_us)),
        )
        for row in result.rows
    ]
    heads = (
        Column(words.say("Stage")), Column(words.say("Journeys"), numeric=True), Column(words.say("People"), numeric=True),
        Column(words.say("Share"), numeric=True), Column(words.say("go to a later one"), numeric=True),
        Column(words.say("of these"), numeric=True), Column(words.say("half come within"), numeric=True),
        Column(words.say("half stay at most"), numeric=True),
    )  # fmt: skip
    return Twin(heads, tuple(found))
