"""Retention as a grid: a row for each group of first times, a column for each span after, darker where more came again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from geleit.analytics.calendar import EPOCH, numbered
from geleit.charts.drawing import LABEL, LINE, Drawing, Fact, heading, legend, reach
from geleit.charts.twin import Cell, Column, Twin
from geleit.language.formats import day_of
from geleit.maps.scene import Box, Canvas, Door, Rect, Scene, Text
from geleit.maps.type import width, wrap

if TYPE_CHECKING:
    from geleit.analytics.result import Result
    from geleit.analytics.retention import Returned

STEPS = (0.05, 0.15, 0.3, 0.6)  # shares at which a cell gets darker
MOST = 26  # rows shown, the last ones; the table has all
TALL = 38.0  # px: height of a cell
WIDE = 56.0  # px: a cell is at least so wide
SPREAD = 92.0  # px: and at most so wide
GAP = 2.0
HEAD = 44.0  # px above the first row
SMALL = 11.5


@dataclass(frozen=True)
class _Grid:
    """A grid while it is drawn: the rows and columns that are shown, and their measures in px."""

    drawing: Drawing
    result: Result[Returned]
    rows: dict[date, list[Returned]]
    columns: int
    names: float
    wide: float

    @property
    def span(self) -> str:
        return str(getattr(self.result.question, "span", "week"))

    def x(self, later: int) -> float:
        """The left edge of a column; the one of the first times is as wide as the others."""
        return self.names + later * self.wide

    def name(self, cohort: date) -> str:
        return day_of(cohort, self.drawing.words.language)

    def lead(self, one: Returned) -> str:
        cohort = int(numbered(np.array([one.cohort.toordinal() - EPOCH]), self.span)[0])  # type: ignore[arg-type]
        return self.drawing.lead({"cohort": cohort, "later": one.later}, {})

    def after(self, later: int) -> str:
        """How a column is called."""
        words = self.drawing.words
        if self.span == "day":
            return words.counted("{n} day later", "{n} days later", later)
        if self.span == "month":
            return words.counted("{n} month later", "{n} months later", later)
        return words.counted("{n} week later", "{n} weeks later", later)


def draw(result: Result[Returned], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows and what its tints mean."""
    grid, words = _measured(result, drawing), drawing.words
    canvas = Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    if grid.rows:
        _heads(canvas, grid, y)
        y += HEAD
    for cohort, row in grid.rows.items():
        _row(canvas, grid, cohort, row, y)
        y += TALL + GAP
    y = _left_out(canvas, grid, y + 8)
    if title:
        y = legend(canvas, y + 4, signs(result, drawing), drawing.width)
    right = max(drawing.width, reach(canvas) + 1)
    return Scene(
        right, y + 4, tuple(canvas.marks), title or words.say("Retention"), words.explain(result), words.language
    )


