"""What happens how often, at which place, and again: nothing touches, nothing is lost, every number leads to its people."""

import pytest
from invented_answers import KINDS, answer, words

from geleit.analytics.loops import Loop, Loops
from geleit.analytics.occurrences import Occurrence, Occurrences, Placed, Positions
from geleit.charts import loops, occurrences, positions
from geleit.charts.drawing import Drawing

HOUR = 3_600_000_000


def happened(count, many, folded=0):
    rows = [
        Occurrence(KINDS[at], many * 3 // (at + 1) + 1, many // (at + 1) + 1, at + 1, 1 / (at + 1))
        for at in range(count)
    ]
    return answer(Occurrences(), rows[: count - folded], many, rows[count - folded :])


def again(count, many, folded=0):
    rows = [
        Loop(
            KINDS[at], many // (at + 1) + 1, many // (at + 3), many // (at + 2) + 1, at + 1, HOUR * at, HOUR * 9000 * at
        )
        for at in range(count)
    ]
    return answer(Loops(), rows[: count - folded], many, rows[count - folded :])


def placed(count, many, folded=0):
    rows = [
        Placed(step, value, many // (step + at) + 1, 1, 1 / (step + at))
        for step in range(1, 11)
        for at, value in enumerate((*KINDS[:count], *([""] if step > 1 else [])))
    ]
    return answer(Positions(), rows[: len(rows) - folded], many, rows[len(rows) - folded :])


DRAWN = [(occurrences, happened), (loops, again), (positions, placed)]
IDS = ["occurrences", "loops", "positions"]


@pytest.mark.parametrize("width", [358, 656, 1168])
@pytest.mark.parametrize(("count", "many"), [(1, 1), (6, 2_000), (30, 98_765_432)])
@pytest.mark.parametrize(("chart", "make"), DRAWN, ids=IDS)
def test_nothing_touches_and_nothing_leaves_the_picture(chart, make, count, many, width):
    for language in ("en", "de"):
        scene = chart.draw(make(count, many), Drawing(words(language), width=width))
        assert scene.collisions() == []
        assert scene.width == width
        assert chart.draw(make(count, many), Drawing(words(language), width=width), title="?").collisions() == []


@pytest.mark.parametrize(("chart", "make"), DRAWN, ids=IDS)
def test_the_twin_holds_every_row_and_each_leads_to_its_people(chart, make):
    result = make(9, 500, folded=3)
    led = []
    drawing = Drawing(words("en"), lambda cell, _less: led.append(cell) or "/people")
    twin = chart.twin(result, drawing)
    assert len(twin.rows) == len(result.rows) + 3 == len(led)
    assert all(set(cell) <= set(result.question.keys) for cell in led)
    assert all(any(cell.href for cell in row) for row in twin.rows)
    assert chart.facts(result, drawing)[0].href == "/people"


@pytest.mark.parametrize(("chart", "make"), DRAWN, ids=IDS)
def test_nothing_happened_is_a_picture_too(chart, make):
    result = answer(make(1, 1).question, [])
    assert chart.draw(result, Drawing(words("en"))).collisions() == []
    assert chart.facts(result, Drawing(words("en"))) == chart.signs(result, Drawing(words("en"))) == []


@pytest.mark.parametrize("width", [358, 1168])
def test_every_place_says_how_many_are_at_an_end(width):
    led = []
    positions.draw(placed(3, 500), Drawing(words("en"), lambda cell, _less: led.append(cell) or "/people", width))
    assert [cell["step"] for cell in led if cell["value"] == ""] == list(range(2, 11))
    assert len(led) == 10 * 3 + 9


def test_what_is_rare_is_folded_and_told():
    said = positions.signs(placed(30, 5_000), Drawing(words("en")))
    assert said[-1] == ("", "10 rarer ones are not drawn; the table has them.")
    assert positions.signs(placed(21, 5_000), Drawing(words("en")))[-1][0] == "tint5"
    told = [text for _, text in loops.signs(again(9, 500, folded=3), Drawing(words("en")))]
    assert told[-1].startswith("3 rarer ones")
    text = occurrences.signs(happened(9, 500, folded=1), Drawing(words("de")))[-1][1]
    assert text == "1 selteneres ist nicht gezeichnet; die CSV-Datei hat es."
