"""What happens how often, as rows of bars: in how many journeys, how many times in all, of how many people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geleit.charts import bars
from geleit.charts.bars import Bar, Row
from geleit.charts.drawing import Drawing, Fact, finished, heading, rarer, said_of
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.scene import Canvas, Scene

if TYPE_CHECKING:
    from geleit.analytics.occurrences import Occurrence
    from geleit.analytics.result import Result


def draw(result: Result[Occurrence], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows."""
    words, canvas, of = drawing.words, Canvas(), said_of(result)
    y = heading(canvas, result, title, drawing) if title else 0.0
    most = max((row.count for row in result.rows), default=1)
    people = max((row.people for row in result.rows), default=1)
    found = [
        Row(
            words.name(row.value, of),
            (
                Bar(
                    words.number(row.journeys),
                    row.share,
                    drawing.lead({"value": row.value}, {}),
                    words.share(row.share),
                ),
                Bar(words.number(row.count), row.count / most, after=_each(row, drawing)),
                Bar(words.number(row.people), row.people / people),
            ),
            words.tone(row.value, of),
        )
        for row in result.rows
    ]
    heads = (words.say("in so many journeys"), words.say("so many times"), words.say("of so many people"))
    y = bars.rows(canvas, drawing, heads, found, y)
    told = signs(result, drawing) if title else ()
    return finished(canvas, y, result, drawing, title or words.say("What happens"), told=told)


def _each(row: Occurrence, drawing: Drawing) -> str:
    """How often in the mean, in journeys that have it."""
    return drawing.words.say("{n} in each", n=drawing.words.number(round(row.count / row.journeys, 1)))


def signs(result: Result[Occurrence], drawing: Drawing) -> list[tuple[str, str]]:
    """What bars are of, and what is folded."""
    words = drawing.words
    said = [("", words.say("First bar: share of all journeys. The others: against the longest of the column."))]
    said += rarer(result, drawing)
    return said if result.rows else []


def facts(result: Result[Occurrence], drawing: Drawing) -> list[Fact]:
    """What is in most journeys."""
    words = drawing.words
    if not result.rows:
        return []
    row = result.rows[0]
    said = words.say("journeys have “{name}”", name=words.name(row.value, said_of(result)))
    return [Fact(words.number(row.journeys), drawing.lead({"value": row.value}, {}), said)]


def twin(result: Result[Occurrence], drawing: Drawing) -> Twin:
    """Everything that happens as a row, the rarer too."""
    words, of = drawing.words, said_of(result)
    heads = {"kind": "Event", "channel": "Channel", "stage": "Stage"}
    rows = [
        (
            Cell(words.name(row.value, of)),
            Cell(words.number(row.journeys), drawing.lead({"value": row.value}, {})),
            Cell(words.share(row.share)),
            Cell(words.number(row.people)),
            Cell(words.number(row.count)),
        )
        for row in (*result.rows, *result.other.open())
    ]
    columns = (
        Column(words.say(heads[of])), Column(words.say("Journeys"), numeric=True), Column(words.say("Share"), numeric=True),
        Column(words.say("People"), numeric=True), Column(words.say("times"), numeric=True),
    )  # fmt: skip
    return Twin(columns, tuple(rows))
