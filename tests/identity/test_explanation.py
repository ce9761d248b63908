import pytest

from geleit.errors import NotFoundError
from geleit.events.event import Identifier
from geleit.identity import decisions, resolution
from geleit.identity.decisions import Note
from geleit.identity.explanation import Likeness, explain, find


@pytest.fixture
def why(people):
    """Explain by key, as the command does."""

    def answer(a, b=None):
        with people.ledger.read() as connection:
            ends = [find(connection, key) for key in (a, b) if key]
        return explain(people.ledger, people.rules, *ends)

    return answer


def test_two_numbers_are_one_by_a_named_chain(people, seen, why):
    people.take(seen(1, 1, "shop.user_id:u7", "email:ada@example.org", source="shop"))
    people.take(seen(2, 2, "crm.contact_id:k9", "email:ada@example.org", source="crm"))
    people.take(seen(3, 9, "crm.contact_id:k9", "email:ada@example.org", source="crm"))
    answer = why("u7", "crm.contact_id:k9")
    assert answer.same
    assert [[showing.source for showing in link.shown] for link in answer.chain] == [["shop"], ["crm"]]
    assert answer.chain[1].shown[0].count == 2
    assert answer.chain[1].shown[0].sample_event == f"{2:032x}"
    assert "2 times" in answer.text()
    assert "eine" in answer.text("de")


def test_a_limit_that_keeps_two_apart_is_named(people, seen, why):
    people.take(*(seen(n, n, f"shop.user_id:u{n}", "email:two@example.org") for n in (1, 2)))
    answer = why("u1", "u2")
    assert answer.same is False
    assert [link.rule for link in answer.chain if link.rule] == ["limit: at most 1 of shop.user_id"]


def test_a_shared_device_is_named_as_the_reason(people, seen, why):
    people.take(*(seen(n, n, f"shop.user_id:u{n}", "kiosk.device_id:k1") for n in (1, 2)))
    answer = why("u1", "u2")
    assert {link.rule for link in answer.chain} == {"ambiguous: kiosk.device_id:k1"}


def test_an_order_of_two_people_says_why_it_joins_none(people, seen, why):
    people.take(*(seen(n, n, f"shop.user_id:u{n}", "shop.order_id:b7") for n in (1, 2)))
    answer = why("u1", "u2")
    assert [link.rule for link in answer.chain if link.rule] == ["one: shop.order_id:b7"]
    assert "ein Auftrag gehört zu einer Person" in answer.text("de")


def test_of_one_customer_all_links_are_told_and_those_held_back(people, seen, why):
    people.take(seen(1, 1, "shop.user_id:u1", "email:ada@example.org", "phone:0561 448217"))
    people.take(seen(2, 2, "shop.user_id:u2", "email:ada@example.org"))
    answer = why("email:ada@example.org")
    assert answer.same is None
    assert len(answer.chain) == 3
    assert [link.rule for link in answer.held_back] == ["limit: at most 1 of shop.user_id"]


def test_two_that_never_met(people, seen, why):
    people.take(seen(1, 1, "shop.user_id:u1"), seen(2, 1, "email:ada@example.org"))
    answer = why("u1", "ada@example.org")
    assert (answer.same, answer.chain) == (False, ())


def test_a_customer_id_and_an_unknown_key(people, seen, why):
    people.take(seen(1, 1, "shop.user_id:u1", "email:ada@example.org"))
    assert why(people.who("shop.user_id:u1")).customers == (people.who("shop.user_id:u1"),)
    with pytest.raises(NotFoundError, match="nobody@example"):
        why("email:nobody@example.org")


def decide(people, kind, *sides):
    named = [[Identifier(*one.split(":", 1)) for one in side] for side in sides]
    with people.ledger.write() as connection:
        number = decisions.record(connection, kind, named, Note("Anja Kern", "she said so"), 1_790_000_000_000_000)
        ends = {one for side in named for one in side}
        resolution.redecide(connection, ends, people.rules, people.ledger.next_change(connection))
    return number


def test_a_decision_is_a_link_of_the_chain_with_its_author_and_reason(people, seen, why):
    people.take(seen(1, 1, "shop.user_id:u1", "email:ada@example.org"), seen(2, 2, "crm.contact_id:k9"))
    number = decide(people, "merge", ["email:ada@example.org", "crm.contact_id:k9"])
    answer = why("u1", "k9")
    assert answer.same
    assert [link.decision for link in answer.chain] == [0, number]
    assert f"decision {number}, one person, by Anja Kern" in answer.text().splitlines()[2]
    assert "she said so" in answer.text()
    assert [link.decision for link in answer.joined] == [number, 0]  # the deciding one first
    with people.ledger.write() as connection:
        decisions.take_back(connection, number, Note("Deniz", "her sister"), 1_790_000_000_000_000)
        resolution.redecide(connection, [Identifier("crm.contact_id", "k9")], people.rules, 9)
    told = why("u1")
    assert [one.number for one in told.decisions] == [number]
    assert "zurückgenommen von Deniz" in told.text("de")


def test_what_a_person_separated_or_marked_is_named_as_the_reason(people, seen, why):
    people.take(seen(1, 1, "shop.user_id:u1", "email:ada@example.org", "phone:0561 448217"))
    number = decide(people, "separate", ["shop.user_id:u1"], ["email:ada@example.org"])
    assert {link.rule for link in why("u1", "ada@example.org").chain} == {f"decision: {number}"}
    assert "a person decided so" in why("u1", "ada@example.org").text()
    decide(people, "shared", ["phone:+49561448217"])
    assert {link.rule for link in why("u1").held_back if "phone" in str((link.a, link.b))} == {
        "shared: phone:+49561448217"
    }


def test_everybody_in_the_picture_is_named_with_who_showed_them_first(people, seen, why):
    people.take(seen(1, 5, "shop.user_id:u1", "phone:0561 448217", source="shop"))
    people.take(seen(2, 2, "shop.user_id:u2", "phone:0561 448217", source="crm"))
    answer = why("u1")
    told = [(str(one.identifier), one.source, one.customer == answer.customers[0]) for one in answer.members]
    assert told == [
        ("phone:+49561448217", "shop", False),
        ("shop.user_id:u1", "shop", True),
    ]
    assert (len(answer.joined), len(answer.held_back)) == (0, 1)


def test_what_was_reckoned_of_a_pair_stands_beside_it(people, seen):
    people.take(seen(1, 1, "shop.user_id:u1", "email:ada@example.org"))
    with people.ledger.read() as connection:
        number = find(connection, "u1")
    answer = explain(
        people.ledger, people.rules, number, likely=lambda _, pairs: [(Likeness("name", 7.25),) for _pair in pairs]
    )
    assert answer.chain[0].likeness == (Likeness("name", 7.25),)
    assert "name +7.2" in answer.text()
