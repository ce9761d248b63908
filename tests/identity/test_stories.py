"""What a company must be able to rely on, told as stories."""


def test_ten_systems_with_their_own_numbers_and_one_address_are_one_customer(people, seen):
    for number in range(10):
        people.take(seen(number, number, f"system{number}.customer_no:{number}00", "email:Ada@Example.org "))
    assert len(people.customers()) == 1


def test_two_shop_users_on_one_kiosk_stay_two_and_what_nobody_signed_is_neither(people, seen):
    people.take(seen(1, 1, "kiosk.device_id:k1", "web.anonymous_id:a1"))
    people.take(seen(2, 2, "shop.user_id:1", "kiosk.device_id:k1", "web.anonymous_id:a1"))
    people.take(seen(3, 3, "shop.user_id:2", "kiosk.device_id:k1", "web.anonymous_id:a1"))
    people.take(seen(4, 4, "kiosk.device_id:k1"))
    owners = people.sets()
    one, two = people.who("shop.user_id:1"), people.who("shop.user_id:2")
    assert one != two
    assert owners["kiosk.device_id:k1 shop.user_id:1 web.anonymous_id:a1"] == one
    assert owners["kiosk.device_id:k1 shop.user_id:2 web.anonymous_id:a1"] == two
    assert owners["kiosk.device_id:k1"] not in (one, two)
    assert owners["kiosk.device_id:k1 web.anonymous_id:a1"] not in (one, two)
    assert people.places()["kiosk.device_id:k1"][1] == "ambiguous"


def test_one_user_of_a_device_gets_what_was_seen_before_the_first_log_in(people, seen):
    people.take(seen(1, 1, "web.anonymous_id:a1"))
    people.take(seen(2, 2, "shop.user_id:1", "web.anonymous_id:a1"))
    assert people.sets()["web.anonymous_id:a1"] == people.who("shop.user_id:1")


def test_a_family_phone_joins_nobodys_accounts(people, seen):
    for number, name in enumerate(("ada", "bert", "cleo")):
        people.take(seen(number, number, f"shop.user_id:{name}", f"email:{name}@example.org", "phone:0561 448217"))
    assert len({people.who(f"shop.user_id:{name}") for name in ("ada", "bert", "cleo")}) == 3
    assert all(
        people.who(f"email:{name}@example.org") == people.who(f"shop.user_id:{name}")
        for name in ("ada", "bert", "cleo")
    )


def test_an_address_that_many_users_share_joins_nobody(people, seen):
    people.take(*(seen(n, n, f"shop.user_id:{n}", "email:info@example.org") for n in range(1, 7)))
    assert people.places()["email:info@example.org"][1] == "hub"
    assert len(people.customers()) == 7


def test_junk_values_join_nobody(people, seen):
    for number, junk in enumerate(("null", "'0'", "[object Object]", "undefined", "00-00", "Gast")):
        people.take(seen(number, 1, f"shop.user_id:u{number}", f"email:{junk}", f"crm.contact_id:{junk}"))
    assert len(people.customers()) == 6


def test_what_is_no_address_is_kept_and_joins_nobody(people, seen):
    people.take(seen(1, 1, "shop.user_id:1", "email:has none"), seen(2, 1, "shop.user_id:2", "email:has none"))
    assert people.who("shop.user_id:1") != people.who("shop.user_id:2")
    assert people.places()["email:has none"][1] == "malformed"


def test_an_order_number_brings_the_delivery_to_the_buyer(people, seen):
    people.take(seen(1, 3, "till.order_id:B-17", source="carrier"))
    people.take(seen(2, 2, "till.order_id:B-17", "email:ada@example.org", source="till"))
    people.take(seen(3, 4, "till.order_id:B-17", "carrier.tracking_no:X9", source="carrier"))
    people.take(seen(4, 5, "carrier.tracking_no:X9", source="carrier"))
    buyer = people.who("email:ada@example.org")
    assert set(people.sets().values()) == {buyer}


def test_an_order_number_never_joins_two_people(people, seen):
    people.take(
        seen(1, 1, "till.order_id:B-17", "email:ada@example.org"),
        seen(2, 2, "till.order_id:B-17", "email:ada@example.org"),
        seen(3, 3, "till.order_id:B-17", "email:bert@example.org"),
    )
    assert people.who("email:ada@example.org") != people.who("email:bert@example.org")
    assert people.who("till.order_id:B-17") == people.who("email:ada@example.org")


def test_a_user_with_hundreds_of_orders_and_browsers_stays_one(people, seen):
    weekly = range(1, 121)
    orders = [seen(n, 7 * n, "shop.user_id:1", f"shop.order_id:{n}", f"web.anonymous_id:{n}") for n in weekly]
    people.take(*orders)
    assert len(people.customers()) == 1
