import math
from types import SimpleNamespace

import pytest

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.intake import collector as module
from geleit.intake import tally
from geleit.intake.collector import Collector
from geleit.intake.overload import OverloadedError
from geleit.intake.tally import Distribution, Seldom
from geleit.sources.records import Rejected
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init


@pytest.fixture
def collector(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SLOW", math.inf)  # however long this machine needs
    init(tmp_path / "acme", name="Acme")
    with open_workspace(tmp_path / "acme") as workspace:
        made = Collector(workspace.intake, limit=4)
        yield made
        made.stop()


def events(*keys):
    return [Event("web", key, "page_viewed", DAY, (Identifier("web.user_id", "7"),), raw="{}") for key in keys]


def told(caplog):
    return [(record.getMessage(), record.fields) for record in caplog.records if record.name == "geleit.collector"]


def test_an_overload_is_told_when_it_begins_and_when_it_ends(collector, caplog):
    first = collector.submit(events("a", "b", "c", "d"))
    for _ in range(3):
        with pytest.raises(OverloadedError):
            collector.submit(events("e"))
    collector.start()
    assert first.result(30).new == 4
    assert told(caplog) == [
        ("overload begins", {"waiting": 4, "limit": 4}),
        ("overload ends", {"refused": 3, "waiting": 0}),
    ]
    assert collector.submit(events("e")).result(30).new == 1


def test_a_burst_of_refused_records_is_one_line(collector, caplog):
    collector.start()
    for place in range(5):
        rejected = Rejected("web", "", 0, "bad_time", "no time", f'{{"n": {place}}}', f"r{place}")
        collector.submit([], [rejected]).result(30)
    assert told(caplog) == [("records went to the quarantine", {"source": "web", "records": 1})]
    assert collector.tally.quarantined == {"web": 5}


def test_a_slow_commit_is_told(collector, caplog, monkeypatch):
    monkeypatch.setattr(module, "SLOW", 0.0)
    collector.start()
    collector.submit(events("a")).result(30)
    collector.stop()
    ((event, fields),) = told(caplog)
    assert (event, fields["events"]) == ("slow commit", 1)


def test_who_stops_waiting_for_an_outcome_does_not_end_the_writer(collector):
    future = collector.submit(events("a"))
    assert not future.cancel()
    collector.start()
    assert future.result(30).new == 1
    assert collector.submit(events("b")).result(30).new == 1


def test_what_is_held_back_is_counted_into_the_next_line(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(tally, "time", SimpleNamespace(monotonic=lambda: now[0]))
    seldom = Seldom(pause=60)
    assert [seldom.due("a", 2), seldom.due("a", 3), seldom.due("b")] == [2, 0, 1]
    now[0] = 61.0
    assert seldom.due("a") == 4


def test_a_measure_falls_into_the_first_bound_that_holds_it():
    found = Distribution((1.0, 5.0))
    for value in (0.5, 1.0, 3.0, 9.0):
        found.add(value)
    assert (found.counts, found.total) == ([2, 1, 1], 13.5)
