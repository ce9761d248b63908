"""Attribution as rows of bars: what came before successes, and how each model shares them, all models side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geleit.charts import bars
from geleit.charts.bars import Bar, Row
from geleit.charts.drawing import Drawing, Fact, heading, legend, reach
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.scene import Canvas, Scene

if TYPE_CHECKING:
    from geleit.analytics.attribution import Credit
    from geleit.analytics.result import Result

MODELS = ("first", "last", "linear", "position", "decay", "markov", "shapley")
SHOWN = 12  # touches drawn; the table has all


def draw(result: Result[Credit], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows."""
    words, canvas = drawing.words, Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    drawn = result.rows[:SHOWN]
    most = max((getattr(row, model) for row in drawn for model in MODELS), default=0) or 1
    found = []
    for row in drawn:
        its = [
            Bar(
                words.number(row.successes),
                0.0,
                _with_success(row, drawing) if row.successes else "",
                words.counted("{n} person", "{n} people", row.successful),
            )
        ]
        its += [Bar(_credit(row, model, drawing), getattr(row, model) / most) for model in MODELS]
        found.append(Row(_name(row, drawing, _of(result)), tuple(its), words.tone(row.touch, _of(result))))
    y = bars.rows(canvas, drawing, [words.say("with a success after it"), *_models(drawing)], found, y)
    if title:
        y = legend(canvas, y, signs(result, drawing), drawing.width)
    right = max(drawing.width, reach(canvas) + 1)
    name = title or words.say("Attribution")
    return Scene(right, y + 4, tuple(canvas.marks), name, words.explain(result), words.language)


def _of(result: Result[Credit]) -> str:
    return str(getattr(result.question, "of", "channel"))


def _name(row: Credit, drawing: Drawing, of: str) -> str:
    return drawing.words.name(row.touch, of) if row.touch else drawing.words.say("nothing before it")


def _models(drawing: Drawing) -> list[str]:
    words = drawing.words
    return [
        words.say("all to the first"), words.say("all to the last"), words.say("equally"), words.say("ends more"),
        words.say("later ones more"), words.say("Markov: lost without it"), words.say("Shapley: equal among different ones"),
    ]  # fmt: skip


def _credit(row: Credit, model: str, drawing: Drawing) -> str:
    return drawing.words.number(round(getattr(row, model), 1))


def _with_success(row: Credit, drawing: Drawing) -> str:
    return drawing.lead({"touch": row.touch, "success": 1}, {})


def signs(result: Result[Credit], drawing: Drawing) -> list[tuple[str, str]]:
    """What bars are, and what they do not say."""
    if not result.rows:
        return []
    words = drawing.words
    found = [
        ("", words.say("Bars: how many successes a model gives to it; each model gives away all successes.")),
        ("", words.say("This is an association, not a cause: where the models differ, nobody knows.")),
    ]
    if more := len(result.rows) + result.other.rows - SHOWN if len(result.rows) > SHOWN else 0:
        found.append(("", words.counted("{n} more is in the table.", "{n} more are in the table.", more)))
    return found


def facts(result: Result[Credit], drawing: Drawing) -> list[Fact]:
    """In how many successful journeys the touch with the most successes was."""
    words = drawing.words
    touched = [row for row in result.rows if row.touch and row.successes]
    if not touched:
        return []
    row = max(touched, key=lambda one: (one.successes, one.touch))
    said = words.say(
        "journeys with a success had “{name}” before it, more than any other",
        name=_name(row, drawing, _of(result)),
    )
    return [Fact(words.number(row.successes), _with_success(row, drawing), said)]


def twin(result: Result[Credit], drawing: Drawing) -> Twin:
    """Every touch as a row."""
    words = drawing.words
    found = [
        (
            Cell(_name(row, drawing, _of(result))),
            Cell(words.number(row.journeys), drawing.lead({"touch": row.touch}, {})),
            Cell(words.number(row.people)),
            Cell(words.number(row.successes), _with_success(row, drawing) if row.successes else ""),
            Cell(words.number(row.successful)),
            *(Cell(_credit(row, model, drawing)) for model in MODELS),
        )
        for row in (*result.rows, *result.other.open())
    ]
    heads = (
        Column(words.say("Touch")), Column(words.say("Journeys"), numeric=True), Column(words.say("People"), numeric=True),
        Column(words.say("with a success after it"), numeric=True), Column(words.say("their people"), numeric=True),
        *(Column(head, numeric=True) for head in _models(drawing)),
    )  # fmt: skip
    return Twin(heads, tuple(found))
