"""Needs cut on several processors are those cut alone, also when the other process dies; they come in their order."""

import contextlib
import threading

import pyarrow as pa
import pytest

from geleit.clock import DAY
from geleit.needs import parallel
from geleit.needs.need import Moment, Touch
from geleit.needs.parallel import Cutting, cut_table, telling
from geleit.needs.rules import EVERYTHING, Needs

PATIENCE = 300  # seconds that another process may need to start on a busy machine
WAYS = [("page_viewed", "page_viewed", "", True), ("remark", "judgement_given", "", False)]


def table(number):
    """Three visits of each of five customers, and what the last one says of them."""
    rows = [
        {
            "no": number * 5 + one,
            "t": day * 60 * DAY,
            "ord": day,
            "event_id": f"{number * 5 + one:028x}{day:04x}",
            "source": "shop",
            "record": "",
            "touch": day // 4,
            "body": '{"properties":{"words":"good"}}' if day == 4 else "",
        }
        for one in range(5)
        for day in range(1, 5)
    ]
    return pa.Table.from_pylist(rows)


def cut_all(count=8):
    with contextlib.closing(Cutting(map(table, range(count)), WAYS, EVERYTHING)) as cutting:
        return list(cutting)


@pytest.fixture
def alone(monkeypatch):
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 1)
    expected = cut_all()
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(parallel, "ALONE", 4)
    return expected


def test_needs_come_in_the_order_of_their_customers(alone):
    assert [one.no for some in alone for one in some] == list(range(40))
    assert alone[0] == cut_table(table(0), WAYS, EVERYTHING)
    assert [len(need.event_ids) for need in alone[0][0].needs] == [4]


def test_two_processes_find_what_one_finds(alone, monkeypatch):
    there = []
    receive = parallel.receive

    def received(pipe):
        there.append(receive(pipe))
        return there[-1]

    waits = threading.Event()

    def slow(number):
        if number == 6:
            waits.wait(PATIENCE)  # until the other process has cut some: here everything is cut at once
        return table(number)

    def cut_there(pipe):
        found = received(pipe)
        waits.set()
        return found

    monkeypatch.setattr(parallel, "receive", cut_there)
    monkeypatch.setattr(parallel.Cutting, "_wait_for", _only_there(parallel.Cutting._wait_for))
    with contextlib.closing(Cutting(map(slow, range(8)), WAYS, EVERYTHING)) as cutting:
        assert list(cutting) == alone
    assert there


def _only_there(wait_for):
    """Begin to cut here only when the other process has begun."""

    def waits(cutting, number):
        with cutting.changed:
            cutting.changed.wait_for(lambda: cutting.done or cutting.ended, PATIENCE)
        return wait_for(cutting, number)

    return waits


@pytest.mark.parametrize("fate", ["cannot start", "dies"])
def test_a_process_that_dies_costs_nothing(alone, monkeypatch, fate):
    if fate == "cannot start":
        monkeypatch.setattr(parallel, "started", lambda _: None)
    else:
        monkeypatch.setattr(parallel, "receive", _dead)
    assert cut_all() == alone


def _dead(_):
    raise EOFError


def test_a_table_that_cannot_be_read_is_said_so():
    def tables():
        yield table(0)
        raise OSError("gone")

    with contextlib.closing(Cutting(tables(), WAYS, EVERYTHING)) as cutting, pytest.raises(OSError, match="gone"):
        list(cutting)


def test_whoever_stops_early_leaves_no_process(monkeypatch):
    monkeypatch.setattr(parallel, "ALONE", 1)
    cutting = Cutting(map(table, range(100)), WAYS, EVERYTHING)
    next(iter(cutting))
    cutting.close()
    assert cutting.process is None or cutting.process.poll() is not None
    assert not [one for one in threading.enumerate() if one.name in ("geleit-walk", "geleit-cut")]


def test_bodies_are_read_where_a_rule_or_the_cut_asks_for_something():
    rules = Needs.model_validate(
        {
            "needs": [
                {"topic": "tea", "label": "tea", "opens": [{"kind": "looked", "where": {"products.sort": "tea"}}]},
            ]
        }
    )
    assert telling(rules) == '"(about|closed_by|need_id|products|topic|words)":'
    odd = {"topic": "tea", "label": "tea", "opens": [{"kind": "looked", "where": {'a"b': 1}}]}
    assert telling(Needs.model_validate({"needs": [odd]})) == ""


def test_a_moment_says_what_an_event_says():
    moment = Moment(1, 2, "id", "shop", "", "page_viewed", {}, Touch("page_viewed", "", True))
    assert (moment.t, moment.order, moment.kind, moment.touchpoint.step) == (1, 2, "page_viewed", True)
