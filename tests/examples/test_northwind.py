"""The Northwind example: companies as accounts, the people who order, orders with lines folded from rows."""

from collections import Counter
from pathlib import Path

import pytest

from geleit.sources.mapping import map_source
from geleit.workspace import open_workspace
from geleit.workspace.definitions import load_definitions

EXAMPLES = Path(__file__).parents[2] / "examples"

NOW = 1_795_331_700_000_000


@pytest.fixture(scope="module")
def definitions():
    return load_definitions(EXAMPLES / "northwind")


@pytest.fixture
def traders(example):
    """The example with the orders of ALFKI and BONAP only."""
    root = example("northwind")
    export = root / "exports" / "order_lines.csv"
    head, *rows = export.read_text(encoding="utf-8").splitlines(keepends=True)
    mine = [row for row in rows if row.split(",")[1] in ("ALFKI", "BONAP")]
    export.write_text("".join([head, *mine]), encoding="utf-8")
    with open_workspace(root) as workspace:
        workspace.import_sources()
        yield workspace


def events_of(definitions, name):
    return list(
        map_source(
            definitions.sources[name], root=definitions.root, catalogue=definitions.catalogue, zone="UTC", now=NOW
        )
    )


def test_companies_become_accounts(definitions):
    (chunk,) = events_of(definitions, "customers")
    assert (chunk.read, chunk.skipped, len(chunk.events)) == (93, 2, 89)
    assert [(rejected.line, rejected.reason) for rejected in chunk.rejected] == [(23, "no_time"), (58, "no_time")]


def test_rows_become_orders(definitions):
    (chunk,) = events_of(definitions, "orders")
    kinds = Counter(event.kind for event in chunk.events)
    assert (chunk.read, chunk.rejected) == (2_155, [])
    assert kinds == {"order_completed": 830, "delivery_promised": 830, "shipped": 809}
    orders = [event.properties for event in chunk.events if event.kind == "order_completed"]
    assert sum(len(order["products"]) for order in orders) == 2_155
    assert round(sum(order["total"] for order in orders), 2) == pytest.approx(1_265_793.04, abs=0.5)
    assert len({order["staff"] for order in orders}) == 9


def test_a_person_orders_for_an_account(traders):
    customer = traders.customer("northwind.contact_id:ALFKI")
    profile = traders.profile(customer)
    assert profile.name == "Maria Anders"
    assert [(m.account_name, m.role) for m in profile.memberships] == [("Alfreds Futterkiste", "Sales Representative")]
    assert [(order.order_id, order.total, len(order.lines)) for order in profile.orders] == [
        ("10643", 81_450, 3),
        ("10692", 87_800, 1),
        ("10702", 33_000, 2),
        ("10835", 84_580, 2),
        ("10952", 47_120, 2),
        ("11011", 93_350, 2),
    ]
    assert {order.state for order in profile.orders} == {"shipped"}
    journey = traders.journey(customer)
    assert len(journey.steps) == 18
    assert journey.contact_person == "Nancy Davolio"
    assert traders.account("northwind:ALFKI").members[0].name == "Maria Anders"
