"""The transition graph: no text touches anything, columns follow stages or mean places, every number leads to its people."""

import random

import pytest
from invented_answers import KINDS, answer, words

from geleit.analytics.transitions import Transition, Transitions
from geleit.charts import transitions
from geleit.charts.drawing import Drawing
from geleit.charts.gallery import CHARTS
from geleit.charts.layers import layers, places
from geleit.maps.scene import Door, Stroke

DAY = 86_400_000_000


def link(source, target, count, journeys=None):
    spans = (None, None, None) if "" in (source, target) else (3.5 * DAY, 3 * DAY, 9 * DAY)
    return Transition(source, target, count, journeys or count, max(count // 2, 1), *spans)


def tangle(kinds, many, shown, of="kind"):
    """Every kind to every other, with itself, and as beginning and end, at random."""
    chance = random.Random(kinds)
    ends = [*KINDS[:kinds], ""]
    links = [
        link(source, target, int(many * chance.random() ** 4) + 1)
        for source in ends
        for target in ends
        if source or target
    ]
    links.sort(key=lambda one: (-one.count, one.source, one.target))
    return answer(Transitions(of=of), links[:shown], many, links[shown:])


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("titled", [False, True])
@pytest.mark.parametrize(
    ("kinds", "many", "shown"), [(1, 1, 5), (2, 9, 5), (9, 400, 30), (30, 12_345_678, 100), (30, 12_345_678, 900)]
)
def test_no_text_touches_anything(language, titled, kinds, many, shown):
    for of in ("kind", "channel"):
        result = tangle(kinds, many, shown, of)
        scene = CHARTS["transitions"].draw(result, Drawing(words(language)), title="Was folgt?" if titled else "")
        assert scene.collisions() == []


def test_nothing_at_all_is_a_picture_too():
    result = answer(Transitions(), [])
    assert CHARTS["transitions"].draw(result, Drawing(words("de"))).collisions() == []
    assert transitions.facts(result, Drawing(words())) == transitions.signs(result, Drawing(words())) == []


def test_every_number_leads_to_its_people_and_what_has_no_arrow_is_told():
    drawing = Drawing(words("en"), lead=lambda cell, _less={}: f"{cell['source']}>{cell['target']}")
    links = [
        link("", "kind_0", 90),
        link("kind_0", "kind_1", 70, 60),
        link("kind_1", "kind_1", 9),
        link("kind_1", "", 8),
    ]
    result = answer(Transitions(), links, 90, [link("kind_1", "kind_0", 3), link("kind_0", "", 2)])
    scene = CHARTS["transitions"].draw(result, drawing)
    doors = {mark.href: mark.label for mark in scene.marks if isinstance(mark, Door)}
    assert doors.keys() == {">kind_0", "kind_0>kind_1", "kind_1>kind_1", "kind_1>", "kind_0>"}
    assert doors["kind_0>kind_1"].endswith("(3 days): 60")
    assert any("1 rarer step, of 3 journeys, has no arrow" in text.text for text in scene.texts())
    assert len(transitions.twin(result, drawing).rows) == 6


def test_arrows_lead_forward_in_the_stage_model_and_are_dashed_where_they_lead_back():
    links = [link("kind_1", "kind_3", 70), link("kind_3", "kind_1", 7)]  # inform, order
    scene = CHARTS["transitions"].draw(answer(Transitions(), links, 70), Drawing(words("en")))
    roles = [mark.role for mark in scene.marks if isinstance(mark, Stroke) and mark.ground]
    assert roles == ["link5", "said", "back", "said"]


def test_mean_places_and_columns():
    links = [link("", "a", 10), link("a", "b", 10), link("b", "b", 50), link("b", "c", 10), link("c", "", 10)]
    found = places(links)
    assert found == {"a": 1, "b": 2, "c": 3}
    drawn = [one for one in links if one.source and one.target]
    assert [layer.nodes for layer in layers(drawn, found, {})] == [("a",), ("b", "c")]
    staged = layers(drawn, found, {"c": "inform", "a": "order"})
    assert sorted(node for layer in staged for node in layer.nodes) == ["a", "b", "c"]
    assert [layer.stage for layer in staged] == ["inform", "order"]
