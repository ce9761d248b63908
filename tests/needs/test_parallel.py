"""Needs cut on several processors are those cut alone, also when a helping process dies."""

import pytest

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.events.kinds import Catalogue
from geleit.history.stored import COLUMNS, encode
from geleit.needs import parallel
from geleit.needs.parallel import in_parallel
from geleit.needs.rules import EVERYTHING


def history(number):
    rows = []
    for day in range(1, 4):
        event = Event(
            "shop", f"{number}-{day}", "page_viewed", day * 60 * DAY, (Identifier("shop.user_id", str(number)),)
        )
        row = encode(event, number, day) | {"seq": number * 10 + day}
        rows.append(tuple(row[name] for name in COLUMNS))
    return f"c{number}", rows


def cut_all():
    found = {}
    for some in in_parallel((history(number) for number in range(40)), Catalogue(), EVERYTHING):
        found |= some
    return found


@pytest.fixture
def alone(monkeypatch):
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 1)
    expected = cut_all()
    monkeypatch.setattr(parallel, "BATCH", 5)
    monkeypatch.setattr(parallel, "ALONE", 1)
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    assert len(expected) == 40
    return expected


def test_two_processes_find_what_one_finds(alone):
    assert cut_all() == alone


def test_a_process_that_dies_costs_nothing(alone, monkeypatch):
    monkeypatch.setattr(parallel, "_begin", _die)
    assert cut_all() == alone


def _die(*_):
    raise SystemExit(1)
