"""Stages and visit frequency as rows of bars: nothing touches, bars are as long as told, numbers lead to their people."""

import pytest
from invented_answers import STAGES, WORDY, answer, words

from geleit.analytics.frequency import OFTEN, Came, Frequencies, Frequency
from geleit.analytics.stages import StageReached, Stages
from geleit.charts import frequency, stages
from geleit.charts.drawing import Drawing
from geleit.charts.gallery import CHARTS
from geleit.maps.scene import Door, Rect

HOUR = 3_600_000_000


def reached(many):
    rows = [
        StageReached(stage, many, many, 1 / (at + 1), many // (at + 2), 0.5, at * HOUR, 9 * HOUR, HOUR, 900 * HOUR)
        for at, stage in enumerate(STAGES[:-1])
    ]
    return answer(Stages(), rows, many)


def came(channels, many):
    rows = [
        Frequency(
            f"{WORDY[at % len(WORDY)]}{at}",
            many * 6,
            many * 9,
            many,
            1.5,
            1,
            40,
            tuple(Came(often, many) for often in OFTEN),
        )
        for at in range(channels)
    ]
    return answer(Frequencies(unit="customer"), rows, many)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [1168.0, 656.0, 358.0])
@pytest.mark.parametrize(
    "result", [reached(1), reached(12_345_678), came(1, 1), came(30, 12_345_678)], ids=["s1", "sm", "f1", "f30"]
)
def test_nothing_touches(language, width, result):
    chart = CHARTS[result.question.name]
    for title in ("", "Wie oft, wie weit?"):
        scene = chart.draw(result, Drawing(words(language), width=width), title=title)
        assert scene.collisions() == []
        assert scene.width <= width + 1


@pytest.mark.parametrize("question", [Stages(), Frequencies(unit="customer")])
def test_nothing_at_all_is_a_picture_too(question):
    chart, result = CHARTS[question.name], answer(question, [])
    assert chart.draw(result, Drawing(words("de"))).collisions() == []
    assert chart.facts(result, Drawing(words())) == chart.signs(result, Drawing(words())) == []


def test_numbers_lead_to_their_people():
    drawing = Drawing(words("en"), lead=lambda cell, _less={}: "/".join(map(str, cell.values())))
    hrefs = [mark.href for mark in CHARTS["stages"].draw(reached(100), drawing).marks if isinstance(mark, Door)]
    assert hrefs[:4] == ["need", "need/1", "inform", "inform/1"]
    assert [row[1].href for row in stages.twin(reached(100), drawing).rows] == hrefs[::2]
    assert stages.facts(reached(100), drawing)[0].href == "need/0"
    doors = [mark for mark in CHARTS["frequency"].draw(came(1, 7), drawing).marks if isinstance(mark, Door)]
    assert [door.href.rpartition("/")[2] for door in doors] == [str(often) for often in OFTEN]
    assert all(door.label.endswith(": 7") for door in doors)
    assert frequency.facts(came(1, 7), drawing)[0].number == "7"
    assert len(frequency.twin(came(1, 7), drawing).rows[0]) == len(frequency.twin(came(1, 7), drawing).columns)


def test_bars_are_as_long_as_told():
    scene = CHARTS["stages"].draw(reached(100), Drawing(words("en")))
    bars = [mark.width for mark in scene.marks if isinstance(mark, Rect)]
    assert bars[1] / bars[0] == pytest.approx(0.5)
    assert bars[3] / bars[2] == pytest.approx(0.33)
