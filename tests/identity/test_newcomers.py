"""New identifiers are placed without loading anybody where that is sure; a rebuild of everything never disagrees."""

import random
from collections import Counter

import pytest

from geleit.events.event import Identifier
from geleit.identity import newcomers
from geleit.identity.graph import customer_id
from geleit.identity.rules import Identity, Rules

ANNA, BEN, MAIL, PHONE = "shop.user_id:anna", "shop.user_id:ben", "email:a@example.org", "phone:+4956144821700"
RULES = {
    "usual": Rules(),
    "tight": Rules(
        Identity.model_validate(
            {
                "hub": {"user_ids": 2, "degree": 5},
                "identifiers": {"email": {"limit": 2}, "*.anonymous_id": {"limit": 3}},
            }
        )
    ),
    "shy": Rules(Identity.model_validate({"classes": {"user_id": {"shared_by": 2}, "email": {"shared_by": 2}}})),
}


@pytest.fixture
def placed(monkeypatch):
    """How many sets were placed by themselves, and how many new ones were left to resolution."""
    counts = Counter()
    real = newcomers.place

    def place(connection, touched, rules, change):
        found, rest = real(connection, touched, rules, change)
        counts.update(quick=len(found.owners), slow=len(touched.members) - len(found.owners))
        return found, rest

    monkeypatch.setattr(newcomers, "place", place)
    return counts


def agree(people):
    """Whatever was placed is where a rebuild puts it, to the last redirect."""
    before = people.state()
    assert people.rebuild() == set()
    assert people.state() == before


NEW = (
    "web.anonymous_id",
    "kiosk.device_id",
    "till.order_id",
    "email",
    "crm.contact_id",
    "session_id",
    "parcel.tracking_no",
)


def named(type_, number):
    return f"{type_}:p{number}@example.org" if type_ == "email" else f"{type_}:v{number}"


def random_life(seed, count=70):
    """Sightings of five people: what is known of one with something new, strangers, now and then somebody else's thing."""
    chance = random.Random(seed)
    known = [[f"shop.user_id:u{n}", f"email:u{n}@example.org"] for n in range(5)]
    sights, number = [], 0
    for _ in range(count):
        one = chance.choice(known)
        who = chance.sample(one, min(len(one), chance.choice((1, 1, 1, 2, 3))))
        for _ in range(chance.choice((0, 1, 1, 1, 2))):
            number += 1
            who.append(named(chance.choice(NEW), number))
        drawn = chance.random()
        if drawn < 0.1:
            who.append(chance.choice(chance.choice(known)))
        elif drawn < 0.25:
            who = [end for end in who if end not in one] or [named("web.anonymous_id", 1000 + number)]
            known.append(list(who))
        one += [end for end in who if end not in one]
        sights.append((chance.randrange(0, 200), tuple(dict.fromkeys(who))))
    return sights


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("seed", range(6))
def test_everybody_is_where_a_rebuild_puts_them(people, seen, placed, seed, rules):
    people.rules = RULES[rules]
    chance = random.Random(seed)
    sights = random_life(seed)
    while sights:
        size = chance.choice((1, 1, 1, 2, 6))
        some, sights = sights[:size], sights[size:]
        people.take(*(seen(len(sights) * 10 + n, day, *who) for n, (day, who) in enumerate(some)))
        if chance.random() < 0.1:
            ends = sorted(people.places())
            kind = chance.choice(("separate", "merge", "shared"))
            one, other = chance.sample([*ends, ANNA], 2)
            unseen = named(chance.choice(NEW), chance.randrange(100))
            sides = [[one], [other]] if kind == "separate" else [[one, unseen]]
            if one not in {other, unseen}:
                people.decide(kind, *sides)
        if chance.random() < 0.2:
            agree(people)
    agree(people)
    assert placed["quick"] > 10
    assert placed["slow"] > 5


