"""Decisions and evidence in any order give the same customers; an oracle that knows only the words of the rules agrees."""

import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geleit.events.event import Identifier
from geleit.identity import decisions
from geleit.identity.rules import Identity, Rules
from lengths import examples

KINDS = {
    "shop.user_id": 3,
    "crm.contact_id": 3,
    "email": 4,
    "phone": 2,
    "web.anonymous_id": 3,
    "kiosk.device_id": 2,
    "till.order_id": 3,
    "parcel.tracking_no": 2,
}
RULES = {
    "usual": Rules(),
    "tight": Rules(
        Identity.model_validate(
            {
                "hub": {"user_ids": 2, "degree": 4},
                "identifiers": {"email": {"limit": 2, "per": "month"}, "phone": {"unique": True}},
            }
        )
    ),
    "trusting": Rules(
        Identity.model_validate(
            {
                "hub": {"user_ids": 99, "degree": 999},
                "classes": {"user_id": {"limit": "none"}, "device_id": {"shared_by": 9}},
                "sources": {
                    "till": {"strength": 1, "ignore": ["phone"]},
                    "kiosk": {"links": False},
                    "web": {"blocked": ["^p1@"]},
                },
                "exclude": ["email:p2@example.org"],
            }
        )
    ),
}


def value(type_, number):
    return {"email": f"{type_}:p{number}@example.org", "phone": f"{type_}:+49561448{number}00"}.get(
        type_, f"{type_}:v{number + 1}"
    )


ALL = [value(type_, number) for type_, many in KINDS.items() for number in range(many)]
WHO = st.sampled_from(ALL)
SEE = st.tuples(
    st.just("see"),
    st.integers(0, 400),
    st.sampled_from(["web", "till", "kiosk"]),
    st.lists(WHO, min_size=1, max_size=4),
)
MERGE = st.tuples(st.just("merge"), st.lists(WHO, min_size=2, max_size=3, unique=True))
APART = st.lists(WHO, min_size=2, max_size=4, unique=True).flatmap(
    lambda ends: st.integers(1, len(ends) - 1).map(lambda cut: ("separate", ends[:cut], ends[cut:]))
)
SHARED = st.tuples(st.just("shared"), st.lists(WHO, min_size=1, max_size=2, unique=True))
HOUSEHOLD = st.tuples(st.just("household"), st.lists(WHO, min_size=2, max_size=2, unique=True))
UNDO = st.tuples(st.just("undo"), st.integers(0, 5))
STEPS = st.lists(st.one_of(SEE, SEE, SEE, MERGE, APART, SHARED, HOUSEHOLD, UNDO), min_size=1, max_size=22)
SOME = settings(max_examples=examples(20))


def play(people, seen, steps):
    """Let things happen in this order; what stands in the end: (event steps, decisions that stand)."""
    numbers, standing, sights = [], {}, []
    for place, (what, *rest) in enumerate(steps):
        if what == "see":
            day, source, who = rest
            sights.append((place, day, source, who))
            people.take(seen(place, day, *who, source=source))
        elif what == "undo":
            open_ = [number for number in numbers if number in standing]
            if open_:
                number = open_[rest[0] % len(open_)]
                people.undo(number)
                del standing[number]
        else:
            number = people.decide(what, *rest)
            numbers.append(number)
            standing[number] = (what, *rest)
    return sights, standing


@SOME
@given(steps=STEPS, seed=st.integers(0, 1000), rules=st.sampled_from(sorted(RULES)))
def test_the_order_of_evidence_and_decisions_changes_nothing(fresh, seen, batches, *, steps, seed, rules):
    people = fresh()
    people.rules = RULES[rules]
    sights, standing = play(people, seen, steps)
    happened = people.state()
    assert people.rebuild() == set()
    assert people.state() == happened
    for early in (True, False):
        people = fresh()
        people.rules = RULES[rules]
        if early:
            for what, *sides in standing.values():
                people.decide(what, *sides)
        for batch in batches([seen(n, day, *who, source=source) for n, day, source, who in sights], seed):
            people.take(*batch)
        if not early:
            for what, *sides in standing.values():
                people.decide(what, *sides)
        assert people.state() == happened


@SOME
@given(steps=STEPS, last=st.one_of(MERGE, APART, SHARED))
def test_undoing_gives_exactly_what_was(fresh, seen, steps, last):
    people = fresh()
    play(people, seen, steps)
    before = people.state()
    people.undo(people.decide(*last))
    assert people.state() == before


