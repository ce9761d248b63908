from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geleit.clock import DAY
from geleit.events.event import Event
from geleit.events.kinds import Catalogue
from geleit.needs.cut import cut
from geleit.needs.need import ReadEvent
from geleit.needs.rules import EVERYTHING, Needs

CATALOGUE = Catalogue()
WASHING = Needs.model_validate(
    {
        "needs": [
            {
                "topic": "washing_machine",
                "label": "washing machine",
                "opens": [{"kind": "need_opened"}, {"kind": "product_viewed", "where": {"category": "washer"}}],
                "gap": {"default": "30 days", "service": "400 days"},
                "lookback": "5 days",
                "reopens": "10 days",
            },
            {
                "topic": "fridge",
                "label": "fridge",
                "opens": [{"kind": "product_viewed", "where": {"category": "fridge"}}],
            },
        ]
    }
)


def event(day, kind, key="", **properties):
    return Event("crm", key or f"{day}-{kind}", kind, day * DAY, properties=properties)


def needs_of(*events, rules=WASHING):
    ordered = sorted(events, key=lambda e: (e.t, e.order, e.id))
    return cut([ReadEvent(e, CATALOGUE.touchpoint(e)) for e in ordered], rules)


def kinds(need, *events):
    names = {e.id: e.kind for e in events}
    return [names[i] for i in need.event_ids]


def test_word_of_the_person_closes_the_need_and_says_so():
    (need,) = needs_of(
        event(1, "need_opened", topic="washing_machine", words="It leaks"),
        event(9, "need_closed", topic="washing_machine"),
    )
    assert (need.closed_at, need.closed_by, need.quote) == (9 * DAY, "person", "It leaks")


def test_closing_by_rule_is_not_the_persons_word():
    (need,) = needs_of(
        event(1, "need_opened", topic="washing_machine"),
        event(9, "need_closed", topic="washing_machine", closed_by="rule"),
    )
    assert need.closed_by == "rule"


def test_silence_depends_on_the_stage_reached():
    bought = event(2, "order_completed", order_id="1")
    asked_for_service = event(3, "product_registered", serial="s")
    (need,) = needs_of(
        event(1, "need_opened", topic="washing_machine"), bought, asked_for_service, event(300, "page_viewed")
    )
    assert len(need.event_ids) == 4
    early, *_rest = needs_of(event(1, "need_opened", topic="washing_machine"), bought, event(300, "page_viewed"))
    assert (early.closed_at, early.closed_by) == (2 * DAY, "gap")


def test_silence_at_the_end_leaves_the_need_open_until_a_known_day():
    (need,) = needs_of(event(1, "need_opened", topic="washing_machine"))
    assert need.closed_at is None
    assert need.silent_at == 31 * DAY


def test_steps_shortly_before_the_opening_belong_to_it():
    before, long_before = event(8, "page_viewed"), event(1, "page_viewed")
    (need,) = needs_of(long_before, before, event(10, "need_opened", topic="washing_machine"))
    assert before.id in need.event_ids
    assert long_before.id not in need.event_ids
    assert need.opened_at == 8 * DAY


def test_what_opens_another_topic_does_not_continue_this_one():
    fridge = event(2, "product_viewed", name="F", category="fridge")
    washing, cold = needs_of(event(1, "need_opened", topic="washing_machine"), fridge)
    assert (washing.topic, cold.topic) == ("washing_machine", "fridge")
    assert fridge.id in cold.event_ids


def test_an_unspecific_step_goes_to_the_need_that_was_active_last():
    page = event(3, "page_viewed")
    _washing, cold = needs_of(
        event(1, "need_opened", topic="washing_machine"), event(2, "product_viewed", name="F", category="fridge"), page
    )
    assert page.id in cold.event_ids


def test_a_step_soon_after_the_end_takes_the_need_up_again():
    closed = event(5, "need_closed", topic="washing_machine")
    again, too_late = event(9, "page_viewed", key="again"), event(30, "page_viewed", key="late")
    (need,) = needs_of(event(1, "need_opened", topic="washing_machine"), closed, again)
    assert need.closed_at is None
    (need,) = needs_of(event(1, "need_opened", topic="washing_machine"), closed, too_late)
    assert need.closed_at == 5 * DAY


def test_a_judgement_goes_with_the_step_it_speaks_of_even_after_the_end():
    bought = event(2, "order_completed", key="b", order_id="1")
    judged = event(60, "judgement_given", judged=2, about="b")
    (need,) = needs_of(event(1, "need_opened", topic="washing_machine"), bought, event(5, "need_closed"), judged)
    assert judged.id in need.event_ids


def test_an_annotation_of_the_same_record_goes_with_its_step():
    talk = replace(event(2, "contact_made"), record="r1")
    criterion = replace(event(2, "criterion_stated", criterion="price"), record="r1")
    (need,) = needs_of(event(1, "need_opened", topic="washing_machine"), talk, criterion)
    assert criterion.id in need.event_ids


def test_without_rules_every_contact_is_one_need_until_ninety_days_of_silence():
    first, second = needs_of(
        event(1, "page_viewed"), event(80, "page_viewed"), event(200, "page_viewed"), rules=EVERYTHING
    )
    assert (len(first.event_ids), first.closed_by, len(second.event_ids)) == (2, "gap", 1)


def test_a_late_event_is_cut_as_if_it_had_come_in_time():
    opening, closing = (
        event(1, "need_opened", topic="washing_machine"),
        event(20, "need_closed", topic="washing_machine"),
    )
    late = event(10, "page_viewed")
    assert needs_of(opening, late, closing) == needs_of(late, closing, opening)


STEPS = st.lists(
    st.builds(
        event,
        st.integers(0, 200),
        st.sampled_from(["page_viewed", "order_completed", "need_opened", "need_closed", "judgement_given"]),
        key=st.text("abc", min_size=6, max_size=6),
        topic=st.sampled_from(["", "washing_machine", "unknown"]),
        order_id=st.just("1"),
        judged=st.just(1),
    ),
    max_size=30,
    unique_by=lambda e: e.key,
)


@given(STEPS, st.sampled_from([WASHING, EVERYTHING]))
def test_every_event_belongs_to_at_most_one_need_and_order_of_arrival_is_nothing(events, rules):
    needs = needs_of(*events, rules=rules)
    given_away = [i for need in needs for i in need.event_ids]
    assert len(given_away) == len(set(given_away))
    assert needs == needs_of(*reversed(events), rules=rules)
    assert [n.opened_at for n in needs] == sorted(n.opened_at for n in needs)


def test_two_rules_for_one_topic_are_refused():
    rule = {"topic": "x", "label": "x", "opens": [{}]}
    with pytest.raises(ValueError, match="stands twice"):
        Needs.model_validate({"needs": [rule, rule]})
