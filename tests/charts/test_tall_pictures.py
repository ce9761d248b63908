"""Pictures for phones: they fit, lose nothing, and every number of them is as many people as it says."""

import random

import pytest
from invented_answers import KINDS, answer, flow, words

from geleit.analytics.transitions import Transition, Transitions
from geleit.charts import flow as flow_chart
from geleit.charts import tall_flow, transitions
from geleit.charts.drawing import Drawing
from geleit.charts.unrolled import REST
from geleit.maps.scene import Canvas, Door

PHONE = 358.0


def followed(count, many):
    chance = random.Random(count)
    ends = [(a, b) for a in KINDS[:count] for b in KINDS[:count]] + [("", a) for a in KINDS[:count]]
    chance.shuffle(ends)
    rows = [
        Transition(a, b, many // (at + 1) + 2, many // (at + 1) + 1, 1, 1.0, 3_600_000_000 * at, 9_000_000_000_000)
        for at, (a, b) in enumerate(ends)
    ]
    return answer(Transitions(limit=30), rows[:30], many, rows[30:])


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("direction", ["after", "before"])
@pytest.mark.parametrize("journeys", [7, 9_126, 98_765_432])
def test_a_flow_fits_a_phone(language, direction, journeys):
    result = flow(4, journeys, direction=direction, anchor=KINDS[:1])
    for chosen in ({}, {"open": "1"}):
        drawing = Drawing(words(language), width=PHONE, chosen=chosen, again=lambda _: "/again")
        scene = flow_chart.draw(result, drawing)
        assert scene.collisions() == []
        assert scene.width == PHONE
        assert max(box.right for mark in scene.marks for box in mark.boxes) <= PHONE
    assert flow_chart.draw(result, Drawing(words(language), width=PHONE), title="?").collisions() == []


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("count", "many"), [(2, 1), (6, 2_000), (14, 98_765_432)])
def test_a_graph_fits_a_phone(language, count, many):
    scene = transitions.draw(followed(count, many), Drawing(words(language), width=PHONE))
    assert scene.collisions() == []
    assert scene.width == PHONE
    assert max(box.right for mark in scene.marks for box in mark.boxes) <= PHONE


def test_every_arrow_is_told_on_a_phone():
    result, led = followed(6, 2_000), []
    drawing = Drawing(words("en"), lambda cell, _less={}: led.append(tuple(cell.values())) or "/people", PHONE)
    transitions.draw(result, drawing)
    plain = [(one.source, one.target) for one in result.rows if one.source and one.source != one.target]
    assert set(plain) <= set(led)
    assert len(led) == len(set(led))


@pytest.mark.parametrize("direction", ["after", "before"])
def test_where_they_go_and_who_stays_is_everybody_there(direction):
    result = flow(4, 9_126, direction=direction, anchor=KINDS[:1])
    drawing = Drawing(words("en"), lambda cell, less: f"{sorted(cell)}{less}", PHONE)
    flowing = flow_chart._measured(result, drawing)
    for stands in flowing.unrolled.columns[:-1]:
        for stand in stands:
            canvas = Canvas()
            tall_flow._onward(canvas, flowing, stand, 0)
            said = [mark for mark in canvas.marks if isinstance(mark, Door)]
            counts = [int(door.label.rpartition(": ")[2].replace(",", "")) for door in said]
            assert sum(counts) == stand.here.journeys, stand


@pytest.mark.parametrize("direction", ["after", "before"])
def test_the_others_are_named_by_what_they_are_not(direction):
    """The cell of a number that stands for several holds exactly their journeys."""
    result = flow(3, 9_126, direction=direction, anchor=KINDS[:1])
    links = [*result.rows, *result.other.open()]
    led = []
    drawing = Drawing(words("en"), lambda cell, less=None: led.append((cell, less or {})) or "/people", PHONE)
    flowing = flow_chart._measured(result, drawing)
    seen = 0
    for stands in flowing.unrolled.columns[:-1]:
        for stand in stands:
            led.clear()
            canvas = Canvas()
            tall_flow._onward(canvas, flowing, stand, 0)
            for (cell, less), door in zip(led, [m for m in canvas.marks if isinstance(m, Door)], strict=False):
                inside = [
                    one.journeys
                    for one in links
                    if all(getattr(one, name) == value for name, value in cell.items())
                    and not any(getattr(one, name) in values for name, values in less.items())
                ]
                assert sum(inside) == int(door.label.rpartition(": ")[2].replace(",", "")), (stand, door.label)
                seen += bool(less)
    assert seen
    assert any(stand.value == REST for stands in flowing.unrolled.columns for stand in stands)
