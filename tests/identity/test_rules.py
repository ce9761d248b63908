"""identity.yaml: what rules say, and what is said where one is wrong."""

import pytest

from geleit.clock import DAY
from geleit.definitions import load
from geleit.errors import DefinitionError
from geleit.events.event import Identifier
from geleit.identity.normalize import Refusal, normalize
from geleit.identity.rules import Identity, Rules


def rules(**said):
    return Rules(Identity.model_validate(said))


def test_usual_limits_and_windows():
    usual = Rules()
    found = {type_: (usual.of(type_).limit, usual.of(type_).per) for type_ in ("shop.user_id", "email", "web.cookie")}
    assert found == {"shop.user_id": (1, "ever"), "email": (5, "year"), "web.cookie": (5, "month")}
    assert usual.of("shop.cart_token").limit > usual.of("web.cookie").limit
    assert usual.of("till.order_id").limit is None


def test_the_most_exact_name_has_the_last_word():
    found = rules(
        identifiers={
            "shop.*": {"priority": 15, "limit": 3},
            "*.user_id": {"limit": 2},
            "shop.user_id": {"per": "week"},
        },
        classes={"user_id": {"limit": 9, "links": False}},
    )
    rule = found.of("shop.user_id")
    assert (rule.priority, rule.limit, rule.per, rule.links) == (15, 2, "week", False)
    assert found.of("shop.contact_id").limit == 3
    assert found.of("crm.contact_id").limit == 9
    assert found.of("crm.user_id").limit == 2


def test_unique_is_one_for_ever_and_none_is_any_number():
    found = rules(identifiers={"email": {"unique": True}, "phone": {"limit": "none"}})
    assert (found.of("email").limit, found.of("email").per) == (1, "ever")
    assert found.slot(Identifier("phone", "+49561448200"), 0) is None


def test_a_window_is_that_of_the_first_time():
    found = rules(identifiers={"email": {"per": "month"}, "phone": {"per": "week"}})
    mail, phone = Identifier("email", "a@example.org"), Identifier("phone", "+49561448200")
    assert found.slot(mail, 30 * DAY) == found.slot(mail, 0) != found.slot(mail, 31 * DAY)
    assert found.slot(phone, 3 * DAY) == found.slot(phone, 0) != found.slot(phone, 4 * DAY)  # Thursday to Sunday


def test_blocked_values_may_be_those_of_one_type_or_one_source():
    found = rules(
        identifiers={"till.*": {"blocked": ["^kasse"]}},
        sources={"till": {"blocked": ["@noreply"], "ignore": ["*.device_id"]}, "kiosk": {"links": False}},
        include=["till.card_no:kasse7"],
    )
    assert isinstance(normalize(Identifier("till.card_no", "Kasse1"), found), Refusal)
    assert normalize(Identifier("till.card_no", "kasse7"), found) == Identifier("till.card_no", "kasse7")
    assert normalize(Identifier("shop.user_id", "kasse1"), found) == Identifier("shop.user_id", "kasse1")
    mail, device = Identifier("email", "x@noreply.example.org"), Identifier("app.device_id", "d1")
    assert [found.heeds(source, mail) for source in ("till", "kiosk", "shop")] == [False, False, True]
    assert [found.heeds(source, device) for source in ("till", "shop")] == [False, True]


def test_a_value_that_is_blocked_later_joins_nobody(people, seen):
    people.take(seen(1, 1, "shop.user_id:a", "email:info@example.org"))
    people.take(seen(2, 1, "crm.contact_id:b", "email:info@example.org"))
    assert people.who("shop.user_id:a") == people.who("crm.contact_id:b")
    people.rebuild(rules(blocked=["^info@"]))
    assert people.places()["email:info@example.org"][1] == "blocked"
    assert people.who("shop.user_id:a") != people.who("crm.contact_id:b")
    people.rebuild(Rules())
    assert people.who("shop.user_id:a") == people.who("crm.contact_id:b")


def test_the_word_of_a_strong_source_comes_first(people, seen):
    people.rules = rules(sources={"crm": {"strength": 1}})
    for number in range(3):
        people.take(seen(number, number, "shop.user_id:a", "email:x@example.org", source="web"))
    people.take(seen(9, 9, "shop.user_id:b", "email:x@example.org", source="crm"))
    assert people.who("email:x@example.org") == people.who("shop.user_id:b") != people.who("shop.user_id:a")


def test_a_sixth_address_of_one_year_waits_and_one_of_another_year_does_not(people, seen):
    mails = [f"email:p{n}@example.org" for n in range(7)]
    people.take(*(seen(n, 10 + n, "shop.user_id:a", mail) for n, mail in enumerate(mails[:6])))
    people.take(seen(9, 500, "shop.user_id:a", mails[6]))
    mine = [mail for mail in mails if people.who(mail) == people.who("shop.user_id:a")]
    assert mine == [*mails[:5], mails[6]]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("identifiers:\n  email:\n    unique: true\n    limit: 2\n", 2, "unique says limit 1 ever"),
        ("identifiers:\n  email: {limit: 0}\n", 2, "a limit is at least 1"),
        ("identifiers:\n  sh*p.user_id: {limit: 2}\n", 2, "is no type"),
        ("identifiers:\n  email:\n    per: decade\n", 3, "'ever', 'year', 'month' or 'week'"),
        ("blocked:\n  - ok\n  - '('\n", 3, "is no regular expression"),
        ("sources:\n  till:\n    strenght: 1\n", 3, "did you mean 'strength'"),
        ("exclude:\n  - email\n", 2, "type:value"),
        ("classes:\n  mail: {limit: 2}\n", 2, "'email'"),
        ("include: ['email:a@b.de']\nexclude: ['email:a@b.de']\n", 1, "stands in include and in exclude"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, text, line, words):
    path = tmp_path / "identity.yaml"
    path.write_text(text)
    with pytest.raises(DefinitionError) as caught:
        load(path, Identity, root=tmp_path)
    assert caught.value.line == line
    assert words in f"{caught.value} {caught.value.hint}"
