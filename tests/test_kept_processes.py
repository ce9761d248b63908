"""A process that is done serves another module while somebody keeps it, and ends with whoever kept it; its memory is searched seldom."""

import gc
import os
from contextlib import ExitStack

import pyarrow as pa
import pytest

from geleit import processes
from geleit.needs import parallel
from geleit.needs.rules import Needs
from geleit.processes import give_back, keeping, let_go, receive, seldom_searched, send, started, stop

CUTS = parallel.__name__
FACTS = "geleit.intake.deriving"
WAYS = [("looked", "looked", "search", True)]
NOTHING = Needs.model_validate({"needs": [{"topic": "tea", "label": "tea", "opens": [{"kind": "looked"}]}]})
TABLE = pa.Table.from_pylist(
    [{"no": 1, "t": 1, "ord": 1, "event_id": "e", "source": "web", "record": "r", "touch": 0, "body": ""}]
)


def end(process):
    stop(process)
    let_go(process)


def cut(process):
    send(process.stdin, (WAYS, NOTHING))
    send(process.stdin, TABLE)
    return receive(process.stdout)[1]


def test_a_process_that_is_done_goes_on_with_the_next_work():
    with keeping():
        first = started(CUTS)
        found = cut(first)
        assert [one.no for one in found] == [1]
        give_back(first)
        assert first.poll() is None
        second = started(FACTS)
        assert second is first
        give_back(second)
        third = started(CUTS)
        assert third is first
        assert cut(third) == found
        other = started(CUTS)
        assert other is not first, "nobody gets a process that works"
        end(other)
        give_back(third)
    assert first.poll() is not None
    assert not processes._idle


def test_nobody_keeps_a_process_outside_of_bulk_work():
    process = started(CUTS)
    give_back(process)
    assert process.poll() is not None


def test_a_process_that_is_done_as_its_last_keeper_goes_ends_too(monkeypatch):
    with ExitStack() as keeper:
        keeper.enter_context(keeping())
        first = started(CUTS)
        cut(first)
        monkeypatch.setattr(processes, "receive", lambda pipe: (keeper.close(), receive(pipe))[1])
        give_back(first)
    assert first.poll() is not None
    assert not processes._idle


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_that_died_is_not_used_again(when):
    with keeping():
        first = started(CUTS)
        if when == "before":
            stop(first)
            give_back(first)
        else:
            give_back(first)
            stop(first)
        second = started(CUTS)
        assert second is not first
        assert [one.no for one in cut(second)] == [1]
        end(second)


def test_only_a_slim_process_is_kept(monkeypatch):
    assert 1_000_000 < processes._held() < processes.SLIM * 100
    monkeypatch.setattr(os, "sysconf", lambda _: 1 << 40)
    assert processes._held() > processes.SLIM


def test_only_work_that_ends_leaves_old_memory_unsearched():
    before = gc.get_threshold()
    with seldom_searched():
        usual = gc.get_threshold()
        assert usual[0] > before[0]
        assert usual[1:] == before[1:]  # whoever serves for months forgets rings, too
        with seldom_searched(wholly=False):
            assert gc.get_threshold()[2] > 100_000
        assert gc.get_threshold() == usual
    assert gc.get_threshold() == before
