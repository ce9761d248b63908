"""Groups made set-based are what the pure function makes of the same evidence, wherever they say they are simple."""

from itertools import combinations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geleit.clock import DAY, moment
from geleit.events.event import Identifier
from geleit.identity import groups
from geleit.identity.graph import customer_id
from geleit.identity.rules import Identity, Rules
from lengths import examples

TYPES = {
    "shop.user_id": 3,
    "crm.contact_id": 3,
    "email": 4,
    "phone": 2,
    "web.anonymous_id": 3,
    "kiosk.device_id": 2,
    "till.order_id": 3,
}
ALL = [
    {"email": f"email:p{n}@example.org", "phone": f"phone:+49561448{n}00"}.get(type_, f"{type_}:v{n}")
    for type_, many in TYPES.items()
    for n in range(1, many + 1)
]
SIGHTS = st.lists(
    st.tuples(
        st.integers(-400, 400),
        st.sampled_from(["web", "till", "kiosk"]),
        st.lists(st.sampled_from(ALL), min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=12,
)
OWN = Rules(
    Identity.model_validate(
        {
            "hub": {"user_ids": 2, "degree": 4},
            "identifiers": {
                "email": {"limit": 1, "per": "week"},
                "web.*": {"limit": 1, "per": "month", "blocked": ["^v3$"]},
                "*.contact_id": {"shared_by": 2},
            },
            "sources": {"till": {"strength": 1, "ignore": ["phone"]}, "kiosk": {"links": False}},
            "exclude": ["crm.contact_id:v1"],
            "include": ["kiosk.device_id:v1"],
        }
    )
)
SOME = settings(max_examples=examples(12))


def bulk(sights, rules, named):
    """Identifier -> (customer, why it joins nobody, whether its group is simple), and since when each customer is."""
    first, counted = {}, {}
    for day, source, who in sights:
        for end in who:
            first[end] = min(first.get(end, day * DAY), day * DAY)
        ends = sorted(set(who))
        for pair in ((a, b) for a in ends for b in ends if a < b):
            counted[*pair, source] = counted.get((*pair, source), 0) + 1
    names = sorted(first)
    places = {name: place for place, name in enumerate(names)}
    types, values = zip(*(name.split(":", 1) for name in names), strict=True)
    with duckdb.connect() as duck:
        numbers = pa.array(range(len(names)), pa.int64())
        times = pa.array([first[name] for name in names], pa.int64())
        table = pa.table({"no": numbers, "type": list(types), "value": list(values), "first_t": times})
        duck.from_arrow(table).create("identifier")
        duck.execute("CREATE TABLE evidence (low BIGINT, high BIGINT, source VARCHAR, count BIGINT)")
        for (a, b, source), count in counted.items():
            duck.execute("INSERT INTO evidence VALUES (?, ?, ?, ?)", [places[a], places[b], source, count])
        groups.group(duck, rules, named)
        rows = duck.execute(
            "SELECT no, customer_id, reason, simple, since_t "
            "FROM grouped JOIN groups USING (wide) JOIN reason USING (no) ORDER BY no"
        ).fetchall()
    return {names[row[0]]: row[1:] for row in rows}


@SOME
@given(sights=SIGHTS, own=st.booleans(), apart=st.sampled_from(ALL))
def test_simple_groups_are_what_the_pure_function_makes(fresh, seen, sights, own, apart):
    rules = OWN if own else Rules()
    people = fresh()
    people.rules = rules
    people.decide("separate", [apart], ["email:p1@example.org"] if apart != "email:p1@example.org" else [ALL[0]])
    sides = [apart, "email:p1@example.org", ALL[0]]
    people.take(*(seen(n, day, *who, source=source) for n, (day, source, who) in enumerate(sights)))
    places, since = people.places(), people.customers()
    found = bulk(sights, rules, {Identifier(*text.split(":", 1)) for text in sides})
    assert {name: reason for name, (_, reason, _, _) in found.items()} == {
        name: reason for name, (_, reason) in places.items()
    }
    for name, (customer, _, simple, first) in found.items():
        if simple:
            assert (customer, first) == (places[name][0], since[customer])


@pytest.mark.parametrize("per", ["ever", "year", "month", "week"])
def test_windows_are_those_of_the_rules(per):
    """DuckDB counts in the windows that Python counts in, also before 1970 and around New Year."""
    rules = Rules(Identity.model_validate({"identifiers": {"email": {"limit": 1, "per": per}}}))
    days = [-1, 0, 3, 4, 364, 365, -365, -3, -4, 10_957, 10_961]
    pairs = list(combinations(days, 2))
    found = bulk(
        [
            (day, "web", [f"email:{name}{place}@x.org", f"shop.user_id:u{place}"])
            for place, pair in enumerate(pairs)
            for name, day in zip("ab", pair, strict=True)
        ],
        rules,
        set(),
    )
    for place, (a, b) in enumerate(pairs):
        slots = {rules.slot(Identifier("email", "a@x.org"), day * DAY) for day in (a, b)}
        assert found[f"shop.user_id:u{place}"][2] == (len(slots) == 2), (moment(a * DAY), moment(b * DAY))


def test_of_identifiers_of_one_type_and_time_the_first_by_its_value_gives_the_name():
    """In the order of code points: capitals first, umlauts last."""
    values = ["email:ä@example.org", "email:b@example.org", "email:B@example.org", "email:a@example.org"]
    for turned in (values, values[::-1]):
        found = bulk([(0, "web", turned[:2]), (0, "web", turned[1:3]), (0, "web", turned[2:])], Rules(), set())
        first = customer_id(Identifier("email", "B@example.org"))
        assert {name: customer for name, (customer, *_) in found.items()} == dict.fromkeys(values, first)
