"""Likeness joins last, only where identity.yaml lets it, and never what people, limits or households keep apart."""

import random

import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_decided import HOUSEHOLD, RULES, STEPS, WHO, play

from geleit.events.event import Identifier
from geleit.identity import likely
from geleit.identity.explanation import explain, find
from geleit.identity.linkage import queue
from geleit.identity.linkage.queue import Answered, ProbableLink, Reason
from geleit.identity.preview import preview
from geleit.identity.resolution import redecide
from geleit.identity.rules import Identity, Rules
from lengths import examples

SOME = settings(max_examples=examples(20))
LINKS = st.lists(
    st.tuples(st.lists(WHO, min_size=2, max_size=2, unique=True), st.sampled_from([3.0, 5.0, 9.5])),
    min_size=1,
    max_size=6,
    unique_by=lambda one: tuple(sorted(one[0])),
)


def likened(name):
    """Rules of that name, with probable links from 4 bits on."""
    said = RULES[name].definition.model_dump(by_alias=True, exclude_unset=True)
    return Rules(Identity.model_validate(said | {"probable_links": {"join": True, "above": 4}}))


def named(text):
    return Identifier(*text.split(":", 1))


def propose(people, links):
    found = [ProbableLink(named(a), named(b), bits, (Reason("name", "same", bits),)) for (a, b), bits in links]
    with people.ledger.write() as connection:
        before = likely.ends(connection, people.rules)
        queue.propose(connection, found, 0)
        ends = before | likely.ends(connection, people.rules)
        redecide(connection, ends, people.rules, people.ledger.next_change(connection))


def answer(people, link, said):
    with people.ledger.write() as connection:
        queue.answer(connection, link, Answered(said, "Anja Kern", 0))
        redecide(connection, {link.a, link.b}, people.rules, people.ledger.next_change(connection))


@SOME
@given(steps=STEPS, homes=st.lists(HOUSEHOLD, max_size=2), links=LINKS, seed=st.integers(0, 999), rules=st.sampled_from(sorted(RULES)))  # fmt: skip
def test_links_at_any_time_give_the_same_as_a_rebuild_and_as_the_oracle(
    fresh, seen, *, steps, homes, links, seed, rules
):
    people = fresh()
    people.rules = likened(rules)
    place = random.Random(seed).randint(0, len(steps))
    steps = [*steps[:place], ("links",), *steps[place:], *homes]
    sights, standing, numbers = [], {}, []
    for at, step in enumerate(steps):
        if step[0] == "links":
            propose(people, links)
        elif step[0] == "undo":
            if standing:
                number = sorted(standing)[step[1] % len(standing)]
                people.undo(number)
                del standing[number]
        elif step[0] == "see":
            sights.append((at, *step[1:]))
            people.take(seen(at, step[1], *step[3], source=step[2]))
        else:
            numbers.append(people.decide(*step))
            standing[numbers[-1]] = step
    happened = people.state()
    assert people.rebuild() == set()
    assert people.state() == happened
    found = {name: who for name, (who, _) in people.places().items()}
    assert found == oracle.customers(
        sights, standing, people.rules, [(*pair, bits) for pair, bits in links if bits >= 4]
    )


@SOME
@given(steps=STEPS, links=LINKS, rules=st.sampled_from(sorted(RULES)))
def test_a_preview_says_what_likeness_would_join(fresh, seen, tmp_path, *, steps, links, rules):
    people = fresh()
    people.rules = RULES[rules]
    play(people, seen, steps)
    propose(people, links)
    before = people.state()
    with people.ledger.read() as connection:
        shown = preview(connection, likened(rules), tmp_path)
    people.rebuild(likened(rules))
    assert shown.customers_then == len(people.customers())
    people.rebuild(RULES[rules])
    assert people.state() == before


@pytest.fixture
def two(people, seen):
    people.rules = likened("usual")
    people.take(
        seen(1, 1, "shop.user_id:a", "email:a@example.org"), seen(2, 2, "crm.contact_id:k", "email:b@example.org")
    )
    propose(people, [(("shop.user_id:a", "crm.contact_id:k"), 9.5)])
    return people


def is_one(people):
    return people.who("email:a@example.org") == people.who("email:b@example.org")


def test_likeness_joins_and_an_answer_ends_it(two):
    assert is_one(two)
    (link,) = listed(two)
    answer(two, link, "unsure")
    assert not is_one(two)


def test_what_was_separated_or_lives_together_is_never_joined_by_likeness(two):
    number = two.decide("separate", ["email:a@example.org"], ["email:b@example.org"])
    assert not is_one(two)
    two.undo(number)
    assert is_one(two)
    number = two.decide("household", ["email:a@example.org", "email:b@example.org"])
    assert not is_one(two)
    two.undo(number)
    assert is_one(two)


def test_off_by_default(two):
    two.rebuild(Rules())
    assert not is_one(two)
    assert Rules().probable is None


def test_evidence_comes_first_and_limits_hold(two, seen):
    two.take(seen(3, 3, "shop.user_id:z", "crm.contact_id:k"))
    assert not is_one(two)
    with two.ledger.read() as connection:
        a = find(connection, "shop.user_id:a")
    told = explain(two.ledger, two.rules, a, likely=queue.likeness)
    (held,) = told.held_back
    assert held.rule == "limit: at most 1 of shop.user_id"


def test_a_join_by_likeness_is_explained_with_its_weights(two):
    with two.ledger.read() as connection:
        a, b = find(connection, "email:a@example.org"), find(connection, "email:b@example.org")
    told = explain(two.ledger, two.rules, a, b, likely=queue.likeness)
    assert [one.bits for one in told.chain] == [0.0, 9.5, 0.0]
    assert "probably one person, +9.5 bits; name same +9.5" in told.text()
    assert "wahrscheinlich eine Person" in told.text("de")


def test_a_search_keeps_what_joins_and_replaces_the_rest(two):
    with two.ledger.write() as connection:
        weak = ProbableLink(named("email:x@example.org"), named("email:y@example.org"), 2.0, ())
        assert queue.propose(connection, [weak], 0, two.rules.probable) == 2
        assert queue.propose(connection, [], 0, two.rules.probable) == 1
    assert len(listed(two)) == 1


def listed(people):
    with people.ledger.read() as connection:
        return queue.listed(connection, "open")
