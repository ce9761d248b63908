import pytest

from geleit.clock import DAY, deadline
from geleit.customers.facts import minor_units
from geleit.customers.visits import visits_by_channel


def test_the_newest_said_wins_whatever_came_last_and_the_others_stay_readable(happens, ada):
    happens(9, "identified", source="crm", traits={"city": "Kassel"})
    happens(3, "identified", source="shop", traits={"city": "Köln", "first_name": "Ada"})
    (city, first) = ada().traits
    assert (city.value, city.source, city.t) == ("Kassel", "crm", 9 * DAY)
    assert [(other.value, other.source) for other in city.others] == [("Köln", "shop")]
    assert first.value == "Ada"


def test_a_guess_is_marked_and_yields_to_a_stated_fact(happens, ada):
    happens(9, "identified", traits={"guess.job": "shift work"})
    assert ada().traits[0].guessed
    happens(3, "identified", traits={"job": "baker"})
    (job,) = ada().traits
    assert (job.value, job.guessed) == ("baker", False)


def test_a_withdrawal_holds_until_the_person_agrees_anew(happens, ada):
    happens(5, "consent_withdrawn", purpose="marketing", channel="email")
    happens(2, "consent_given", purpose="marketing", channel="email", wording="yes please")
    (consent,) = ada().consents
    assert (consent.given, consent.t) == (False, 5 * DAY)
    happens(7, "consent_given", purpose="marketing", channel="email")
    assert ada().consents[0].given


def test_of_a_consent_and_a_withdrawal_at_one_moment_the_withdrawal_holds(happens, ada):
    happens(5, "consent_withdrawn", purpose="calls")
    happens(5, "consent_given", purpose="calls")
    assert not ada().consents[0].given


def test_the_stricter_consent_wins_when_two_people_become_one(happens, ada):
    happens(2, "consent_withdrawn", "shop.user_id:1", purpose="marketing")
    happens(5, "consent_given", "crm.customer_no:9", source="crm", purpose="marketing")
    happens(6, "identified", "shop.user_id:1 email:ada@example.org")
    happens(7, "identified", "crm.customer_no:9 email:ada@example.org", source="crm")
    assert not ada().consents[0].given


def test_an_order_is_folded_from_all_that_was_said_of_it(happens, ada):
    products = [{"product_id": "WM", "name": "Washer", "price": 749.0, "quantity": 1, "serial": "S-1"}]
    happens(4, "order_progress", order_id="7", state="delivered")
    happens(1, "order_completed", order_id="7", total=758.9, currency="EUR", products=products)
    happens(2, "delivery_promised", order_id="7", due_at="1970-01-06")
    (order,) = ada().orders
    assert (order.total, order.state, order.ordered_at, order.currency) == (75890, "delivered", DAY, "EUR")
    assert [(line.name, line.unit_price, line.serial) for line in order.lines] == [("Washer", 74900, "S-1")]
    assert order.due_at == deadline("1970-01-06", "Europe/Berlin")
    (owned,) = ada().products
    assert (owned.serial, owned.order_id) == ("S-1", "7")


def test_a_refund_gives_back_a_part_or_all(happens, ada):
    happens(1, "order_completed", order_id="7", total=100, currency="EUR")
    happens(2, "order_refunded", order_id="7", total=30, currency="EUR")
    assert (ada().orders[0].state, ada().orders[0].refunded) == ("part_returned", 3000)
    happens(3, "order_refunded", order_id="7")
    assert ada().orders[0].state == "returned"


def test_what_was_returned_is_not_owned(happens, ada):
    products = [{"name": "Washer", "serial": "S-1"}]
    happens(1, "order_completed", order_id="7", products=products)
    assert len(ada().products) == 1
    happens(2, "order_refunded", order_id="7")
    assert ada().products == ()


def test_two_systems_may_count_their_orders_alike(happens, ada):
    happens(1, "order_completed", source="shop", order_id="7", total=1)
    happens(2, "order_completed", source="till", order_id="7", total=2)
    assert [order.system for order in ada().orders] == ["shop", "till"]