@SOME
@given(steps=STEPS, apart=APART, later=st.lists(SEE, max_size=12), seed=st.integers(0, 1000))
def test_what_was_separated_never_rejoins(fresh, seen, batches, *, steps, apart, later, seed):
    """Whatever evidence comes: only a newer decision could."""
    people = fresh()
    play(people, seen, steps)
    _, one, other = apart
    people.decide(*apart)
    for batch in batches([seen(100 + n, day, *who) for n, (_, day, _, who) in enumerate(later)], seed):
        people.take(*batch)
        places = people.places()
        mine, theirs = ({places[end][0] for end in side if end in places} for side in (one, other))
        assert not mine & theirs


@SOME
@given(steps=STEPS, rules=st.sampled_from(sorted(RULES)))
def test_an_independent_oracle_agrees(fresh, seen, steps, rules):
    people = fresh()
    people.rules = RULES[rules]
    sights, standing = play(people, seen, steps)
    assert {name: who for name, (who, _) in people.places().items()} == oracle.customers(sights, standing, RULES[rules])


@SOME
@given(sights=st.lists(SEE, min_size=1, max_size=16), steps=st.lists(st.one_of(MERGE, APART, SHARED), max_size=4))
def test_without_the_evidence_of_one_source_it_is_as_if_that_had_never_been(fresh, seen, sights, steps):
    """What erasing has to give: the customers of the evidence that is left, decisions standing."""
    people = fresh()
    play(people, seen, [*steps, *(one for one in sights if one[2] != "till")])
    expected = {name: who for name, (who, _) in people.places().items()}
    people = fresh()
    play(people, seen, [*sights, *steps])
    people.forget("till", [one for one in sights if one[2] != "till"])
    people.rebuild()
    assert {name: who for name, (who, _) in people.places().items()} == expected


def test_a_merge_joins_two_users_of_one_system_whatever_limits_say(people, seen):
    people.take(seen(1, 1, "shop.user_id:a"), seen(2, 2, "shop.user_id:b", "email:b@example.org"))
    number = people.decide("merge", ["shop.user_id:a", "shop.user_id:b"])
    assert people.who("shop.user_id:a") == people.who("shop.user_id:b") == people.who("email:b@example.org")
    people.take(seen(3, 3, "shop.user_id:c", "email:b@example.org"))
    assert people.who("shop.user_id:c") != people.who("shop.user_id:a")
    people.take(seen(4, 3, "shop.user_id:a", "crm.contact_id:k"))
    assert people.who("crm.contact_id:k") == people.who("shop.user_id:b")
    people.undo(number)
    assert people.who("shop.user_id:a") != people.who("shop.user_id:b")


def test_a_shared_address_joins_nobody_and_does_again_when_that_is_taken_back(people, seen):
    people.take(seen(1, 1, "shop.user_id:a", "email:office@example.org"))
    people.take(seen(2, 2, "crm.contact_id:b", "email:office@example.org"))
    one = people.who("shop.user_id:a")
    number = people.decide("shared", ["email:office@example.org"])
    assert people.places()["email:office@example.org"][1] == "shared"
    assert len({people.who(key) for key in ("shop.user_id:a", "crm.contact_id:b", "email:office@example.org")}) == 3
    people.undo(number)
    assert {who for who, _ in people.places().values()} == {one}


def test_a_decision_about_somebody_not_seen_yet_holds_when_they_come(people, seen):
    people.decide("separate", ["crm.contact_id:b"], ["email:office@example.org"])
    people.take(seen(1, 1, "shop.user_id:a", "email:office@example.org"))
    people.take(seen(2, 2, "crm.contact_id:b", "email:office@example.org"))
    assert people.who("shop.user_id:a") == people.who("email:office@example.org") != people.who("crm.contact_id:b")


@pytest.mark.parametrize("kind", ["household"])
def test_a_household_joins_nobody(people, seen, kind):
    people.take(seen(1, 1, "shop.user_id:a"), seen(2, 2, "shop.user_id:b"))
    people.decide(kind, ["shop.user_id:a", "shop.user_id:b"])
    assert people.who("shop.user_id:a") != people.who("shop.user_id:b")
    with people.ledger.read() as connection:
        assert decisions.naming(connection, {Identifier("shop.user_id", "a")}).standing == ()