def after(people, seen, *sights, at_once=()):
    """Sightings (day, identifiers ...) one by one, then some in one batch."""
    for n, (day, *who) in enumerate(sights):
        people.take(seen(n, day, *who))
    if at_once:
        people.take(*(seen(100 + n, day, *who) for n, (day, *who) in enumerate(at_once)))
    agree(people)
    return people


def test_a_known_user_in_a_new_browser_is_placed_by_itself(people, seen, placed):
    after(people, seen, (1, ANNA), (2, ANNA, "web.anonymous_id:b1"), (2, ANNA, "web.anonymous_id:b2", "session_id:s"))
    assert placed == {"quick": 3, "slow": 0}
    assert len(people.customers()) == 1


def test_a_number_of_another_system_comes_to_the_address(people, seen, placed):
    after(people, seen, (1, ANNA, MAIL), (2, MAIL, "crm.contact_id:k1"), (3, MAIL, "crm.contact_id:k2"))
    assert placed == {"quick": 2, "slow": 1}
    assert people.who("crm.contact_id:k1") == people.who(ANNA) != people.who("crm.contact_id:k2")


def test_one_browser_too_many_stays_apart(people, seen):
    browsers = [(2, ANNA, f"web.anonymous_id:b{n}") for n in range(7)]
    after(people, seen, (1, ANNA), *browsers[:4], at_once=browsers[4:])
    assert sum(who == people.who(ANNA) for who, _ in people.places().values()) == 6


def test_a_phone_of_two_users_is_shared_from_the_second_one_on(people, seen):
    after(people, seen, (1, ANNA, PHONE), (2, BEN, PHONE))
    assert people.places()[PHONE][1] == "ambiguous"


def test_a_phone_of_two_users_is_shared_where_one_may_have_two_numbers(people, seen):
    people.rules = Rules(Identity.model_validate({"classes": {"user_id": {"limit": "none"}}}))
    after(people, seen, (1, ANNA, PHONE), (2, BEN, PHONE))
    assert people.places()[PHONE][1] == "ambiguous"


def test_an_address_of_many_is_a_hub(people, seen):
    after(people, seen, (1, ANNA, MAIL), *((2, MAIL, f"crm.contact_id:k{n}") for n in range(7)))
    assert people.places()[MAIL][1] == "hub"


def test_who_was_seen_sooner_than_known_names_the_customer(people, seen):
    after(people, seen, (5, ANNA, MAIL), (3, ANNA, "web.anonymous_id:b"))
    assert min(people.customers().values()) == 3 * 86_400_000_000


def test_who_was_seen_as_soon_and_counts_more_names_the_customer(people, seen):
    after(people, seen, (1, MAIL), (1, ANNA, MAIL))
    assert people.who(MAIL) == customer_id(Identifier(*ANNA.split(":")))


def test_what_is_new_in_two_sets_of_one_batch_is_no_newcomer(people, seen, placed):
    new = "web.anonymous_id:b"
    after(people, seen, (1, ANNA), (1, BEN), at_once=[(2, ANNA, new), (2, BEN, new), (2, BEN, "session_id:s")])
    assert people.places()[new][1] == "ambiguous"
    assert placed == {"quick": 3, "slow": 2}


@pytest.mark.parametrize("kind", ["shared", "merge", "separate"])
def test_a_decision_that_named_it_before_anybody_saw_it_holds(people, seen, kind):
    after(people, seen, (1, ANNA), (1, BEN))
    new = "web.anonymous_id:b"
    people.decide(kind, *([[new], [ANNA]] if kind == "separate" else [[new, BEN]] if kind == "merge" else [[new]]))
    after(people, seen, (2, ANNA, new))
    assert people.who(new) != people.who(ANNA) or kind == "merge"
    assert (people.who(new) == people.who(BEN)) == (kind == "merge")


def test_what_joins_nobody_takes_nobody_in(people, seen):
    after(people, seen, (1, ANNA, PHONE), (1, BEN, PHONE), (2, PHONE, "web.anonymous_id:b"))
    assert people.who("web.anonymous_id:b") not in {people.who(PHONE), people.who(ANNA), people.who(BEN)}
