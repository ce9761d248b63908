"""What the upkeep leaves for later, and from when on it counts."""

import os
import threading

import pytest

from geleit.events.event import Event, Identifier
from geleit.workspace import open_workspace, upkeep
from geleit.workspace.upkeep import Pace, Upkeep, beside


@pytest.fixture
def workspace(example):
    with open_workspace(example("clickstream")) as opened:
        yield opened


def take(workspace, first, count):
    who = (Identifier("shop.user_id", "1"),)
    workspace.intake.accept(
        [Event("shop", str(number), "page_viewed", number * 1_000_000, who) for number in range(first, first + count)]
    )


def test_under_load_nothing_is_archived_that_is_not_worth_a_segment(workspace, monkeypatch):
    monkeypatch.setattr(upkeep, "SLICE", 10)
    monkeypatch.setattr(upkeep, "TURN", 0)
    drained, drain = [], workspace.archive.drain

    def under_load(limit):
        take(workspace, 1000 + 4 * len(drained), 4)  # while it works, more comes
        drained.append(drain(limit))
        return drained[-1]

    monkeypatch.setattr(type(workspace.archive), "drain", lambda _archive, limit: under_load(limit))
    keeper = Upkeep(workspace, Pace(archived=20, built=1e9))
    take(workspace, 0, 25)
    keeper._steps()
    assert drained == [10, 10, 10, 10, 5]


def test_a_server_that_was_just_started_goes_on_where_the_stores_are(workspace):
    keeper = Upkeep(workspace, Pace())
    keeper.resume()
    assert keeper._since(None) == float("inf")
    take(workspace, 0, 5)
    keeper._steps()  # nothing was ever archived or built: at once
    with workspace.ledger.read() as connection:
        assert len(workspace.archive.segments(connection)) == 1
    generation = workspace.journal.latest()
    take(workspace, 5, 5)
    again = Upkeep(workspace, Pace())
    again.resume()
    again._steps()  # done a moment ago
    assert workspace.journal.latest().number == generation.number
    with workspace.ledger.read() as connection:
        assert len(workspace.archive.segments(connection)) == 1


def test_long_work_yields_and_says_what_went_wrong():
    def work():
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    found = []
    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    beside(work)
    assert found == [min(max(mine, upkeep.YIELDING), 19)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == mine
    with pytest.raises(ZeroDivisionError):
        beside(lambda: 1 // 0)
