"""Designed against actual as a picture: nothing touches, every verdict is there and opens, the table says the same."""

import random

import pytest
from invented_answers import KINDS, answer, words

from geleit.analytics.conformance import OF_STEP, Conformance, Conformed
from geleit.analytics.question import Supplies
from geleit.charts import designed
from geleit.charts.drawing import Drawing
from geleit.maps.scene import Door, Text
from geleit.needs.designed import DesignedJourney

DAY = 86_400_000_000


def conformance(steps, *, begins="kind_1", seed=1):
    chance = random.Random(seed)
    design = DesignedJourney(
        name="d",
        label={"de": "Wie gedacht", "en": "As meant"},
        begins=begins,
        steps=[
            {
                "kind": KINDS[at] if at % 3 else KINDS[at : at + 2],
                "within": (None, DAY, 36 * 3_600_000_000)[at % 3],
                "since": ("step", "start")[at % 2],
                "optional": at % 4 == 3,
                "repeats": at % 5 == 2,
                "channel": ("web", "store") if at % 2 else (),
                "stage": "service" if at % 3 == 1 else "",
            }
            for at in range(steps)
        ],
    )
    rows = [Conformed("journey", 0, "deviating", "", 1000, 1000, 900, 0.5, None, None)]
    for step in range(1, steps + 1):
        parts = [chance.choice((0, 1, 40, 1000)) for _ in OF_STEP]
        for verdict, many in zip(OF_STEP, parts, strict=True):
            if many:
                rows.append(Conformed("step", step, verdict, "", many, many, many, many / sum(parts), 3 * DAY, 9 * DAY))
    for step in range(0 if begins == () else 1, steps + 1):
        for at in range(chance.choice((0, 1, 3, 9))):
            by = chance.choice(("by_person", "by_company"))
            rows.append(Conformed("extra", step, by, KINDS[at], 9, 5, 4, 0.1, None, None))
    return answer(Conformance(design=design).completed(Supplies({}, None)), rows, 2000)


def drawing(language, width, lead=None):
    return Drawing(words(language), lead or (lambda cell, _less: f"/people?{cell}"), width)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("width", [358, 656, 1168, 1344])
@pytest.mark.parametrize("steps", [1, 2, 5, 9, 20])
def test_nothing_touches(language, width, steps):
    for seed in range(3):
        result = conformance(steps, seed=seed, begins=() if seed else "kind_1")
        for title in ("", "Verlaufen Reisen wie vorgesehen?"):
            scene = designed.draw(result, drawing(language, width), title=title)
            assert scene.collisions() == []
            assert scene.width <= max(width, 360)


def test_every_verdict_opens_its_people():
    result = conformance(6, seed=2)
    scene = designed.draw(result, drawing("en", 1168))
    doors = {mark.href for mark in scene.marks if isinstance(mark, Door)}
    for row in result.rows:
        if row.part == "step":
            assert f"/people?{ {'part': 'step', 'step': row.step, 'verdict': row.verdict} }" in doors
    assert any("'extra'" in href for href in doors)


def test_the_table_says_the_same():
    result = conformance(5)
    twin = designed.twin(result, drawing("en", 1168))
    assert len(twin.rows) == len(result.rows)
    assert [row[3].text for row in twin.rows] == [f"{row.journeys:,}" for row in result.rows]
    assert all(row[3].href for row in twin.rows)
    (fact,) = designed.facts(result, drawing("en", 1168))
    assert (fact.number, fact.words) == ("1,000", "deviate: late, in another order, or something left out")


def test_limits_are_said_as_they_were_written():
    texts = " ".join(text.text for text in designed.draw(conformance(3), drawing("de", 358)).texts())
    assert "höchstens 1 Tag nach dem Beginn" in texts
    assert "höchstens 36 Stunden nach dem Schritt davor" in texts


def test_what_happens_besides_says_who_began_it_for_it_is_told_as_the_person_meets_it():
    scene = designed.draw(conformance(5), drawing("de", 1168.0))
    texts = {mark.text for mark in scene.marks if isinstance(mark, Text)}
    assert {"von der Person ausgegangen:", "von uns ausgegangen:"} <= texts
    assert not texts & {"wir:", "die Person:", "begun by us:"}
