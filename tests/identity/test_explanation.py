import pytest

from geleit.errors import NotFoundError
from geleit.identity.explanation import explain, find


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
    people.take(*(seen(n, n, f"shop.user_id:u{n}", "phone:0561 448217") for n in (1, 2)))
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
    people.take(seen(2, 2, "shop.user_id:u2", "phone:0561 448217"))
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
