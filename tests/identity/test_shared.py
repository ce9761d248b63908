"""What looks shared is listed to be looked over, those seen with the most people first."""

from geleit.identity.shared import looking_shared


def test_hubs_and_shared_phones_are_listed_with_how_many_they_were_seen_with(people, seen):
    office, phone = "email:office@example.org", "phone:+4956144821700"
    for number in range(7):
        people.take(seen(number, 1 + number % 3, f"shop.user_id:u{number}", office))
        people.take(seen(10 + number, 40, f"shop.user_id:u{number}", office))  # again, in the same year
    people.take(seen(20, 400, "shop.user_id:u0", office, "web.anonymous_id:b"))  # another year: still the same pair
    people.take(seen(30, 1, "shop.user_id:u1", phone), seen(31, 1, "shop.user_id:u2", phone, "crm.contact_id:k"))
    people.take(seen(40, 1, "shop.user_id:u3", "email:a@example.org"))
    people.decide("shared", ["shop.user_id:u6"])
    with people.ledger.read() as connection:
        found = looking_shared(connection, people.rules)
        one = looking_shared(connection, people.rules, limit=1)
    told = [(str(one.identifier), one.reason, one.users, one.others) for one in found.listed]
    assert (found.values, told) == (2, [(office, "hub", 7, 7), (phone, "ambiguous", 2, 3)])
    assert found.listed[0].customer == people.who(office)
    assert (one.values, [str(each.identifier) for each in one.listed]) == (2, [office])


def test_nothing_is_listed_where_nothing_is_shared(people, seen):
    people.take(seen(1, 1, "shop.user_id:u1", "email:a@example.org"))
    with people.ledger.read() as connection:
        assert looking_shared(connection, people.rules).listed == ()
