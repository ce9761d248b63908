"""In no chart does a text touch another one, a mark or the edge; ribbons and bars are as thick as they have journeys."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_answers import KINDS, answer, flow, funnel, words

from geleit.analytics.flow import Flow, Link
from geleit.analytics.funnel import Funnel
from geleit.charts.drawing import Drawing
from geleit.charts.gallery import CHARTS, Picture, draw
from geleit.charts.unrolled import REST, unroll
from geleit.errors import GeleitError
from geleit.maps.scene import Door, Rect
from geleit.maps.svg import inline, standalone
from lengths import examples

LANGUAGES = ("en", "de")
WIDTHS = (1344.0, 1168.0, 656.0, 358.0)


def checked(scene):
    assert scene.collisions() == []
    assert min((text.size for text in scene.texts()), default=11) >= 11
    return scene


def doors(scene):
    return [mark for mark in scene.marks if isinstance(mark, Door)]


@pytest.mark.parametrize(("depth", "language"), [*itertools.product((1, 2, 5, 12), LANGUAGES)])
@pytest.mark.parametrize("direction", ["after", "before"])
@pytest.mark.parametrize("titled", [False, True])
def test_no_text_of_a_flow_touches_anything(depth, language, direction, titled):
    for journeys, opened in ((1, ""), (400, "1"), (1_234_567, "2")):
        drawing = Drawing(words(language), chosen={"open": opened}, again=lambda _: "?again")
        result = flow(depth, journeys, direction=direction, anchor=(KINDS[1],), goal=(KINDS[4],))
        checked(CHARTS["flow"].draw(result, drawing, title="What happens next?" if titled else ""))


@pytest.mark.parametrize(("depth", "language"), [*itertools.product((2, 4, 12), LANGUAGES)])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("titled", [False, True])
def test_no_text_of_a_funnel_touches_anything(depth, language, width, titled):
    for journeys in (0, 1, 400, 1_234_567):
        result = funnel(depth, journeys, window="7 days")
        scene = CHARTS["funnel"].draw(result, Drawing(words(language), width=width), title="How far?" if titled else "")
        assert checked(scene).width <= width + 1


@settings(max_examples=examples(15))
@given(
    st.tuples(st.integers(1, 12), st.integers(0, 3_000_000), st.integers(0, 99)),
    st.sampled_from([(), KINDS[:1], KINDS[2:4]]),
    st.sampled_from([(), KINDS[:1], KINDS[5:6]]),
    st.integers(0, 9),
)
def test_any_flow_can_be_drawn(shape, anchor, goal, top):
    depth, journeys, seed = shape
    result = flow(depth, journeys, seed=seed, anchor=anchor, goal=goal)
    drawing = Drawing(words(), chosen={"top": str(top), "open": "1"}, again=lambda _: "?again")
    checked(CHARTS["flow"].draw(result, drawing))


@settings(max_examples=examples(20))
@given(
    st.integers(1, 8),
    st.integers(1, 100_000),
    st.integers(0, 99),
    st.integers(1, 9),
    st.sampled_from(["after", "before"]),
)
def test_folding_loses_nobody(depth, journeys, seed, top, direction):
    result = flow(depth, journeys, seed=seed, direction=direction)
    found = unroll(result, top)
    near = "source" if direction == "after" else "target"
    for column, stands in enumerate(found.columns):
        here = sum(stand.here.journeys for stand in stands)
        assert here == found.heads[column].journeys
        leaving = [link for link in result.rows if link.step == column + 1]
        out = sum(ribbon.cell.journeys for ribbon in found.ribbons if ribbon.column == column)
        assert sum(link.journeys for link in leaving) == out + sum(stand.ended.journeys for stand in stands)
        assert len([stand for stand in stands if stand.value != REST]) <= top + 1
        for stand in stands:
            if stand.value != REST:
                of = [link.journeys for link in leaving if getattr(link, near) == stand.value]
                assert sum(of) == (stand.here.journeys if column < depth else 0)
            assert sum(cell.journeys for _, cell in stand.folded) in (0, stand.here.journeys)


def test_a_bar_is_as_high_as_it_has_journeys():
    result = answer(
        Flow(anchor=("kind_1",), depth=2),
        [Link(1, "kind_1", "kind_2", 75, 75), Link(1, "kind_1", "", 25, 20), Link(2, "kind_2", "", 75, 75)],
        100,
    )
    scene = checked(CHARTS["flow"].draw(result, Drawing(words(wordy=False))))
    bars = [mark for mark in scene.marks if isinstance(mark, Rect) and mark.role.startswith("bar")]
    assert [round(bar.height / bars[0].height, 3) for bar in bars] == [1, 0.75]
    said = " ".join(door.label for door in doors(scene))
    assert "Art 1: 25 nicht weiter" in said
    assert "Art 2: 75 nicht weiter" in said


def test_every_number_leads_to_its_people():
    drawing = Drawing(words(), lead=lambda cell, less={}: f"?{sorted(cell.items())}{sorted(less.items())}")
    for result in (flow(4, 999, anchor=(KINDS[1],)), funnel(4, 999)):
        chart = CHARTS[result.question.name]
        scene = chart.draw(result, drawing)
        assert doors(scene)
        assert all(door.href for door in doors(scene))
        twin = chart.twin(result, drawing)
        counted = next(at for at, column in enumerate(twin.columns) if column.head == "Reisen")
        assert all(row[counted].href for row in twin.rows)
        assert {len(row) for row in twin.rows} == {len(twin.columns)}
        html = inline(scene)
        assert html.count("<a href=") == len(doors(scene))
        assert html.count('tabindex="-1"') == sum(door.quiet for door in doors(scene))
        assert "<a " not in standalone(scene)


def test_what_can_be_pressed_is_large_enough():
    for result in (flow(6, 5_000), funnel(5, 5_000)):
        drawing = Drawing(words(), again=lambda _: "?again")
        for door in doors(CHARTS[result.question.name].draw(result, drawing)):
            if not door.quiet:
                assert door.hit.right - door.hit.left > 23.9
                assert door.hit.bottom - door.hit.top > 23.9


def test_no_journey_is_a_picture_too():
    for question in (Flow(), Funnel(steps=(("kind_1",), ("kind_2",)))):
        rows = funnel(2, 0).rows if question.name == "funnel" else ()
        picture = draw(answer(question, rows), "de")
        checked(picture.scene)
        assert picture.svg().startswith("<svg")


def test_shares_never_round_to_all_or_nothing():
    said = words("en")
    assert said.share(0.99999) == "99.9\u00a0%"
    assert said.share(0.00001) == "0.1\u00a0%"
    assert (said.share(1), said.share(0), said.share(None)) == ("100\u00a0%", "0\u00a0%", "-")


def test_a_chart_is_saved_by_the_ending_of_its_file(tmp_path):
    picture = draw(flow(2, 50), "de", catalogue=words().catalogue)
    assert picture.save(tmp_path / "a.svg").read_text("utf-8").startswith("<svg")
    assert picture.save(tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert picture._repr_svg_() == picture.svg()
    with pytest.raises(GeleitError, match="no form of a chart"):
        picture.save(tmp_path / "a.gif")
    assert isinstance(picture, Picture)