def _measured(result: Result[Returned], drawing: Drawing) -> _Grid:
    every: dict[date, list[Returned]] = {}
    for one in result.rows:
        every.setdefault(one.cohort, []).append(one)
    early = _early(result)
    shown = dict([(cohort, row) for cohort, row in every.items() if cohort not in early][-MOST:])
    words = drawing.words
    names = max((width(day_of(cohort, words.language), "strong", LABEL) for cohort in shown), default=0.0) + 14
    head = [words.say(text) for text in ("came first",)]
    texts = [words.number(one.people) for row in shown.values() for one in row]
    widest = max([*(width(text, "strong", SMALL) + 12 for text in [*texts, *head]), WIDE])
    longest = max((len(row) for row in shown.values()), default=1)
    fitting = max(2, int((drawing.width - names) // widest))
    columns = min(longest, fitting)
    return _Grid(drawing, result, shown, columns, names, min((drawing.width - names) / columns, max(SPREAD, widest)))


def _early(result: Result[Returned]) -> dict[date, int]:
    """Groups before journeys really begin, with their people: the answer has them last."""
    found: dict[date, int] = {}
    latest = date.min
    for one in result.rows:
        if one.cohort < latest:
            found[one.cohort] = one.size
        latest = max(latest, one.cohort)
    return found


def _heads(canvas: Canvas, grid: _Grid, top: float) -> None:
    """What rows and columns are."""
    words = grid.drawing.words
    canvas.add(Text(grid.x(0), top + 33, words.say("came first"), 12, "record", role="soft"))
    for later in range(1, grid.columns):
        canvas.add(Text(grid.x(later) + grid.wide / 2, top + 33, f"+{words.number(later)}", 12, "strong", "middle"))
    if grid.columns > 1:
        texts = {
            "day": words.say("came again so many days after"),
            "week": words.say("came again so many weeks after"),
            "month": words.say("came again so many months after"),
        }
        text = texts[grid.span]
        left = min(grid.x(1), max(0.0, grid.drawing.width - width(text, "record", 12)))
        canvas.add(Text(left, top + 13, text, 12, "record", role="soft"))
    canvas.line([(0, top + HEAD - 3.5), (grid.x(grid.columns) - GAP, top + HEAD - 3.5)], "rule")


def _row(canvas: Canvas, grid: _Grid, cohort: date, row: Sequence[Returned], top: float) -> None:
    """One group: when it began, how many it is, and each span after."""
    words = grid.drawing.words
    middle = top + TALL / 2 + 4.5
    canvas.add(Text(0, middle, grid.name(cohort), LABEL, "strong"))
    for one in row[: grid.columns]:
        left, count = grid.x(one.later), words.number(one.people)
        box = Box(left, top, left + grid.wide - GAP, top + TALL)
        if one.later == 0:
            label = f"{grid.name(cohort)}: {words.counted('{n} person', '{n} people', one.people)}"
            canvas.add(Door(grid.lead(one), label, (Text(left, middle, count, LABEL, role="door"),), box))
        else:
            _cell(canvas, grid, one, box)


def _cell(canvas: Canvas, grid: _Grid, one: Returned, box: Box) -> None:
    """A share on its tint, below it the people; a span that was not over is outlined instead."""
    words, middle = grid.drawing.words, (box.left + box.right) / 2
    place = (box.left, box.top, box.right - box.left, box.bottom - box.top)
    if not one.complete:
        canvas.add(Rect(place[0] + 1, place[1] + 1, place[2] - 2, place[3] - 2, "open", ground=True))
    elif one.people:
        canvas.add(Rect(*place, f"tint{_step(one.share)}", ground=True))
    if not one.people:
        canvas.add(Text(middle, box.top + TALL / 2 + 4, "0", SMALL, anchor="middle", role="soft"))
        return
    count = words.counted("{n} person", "{n} people", one.people)
    label = f"{grid.name(one.cohort)}, {grid.after(one.later)} ({words.share(one.share)}): {count}"
    texts = (
        Text(middle, box.top + 15, _rounded(grid, one.share), 12, "strong", "middle"),
        Text(middle, box.top + 31, words.number(one.people), SMALL, anchor="middle", role="door"),
    )
    canvas.add(Door(grid.lead(one), label, texts, box))


def _step(share: float) -> int:
    return 1 + sum(1 for step in STEPS if share >= step)


def _rounded(grid: _Grid, share: float) -> str:
    """Whole percents, where that is neither nothing nor all of it."""
    words = grid.drawing.words
    percent = round(share * 100)
    return words.share(share) if percent in (0, 100) else f"{words.number(percent)}\u00a0%"


def _left_out(canvas: Canvas, grid: _Grid, top: float) -> float:
    """What is not drawn; the table has it."""
    words, y = grid.drawing.words, top
    longest = max((len(row) for row in grid.rows.values()), default=0)
    early = _early(grid.result)
    groups = len({one.cohort for one in grid.result.rows}) - len(grid.rows) - len(early)
    said = []
    if early:
        text = (
            "{n} person came first long before the others, from {day} on: at the end of the table.",
            "{n} people came first long before the others, from {day} on: at the end of the table.",
        )
        said.append(words.counted(*text, sum(early.values()), day=grid.name(min(early))))
    if groups:
        text = "{n} earlier group is in the table.", "{n} earlier groups are in the table."
        said.append(words.counted(*text, groups))
    if longest > grid.columns:
        text = "{n} later column is in the table.", "{n} later columns are in the table."
        said.append(words.counted(*text, longest - grid.columns))
    for line in wrap(" ".join(said), "record", 12, grid.drawing.width).lines if said else ():
        canvas.add(Text(0, y + 12, line, 12, role="soft"))
        y += LINE
    return y


def signs(result: Result[Returned], drawing: Drawing) -> list[tuple[str, str]]:
    """What the tints mean, and the outline."""
    if not result.rows:
        return []
    words = drawing.words
    found = [("tint1", words.say("under {share} came again", share=words.share(STEPS[0])))]
    for step, (low, high) in enumerate(pairwise(STEPS), 2):
        text = words.say("from {low} to {high}", low=words.share(low), high=words.share(high))
        found.append((f"tint{step}", text))
    found.append((f"tint{len(STEPS) + 1}", words.say("from {share} on", share=words.share(STEPS[-1]))))
    if not all(one.complete for one in result.rows):
        found.append(("open", words.say("this span was not over: more may come")))
    return found


def facts(result: Result[Returned], drawing: Drawing) -> list[Fact]:
    """How many came at all, and how many of those whose next span is over came again in it."""
    if not result.rows:
        return []
    words, grid = drawing.words, _measured(result, drawing)
    every = sum(one.people for one in result.rows if one.later == 0)
    again = [one for one in result.rows if one.later == 1]
    found = [Fact(words.number(every), drawing.lead({"later": 0}, {}), words.say("people came for a first time"))]
    if of := sum(one.size for one in again):
        people = sum(one.people for one in again)
        texts = {
            "day": words.say("came again the day after ({share})", share=words.share(people / of)),
            "week": words.say("came again the week after ({share})", share=words.share(people / of)),
            "month": words.say("came again the month after ({share})", share=words.share(people / of)),
        }
        found.append(Fact(words.number(people), drawing.lead({"later": 1}, {}), texts[grid.span]))
    return found


def twin(result: Result[Returned], drawing: Drawing) -> Twin:
    """Every cell as a row, those without anybody left out."""
    words, grid, rows = drawing.words, _measured(result, drawing), []
    for one in result.rows:
        if not one.people:
            continue
        over = words.say("yes") if one.complete else words.say("no")
        rows.append(
            (
                Cell(grid.name(one.cohort)),
                Cell(words.number(one.size)),
                Cell(words.number(one.later)),
                Cell(words.number(one.people), grid.lead(one)),
                Cell(words.share(one.share)),
                Cell(over),
            )
        )
    heads = (
        Column(words.say("First time from")), Column(words.say("Group"), numeric=True),
        Column(words.say("later by"), numeric=True), Column(words.say("People"), numeric=True),
        Column(words.say("Share"), numeric=True), Column(words.say("span over")),
    )  # fmt: skip
    return Twin(heads, tuple(rows))
