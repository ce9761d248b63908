"""No text of any map touches another text, a mark, or the edge; nothing is smaller than 11 px."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from map_events import CATALOGUE, CHANNELS, KERN, context_of, long_journey, need_of, note, read, step
from map_washing import washing_machine

from geleit.events.vocabulary import VOCABULARY
from geleit.maps.pathway import pathway
from geleit.maps.plan import plan
from geleit.maps.reading import read_journey
from geleit.maps.scene import Canvas, Circle, Node, Rect, Scene, Text
from geleit.maps.tall import tall
from geleit.maps.wide import wide
from lengths import examples

LANGUAGES = ("en", "de")
texts = st.one_of(
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Z"]), max_size=60),
    st.sampled_from(
        ["", "Donaudampfschifffahrtsgesellschaftskapitänswitwenrente", "ok", "a/b-c_d.e@f", "kauft den Trockner dazu"]
    ),
)
marks = st.sampled_from(
    ["judgement_given", "criterion_stated", "expectation_stated", "promise_made", "opportunity_noted"]
)


def shown(scene, role):
    return [mark for mark in scene.marks if not isinstance(mark, Node) and mark.role == role]


def words(scene):
    return " ".join(text.text for text in scene.texts())


@pytest.mark.parametrize("shape", [wide, tall])
@pytest.mark.parametrize(("count", "language"), [*itertools.product((1, 8, 18, 60), LANGUAGES)])
@pytest.mark.parametrize("wordy", [False, True])
def test_nothing_touches(shape, count, language, wordy):
    scene = shape(long_journey(count, language, wordy=wordy))
    assert scene.collisions() == []
    assert min(text.size for text in scene.texts()) >= 11


@pytest.mark.parametrize("shape", [wide, tall])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_washing_machine_is_whole(shape, language):
    journey = washing_machine(language)
    scene = shape(journey)
    assert scene.collisions() == []
    nodes = [mark for mark in scene.marks if isinstance(mark, Node)]
    assert [node.number for node in nodes] == list(range(1, 19))
    assert not any(text.full for text in scene.texts())


def test_a_page_holds_eighteen_steps_and_longer_journeys_grow():
    assert wide(washing_machine()).width == 1344
    assert wide(long_journey(60, "en")).width == 152 + 60 * 66


def test_stage_bands_are_runs_so_that_loops_show():
    scene = wide(washing_machine())
    bands = [mark for mark in scene.marks if isinstance(mark, Rect) and mark.role.startswith("band")]
    assert [band.role for band in bands] == [f"band{tone}" for tone in (0, 1, 2, 1, 2, 1, 2, 1, 2, 3, 4, 5)]


def test_feelings_stand_at_their_step_and_nothing_joins_them():
    journey = washing_machine()
    scene = wide(journey)
    assert len(shown(scene, "said")) == 6 + 1  # one in the legend
    assert len(shown(scene, "estimated")) == 1 + 1
    assert len(shown(scene, "unasked")) == 11 + 1
    columns = plan(journey, 0, None)
    stems = {round(box.left + 0.5, 2) for mark in shown(scene, "stem") for box in mark.boxes}
    assert stems == {round(columns.centre(place), 2) for place in (0, 9, 12, 13, 15, 17)}


def test_the_path_is_dotted_to_and_from_gaps():
    scene = wide(washing_machine(), legend=False)
    assert len(shown(scene, "unknown")) == 2  # steps 3 to 5 and step 12
    assert len(shown(scene, "way")) == 3


def test_only_used_lanes_and_always_our_own():
    assert pathway(plan(washing_machine(), 0, None)).lanes == ("home", "earned", "paid", "other", "owned")
    home = read_one(step("a", "2026-03-01T10:00", "need_opened", "crm", "home", topic="x"))
    assert pathway(plan(home, 0, None)).lanes == ("home", "owned")


def test_lanes_without_content_are_left_out_but_feelings_never():
    bare = words(wide(read_one(step("a", "2026-03-01T10:00", "contact_made", "crm", "store"))))
    assert "Feeling" in bare
    assert "Opportunity" not in bare
    assert "Designed against actual" not in bare
    assert "Person and promise" not in bare


def test_a_window_of_steps_repeats_heads_and_keeps_numbers():
    scene = wide(long_journey(60, "en"), 20, 40, heading=False)
    numbers = [mark.number for mark in scene.marks if isinstance(mark, Node)]
    assert numbers == list(range(21, 41))
    assert "Feeling" in words(scene)
    assert scene.collisions() == []


def test_an_empty_journey_is_a_picture_too():
    nothing = read_journey(
        [], need_of([step("a", "2026-03-01T10:00", "contact_made")]), catalogue=CATALOGUE, context=context_of("en")
    )
    for scene in (wide(nothing), tall(nothing)):
        assert scene.collisions() == []
        assert "No step of it is known yet." in words(scene)


def test_collisions_are_found():
    canvas = Canvas()
    canvas.add(Text(10, 20, "one", 12), Text(14, 24, "two", 12), Circle(100, 20, 5, "said"), Text(97, 22, "three", 12))
    canvas.add(Text(190, 20, "over the edge", 12))
    found = Scene(200, 40, tuple(canvas.marks), "", "").collisions()
    assert any("'one' meets text 'two'" in one for one in found)
    assert any("circle said" in one for one in found)
    assert any("leaves the picture" in one for one in found)


def read_one(*events, language="en"):
    return read_journey(read(events), need_of(events), catalogue=CATALOGUE, context=context_of(language))


@st.composite
def journeys(draw):
    events = []
    for place in range(draw(st.integers(1, 12))):
        when = f"2026-03-{1 + place:02}T{draw(st.integers(0, 23)):02}:00"
        kind = draw(st.sampled_from([name for name, known in VOCABULARY.items() if known.step]))
        more = {
            "staff": draw(st.one_of(st.just(""), st.just(KERN), texts)),
            "words": draw(st.one_of(st.just(""), texts)),
        }
        more |= {"text": draw(st.one_of(st.just(""), texts)), "evidence_note": draw(texts)}
        more |= {"evidence": draw(st.sampled_from(["log", "told", "public", "gap"])), "topic": "x"}
        more |= {"initiator": draw(st.sampled_from(["person", "company"])), "supposed": draw(st.booleans())}
        events.append(
            step(f"s{place}", when, kind, "crm", draw(st.sampled_from(["", "unheard_of", *CHANNELS])), **more)
        )
        for at_, kind_ in enumerate(draw(st.lists(marks, max_size=4))):
            said = {
                "text": draw(texts),
                "criterion": draw(texts),
                "judged": draw(st.integers(-3, 3)),
                "promise_id": str(place),
            }
            said |= {
                "estimated": draw(st.booleans()),
                "due_at": "2026-03-05",
                "facet": draw(st.sampled_from(["", "social"])),
            }
            events.append(note(f"n{place}.{at_}", f"s{place}", when, kind_, **said))
    need = need_of(events, draw(texts), closed=draw(st.booleans()))
    context = context_of(draw(st.sampled_from(LANGUAGES)), customer_name=draw(texts), contact_person=draw(texts))
    return read_journey(read(events), need, catalogue=CATALOGUE, context=context)


@given(journeys())
@settings(max_examples=examples(15))
def test_whatever_people_do_and_say_nothing_touches(journey):
    assert wide(journey).collisions() == []
    assert tall(journey).collisions() == []
