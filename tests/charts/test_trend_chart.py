"""Trends as pictures: a row for each value, nothing touches, and each bar leads to its people."""

from datetime import date, timedelta

import pytest

from geleit.analytics.result import Other, Result
from geleit.analytics.selection import Population
from geleit.analytics.trend import Happened, Trend
from geleit.charts import draw, trend
from geleit.charts.drawing import Drawing
from geleit.charts.gallery import CHARTS
from geleit.charts.words import Words
from geleit.history.delta import AsOf
from geleit.maps.scene import Door

LONG = "Haushaltsgerätefachhandelsberatungsgespräch_mit_Rückrufwunsch"


def result(values, spans, most=9):
    rows = tuple(
        Happened(
            date(2026, 1, 5) + timedelta(days=7 * nth),
            value,
            nth * most,
            nth * most % 97_000_000,
            nth,
            0.5,
            nth < spans - 1,
        )
        for value in values
        for nth in range(spans)
    )
    return Result(Trend(), AsOf(1, 1, 1, 0), Population(*[0] * 8), rows, Other(0, lambda: ()), lambda _cell: [])


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [1344.0, 358.0])
@pytest.mark.parametrize(("values", "spans"), [(1, 1), (3, 26), (12, 5), (2, 400)])
def test_nothing_touches(language, width, values, spans):
    answer = result([LONG, *(f"kind_{n}" for n in range(values - 1))], spans, 12_345_678)
    scene = CHARTS["trend"].draw(answer, Drawing(Words(language), width=width), title="Verlauf")
    assert scene.collisions() == []


def test_every_bar_leads_to_its_people_and_the_unfinished_one_is_hatched():
    answer = result(["order_completed"], 4)
    scene = CHARTS["trend"].draw(answer, Drawing(Words(), lead=lambda cell, _less: "&".join(map(str, cell.values()))))
    bars = [mark for mark in scene.marks if isinstance(mark, Door) and mark.quiet]
    assert [bar.href for bar in bars] == [f"order_completed&{row.begins}" for row in answer.rows if row.journeys]
    assert [len(bar.marks) for bar in bars] == [1, 1, 2]
    assert len(trend.twin(answer, Drawing(Words())).rows) == 3
    assert any("Hatched" in words for _, words in trend.signs(answer, Drawing(Words())))


def test_nothing_at_all_is_a_picture_too():
    assert draw(result([], 0)).scene.collisions() == []
    assert trend.facts(result([], 0), Drawing(Words())) == []
    assert trend.signs(result([], 0), Drawing(Words())) == []
