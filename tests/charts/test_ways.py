"""Ways as chains: nothing touches, the rare ones are counted, every number leads to its people."""

import pytest
from invented_answers import KINDS, answer, words

from geleit.analytics.variants import Variant, Variants
from geleit.charts import variants
from geleit.charts.drawing import Drawing
from geleit.charts.gallery import CHARTS
from geleit.maps.scene import Door, Rect

HOUR = 3_600_000_000


def ways(count, many, length=4, rare=7):
    rows = [
        Variant(
            tuple(KINDS[(step * (nth + 1)) % len(KINDS)] for step in range(nth % length + 1)),
            many,
            many // 2 + 1,
            1 / (count + 1),
            nth * HOUR,
        )
        for nth in range(count)
    ]
    return answer(Variants(), rows, many * (count + 1), folded=range(rare))


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [1168.0, 656.0, 358.0])
@pytest.mark.parametrize(("count", "many", "length"), [(1, 1, 1), (12, 300, 9), (30, 12_345_678, 30), (3, 5, 400)])
def test_nothing_touches(language, width, count, many, length):
    for title in ("", "Welche Wege gehen sie?"):
        scene = CHARTS["variants"].draw(ways(count, many, length), Drawing(words(language), width=width), title=title)
        assert scene.collisions() == []
        assert scene.width <= width + 1


def test_no_way_at_all_is_a_picture_too():
    result = answer(Variants(), [])
    assert CHARTS["variants"].draw(result, Drawing(words("de"))).collisions() == []
    assert variants.facts(result, Drawing(words())) == variants.signs(result, Drawing(words())) == []
    assert variants.twin(result, Drawing(words())).rows == ()


def test_every_number_leads_to_its_people_and_the_rare_ways_are_counted():
    drawing = Drawing(words("en"), lead=lambda cell, less={}: f"{cell.get('way', '')}-{'+'.join(less.get('way', ()))}")
    result = ways(3, 100)
    doors = [mark for mark in CHARTS["variants"].draw(result, drawing).marks if isinstance(mark, Door)]
    first = [f"{'|'.join(row.way)}-" for row in result.rows]
    everything = "-" + "+".join("|".join(row.way) for row in result.rows)
    assert [door.href for door in doors] == [*first, everything]
    assert doors[-1].label == "7 rarer ways: 100"
    rows = variants.twin(result, drawing).rows
    assert [row[2].href for row in rows] == [*first, everything]
    assert [fact.number for fact in variants.facts(result, drawing)] == ["100", "100"]


def test_a_chain_has_a_mark_for_each_step_lower_where_its_stage_is_later():
    way = (KINDS[1], KINDS[3], KINDS[3], KINDS[0])  # inform, order, order, need
    result = answer(Variants(), [Variant(way, 5, 5, 1.0, HOUR)])
    scene = CHARTS["variants"].draw(result, Drawing(words("en", wordy=False)))
    marks = [mark for mark in scene.marks if isinstance(mark, Rect)]
    assert [mark.role for mark in marks] == ["bar1", "bar3", "bar3", "bar0"]
    heights = [mark.y for mark in marks]
    assert heights[3] < heights[0] < heights[1] == heights[2]
    assert any("\u00d7\u20602" in text.text for text in scene.texts())
