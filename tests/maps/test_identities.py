"""The picture of who is one: the same for the same, nothing upon a text, readable with 3 and with 400 identifiers."""

import random
from dataclasses import replace

import pytest

from geleit.errors import GeleitError
from geleit.events.event import Identifier
from geleit.identity.explanation import Evidence, Explanation, Member, Showing
from geleit.identity.rules import class_of
from geleit.maps.identities import ROWS, Naming, draw, export, in_page
from geleit.maps.network import HIGH, WIDE, Line, lay_out
from geleit.maps.scene import Rect, Text

DAY = 86_400_000_000
TYPES = ("web.anonymous_id", "shop.user_id", "email", "phone", "loyalty_card", "till.receipt_no", "kiosk.device_id")
SOURCES = ("web", "shop", "crm", "till", "app", "pbx", "parcel")


def naming(language="en"):
    return Naming(language, "Europe/Berlin", str.upper, class_of)


def evidence(a, b, source="crm", **more):
    return Evidence(min(a, b), max(a, b), (Showing(source, 2, DAY, 9 * DAY, "0" * 32),), **more)


def explained(count, seed=0, same=None):
    """A person of so many identifiers, as a tree with some links more, a neighbor held back, a decision."""
    chance = random.Random(seed)
    ends = [
        Identifier(TYPES[n % len(TYPES)], f"{'a-long-value-of-an-identifier-' * (n % 3)}{n:03}@example.com")
        for n in range(count)
    ]
    links = [evidence(ends[n], ends[chance.randrange(n)], chance.choice(SOURCES)) for n in range(1, count)]
    links += [evidence(*chance.sample(ends, 2)) for _ in range(count // 2)] if count > 3 else []
    links[-1] = replace(links[-1], decision=4)
    stranger = Identifier("shop.user_id", "stranger")
    held = [evidence(ends[n], stranger, rule="limit: at most 1 of shop.user_id") for n in range(min(3, count))]
    members = [Member(end, "c1", n * DAY, SOURCES[n % 7]) for n, end in enumerate(ends)]
    return Explanation(
        same=same,
        a=str(ends[0]),
        b=str(ends[-1]) if same is not None else "",
        customers=("c1",),
        chain=tuple(links[:3]) if same else (),
        held_back=tuple(held),
        alone=(),
        members=(*members, Member(stranger, "c2", 0, "shop")),
        joined=tuple(links),
    )


def texts(scene):
    return [mark for mark in scene.marks if isinstance(mark, Text)]


def boxes(scene):
    return [mark for mark in scene.marks if isinstance(mark, Rect) and mark.width == WIDE]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("count", [2, 3, 12, 40, 400])
def test_texts_and_boxes_keep_clear_of_each_other(count, language):
    for same in (None, True, False):
        scene = draw(explained(count, same=same), naming(language), heading=True).scene
        words = [(one.boxes[0], one.text) for one in texts(scene)]
        for at, (box, text) in enumerate(words):
            assert not [other for space, other in words[:at] if space.meets(box)], text
            assert box.left > -1 and box.right < scene.width + 1 and box.bottom < scene.height + 1  # noqa: PT018
        places = [one.boxes[0] for one in boxes(scene)]
        assert not [one for at, one in enumerate(places) if any(one.meets(other) for other in places[:at])]


@pytest.mark.parametrize("count", [3, 12, 40])
def test_no_line_runs_through_a_box(count):
    for seed in range(5):
        chance = random.Random(seed)
        columns = [[n for n in range(count) if n % 4 == column] for column in range(4)]
        lines = [Line(n, chance.randrange(n), chance.choice(("joined", "held"))) for n in range(1, count)]
        layout = lay_out(columns, lines)
        for line, route in zip(lines, layout.routes, strict=True):
            for (x0, y0), (x1, y1) in zip(route.points, route.points[1:], strict=False):
                assert x0 == x1 or y0 == y1
                for box, (left, top) in layout.boxes.items():
                    inside = max(x0, x1) > left + 0.5 and min(x0, x1) < left + WIDE - 0.5
                    inside = inside and max(y0, y1) > top - 0.5 and min(y0, y1) < top + HIGH + 0.5
                    assert not inside, (line, box)
            ends = {route.points[0], route.points[-1]}
            for end in (line.a, line.b):
                left, top = layout.boxes[end]
                assert any(x in (left, left + WIDE) and top <= y <= top + HIGH for x, y in ends)


def test_lines_of_different_boxes_never_share_a_stretch_up_and_down():
    lines = [Line(0, 4, "joined"), Line(1, 5, "joined"), Line(2, 3, "held"), Line(0, 5, "held")]
    layout = lay_out([[0, 1, 2], [3, 4, 5]], lines)
    lanes = {}
    for line, route in zip(lines, layout.routes, strict=True):
        for (x0, y0), (x1, y1) in zip(route.points, route.points[1:], strict=False):
            if x0 == x1:
                for other, span in lanes.get(x0, []):
                    assert other == line or span[1] < min(y0, y1) or max(y0, y1) < span[0]
                lanes.setdefault(x0, []).append((line, (min(y0, y1), max(y0, y1))))


def test_the_same_is_drawn_the_same():
    one, other = explained(40), explained(40)
    assert draw(one, naming()) == draw(replace(other, held_back=tuple(other.held_back)), naming())


def test_of_many_the_rest_is_folded_and_told():
    scene = draw(explained(400), naming()).scene
    assert len(boxes(scene)) < 4 * (ROWS + len(SOURCES)) + 8
    assert any(text.text.endswith(" more") for text in texts(scene))
    assert draw(explained(400), naming()).unseen > 0
    assert not any(text.text.endswith(" more") for text in texts(draw(explained(12), naming()).scene))


def test_sources_have_letters_and_each_is_named():
    """Color means a stage, nothing else."""
    explanation, called = explained(40), naming()
    scene = draw(explanation, called).scene
    assert {box.role for box in boxes(scene)} == {"offline", "gap"}
    said = [text.text for text in texts(scene)]
    sources = {one.source for one in explanation.members}
    letters = "ABCDEFGHIJ"[: len(sources)]
    assert all(said.count(letter) > 1 for letter in letters)
    assert {called.source(one) for one in sources} | {"somebody else", "seen together, held back"} <= set(said)


def test_a_long_address_is_whole_and_what_is_longer_keeps_its_end():
    address = "maria-magdalena.huber@example.com"
    longest = "a-very-long-value-" * 5 + "17"
    members = (
        Member(Identifier("email", address), "c1", 0, "web"),
        Member(Identifier("phone", longest), "c1", 0, "web"),
    )
    said = texts(draw(replace(explained(2), members=members, joined=(), held_back=()), naming()).scene)
    assert address in {text.text for text in said}
    (cut,) = [text for text in said if text.full == longest]
    assert cut.text.endswith("value-17"[-7:])


def test_a_chain_is_numbered_and_told_in_both_languages():
    scene = draw(explained(12, same=True), naming("de"), heading=True).scene
    said = [text.text for text in texts(scene)]
    assert {"1", "2", "3", "die gezeigte Kette", "Warum das eine Person ist"} <= set(said)
    assert "Warum das zwei Personen sind" in draw(explained(12, same=False), naming("de")).scene.title


def test_files_end_in_svg_or_png(tmp_path):
    for name in ("who.svg", "who.PNG"):
        assert export(explained(3), naming(), tmp_path / name).stat().st_size > 1000
    assert (tmp_path / "who.svg").read_text().count("<text") > 5
    with pytest.raises(GeleitError, match=r"no form of this picture"):
        export(explained(3), naming(), tmp_path / "who.gif")


def test_in_a_page_it_has_no_style_and_hostile_values_are_text():
    hostile = replace(
        explained(2), members=(Member(Identifier("email", "<script>"), "c1", 0, "web"),), joined=(), held_back=()
    )
    html = in_page(draw(hostile, naming()))
    assert "<script" not in html
    assert "style=" not in html
    assert 'role="region"' in html
