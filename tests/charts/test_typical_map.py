"""The map of many: nothing touches, nothing is lost, every number leads to its people."""

import pytest

from geleit.analytics.experience import Felt, Part
from geleit.analytics.result import Other, Result
from geleit.analytics.selection import Population
from geleit.analytics.typical import Typical, TypicalStep
from geleit.charts import draw, typical
from geleit.charts.drawing import Drawing
from geleit.charts.words import Words
from geleit.events.kinds import Catalogue, Kind, Kinds
from geleit.history.delta import AsOf

LONG = "Rückrufwunsch_zur_Gewährleistungsverlängerung_Waschvollautomat"
KINDS = ("page_viewed", "product_viewed", "order_completed", "question_asked", LONG)
CATALOGUE = Catalogue(Kinds(kinds={LONG: Kind(label={"de": LONG.replace("_", " "), "en": LONG.replace("_", " ")})}))
HOUR = 3_600_000_000


def said(many):
    """What may be said at a step: by many or few, of names in one language or several."""
    values = (Part("-1.5", many // 3, 1), Part("2", many // 3, 1))
    names = ("", LONG, '{"de":"Energieeffizienz","en":"energy use"}', "{no JSON", "Preis", "leise", "Größe")
    felt = Felt(2 * (many // 3), 2, -1.5, -1.5, 2.0, values)
    promises = tuple(Part(state, many // 4 + 1, 1) for state in ("open", "kept", "late", "broken"))
    return felt, tuple(Part(name, many // 2 + 1, 1) for name in names), promises


def steps(count, many):
    """A typical way of so many steps, each with all that can be told of one."""
    others = tuple(Part(kind, many // (place + 2) + 1, 1) for place, kind in enumerate(KINDS))
    beginning = TypicalStep(0, "", "", many * 2, many, 1.0, None, None, None, many // 4, (), (), others, others)
    stages = ("inform", "inform", "configure", "order", "", "service")
    return (
        beginning,
        *(
            TypicalStep(
                number, KINDS[number % len(KINDS)], stages[number % len(stages)], many, many // 2, 0.5,
                *((None,) * 3 if number == 1 else (number * HOUR, number * 30 * HOUR, number * 9000 * HOUR)),
                many // 9,
                tuple(Part(str(before), many // (number - before + 1) + 1, 1) for before in range(number)),
                tuple(Part(value, many // 5 + 1, 1) for value in ("web", "store", "phone", "", "Haushaltsgerätefachhandelsberatung")),
                others if number < count else (),
                (Part("", many // 10 + 1, 1), *others),
                *(said(many) if number != 2 else ()),
            )
            for number in range(1, count + 1)
        ),
    )  # fmt: skip


def result(rows):
    population = Population(rows[0].journeys if rows else 0, 0, 0, 0, 0, 0, 0)
    return Result(Typical(), AsOf(1, 1, 1, 0), population, rows, Other(0, lambda: ()), lambda _cell: [])


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("count", "many"), [(1, 3), (4, 2_000), (15, 98_765_432)])
def test_on_a_phone_all_of_it_stands_below_each_other(language, count, many):
    rows = steps(count, many)
    led = []
    drawing = Drawing(Words(language, CATALOGUE), lambda cell, _less: led.append(cell) or "/people", 358)
    scene = typical.draw(result(rows), drawing)
    assert scene.collisions() == []
    assert scene.width == 358
    assert {(cell["part"], cell["source"]) for cell in led} >= {("step", row.step) for row in rows if row.step}
    assert sum(cell["part"] == "promise" for cell in led) == sum(len(row.promises) for row in rows)


def test_few_who_say_how_it_was_are_a_hollow_dot():
    rows = steps(1, 12)
    marks = typical.draw(result(rows), Drawing(Words("en", CATALOGUE))).marks
    assert [mark.role for mark in marks if getattr(mark, "radius", 0) == 4.5] == ["unasked"]
    assert typical.signs(result(rows), Drawing(Words()))[-1][1].startswith("A hollow dot: fewer than 10")


def test_the_rest_of_who_leaves_opens_to_its_people():
    led = []
    rows = steps(1, 900)
    drawing = Drawing(Words("en", CATALOGUE), lambda cell, less: led.append((cell, less)) or "/people")
    typical.draw(result(rows), drawing)
    shown = [one.value for one in rows[1].left[:3]]
    assert ({"part": "left", "source": 1}, {"value": shown}) in led


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("count", "many"), [(1, 3), (4, 2_000), (15, 98_765_432), (30, 40)])
def test_nothing_touches_and_nothing_leaves_the_picture(language, count, many):
    scene = draw(result(steps(count, many)), language, catalogue=CATALOGUE).scene
    assert scene.collisions() == []


def test_no_journeys_at_all_are_a_picture_too():
    scene = draw(result(())).scene
    assert scene.collisions() == []
    assert typical.facts(result(()), Drawing(Words())) == []


def test_the_twin_has_every_number_and_each_leads_to_its_people():
    rows = steps(3, 600)
    asked = []
    drawing = Drawing(Words(), lead=lambda cell, _less: asked.append(dict(cell)) or f"/people/{len(asked)}")
    twin = typical.twin(result(rows), drawing)
    said = sum(len(row.felt.values) + len(row.criteria) + len(row.promises) for row in rows)
    wanted = sum(1 + len(row.came) + len(row.channels) + len(row.others) + len(row.left) for row in rows) + said + 1
    assert len(twin.rows) == wanted == len(asked)
    assert twin.rows[-1][3].text == Words().number(sum(row.ended for row in rows))
    assert all(set(cell) <= set(Typical.keys) for cell in asked)
    assert all(row[3].href for row in twin.rows)
    parts = {"all", "step", "path", "channel", "other", "left", "felt", "criterion", "promise"}
    assert {cell["part"] for cell in asked} == parts


def test_what_is_too_faint_to_draw_is_told():
    rows = list(steps(2, 100_000))
    came = (Part("0", 99_000, 1), Part("1", 1, 1))
    rows[2] = TypicalStep(2, "page_viewed", "", 99_001, 1, 0.5, 1, 2, 3, 1, came, (), (), (Part("", 1, 1),))
    said = typical.signs(result(tuple(rows)), Drawing(Words("de")))
    assert any("1 Weg von weniger als" in words for _, words in said)
