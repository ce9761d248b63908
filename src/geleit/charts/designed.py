"""Designed against actual: the steps as they were meant on top, what journeys did of them below, and what they did besides."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from babel.units import format_unit

from geleit.charts.drawing import LINE, Drawing, Fact, door, hatched, heading, legend, named_number, reach
from geleit.charts.twin import Cell, Column, Twin
from geleit.charts.words import Words
from geleit.events.kinds import in_language
from geleit.maps.plan import Paragraph, set_paragraphs
from geleit.maps.scene import Canvas, Circle, Rect, Scene, Stroke, Text
from geleit.maps.type import wrap

if TYPE_CHECKING:
    from geleit.analytics.conformance import Conformed
    from geleit.analytics.result import Result
    from geleit.needs.designed import DesignedStep

NARROWEST = 124.0  # px: a column of a step; where the page has less, steps stand below each other
GUTTER = 14.0  # px between two columns
GHOST = 11.0  # px: radius of a designed step
BAR = 18.0  # px: height of a bar
SIGN = 9.0  # px: the sign before a verdict
SMALL = 12.0
LISTED = 3  # kinds besides a step, before the rest is folded
VERDICTS = {
    "as_designed": "as designed",
    "late": "late",
    "other_order": "in another order",
    "skipped": "left out",
    "not_reached": "not reached",
}
WHOLE = {
    "as_designed": "journeys go as designed",
    "so_far": "go as designed so far, and not to the end",
    "deviating": "deviate: late, in another order, or something left out",
    "elsewhere": "take none of the steps",
}
OF_WHOLE = {
    "as_designed": "as designed",
    "so_far": "as designed so far",
    "deviating": "deviates",
    "elsewhere": "takes none of the steps",
}
BY = {"by_person": "besides, by the person", "by_company": "besides, by us"}


@dataclass(frozen=True)
class _Answer:
    """What is drawn, found by step and verdict."""

    result: Result[Conformed]
    drawing: Drawing

    @property
    def steps(self) -> Sequence[DesignedStep]:
        steps: Sequence[DesignedStep] = self.result.question.design.steps  # type: ignore[attr-defined]
        return steps

    @cached_property
    def all_rows(self) -> tuple[Conformed, ...]:
        return (*self.result.rows, *self.result.other.open())

    @cached_property
    def verdicts(self) -> Mapping[tuple[int, str], Conformed]:
        return {(row.step, row.verdict): row for row in self.all_rows if row.part == "step"}

    def beyond(self, step: int, by: str) -> list[Conformed]:
        """What happens after a step has begun and is no step, the most frequent first."""
        return [row for row in self.all_rows if (row.part, row.step, row.verdict) == ("extra", step, by)]

    def name(self, step: int) -> str:
        """What a reader calls a designed step."""
        words, designed = self.drawing.words, self.steps[step - 1]
        return in_language(designed.label, words.language) if designed.label else words.names(designed.kinds)

    def tone(self, step: int) -> str:
        words, designed = self.drawing.words, self.steps[step - 1]
        if designed.stage:
            return words.tone(designed.stage, "stage")
        tones = {words.tone(words.catalogue.canonical(kind)) for kind in designed.kinds}
        return tones.pop() if len(tones) == 1 else "none"

    def demands(self, step: int) -> list[str]:
        """What the design asks of a step besides its kind."""
        words, designed = self.drawing.words, self.steps[step - 1]
        found = [words.names(designed.channels, "channel")] if designed.channels else []
        if designed.within is not None:
            since = "within {span} of the step before" if designed.since == "step" else "within {span} of the beginning"
            found.append(words.say(since, span=_exactly(designed.within, words.language)))
        found += [words.say("optional")] if designed.optional else []
        return found + ([words.say("may repeat")] if designed.repeats else [])


def draw(result: Result[Conformed], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows and what its signs mean."""
    answer, canvas = _Answer(result, drawing), Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    before = [0] if answer.beyond(0, "by_person") or answer.beyond(0, "by_company") else []
    columns = [*before, *range(1, len(answer.steps) + 1)]
    column = drawing.width / len(columns)
    y = _lanes(canvas, answer, columns, y) if column >= NARROWEST else _rows(canvas, answer, columns, y)
    if title:
        y = legend(canvas, y + 4, signs(result, drawing), drawing.width)
    words = drawing.words
    right = max(drawing.width, reach(canvas))
    said = title or words.say("Designed against actual")
    return Scene(right, y + 4, tuple(canvas.marks), said, words.explain(result), words.language)


