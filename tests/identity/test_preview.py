"""A preview says what then happens: the same counts as applying the rules, and why."""

from hypothesis import given, settings
from hypothesis import strategies as st
from test_decided import RULES, STEPS, play

from geleit.identity.preview import preview
from geleit.identity.rules import Identity, Rules
from lengths import examples

SOME = settings(max_examples=examples(6))


def tried(people, rules, folder, samples=5):
    with people.ledger.read() as connection:
        return preview(connection, rules, folder, samples)


@SOME
@given(steps=STEPS, before=st.sampled_from(sorted(RULES)), after=st.sampled_from(sorted(RULES)))
def test_what_is_shown_is_what_then_happens(fresh, seen, tmp_path, *, steps, before, after):
    people = fresh()
    people.rules = RULES[before]
    play(people, seen, steps)
    now = {name: who for name, (who, _) in people.places().items()}
    shown = tried(people, RULES[after], tmp_path)
    assert {name: who for name, (who, _) in people.places().items()} == now
    people.rebuild(RULES[after])
    then = {name: who for name, (who, _) in people.places().items()}
    assert (shown.identifiers, shown.customers_now, shown.customers_then) == (
        len(now),
        len(set(now.values())),
        len(set(then.values())),
    )
    parts = [len({then[name] for name in now if now[name] == who}) for who in set(now.values())]
    wholes = [len({now[name] for name in then if then[name] == who}) for who in set(then.values())]
    assert shown.separated == sum(count > 1 for count in parts)
    assert shown.joined == sum(count > 1 for count in wholes)
    assert all(len(one.parts) > 1 for one in (*shown.separated_people, *shown.joined_people))


def test_who_would_be_separated_and_joined_is_told_with_the_rule(people, seen, tmp_path):
    people.take(
        seen(1, 1, "shop.user_id:a", "email:a1@example.org"), seen(2, 2, "shop.user_id:a", "email:a2@example.org")
    )
    people.take(seen(3, 3, "shop.user_id:b", "phone:0561 448217"), seen(4, 4, "shop.user_id:c", "phone:0561 448217"))
    tight = Rules(Identity.model_validate({"identifiers": {"email": {"unique": True}}}))
    (sample,) = tried(people, tight, tmp_path).separated_people
    assert [why.rule for why in sample.because] == ["limit: at most 1 of email"]
    loose = Rules(Identity.model_validate({"identifiers": {"shop.user_id": {"limit": 2}, "phone": {"shared_by": 9}}}))
    (sample,) = tried(people, loose, tmp_path).joined_people
    assert {str(end) for _, members in sample.parts for end in members} == {
        "phone:+49561448217",
        "shop.user_id:b",
        "shop.user_id:c",
    }
    assert [str(why.b) for why in sample.because]
    looser = Rules(Identity.model_validate({"identifiers": {"shop.user_id": {"limit": 2}}}))
    people.take(
        seen(5, 5, "shop.user_id:d", "email:d@example.org"), seen(6, 6, "shop.user_id:e", "email:d@example.org")
    )
    (sample,) = tried(people, looser, tmp_path).joined_people
    assert [why.rule for why in sample.because] == ["limit: shop.user_id d / e"]
    shared = Rules(Identity.model_validate({"classes": {"anonymous_id": {"shared_by": 3}}}))
    people.take(seen(7, 7, "shop.user_id:d", "anonymous_id:x1"), seen(8, 8, "shop.user_id:b", "anonymous_id:x1"))
    shown = tried(people, shared, tmp_path)
    assert (shown.browsers_now, shown.browsers_then) == (1, 0)
    strict = Rules(Identity.model_validate({"sources": {"web": {"ignore": ["phone"], "blocked": ["^a1@"]}}}))
    (left,) = tried(people, strict, tmp_path).unheeded
    assert (left.source, left.identifiers) == ("web", 2)
    assert [str(one) for one in left.samples] == ["email:a1@example.org", "phone:+49561448217"]
    nothing = tried(people, Rules(), tmp_path)
    assert (nothing.separated, nothing.joined, nothing.separated_people) == (0, 0, ())
