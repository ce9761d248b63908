"""The clickstream example: a shop's own names for its events, five stages that are not ICOS, sessions as browsers."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from geleit.events.kinds import Catalogue
from geleit.sources.mapping import map_source
from geleit.workspace import open_workspace
from geleit.workspace.definitions import load_definitions

EXAMPLES = Path(__file__).parents[2] / "examples"

STAGES = ["aware", "consider", "choose", "buy", "come_back"]
KINDS = {
    "product_view": 6851,
    "catalog": 6521,
    "search": 4011,
    "home": 2762,
    "filter_results": 2610,
    "add_to_cart": 1346,
    "cart": 1204,
    "shipping_details": 958,
    "wishlist_add": 812,
    "promo_page": 796,
    "payment_details": 709,
    "account_page": 659,
    "purchase": 470,
    "review_page": 406,
    "support_chat": 277,
    "error_page": 276,
    "compare": 275,
    "payment_error": 119,
    "checkout_bug": 44,
}
LINES = 2_000


@pytest.fixture(scope="module")
def mapped():
    definitions = load_definitions(EXAMPLES / "clickstream")
    source = definitions.sources["clickstream"]
    chunks = list(
        map_source(
            source, root=definitions.root, catalogue=definitions.catalogue, zone="UTC", now=1_795_331_700_000_000
        )
    )
    return definitions, chunks


@pytest.fixture
def shop(example):
    """The example with its first users only."""
    root = example("clickstream")
    export = root / "exports" / "ecom.csv.gz"
    with gzip.open(export, "rt", encoding="utf-8") as lines:
        head = [line for _, line in zip(range(LINES + 1), lines, strict=False)]
    with gzip.open(export, "wt", encoding="utf-8") as cut:
        cut.writelines(head)
    with open_workspace(root) as workspace:
        workspace.import_sources()
        yield workspace


def test_every_line_becomes_one_event(mapped):
    _, chunks = mapped
    events = [event for chunk in chunks for event in chunk.events]
    assert Counter(event.kind for event in events) == KINDS
    assert not [rejected for chunk in chunks for rejected in chunk.rejected]
    assert len({event.id for event in events}) == 31_106  # thirty lines stand there twice, each a click of its own
    assert len({i.value for event in events for i in event.identifiers if i.type == "shop.user_id"}) == 600


def test_the_shops_words_are_read_in_its_own_stages(mapped):
    definitions, chunks = mapped
    catalogue = Catalogue(definitions.kinds)
    assert [stage.id for stage in catalogue.stages] == STAGES
    read = [(event, catalogue.touchpoint(event)) for chunk in chunks for event in chunk.events]
    assert {where.stage for event, where in read if event.kind != "error_page"} == set(STAGES)
    assert {where.stage for event, where in read if event.kind == "error_page"} == {""}
    assert {where.kind for event, where in read if event.kind == "purchase"} == {"order_completed"}
    assert {where.channel for _, where in read} == {"desktop", "mobile", "tablet"}
    home = {event.traits["lifecycle"]: where.stage for event, where in read if event.kind == "home"}
    assert home == {"new": "aware", "returning": "come_back", "loyal": "come_back"}


def test_planted_troubles_keep_their_days(mapped):
    _, chunks = mapped
    days = {kind: set() for kind in ("checkout_bug", "payment_error")}
    for chunk in chunks:
        for event in chunk.events:
            if event.kind in days:
                days[event.kind].add(event.t)
    april_9, may_10 = 1_712_620_800_000_000, 1_715_299_200_000_000
    may_19, june_8 = 1_716_076_800_000_000, 1_717_804_800_000_000
    assert all(april_9 <= t < may_10 for t in days["checkout_bug"])
    assert sum(may_19 <= t < june_8 for t in days["payment_error"]) > len(days["payment_error"]) / 2


def test_a_user_keeps_all_sessions_and_shops_more_than_once(shop):
    customer = shop.customer("shop.user_id:user_0003")
    profile = shop.profile(customer)
    assert Counter(one.type for one in profile.identifiers) == {"shop.user_id": 1, "shop.session_id": 7}
    assert not [one for one in profile.identifiers if one.reason]
    assert [need.topic for need in shop.needs(customer)] == ["shopping"] * 5
    assert len(profile.orders) == 2
    journey = shop.journey(customer, language="de")
    assert [head.label for head in journey.stages] == ["Aufmerksam", "Erwägen", "Wählen", "Kaufen", "Wiederkommen"]
    assert journey.steps[-1].text == "kauft"
    assert {step.channel_label for step in journey.steps} == {"Rechner"}
