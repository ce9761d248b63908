"""Visit frequency as rows of bars: how many people came through a channel once, a few times, often."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from geleit.charts import bars
from geleit.charts.bars import Bar, Row
from geleit.charts.drawing import Drawing, Fact, finished, heading
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.scene import Canvas, Scene

if TYPE_CHECKING:
    from geleit.analytics.frequency import Frequency
    from geleit.analytics.result import Result

OFTEN = (1, 2, 4, 8, 16, 32)  # as the answer parts people


def draw(result: Result[Frequency], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows."""
    words, canvas = drawing.words, Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    found = []
    for row in result.rows:
        counts = {one.often: one.people for one in row.came}
        its = [
            Bar(
                words.number(counts[often]),
                counts[often] / row.people,
                drawing.lead({"channel": row.channel, "often": often}, {}),
                words.share(counts[often] / row.people),
            )
            if often in counts
            else Bar("0")
            for often in OFTEN
        ]
        note = words.counted("{n} person", "{n} people", row.people)
        found.append(Row(words.name(row.channel, "channel"), tuple(its), note=note))
    y = bars.rows(canvas, drawing, _heads(drawing), found, y)
    told = signs(result, drawing) if title else ()
    return finished(canvas, y, result, drawing, title or words.say("Visit frequency"), told=told)


def _heads(drawing: Drawing) -> list[str]:
    words = drawing.words
    found = [words.say("on one day only")]
    found += [words.say("on {low} to {high} days", low=low, high=high - 1) for low, high in pairwise(OFTEN[1:])]
    return [*found, words.say("on {low} days or more", low=OFTEN[-1])]


def signs(result: Result[Frequency], drawing: Drawing) -> list[tuple[str, str]]:
    """What a bar is of."""
    said = drawing.words.say(
        "Bars: share of the people of the channel. Whoever uses several channels is counted in each."
    )
    return [("", said)] if result.rows else []


def facts(result: Result[Frequency], drawing: Drawing) -> list[Fact]:
    """Who came once through the channel with the most visits."""
    words = drawing.words
    if not result.rows or not result.rows[0].once:
        return []
    row = result.rows[0]
    said = words.say(
        "of {n} people came through the channel “{name}” on one day only",
        n=words.number(row.people),
        name=words.name(row.channel, "channel"),
    )
    return [Fact(words.number(row.once), drawing.lead({"channel": row.channel, "often": 1}, {}), said)]


def twin(result: Result[Frequency], drawing: Drawing) -> Twin:
    """Every channel as a row."""
    words, lead = drawing.words, drawing.lead
    found = []
    for row in result.rows:
        counts = {one.often: one.people for one in row.came}
        cells = [
            Cell(words.number(counts[often]), lead({"channel": row.channel, "often": often}, {}))
            if often in counts
            else Cell("0")
            for often in OFTEN
        ]
        found.append(
            (
                Cell(words.name(row.channel, "channel")),
                Cell(words.number(row.people), lead({"channel": row.channel}, {})),
                Cell(words.number(row.visits)),
                Cell(words.number(row.median)),
                Cell(words.number(row.p95)),
                *cells,
            )
        )
    heads = (
        Column(words.say("Channel")), Column(words.say("People"), numeric=True),
        Column(words.say("days in all"), numeric=True), Column(words.say("Median"), numeric=True),
        Column(words.say("95 % at most"), numeric=True),
        *(Column(head, numeric=True) for head in _heads(drawing)),
    )  # fmt: skip
    return Twin(heads, tuple(found))