def _lanes(canvas: Canvas, answer: _Answer, columns: Sequence[int], top: float) -> float:
    """Designed on top, actual below, a column a step; returns where it ends."""
    words = answer.drawing.words
    wide = answer.drawing.width / len(columns)
    room = wide - GUTTER
    y = _lane(canvas, answer, words.say("As designed"), top)
    middle = y + GHOST + 2
    at = {step: place * wide for place, step in enumerate(columns)}
    centers = [at[step] + GHOST + 1 for step in columns if step]
    for left, right in itertools.pairwise(centers):
        canvas.line([(left + GHOST + 3, middle), (right - GHOST - 3, middle)], "unknown", thick=2)
    ends = [_ghost(canvas, answer, step, (at[step], y), room, below=True) for step in columns if step]
    actual = _lane(canvas, answer, words.say("As it went"), max(ends) + 22, GHOST * 2 + 10)
    for step in columns:
        if step:
            mine = (answer.verdicts.get((step, verdict)) for verdict in ("as_designed", "late"))
            _tie(canvas, (at[step] + GHOST + 1, middle + GHOST + 3, actual - 3), sum(row.share for row in mine if row))
    ends = [_actual(canvas, answer, step, (at[step], actual), room) for step in columns if step]
    besides = _lane(canvas, answer, words.say("Besides"), max(ends) + 18)
    ends = [_besides(canvas, answer, step, (at[step], besides), room) for step in columns]
    return max(ends) + 8


def _rows(canvas: Canvas, answer: _Answer, columns: Sequence[int], top: float) -> float:
    """On a narrow page each step is a row: designed, below it actual, below it what came besides; returns where it ends."""
    y, room = top, min(answer.drawing.width, 620.0)
    for step in columns:
        if step:
            y = _ghost(canvas, answer, step, (0, y), room) + 8
            y = _actual(canvas, answer, step, (GHOST * 2 + 10, y), room - GHOST * 2 - 10)
        if answer.beyond(step, "by_person") or answer.beyond(step, "by_company"):
            y = _besides(canvas, answer, step, (GHOST * 2 + 10, y + 4), room - GHOST * 2 - 10)
        canvas.line([(0, y + 9.5), (answer.drawing.width - 1, y + 9.5)], "hair")
        y += 22
    return y


def _lane(canvas: Canvas, answer: _Answer, head: str, top: float, left: float = 0) -> float:
    """A lane's head over its line; returns where its matter begins."""
    canvas.add(Text(left, top + 14, head, 14, "strong"))
    canvas.line([(0, top + 22.5), (answer.drawing.width - 1, top + 22.5)], "hair")
    return top + 34


def _tie(canvas: Canvas, at: tuple[float, float, float], share: float) -> None:
    """From a designed step down to what became of it: as wide as the share that took it in its order, dotted for none."""
    x, top, bottom = at
    if share:
        wide = 1.5 + 8.5 * share
        canvas.add(Rect(x - wide / 2, top, wide, bottom - top, "ribbon", ground=True))
    else:
        canvas.line([(x, top), (x, bottom)], "sight")


def _ghost(
    canvas: Canvas, answer: _Answer, step: int, at: tuple[float, float], room: float, *, below: bool = False
) -> float:
    """A designed step: dashed, for nobody took it yet; its name and what is asked of it; returns where it ends."""
    x, y = at
    canvas.add(Circle(x + GHOST + 1, y + GHOST + 2, GHOST, "gap", ground=True))
    canvas.add(Text(x + GHOST + 1, y + GHOST + 6.5, str(step), 12, "strong", "middle"))
    left = x + GHOST * 2 + 10
    said = [
        Paragraph(answer.name(step), "strong", 13),
        *(Paragraph(one, "record", SMALL, "soft") for one in answer.demands(step)),
    ]
    top = y + (GHOST + 8 if below else 3)
    ends = set_paragraphs(canvas, said, left, top, room - (left - x), anchor="start")
    return max(ends, y + GHOST * 2 + 4)


def _actual(canvas: Canvas, answer: _Answer, step: int, at: tuple[float, float], room: float) -> float:
    """What journeys did of a step: a bar of their verdicts, and each verdict with its number; returns where it ends."""
    (x, y), words = at, answer.drawing.words
    left = x
    for verdict in VERDICTS:
        if row := answer.verdicts.get((step, verdict)):
            _part(canvas, answer, row, (left, y, max(room * row.share, 1.0)))
            left += room * row.share
    canvas.add(Rect(x, y, room, BAR, "shape", ground=True))
    y += BAR + 9
    for verdict, name in VERDICTS.items():
        if row := answer.verdicts.get((step, verdict)):
            _part(canvas, answer, row, (x, y + 3, SIGN), SIGN)
            said = (words.say(name), f"{words.number(row.journeys)} · {words.share(row.share)}")
            href = answer.drawing.lead({"part": "step", "step": step, "verdict": verdict}, {})
            y = named_number(canvas, (x + SIGN + 7, y), room - SIGN - 7, said, href=href)
            if verdict == "late" and row.median_us is not None:
                text = words.say("half of them after {span} or more", span=words.span(row.median_us))
                for line in wrap(text, "record", SMALL, room - SIGN - 7, 3).lines:
                    canvas.add(Text(x + SIGN + 7, y + 12, line, SMALL, role="soft"))
                    y += LINE
            y += 5
    return y


