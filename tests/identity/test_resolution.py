import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from geleit.events.event import Identifier
from geleit.identity.closure import load
from geleit.identity.graph import customer_id
from geleit.identity.rules import Identity, Rules
from geleit.ledger import tables
from lengths import examples

KINDS = {
    "shop.user_id": 4,
    "crm.contact_id": 3,
    "email": 4,
    "phone": 2,
    "web.anonymous_id": 4,
    "kiosk.device_id": 2,
    "till.order_id": 3,
    "parcel.tracking_no": 2,
}


def value(type_, number):
    return {"email": f"{type_}:p{number}@example.org", "phone": f"{type_}:+49561448{number}00"}.get(
        type_, f"{type_}:v{number}"
    )


WHO = st.sampled_from([value(type_, number) for type_, many in KINDS.items() for number in range(many)])
SIGHTS = st.lists(
    st.tuples(st.integers(0, 900), st.sampled_from(["web", "till"]), st.lists(WHO, min_size=1, max_size=4)),
    min_size=1,
    max_size=20,
)
TIGHT = Rules(Identity.model_validate({"hub": {"user_ids": 2, "degree": 4}, "identifiers": {"email": {"limit": 2}}}))
QUICK = settings(max_examples=examples(8))


def observations(seen, sights):
    return [seen(n, day, *who, source=source) for n, (day, source, who) in enumerate(sights)]


@QUICK
@given(sights=SIGHTS, seed=st.integers(0, 1000), rules=st.sampled_from([Rules(), TIGHT]))
def test_order_and_batches_of_arrival_change_nothing(fresh, seen, batches, *, sights, seed, rules):
    events = observations(seen, sights)
    people = fresh()
    people.rules = rules
    people.take(*events)
    at_once = people.state()
    people = fresh()
    people.rules = rules
    for batch in batches(events, seed):
        people.take(*batch)
    assert people.state() == at_once
    assert people.rebuild() == set()
    assert people.state() == at_once


FEW_SETS = st.lists(st.lists(WHO, min_size=2, max_size=3, unique=True), min_size=2, max_size=4).flatmap(
    lambda sets: st.lists(st.tuples(st.integers(0, 900), st.just("web"), st.sampled_from(sets)), max_size=30)
)


@settings(QUICK, max_examples=examples(20))
@given(sights=FEW_SETS, seed=st.integers(0, 1000))
def test_what_is_seen_again_and_again_is_where_a_rebuild_puts_it(fresh, seen, batches, sights, seed):
    people = fresh()
    for batch in batches(observations(seen, sights), seed):
        people.take(*batch)
    happened = people.state()
    assert people.rebuild() == set()
    assert people.state() == happened


def test_an_address_goes_to_whom_it_is_seen_with_more_often(people, seen):
    people.take(
        seen(1, 1, "shop.user_id:a", "email:x@example.org"), seen(2, 2, "shop.user_id:a", "email:x@example.org")
    )
    people.take(seen(3, 3, "shop.user_id:b", "email:x@example.org"))
    assert people.who("email:x@example.org") == people.who("shop.user_id:a")
    people.take(
        seen(4, 4, "shop.user_id:b", "email:x@example.org"), seen(5, 5, "shop.user_id:b", "email:x@example.org")
    )
    assert people.who("email:x@example.org") == people.who("shop.user_id:b")
    assert people.rebuild() == set()


@QUICK
@given(sights=SIGHTS, seed=st.integers(0, 1000))
def test_every_customer_that_ever_was_still_answers(fresh, seen, batches, sights, seed):
    people = fresh()
    people.rules = TIGHT
    ever = set()
    for batch in batches(observations(seen, sights), seed):
        people.take(*batch)
        ever |= people.customers().keys()
    living, redirects = people.customers().keys(), people.redirects()
    homes = {customer_id(Identifier(*name.split(":", 1))): who for name, (who, _) in people.places().items()}
    assert set(redirects.values()) <= living
    assert not redirects.keys() & living
    assert ever <= living | redirects.keys()
    assert {old: homes[old] for old in redirects} == redirects
    assert {who for who, _ in people.places().values()} == set(living)


