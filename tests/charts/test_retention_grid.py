"""The grid of those who come again: nothing touches, the darker the more, and every number leads to its people."""

from datetime import date, timedelta

import pytest
from invented_answers import answer

from geleit.analytics.retention import Retention, Returned
from geleit.charts import retention
from geleit.charts.drawing import Drawing
from geleit.charts.gallery import CHARTS
from geleit.charts.words import Words
from geleit.maps.scene import Door, Rect, Text


def grid(cohorts, many, span="week", last_complete=True):
    found = []
    for cohort in range(cohorts):
        for later in range(cohorts - cohort):
            people = many if later == 0 else many // (later + cohort + 1) if (later + cohort) % 5 else 0
            complete = last_complete or cohort + later < cohorts - 1
            first = date(2025, 1, 6) + timedelta(days=7 * cohort)
            found.append(Returned(first, later, many, people, people / many, complete))
    return answer(Retention(span=span), found, many * cohorts)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [1168.0, 656.0, 358.0])
@pytest.mark.parametrize(
    ("cohorts", "many", "span"), [(1, 1, "day"), (3, 400, "month"), (30, 60, "week"), (60, 12_345_678, "week")]
)
def test_nothing_touches(language, width, cohorts, many, span):
    result = grid(cohorts, many, span, last_complete=False)
    for title in ("", "Wer kommt wieder?"):
        scene = CHARTS["retention"].draw(result, Drawing(Words(language), width=width), title=title)
        assert scene.collisions() == []
        assert scene.width <= width + 1


def test_nobody_at_all_is_a_picture_too():
    result = answer(Retention(), [])
    assert CHARTS["retention"].draw(result, Drawing(Words("de"))).collisions() == []
    assert retention.facts(result, Drawing(Words())) == retention.signs(result, Drawing(Words())) == []


def test_every_number_leads_to_the_people_of_its_cell():
    result = grid(3, 100)
    drawing = Drawing(Words(), lead=lambda cell, _less={}: f"{cell.get('cohort')}/{cell['later']}")
    scene = CHARTS["retention"].draw(result, drawing)
    doors = {mark.label: mark.href for mark in scene.marks if isinstance(mark, Door)}
    assert doors["6 Jan 2025: 100 people"] == "2871/0"
    assert doors["13 Jan 2025, 1 week later (33\u00a0%): 33 people"] == "2872/1"
    assert len(doors) == 6
    twin = retention.twin(result, drawing)
    assert [row[3].href for row in twin.rows] == list(doors.values())
    said = retention.facts(result, drawing)
    assert [(fact.number, fact.href) for fact in said] == [("300", "None/0"), ("83", "None/1")]


def test_what_is_left_out_is_told():
    texts = [text.text for text in CHARTS["retention"].draw(grid(60, 9), Drawing(Words(), width=358)).texts()]
    assert any("34 earlier groups are in the table" in text for text in texts)
    assert any("later columns are" in text for text in texts)


def test_tints_follow_shares_and_what_is_not_over_is_outlined():
    rows = [
        Returned(date(2025, 1, 6), 0, 100, 100, 1.0, complete=True),
        Returned(date(2025, 1, 6), 1, 100, 4, 0.04, complete=True),
        Returned(date(2025, 1, 6), 2, 100, 60, 0.6, complete=True),
        Returned(date(2025, 1, 6), 3, 100, 50, 0.5, complete=False),
    ]
    scene = CHARTS["retention"].draw(answer(Retention(), rows), Drawing(Words()))
    assert [mark.role for mark in scene.marks if isinstance(mark, Rect)] == ["tint1", "tint5", "open"]
    assert any("not over" in words for _, words in retention.signs(answer(Retention(), rows), Drawing(Words())))


def test_who_came_long_before_the_others_is_named_below_and_not_a_row():
    rows = [
        Returned(date(2025, month, 1), later, 50, 50 - 40 * min(later, 1), 1.0, complete=True)
        for month in (5, 6)
        for later in range(7 - month)
    ]
    rows += [
        Returned(date(2019, 3, 1), later, 1, int(later == 0), float(later == 0), complete=True) for later in range(76)
    ]
    result = answer(Retention(span="month"), rows, 101)
    drawing = Drawing(Words("en"), lambda cell, _less: f"/people?{cell}", 1168)
    scene = retention.draw(result, drawing)
    texts = [mark.text for mark in scene.marks if isinstance(mark, Text)]
    assert not any("2019" in text for text in texts if len(text) < 20)
    assert "1 person came first long before the others, from 1 Mar 2019 on: at the end of the table." in texts
    assert "later column" not in " ".join(texts)
    assert retention.facts(result, drawing)[0].number == "101"
    assert retention.twin(result, drawing).rows[-1][0].text == "1 Mar 2019"
