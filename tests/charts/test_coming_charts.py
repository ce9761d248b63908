"""Lifecycle, stickiness and RFM as pictures: nothing touches, numbers open, the table says the same."""

import random
from datetime import date

import pytest
from invented_answers import answer, words

from geleit.analytics.lifecycle import Lifecycle, Lived
from geleit.analytics.rfm import Rfm, Scored, group
from geleit.analytics.stickiness import Stickiness, Sticky
from geleit.charts import coming, rfm
from geleit.charts.drawing import Drawing
from geleit.maps.scene import Door

WIDTHS = (358, 656, 1168)


def lived(spans, chance):
    rows = []
    for at in range(spans):
        new, back, again, gone = (chance.choice((0, 1, 12_345, 900)) for _ in range(4))
        rows.append(
            Lived(date(2024 + at // 12, at % 12 + 1, 1), new + back + again, new, back, again, gone, at < spans - 1)
        )
    return answer(Lifecycle(), rows, 100_000)


def sticky(spans, chance):
    rows = []
    for at in range(spans):
        people = chance.choice((1, 12_345, 900))
        once = chance.randint(0, people)
        begins = date(2024 + at // 12, at % 12 + 1, 1)
        rows.append(Sticky(begins, people, people * 2, people / 15, 1 / 15, once, 1, 4, at < spans - 1))
    return answer(Stickiness(), rows, 100_000)


def scored(chance, by="score"):
    rows = [Scored("no_order", 0, 0, 0, 7, 0.1, 0, 0, "EUR", None)]
    for r in range(1, 6):
        rows += [
            Scored(group(r, f, orders), r, f, 3, chance.choice((1, 123_456)), 0.1, 4, 99_900, "EUR", 12.5)
            for f, orders in ((1, 1), (4, 2), (4, 3), (5, 4))  # of the fourth fifth some have two orders, some three
        ]
    return answer(Rfm(by=by), rows, 100_000)


DRAWN = [
    (coming.draw_lifecycle, coming.lifecycle_twin, lambda chance: lived(30, chance)),
    (coming.draw_stickiness, coming.stickiness_twin, lambda chance: sticky(30, chance)),
    (rfm.draw, rfm.twin, scored),
]


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("draw", "twin", "make"), DRAWN, ids=["lifecycle", "stickiness", "rfm"])
def test_nothing_touches_and_every_number_opens(language, width, draw, twin, make):
    for seed in range(3):
        result = make(random.Random(seed))
        drawing = Drawing(words(language), lambda cell, _less: f"/people?{cell}", width)
        for title in ("", "Wer kommt, wer bleibt aus?"):
            scene = draw(result, drawing, title=title)
            assert scene.collisions() == []
            assert scene.width <= width
            doors = [mark for mark in scene.marks if isinstance(mark, Door)]
            assert doors
            assert all(mark.href for mark in doors)
        assert len(twin(result, drawing).rows) == len(result.rows)


def test_the_last_span_that_is_over_is_told():
    result = lived(3, random.Random(1))
    new, gone = coming.lifecycle_facts(result, Drawing(words("en"), lambda cell, _less: str(cell), 656))
    assert (new.number, gone.number) == (f"{result.rows[1].new:,}", f"{result.rows[1].dormant:,}")
    assert new.href == "{'begins': '2024-02-01', 'state': 'new'}"


def test_the_grid_sums_over_money():
    rows = [Scored("regular", 5, 5, money, 10, 0.5, 9, 1, "EUR", 1.0) for money in (1, 2)]
    scene = rfm.draw(answer(Rfm(by="score"), rows, 20), Drawing(words("en"), lambda cell, _less: str(cell), 656))
    assert "20" in [text.text for mark in scene.marks if isinstance(mark, Door) for text in mark.marks]


def test_a_field_names_all_its_groups_and_every_group_stands_with_its_number():
    rows = [
        Scored("regular", 5, 4, 3, 10, 0.5, 30, 1, "EUR", 1.0),
        Scored("growing", 5, 4, 3, 5, 0.2, 10, 1, "EUR", 1.0),
    ]
    drawing = Drawing(words("en"), lambda cell, _less: str(cell), 1168)
    scene = rfm.draw(answer(Rfm(by="score"), rows, 20), drawing)
    (field,) = [mark for mark in scene.marks if isinstance(mark, Door)]
    assert field.label == "often and lately / several times and lately: 15"
    facts = rfm.facts(answer(Rfm(by="score"), rows, 20), drawing)
    assert [(one.number, one.href) for one in facts] == [("10", "{'name': 'regular'}"), ("5", "{'name': 'growing'}")]