@QUICK
@given(sights=SIGHTS, seed=st.integers(0, 1000))
def test_a_customer_whose_events_moved_is_always_named(fresh, seen, batches, sights, seed):
    people = fresh()
    before = {}
    for batch in batches(observations(seen, sights), seed):
        named = people.take(*batch)
        after = people.sets()
        moved = {(before.get(who), after[who]) for who in after if before.get(who) != after[who]}
        assert {customer for pair in moved for customer in pair if customer} <= named
        before = after


@QUICK
@given(sights=SIGHTS)
def test_a_change_of_rules_equals_having_had_them_always(fresh, seen, sights):
    events = observations(seen, sights)
    people = fresh()
    people.take(*events)
    people.rebuild(TIGHT)
    changed = people.state()
    people = fresh()
    people.rules = TIGHT
    people.take(*events)
    assert people.state() == changed


@QUICK
@given(sights=SIGHTS)
def test_limits_hold_in_every_customer(fresh, seen, sights):
    people = fresh()
    people.take(*observations(seen, sights))
    counts = {}
    for name, (customer, _) in people.places().items():
        key = customer, name.split(":")[0]
        counts[key] = counts.get(key, 0) + 1
    limits = {(customer, type_): people.rules.of(type_).limit for customer, type_ in counts}
    assert not [key for key, count in counts.items() if limits[key] and count > limits[key]]


def test_writes_only_what_changed(people, seen):
    people.take(seen(1, 1, "email:ada@example.org", "shop.user_id:7"))
    people.take(seen(2, 2, "email:bob@example.org", "shop.user_id:8"))
    query = sa.select(tables.resolution.c.set_id, tables.resolution.c.change)
    with people.ledger.read() as connection:
        assert {row.change for row in connection.execute(query)} == {1, 2}


def test_an_event_without_identifiers_belongs_to_nobody(people, seen):
    assert people.take(seen(1, 1), seen(2, 1, "email:null")) == set()
    assert people.customers() == {}
    with people.ledger.read() as connection:
        assert connection.execute(sa.select(tables.resolution)).all() == []


@pytest.mark.parametrize("first", [1, 9])
def test_late_evidence_joins_two_and_the_old_id_answers(people, seen, first):
    people.take(seen(1, first, "shop.user_id:7"), seen(2, 5, "email:ada@example.org"))
    shop, mail = people.who("shop.user_id:7"), people.who("email:ada@example.org")
    assert shop != mail
    named = people.take(seen(3, 20, "shop.user_id:7", "email:ada@example.org"))
    one = people.who("shop.user_id:7")
    older, newer = (shop, mail) if first == 1 else (mail, shop)
    assert (one, people.redirects()) == (older, {newer: older})
    assert named >= {shop, mail}
    people.take(seen(4, 0, "shop.user_id:7", "phone:0561 448200"))
    assert set(people.redirects().values()) <= {people.who("shop.user_id:7")}


def test_a_long_chain_of_families_costs_no_more_than_those_touched(people, seen):
    chain = []
    for n in range(1, 300):
        chain.append(seen(2 * n, n, f"shop.user_id:u{n}", f"email:house{n}@example.org"))
        chain.append(seen(2 * n + 1, n, f"shop.user_id:u{n + 1}", f"email:house{n}@example.org"))
    people.take(*chain)
    assert len(people.customers()) == 300
    with people.ledger.read() as connection:
        (touched,) = connection.execute(
            sa.select(tables.identifier.c.id).where(tables.identifier.c.value == "u150")
        ).scalars()
        closure = load(connection, {touched}, people.rules)
    assert len(closure.nodes) < 10
    assert people.rebuild() == set()
