"""RFM against sorting people by hand; the orders themselves are those of the profile."""

import random
from types import SimpleNamespace

import pyarrow as pa
import pytest
from random_logs import LOGS, compare, desk_of, inside

from geleit.analytics.orders import BOUGHT
from geleit.analytics.question import Supplies
from geleit.analytics.rfm import Rfm, group

TODAY = 20_600  # 27 May 2026
NOON = (TODAY * 86_400 + 43_200) * 1_000_000


def orders_of(seed):
    """Orders of the people of the logs, with many ties, and of a stranger."""
    chance = random.Random(seed)
    rows = [
        {
            "customer_id": f"c{chance.randint(0, 9):x}",
            "local_day": TODAY - chance.choice((0, 1, 1, 30, 65)),
            "currency": chance.choice(("EUR", "EUR", "EUR", "CHF")),
            "kept": chance.choice((0, 999, 999, 5000, 12_345)),
        }
        for _ in range(chance.choice((0, 1, 12, 25)))
    ]
    return pa.Table.from_pylist(rows, schema=BOUGHT)


def fifth(value, values):
    """One more for each whole fifth of values below."""
    return 1 + 5 * sum(other < value for other in values) // len(values)


def brute(question, ways, result, seed):
    question = question.completed(Supplies({}, lambda: orders_of(seed)))
    rows = [
        row
        for row in orders_of(seed).to_pylist()
        if question.period_of == "journeys" or inside(row["local_day"], question)
    ]
    people = {}
    for customer, _ in ways:
        mine = [row for row in rows if row["customer_id"] == customer]
        kept = sum(row["kept"] for row in mine if row["currency"] == question.currency)
        people[customer] = (max(row["local_day"] for row in mine), len(mine), kept) if mine else None
    bought = [value for value in people.values() if value]
    found = {}
    for customer, value in people.items():
        scores = tuple(fifth(value[i], [one[i] for one in bought]) for i in range(3)) if value else (0, 0, 0)
        found.setdefault((group(*scores[:2], value[1] if value else 0), *scores), []).append(customer)
    if question.by == "group":
        merged = {}
        for (name, *_), mine in found.items():
            merged.setdefault((name, 0, 0, 0), []).extend(mine)
        found = merged
    counted = {(row.name, row.recency, row.frequency, row.money): row for row in result.rows}
    assert set(counted) == set(found), seed
    for cell, mine in found.items():
        row = counted[cell]
        told = [people[customer] or (0, 0, 0) for customer in mine]
        assert row.people == len(mine), seed
        assert row.share == len(mine) / len(people), seed
        assert (row.orders, row.kept) == (sum(one[1] for one in told), sum(one[2] for one in told)), seed
        asked = {"name": cell[0]} if question.by == "group" else dict(zip(question.keys, cell, strict=True))
        assert [one.customer for one in result.actors(**asked)] == sorted(mine), seed
    assert sum(row.people for row in result.rows) == result.population.people, seed


@pytest.mark.parametrize("seed", range(LOGS))
def test_both_ways_of_counting_agree(seed, monkeypatch):
    monkeypatch.setattr("geleit.analytics.desk.bought", lambda *_: orders_of(seed))
    compare(
        seed, Rfm, brute, now=NOON, choose=lambda chance: {"unit": "customer", "by": chance.choice(("group", "score"))}
    )


def test_days_since_the_last_order_count_to_the_day_of_asking(monkeypatch):
    rows = pa.Table.from_pylist(
        [{"customer_id": "c0", "local_day": TODAY - 3, "currency": "EUR", "kept": 1}], schema=BOUGHT
    )
    monkeypatch.setattr("geleit.analytics.desk.bought", lambda *_: rows)
    event = SimpleNamespace(
        customer_id="c0", need_id="", event_id="e", kind="page_viewed", channel="", stage="", t=NOON, ord=0,
        local_day=TODAY, step=True, contact=False, evidence="log", initiator="person",
    )  # fmt: skip
    (row,) = desk_of([event], now=NOON).ask(Rfm()).rows
    assert (row.name, row.days, row.currency, row.kept) == ("once", 3.0, "EUR", 1)


def test_two_orders_are_never_often_and_one_order_is_once_whatever_the_others_have():
    for recency in range(1, 6):
        for frequency in range(1, 6):
            assert group(recency, frequency, 2) not in {"regular", "slowing", "missed"}
            assert group(recency, frequency, 1) in {"new", "once", "occasional"}
            assert group(recency, frequency, 9) not in {"new", "once"}
    assert {group(recency, 5, 3) for recency in range(1, 6)} == {"regular", "slowing", "missed"}
