"""Attribution as rows of bars: what came before successes, and how each model shares them, all models side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geleit.charts import bars
from geleit.charts.bars import Bar, Row
from geleit.charts.drawing import Drawing, Fact, finished, heading, said_of
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.scene import Canvas, Scene

if TYPE_CHECKING:
    from geleit.analytics.attribution import Credit
    from geleit.analytics.result import Result

MODELS = ("first", "last", "linear", "position", "decay", "markov", "shapley")
WHOLE = 100  # a range is told in whole successes from here on
SHOWN = 12  # touches drawn; the table has all


def draw(result: Result[Credit], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows."""
    words, canvas = drawing.words, Canvas()
    y = heading(canvas, result, title, drawing) if title else 0.0
    drawn = result.rows[:SHOWN]
    most = max((_ends(row, model)[1] for row in drawn for model in MODELS), default=0) or 1
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
        its += [_bar(row, model, most, drawing) for model in MODELS]
        found.append(Row(_name(row, drawing, said_of(result)), tuple(its), words.tone(row.touch, said_of(result))))
    y = bars.rows(canvas, drawing, [words.say("with a success after it"), *_models(drawing)], found, y)
    told = signs(result, drawing) if title else ()
    return finished(canvas, y, result, drawing, title or words.say("Attribution"), told=told)


def _name(row: Credit, drawing: Drawing, of: str) -> str:
    return drawing.words.name(row.touch, of) if row.touch else drawing.words.say("nothing before it")


def _models(drawing: Drawing) -> list[str]:
    words = drawing.words
    return [
        words.say("all to the first"), words.say("all to the last"), words.say("equally"), words.say("ends more"),
        words.say("later ones more"), words.say("Markov: lost without it"), words.say("Shapley: equal among different ones"),
    ]  # fmt: skip


def _ends(row: Credit, model: str) -> tuple[float, float]:
    """Where a credit may lie; without a range it is only what it is."""
    low, high = getattr(row, f"{model}_low"), getattr(row, f"{model}_high")
    value = float(getattr(row, model))
    return (value, value) if low is None or high is None else (float(low), float(high))


def _range(row: Credit, model: str, drawing: Drawing) -> str:
    if getattr(row, f"{model}_low") is None:
        return ""
    return "\u2013".join(_round(end, drawing) for end in _ends(row, model))


def _bar(row: Credit, model: str, most: float, drawing: Drawing) -> Bar:
    said = _range(row, model, drawing)
    within = _ends(row, model)
    ends = (within[0] / most, within[1] / most) if said else None
    return Bar(_credit(row, model, drawing), getattr(row, model) / most, after=said, within=ends)


def _round(value: float, drawing: Drawing) -> str:
    return drawing.words.number(round(value) if value >= WHOLE else round(value, 1))


def _credit(row: Credit, model: str, drawing: Drawing) -> str:
    return drawing.words.number(round(getattr(row, model), 1))


def _told(row: Credit, model: str, drawing: Drawing) -> str:
    said = _range(row, model, drawing)
    return f"{_credit(row, model, drawing)} ({said})" if said else _credit(row, model, drawing)


def _with_success(row: Credit, drawing: Drawing) -> str:
    return drawing.lead({"touch": row.touch, "success": 1}, {})


def signs(result: Result[Credit], drawing: Drawing) -> list[tuple[str, str]]:
    """What bars are, and what they do not say."""
    if not result.rows:
        return []
    words, drawn = drawing.words, result.rows[:SHOWN]
    found = [
        ("", words.say("Bars: how many successes a model gives to it; each model gives away all successes.")),
        ("", words.say("Line: where a number may lie, in 95 of 100 cases, had other people like these come.")),
        ("", words.say("This is an association, not a cause: where the models differ, nobody knows.")),
    ]
    few = [row for row in drawn if row.markov_low is None]
    if few:
        support = words.number(getattr(result.question, "support", 0))
        names = ", ".join(_name(row, drawing, said_of(result)) for row in few)
        found.append(
            (
                "",
                words.say(
                    "Fewer people with a success than {support}, so no line: {names}.", support=support, names=names
                ),
            )
        )
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
        name=_name(row, drawing, said_of(result)),
    )
    return [Fact(words.number(row.successes), _with_success(row, drawing), said)]


def twin(result: Result[Credit], drawing: Drawing) -> Twin:
    """Every touch as a row."""
    words = drawing.words
    found = [
        (
            Cell(_name(row, drawing, said_of(result))),
            Cell(words.number(row.journeys), drawing.lead({"touch": row.touch}, {})),
            Cell(words.number(row.people)),
            Cell(words.number(row.successes), _with_success(row, drawing) if row.successes else ""),
            Cell(words.number(row.successful)),
            *(Cell(_told(row, model, drawing)) for model in MODELS),
        )
        for row in (*result.rows, *result.other.open())
    ]
    heads = (
        Column(words.say("Touch")), Column(words.say("Journeys"), numeric=True), Column(words.say("People"), numeric=True),
        Column(words.say("with a success after it"), numeric=True), Column(words.say("their people"), numeric=True),
        *(Column(head, numeric=True) for head in _models(drawing)),
    )  # fmt: skip
    return Twin(heads, tuple(found))
