import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geleit.events.event import Identifier
from geleit.identity.normalize import PLAIN_LONGEST, Refusal, malformed, normalize, normalize_all, plain
from geleit.identity.rules import Identity, Rules

RULES = Rules()


def value(type_, text, region="DE"):
    found = normalize(Identifier(type_, text), RULES, region)
    return found.reason if isinstance(found, Refusal) else found.value


@pytest.mark.parametrize(
    "text",
    ["ada.berg+shop@example.org", " Ada.Berg+Shop@EXAMPLE.org\u200b", "mailto:ada.berg+shop@example.org?subject=x",
     "Ada Berg <ada.berg+shop@example.org>", "'ada.berg+shop@example.org'"],
)  # fmt: skip
def test_an_address_has_one_form(text):
    assert value("email", text) == "ada.berg+shop@example.org"


def test_two_domains_stay_two():
    assert value("email", "info@straße.de") != value("email", "info@strasse.de")
    assert value("email", "jose\u0301@example.org") == value("email", "jos\u00e9@example.org")


@pytest.mark.parametrize("text", ["0561 / 44 82-17", "+49 (0)561 448217", "0049561448217", "tel:+49-561-448217"])
def test_a_number_has_one_form(text):
    assert value("phone", text) == "+49561448217"


def test_a_number_without_its_country_is_kept_and_joins_nobody():
    assert value("phone", "0561 448217", "") == "0561 448217"
    assert malformed(Identifier("phone", "0561 448217"), RULES)
    assert not malformed(Identifier("phone", "+49561448217"), RULES)


@pytest.mark.parametrize(
    "junk",
    ["0", "000", "0-0", "--", "-1", "NULL", "None", "nil", "undefined", "NaN", "true", "False", "anonymous", "guest",
     "test", "unknown", "not_authenticated", "distinct_id", "id", "email", "[object Object]", '"null"', "'0'", "„Gast“"],
)  # fmt: skip
def test_junk_points_at_nobody(junk):
    assert {value(type_, junk) for type_ in ("email", "phone", "shop.user_id", "order_id")} == {"blocked"}


@pytest.mark.parametrize("text", ["", "  ", "\u200b\x00"])
def test_nothing_is_empty(text):
    assert value("shop.user_id", text) == "empty"


def test_ids_keep_their_case_and_may_be_four_hundred_long():
    assert value("shop.user_id", " AbC-007 ") == "AbC-007"
    assert value("shop.user_id", "x" * 400) == "x" * 400
    assert value("shop.user_id", "x" * 401) == "too_long"


def test_own_blocked_values_are_added():
    rules = Rules(Identity(blocked=("^kasse[0-9]$",)))
    assert isinstance(normalize(Identifier("till.customer_no", "Kasse1"), rules), Refusal)
    assert isinstance(normalize(Identifier("till.customer_no", "null"), rules), Refusal)


def test_an_event_names_each_identifier_once_in_one_order():
    kept, refused = normalize_all(
        [Identifier("phone", "0561448217"), Identifier("email", "A@b.de"), Identifier("email", "a@B.de"),
         Identifier("shop.user_id", "null")],
        RULES, "DE",
    )  # fmt: skip
    assert kept == (Identifier("email", "a@b.de"), Identifier("phone", "+49561448217"))
    assert [(one.identifier.type, one.reason) for one in refused] == [("shop.user_id", "blocked")]


def test_normalizing_twice_changes_nothing():
    for type_, text in (
        ("email", "Ada <a@b.de>"),
        ("phone", "0561 448217"),
        ("phone", "call me"),
        ("phone", "+490000000000"),
        ("phone", "+39 06 1234 5678"),
        ("email", "none at all"),
    ):
        once = value(type_, text)
        assert value(type_, once) == once


def test_a_pattern_that_is_none_says_so():
    with pytest.raises(ValueError, match="is no regular expression"):
        Identity(blocked=("(",))


@pytest.mark.parametrize("type_", ["email", "phone", "shop.user_id", "anonymous_id"])
def test_plain_values_stay_as_they_are(type_):
    rules = Rules()
    pattern = re.compile(plain(type_, rules), re.ASCII)

    @given(
        st.from_regex(pattern)
        | st.sampled_from(["null", "-1", "0", "000", "Guest1", "+490171555", "+491715550123", "a@b.de"])
    )
    def holds(value):
        if pattern.fullmatch(value) and len(value) <= PLAIN_LONGEST:
            assert normalize(Identifier(type_, value), rules, "DE") == Identifier(type_, value)

    holds()


def test_with_own_blocked_values_nothing_is_plain():
    assert not re.match(plain("email", Rules(Identity(blocked=("a",)))), "b@example.org")