def test_a_product_knows_its_version_and_warranty(happens, ada):
    happens(1, "product_registered", serial="S-1", product_name="Washer", warranty_until="1972-01-01")
    happens(5, "screen_viewed", serial="S-1", version="1.6.2")
    (owned,) = ada().products
    assert (owned.name, owned.version, owned.since) == ("Washer", "1.6.2", DAY)
    assert owned.warranty_until is not None


def test_people_come_and_go_in_an_account_and_keep_their_own_consent(workspace, happens, ada):
    happens(1, "account_joined", source="crm", account_id="K-1", account_name="Café", role="buyer")
    happens(9, "account_left", source="crm", account_id="K-1")
    happens(20, "account_joined", source="crm", account_id="K-1", role="owner")
    happens(5, "account_joined", "email:bob@example.org", source="crm", account_id="K-1", role="cook")
    first, again = ada().memberships
    assert (first.joined_at, first.left_at, again.left_at, again.role) == (DAY, 9 * DAY, None, "owner")
    account = workspace.account("crm:K-1")
    assert account == workspace.account("K-1")
    assert account.name == "Café"
    assert [(m.name, m.role, m.left_at) for m in account.members] == [
        ("bob@example.org", "cook", None),
        ("ada@example.org", "owner", None),
        ("ada@example.org", "buyer", 9 * DAY),
    ]


def test_a_moved_customer_answers_to_the_old_id(workspace, happens):
    happens(5, "identified", "shop.user_id:1")
    old = workspace.customer("shop.user_id:1")
    happens(2, "identified", "shop.user_id:1 email:ada@example.org")
    new = workspace.customer("email:ada@example.org")
    assert workspace.customer(old) == new == workspace.customer("shop.user_id:1")


def test_a_visit_is_a_day_and_not_a_click():
    found = visits_by_channel([("web", DAY), ("web", DAY + 5), ("web", 3 * DAY), ("store", 9 * DAY), ("", 1)], "UTC")
    assert [(one.channel, one.visits, one.events) for one in found] == [("web", 2, 3), ("store", 1, 1)]


def test_amounts_are_exact_in_minor_units():
    assert minor_units(0.1 + 0.2, "EUR") == 30
    assert [minor_units(v, "EUR") for v in ("19.90", 749, None, "", True, "n/a")] == [
        1990,
        74900,
        None,
        None,
        None,
        None,
    ]
    assert minor_units("12.345", "KWD") == 12345


def test_what_another_system_says_of_an_order_belongs_to_its_buyer(happens, ada):
    happens(1, "order_completed", order_id="7", total=100, currency="EUR")
    happens(2, "order_progress", "van.device_id:3", order_id="7", state="delivered")
    (order,) = ada().orders
    assert order.state == "delivered"
    assert ada("van.device_id:3").orders == ()


@pytest.mark.parametrize("value", ["9999-12-31", "99999999999999999999", 10**30, "soon", 1.5, "31.02.2026"])
def test_a_time_that_cannot_be_is_none(value):
    assert deadline(value, "Europe/Berlin") is None


def test_a_day_is_read_in_german_too():
    assert deadline("1.2.2026", "Europe/Berlin") == deadline("2026-02-01", "Europe/Berlin") == 1769986799999999


@pytest.mark.parametrize("value", [1e30, "inf", "nan", {}, "1e500"])
def test_an_amount_too_large_to_be_true_is_none(happens, ada, value):
    assert minor_units(value, "EUR") is None
    happens(1, "order_completed", order_id="7", total=value, products=[{"name": "x", "quantity": value}])
    (order,) = ada().orders
    assert (order.total, order.lines[0].quantity) == (None, 1)


@pytest.mark.parametrize(
    ("quantity", "shown"), [(2.5, (1, 300)), (0.25, (1, 30)), (0, (1, 120)), (-2, (1, 120)), (2, (2, 120))]
)
def test_a_length_of_cable_is_one_line_at_its_price(happens, ada, quantity, shown):
    happens(1, "order_completed", order_id="7", products=[{"name": "cable", "quantity": quantity, "price": 1.2}])
    (line,) = ada().orders[0].lines
    assert (line.quantity, line.unit_price) == shown
