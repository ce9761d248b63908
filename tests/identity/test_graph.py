"""The pure function: any order of evidence gives the same customers; limits, hubs and shared devices hold back."""

import itertools

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from geleit.events.event import Identifier
from geleit.identity.graph import Link, Node, customer_id, reason_of, resolve
from geleit.identity.rules import Identity, Rules

RULES = Rules()
FREE = Rules(
    Identity.model_validate(
        {"identifiers": {"email": {"limit": 1000}, "phone": {"limit": 1000}}, "hub": {"user_ids": 1000, "degree": 1000}}
    )
)


def world(*seen, rules=RULES):
    """Resolve evidence given as pairs of 'type:value' texts; returns customer by text, and the whole result."""
    names = sorted({end for pair in seen for end in pair})
    nodes = {n: Node(n, Identifier(*name.split(":", 1)), n) for n, name in enumerate(names)}
    ids = {str(node.identifier): n for n, node in nodes.items()}
    counted = {}
    for a, b in seen:
        pair = tuple(sorted((ids[a], ids[b])))
        counted[pair] = counted.get(pair, 0) + 1
    links = [Link(low, high, count, min(low, high)) for (low, high), count in counted.items()]
    around = {n: [nodes[high if low == n else low] for low, high in counted if n in (low, high)] for n in nodes}
    reasons = {n: reason for n, node in nodes.items() if (reason := reason_of(node, around[n], rules))}
    result = resolve(nodes, links, reasons, rules)
    return (
        {name: result.customers[ids[name]] for name in names},
        result,
        {str(nodes[n].identifier): r for n, r in reasons.items()},
    )


def test_ten_systems_with_their_own_numbers_and_one_mail_are_one_customer():
    found, _, _ = world(*((f"system{n}.customer_no:{n}", "email:ada@example.org") for n in range(1, 11)))
    assert len(set(found.values())) == 1


def test_two_shop_users_on_one_kiosk_stay_two_and_the_kiosk_is_nobody():
    found, _, alone = world(
        ("shop.user_id:1", "shop.device_id:kiosk"),
        ("shop.user_id:2", "shop.device_id:kiosk"),
        ("shop.user_id:1", "email:ada@example.org"),
    )
    assert found["shop.user_id:1"] == found["email:ada@example.org"]
    assert len({found[k] for k in ("shop.user_id:1", "shop.user_id:2", "shop.device_id:kiosk")}) == 3
    assert alone == {"shop.device_id:kiosk": "ambiguous"}


def test_two_known_users_of_one_system_never_join_over_a_shared_mail():
    found, result, _ = world(
        ("shop.user_id:1", "email:family@example.org"),
        ("shop.user_id:1", "email:family@example.org"),
        ("shop.user_id:2", "email:family@example.org"),
    )
    assert found["shop.user_id:1"] == found["email:family@example.org"] != found["shop.user_id:2"]
    assert [r.rule for r in result.rejected] == ["limit: at most 1 of shop.user_id"]


def test_a_value_that_many_users_share_joins_nobody():
    found, _, alone = world(*((f"shop.user_id:{n}", "email:info@example.org") for n in range(1, 7)))
    assert alone == {"email:info@example.org": "hub"}
    assert len(set(found.values())) == 7


def test_a_loyal_person_with_many_visits_is_no_hub():
    found, _, alone = world(*(("shop.user_id:1", f"web.session_id:{n}") for n in range(1, 121)))
    assert alone == {}
    assert len(set(found.values())) == 1


def test_an_order_number_goes_with_its_buyer_and_joins_nobody():
    found, _, _ = world(
        ("shop.user_id:1", "shop.order_id:9"),
        ("shop.user_id:1", "shop.order_id:9"),
        ("shop.user_id:2", "shop.order_id:9"),
        ("shop.order_id:9", "dhl.tracking_no:77"),
    )
    assert found["shop.order_id:9"] == found["shop.user_id:1"] == found["dhl.tracking_no:77"] != found["shop.user_id:2"]


def test_text_that_is_no_mail_address_joins_nobody():
    found, _, alone = world(("shop.user_id:1", "email:keine angabe"), ("crm.contact_id:2", "email:keine angabe"))
    assert alone == {"email:keine angabe": "malformed"}
    assert len(set(found.values())) == 3


TEXTS = [
    "email:a@x.org",
    "email:b@x.org",
    "shop.user_id:1",
    "shop.user_id:2",
    "crm.contact_id:1",
    "phone:+49561100",
    "web.anonymous_id:x",
    "shop.device_id:d",
    "shop.order_id:5",
]
PAIRS = st.lists(st.sampled_from(list(itertools.combinations(TEXTS, 2))), min_size=1, max_size=25)


@given(PAIRS, st.randoms())
def test_the_order_of_evidence_is_nothing(pairs, chance):
    first, _, _ = world(*pairs)
    shuffled = list(pairs)
    chance.shuffle(shuffled)
    assert world(*shuffled)[0] == first


@given(PAIRS)
def test_no_customer_breaks_a_limit_and_every_customer_is_named_after_its_own_identifier(pairs):
    found, _, _ = world(*pairs)
    for customer in set(found.values()):
        mine = [name for name, owner in found.items() if owner == customer]
        assert len([name for name in mine if name.startswith("shop.user_id")]) <= 1
        assert customer in {customer_id(Identifier(*name.split(":", 1))) for name in mine}


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=60))
def test_without_limits_customers_are_the_connected_components(edges):
    pairs = [(f"email:{a}@x.org", f"phone:+4956110{b:02d}") for a, b in edges]
    found, _, _ = world(*pairs, rules=FREE)
    oracle = list(nx.connected_components(nx.Graph(pairs)))
    mine = {}
    for name, owner in found.items():
        mine.setdefault(owner, set()).add(name)
    assert sorted(map(sorted, mine.values())) == sorted(map(sorted, oracle))
