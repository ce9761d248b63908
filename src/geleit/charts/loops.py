"""Loops as rows of bars: what happens again in the same journey, how often at once, and how long after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geleit.charts import bars
from geleit.charts.bars import Bar, Row
from geleit.charts.drawing import Drawing, Fact, finished, heading, rarer, said_of
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.scene import Canvas, Scene

if TYPE_CHECKING:
    from geleit.analytics.loops import Loop
    from geleit.analytics.result import Result


def draw(result: Result[Loop], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows."""
    words, canvas, of = drawing.words, Canvas(), said_of(result)
    y = heading(canvas, result, title, drawing) if title else 0.0
    most = max((row.returns for row in result.rows), default=1)
    widest = max((row.journeys for row in result.rows), default=1)
    found = [
        Row(
            words.name(row.value, of),
            (
                Bar(words.number(row.journeys), row.journeys / widest, drawing.lead({"value": row.value}, {})),
                Bar(words.number(row.returns), row.returns / most),
                Bar(words.number(row.direct), row.direct / row.returns, after=words.share(row.direct / row.returns)),
                Bar(words.span(row.median_us), after=words.say("95 % within {span}", span=words.span(row.p95_us))),
            ),
            words.tone(row.value, of),
            words.counted("{n} person", "{n} people", row.people),
        )
        for row in result.rows
    ]
    y = bars.rows(canvas, drawing, _heads(drawing), found, y)
    told = signs(result, drawing) if title else ()
    return finished(canvas, y, result, drawing, title or words.say("Loops"), told=told)


def _heads(drawing: Drawing) -> tuple[str, ...]:
    words = drawing.words
    return (
        words.say("in so many journeys"), words.say("happens again so often"),
        words.say("of these with nothing in between"), words.say("half of them within"),
    )  # fmt: skip


def signs(result: Result[Loop], drawing: Drawing) -> list[tuple[str, str]]:
    """What bars are of, and what is folded."""
    words = drawing.words
    said = [("", words.say("Bars are against the longest of their column; the third: share of what happens again."))]
    said += rarer(result, drawing)
    return said if result.rows else []


def facts(result: Result[Loop], drawing: Drawing) -> list[Fact]:
    """What comes back in the most journeys."""
    words = drawing.words
    if not result.rows:
        return []
    row = max(result.rows, key=lambda one: (one.journeys, one.value))
    said = words.say("journeys come back to “{name}”", name=words.name(row.value, said_of(result)))
    return [Fact(words.number(row.journeys), drawing.lead({"value": row.value}, {}), said)]


def twin(result: Result[Loop], drawing: Drawing) -> Twin:
    """Everything that comes back as a row, the rarer too."""
    words, of = drawing.words, said_of(result)
    heads = {"kind": "Event", "channel": "Channel", "stage": "Stage"}
    rows = [
        (
            Cell(words.name(row.value, of)),
            Cell(words.number(row.journeys), drawing.lead({"value": row.value}, {})),
            Cell(words.number(row.people)),
            Cell(words.number(row.returns)),
            Cell(words.number(row.direct)),
            Cell(words.span(row.median_us)),
            Cell(words.span(row.p95_us)),
        )
        for row in (*result.rows, *result.other.open())
    ]
    columns = (
        Column(words.say(heads[of])), Column(words.say("Journeys"), numeric=True),
        Column(words.say("People"), numeric=True), *(Column(head, numeric=True) for head in _heads(drawing)[1:3]),
        Column(words.say("Median"), numeric=True), Column(words.say("95 % at most"), numeric=True),
    )  # fmt: skip
    return Twin(columns, tuple(rows))