def _part(
    canvas: Canvas, answer: _Answer, row: Conformed, place: tuple[float, float, float], high: float = BAR
) -> None:
    """A verdict's part of a bar, or its sign."""
    x, y, wide = place
    tone = answer.tone(row.step)
    if row.verdict in ("skipped", "other_order"):
        role = f"pale{tone}" if row.verdict == "other_order" else "paper"
        canvas.add(Rect(x, y, wide, high, role, ground=True))
    if row.verdict == "skipped":
        canvas.add(Stroke(hatched(x, y, wide, high, 4), "left", (), ground=True))
    elif row.verdict != "other_order":
        role = {"as_designed": f"bar{tone}", "late": "alarm", "not_reached": "ribbon"}[row.verdict]
        canvas.add(Rect(x, y, wide, high, role, ground=True))


def _besides(canvas: Canvas, answer: _Answer, step: int, at: tuple[float, float], room: float) -> float:
    """What the person did besides once a step had begun, and what we did; information, not an error."""
    (x, y), words, lead = at, answer.drawing.words, answer.drawing.lead
    for by, head in (("by_person", "begun by the person"), ("by_company", "begun by us")):
        rows = answer.beyond(step, by)
        if not rows:
            continue
        said = words.say(f"{head}, before the first step:") if not step else words.say(f"{head}:")
        for line in wrap(said, "record", SMALL, room, 3).lines:
            canvas.add(Text(x, y + 12, line, SMALL, role="soft"))
            y += LINE
        shown = rows if len(rows) <= LISTED + 1 else rows[:LISTED]
        for row in shown:
            cell = {"part": "extra", "step": step, "verdict": by, "kind": row.kind}
            y = (
                named_number(
                    canvas, (x, y), room, (words.name(row.kind), words.number(row.journeys)), href=lead(cell, {})
                )
                + 7
            )
        if rest := rows[len(shown) :]:
            text = words.counted("{n} further kind", "{n} further kinds", len(rest))
            href = lead({"part": "extra", "step": step, "verdict": by}, {"kind": [row.kind for row in shown]})
            lines = wrap(text, "record", 13, room, 3).lines
            texts = [Text(x, y + 13 + place * LINE, line, 13, role="door") for place, line in enumerate(lines)]
            door(canvas, text, href, texts)
            y += LINE * len(lines) + 9
        y += 4
    return y


def signs(_result: Result[Conformed], drawing: Drawing) -> list[tuple[str, str]]:
    """What dashes, colors and hatching mean."""
    words = drawing.words
    return [
        ("", words.say("Dashed: the step as it was designed. The bar below: all journeys that take any of the steps.")),
        ("alarm", words.say("late")),
        ("ribbon", words.say("not reached; between the lanes as wide as the share that took the step in its order")),
        (
            "",
            words.say(
                "Full color: as designed. Pale: in another order. Hatched: left out, though a later step was taken."
            ),
        ),
        ("", words.say("What people do besides the design is information, not an error.")),
    ]


def facts(result: Result[Conformed], drawing: Drawing) -> list[Fact]:
    """How many journeys go as designed, so far, otherwise, elsewhere."""
    words, rows = drawing.words, {row.verdict: row for row in result.rows if row.part == "journey"}
    return [
        Fact(
            words.number(rows[verdict].journeys),
            drawing.lead({"part": "journey", "verdict": verdict}, {}),
            words.say(said),
        )
        for verdict, said in WHOLE.items()
        if verdict in rows
    ]


def twin(result: Result[Conformed], drawing: Drawing) -> Twin:
    """Every verdict as a row."""
    answer, words = _Answer(result, drawing), drawing.words
    rows = []
    for row in answer.all_rows:
        cell: dict[str, Any] = {"part": row.part, "step": row.step, "verdict": row.verdict}
        cell |= {"kind": row.kind} if row.kind else {}
        rows.append(
            (
                Cell(str(row.step) if row.part != "journey" else ""),
                Cell(_what(answer, row)),
                Cell(_said(words, row)),
                Cell(words.number(row.journeys), drawing.lead(cell, {})),
                Cell(words.number(row.people)),
                Cell(words.share(row.share)),
                Cell(words.number(row.events)),
                Cell(words.span(row.median_us)),
                Cell(words.span(row.p95_us)),
            )
        )
    heads = ("Step", "what happens", "verdict", "Journeys", "People", "Share", "Events", "half within", "95 % within")
    text = {"what happens", "verdict"}
    return Twin(tuple(Column(words.say(head), numeric=head not in text) for head in heads), tuple(rows))


def _what(answer: _Answer, row: Conformed) -> str:
    words = answer.drawing.words
    if row.part == "journey":
        return words.say("the whole journey")
    return answer.name(row.step) if row.part == "step" else words.name(row.kind)


def _said(words: Words, row: Conformed) -> str:
    if row.part == "journey":
        return words.say(OF_WHOLE[row.verdict])
    named = BY if row.part == "extra" else VERDICTS
    return words.say(named[row.verdict])


def _exactly(micros: int, language: str) -> str:
    """A limit as somebody wrote it: ``10 days``, ``36 hours``."""
    seconds = micros // 1_000_000
    unit, size = next((one for one in (("day", 86_400), ("hour", 3_600)) if seconds % one[1] == 0), ("minute", 60))
    return str(format_unit(seconds // size, unit, locale=language))
