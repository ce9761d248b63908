"""Attribution and differences: nothing touches, what is unclear looks so, no cause is claimed, numbers lead to people."""

import pytest
from invented_answers import KINDS, answer, words

from geleit.analytics.attribution import Attribution, Credit
from geleit.analytics.comparison import Comparison, Correlated, Correlation, Difference
from geleit.charts import attribution, differences
from geleit.charts.drawing import Drawing
from geleit.charts.gallery import CHARTS
from geleit.maps.scene import Circle, Door


def ends(at, many):
    """Ranges of the seven models; every second touch has too few people for any."""
    return [many / (at + 1 + nth) * share for nth in range(7) for share in (0.8, 1.3)] if at % 2 == 0 else []


def credited(count, many):
    rows = [
        Credit(kind, many * 3, many * 2, many, many, *(many / (at + 1 + nth) for nth in range(7)), *ends(at, many))
        for at, kind in enumerate([*KINDS[:count], ""])
    ]
    return answer(Attribution(conversion=["kind_4"], of="kind"), rows, many * 9)


def compared(count, many):
    rows = [
        Difference(
            kind, many * 2, many * 9, many, many * 9, 2 / 9, 1 / 9, 1 / 9 - at / 99, 0.2 - at / 9, 0.3, at % 2 == 0
        )
        for at, kind in enumerate(KINDS[:count])
    ]
    return answer(Comparison(having=("kind_4",)), rows, many * 18)


def correlated(count, many):
    rows = [
        Correlated(kind, many * 2, many, 0.5, 0.9 - at / 50, at / 50 - 0.4, at / 40 - 0.9, at / 45 - 0.1, 0.3)
        for at, kind in enumerate(KINDS[:count])
    ]
    return answer(Correlation(success=("kind_4",)), rows, many * 9)


EVERY = (credited, compared, correlated)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [1168.0, 656.0, 358.0])
@pytest.mark.parametrize(("count", "many"), [(1, 1), (30, 12_345_678)])
@pytest.mark.parametrize("make", EVERY)
def test_nothing_touches(language, width, count, many, make):
    result = make(count, many)
    for title in ("", "Was geht voraus?"):
        scene = CHARTS[result.question.name].draw(result, Drawing(words(language), width=width), title=title)
        assert scene.collisions() == []
        assert scene.width <= width + 1


@pytest.mark.parametrize("make", EVERY)
def test_it_says_that_no_cause_is_shown_and_nothing_at_all_is_a_picture_too(make):
    result = make(2, 90)
    chart = CHARTS[result.question.name]
    assert any("not a cause" in said for _, said in chart.signs(result, Drawing(words("en"))))
    empty = answer(result.question, [])
    assert chart.draw(empty, Drawing(words("de"))).collisions() == []
    assert chart.facts(empty, Drawing(words())) == chart.signs(empty, Drawing(words())) == []


def test_what_is_not_clear_is_an_open_dot_with_a_word():
    scene = CHARTS["compare"].draw(compared(2, 90), Drawing(words("en")))
    assert [mark.role for mark in scene.marks if isinstance(mark, Circle)] == ["said", "unasked"]
    assert sum("not clear" in text.text for text in scene.texts()) == 1
    rows = [Correlated("kind_1", 90, 45, 0.5, 0.4, 0.1, low, 0.2, 0.1) for low in (0.01, -0.01)]
    scene = CHARTS["correlation"].draw(answer(Correlation(success=("kind_4",)), rows), Drawing(words("en")))
    assert [mark.role for mark in scene.marks if isinstance(mark, Circle)] == ["said", "unasked"]


def test_numbers_lead_to_their_people():
    drawing = Drawing(words("en"), lead=lambda cell, _less={}: "/".join(map(str, cell.values())))
    doors = [mark for mark in CHARTS["correlation"].draw(correlated(1, 7), drawing).marks if isinstance(mark, Door)]
    assert [(door.href, door.label.rpartition(": ")[2]) for door in doors] == [("a/kind_0", "7"), ("b/kind_0", "7")]
    doors = [mark for mark in CHARTS["compare"].draw(compared(1, 7), drawing).marks if isinstance(mark, Door)]
    assert [door.label.rpartition(": ")[2] for door in doors] == ["14", "7"]
    doors = [mark for mark in CHARTS["attribution"].draw(credited(1, 7), drawing).marks if isinstance(mark, Door)]
    assert [door.href for door in doors] == ["kind_0/1", "/1"]
    assert attribution.facts(credited(1, 7), drawing)[0].href == "kind_0/1"
    for make in EVERY:
        twin = CHARTS[make(1, 7).question.name].twin(make(1, 7), drawing)
        assert {len(row) for row in twin.rows} == {len(twin.columns)}
    assert differences.facts(compared(4, 7), drawing)[0].number == "2"


def test_credits_have_their_range_as_a_line_and_in_the_table():
    drawing = Drawing(words("en"))
    result = credited(1, 90)
    ranged, bare = result.rows
    assert (ranged.first_low, bare.first_low) == (72.0, None)
    lines = [mark for mark in attribution.draw(result, drawing).marks if getattr(mark, "role", "") == "start"]
    assert len(lines) == 7 * 3
    said = [text.text for text in attribution.draw(result, drawing).texts()]
    assert "72\u2013117" in said
    told = attribution.twin(result, drawing).rows
    assert [cell.text for cell in told[0]][5:7] == ["90 (72\u2013117)", "45 (36\u201358.5)"]
    assert [cell.text for cell in told[1]][5:7] == ["45", "30"]
    signs = [text for _, text in attribution.signs(result, drawing)]
    assert any("95 of 100" in text for text in signs)
    assert any("Fewer people with a success than 30, so no line: nothing before it." in text for text in signs)
