from map_events import CATALOGUE, KERN, at, both, context_of, judged, need_of, note, read, step
from map_washing import DESIGNED, washing_machine

from geleit.clock import DAY
from geleit.events.event import Event
from geleit.maps.reading import read_journey


def journey(*events, language="en", closed=True, **context):
    need = need_of(events, closed=closed)
    return read_journey(read(events), need, catalogue=CATALOGUE, context=context_of(language, **context))


def test_the_washing_machine_has_its_eighteen_steps_and_their_evidence():
    steps = washing_machine("de").steps
    assert len(steps) == 18
    counts = {kind: sum(one.evidence == kind for one in steps) for kind in ("log", "told", "public", "gap")}
    assert counts == {"log": 10, "told": 3, "public": 1, "gap": 4}
    assert steps[0].quote == steps[0].text == "die alte steht unter Wasser"
    assert steps[0].evidence_text == "erzählt: im Gespräch (9)"
    assert steps[2].evidence_text == "kein Beleg"
    assert steps[8].staff == "Frau Kern"


def test_annotations_find_their_step_by_reference_record_and_time():
    first = Event("crm", "a", "contact_made", at("2026-03-01T10:00"), record="r1")
    second = step("b", "2026-03-02T10:00", "contact_made")
    third = step("c", "2026-03-03T10:00", "order_completed", "till", order_id="1")
    by_about = note("n1", "till:c", "2026-03-01T09:00", "opportunity_noted", text="about")
    by_record = Event(
        "crm", "n2", "opportunity_noted", at("2026-03-03T12:00"), properties={"text": "record"}, record="r1"
    )
    by_time = Event("crm", "n3", "opportunity_noted", at("2026-03-02T11:00"), properties={"text": "time"})
    too_early = Event("crm", "n4", "opportunity_noted", at("2026-01-01T11:00"), properties={"text": "early"})
    steps = journey(first, second, third, by_about, by_record, by_time, too_early).steps
    assert [one.opportunities for one in steps] == [("early", "record"), ("time",), ("about",)]
    assert steps[2].event_ids == (third.id, by_about.id)


def test_pure_repeats_of_a_day_stand_together_with_their_count():
    views = [
        step(f"v{at_}", f"2026-03-01T10:0{at_}", "product_viewed", "shop", "web", sku=str(at_)) for at_ in range(5)
    ]
    next_day = step("v9", "2026-03-02T10:00", "product_viewed", "shop", "web", sku="9")
    steps = journey(*views, next_day).steps
    assert [one.count for one in steps] == [5, 1]
    assert steps[0].text == "looks at a product, 5 times"
    assert steps[0].event_ids == tuple(view.id for view in views)
    assert steps[0].end == views[-1].t


def test_a_repeat_that_something_was_said_about_stands_alone():
    views = [
        step(f"v{at_}", f"2026-03-01T10:0{at_}", "product_viewed", "shop", "web", sku=str(at_)) for at_ in range(3)
    ]
    said = judged("j", "shop:v1", "2026-03-01T12:00", 1)
    assert [one.count for one in journey(*views, said).steps] == [1, 1, 1]


def test_a_promise_is_open_then_overdue_then_kept_or_late():
    made = step("a", "2026-03-01T10:00", "contact_made", staff=KERN)
    promise = note("p", "a", "2026-03-01T10:00", "promise_made", promise_id="1", text="call back", due_at="2026-03-03")
    kept = {
        day: Event("crm", "k", "promise_kept", at(f"2026-03-0{day}T23:30"), properties={"promise_id": "1"})
        for day in (3, 4)
    }

    def states(*events, as_of="2026-11-22T08:15"):
        return [(one.state, one.by) for one in journey(made, promise, *events, as_of=at(as_of)).steps[0].promises]

    assert states(as_of="2026-03-02T10:00") == [("open", "Ms Kern")]
    assert states() == [("late", "Ms Kern")]
    assert states(kept[3]) == [("made", "Ms Kern"), ("kept", "")]
    assert states(kept[4]) == [("made", "Ms Kern"), ("late", "")]


def test_feelings_keep_value_source_and_how_they_are_known():
    asked = step("a", "2026-03-01T10:00", "contact_made")
    said = judged("j", "a", "2026-03-01T11:00", "-1,5", "survey", facet="social", text="na ja")
    guessed = judged("k", "a", "2026-03-01T12:00", 1, "public", estimated="true")
    unread = judged("m", "a", "2026-03-01T13:00", "great")
    found = journey(asked, said, guessed, unread, language="de").steps[0]
    assert [(one.value, one.estimated, one.source, one.facet) for one in found.feelings] == [
        (-1.5, False, "Umfrage", "sozial"),
        (1, True, "Öffentliches Netz", ""),
    ]
    assert unread.id in found.event_ids


def test_supposed_criteria_are_marked():
    asked = step("a", "2026-03-01T10:00", "contact_made")
    supposed = note("c", "a", "2026-03-01T11:00", "criterion_stated", criterion=both("price", "Preis"), supposed=True)
    assert [(one.text, one.supposed) for one in journey(asked, supposed).steps[0].criteria] == [("price", True)]


def test_reading_is_pure():
    assert washing_machine("en") == washing_machine("en")


def test_a_need_without_steps_reads_as_an_empty_journey():
    assert journey(note("c", "a", "2026-03-01T11:00", "criterion_stated", criterion="price")).steps == ()


def test_the_delivery_after_the_promised_day_is_late_by_days():
    late = washing_machine("en").steps[15].verdict
    assert (late.kind, late.note) == ("late", "1 day late")
    assert washing_machine("en", None).steps[15].verdict.kind == "late"
    assert washing_machine("en", None).steps[14].verdict is None


def test_designed_steps_that_never_came_are_listed_only_once_the_need_has_ended():
    assert washing_machine("de", DESIGNED).skipped == ("meldet das Gerät an",)
    started = step("a", "2026-03-01T10:00", "products_searched", query="x")
    assert journey(started, closed=False, designed=DESIGNED).skipped == ()


def test_a_step_that_outlasts_its_limit_is_late():
    designed = DESIGNED.model_validate(
        {
            "name": "d",
            "label": "D",
            "steps": [{"kind": "question_asked"}, {"kind": "question_answered", "within": "2 days"}],
        }
    )
    asked = step("a", "2026-03-01T10:00", "question_asked", text="?")
    answered = step("b", "2026-03-06T10:00", "question_answered")
    verdicts = [one.verdict for one in journey(asked, answered, designed=designed).steps]
    assert [one.kind for one in verdicts] == ["as_designed", "late"]
    assert verdicts[1].note == "3 days late"
    assert (answered.t - asked.t) // DAY == 5


def test_a_designed_step_out_of_turn_is_in_another_order():
    designed = DESIGNED.model_validate(
        {
            "name": "d",
            "label": "D",
            "steps": [{"kind": "product_viewed"}, {"kind": "question_asked"}, {"kind": "order_completed"}],
        }
    )
    asked = step("a", "2026-03-01T10:00", "question_asked", text="?")
    viewed = step("b", "2026-03-02T10:00", "product_viewed", sku="1")
    bought = step("c", "2026-03-03T10:00", "order_completed", order_id="1")
    extra = step("d", "2026-03-04T10:00", "contact_made")
    kinds = [one.verdict.kind for one in journey(asked, viewed, bought, extra, designed=designed).steps]
    assert sorted(kinds[:2]) == ["as_designed", "other_order"]
    assert kinds[2:] == ["as_designed", "extra"]
