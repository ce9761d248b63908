"""When events that come one after the other are committed together, and when nobody waits."""

from types import SimpleNamespace

import pytest

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.intake import collector as module
from geleit.intake.collector import Collector
from geleit.intake.live import BATCH
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

WAIT = 30  # seconds
FOREVER = 10_000.0


@pytest.fixture
def collector(tmp_path):
    init(tmp_path / "acme", name="Acme")
    with open_workspace(tmp_path / "acme") as workspace:
        made = Collector(workspace.intake)
        made.start()
        yield made
        made.stop()


def events(*keys):
    return [Event("web", key, "page_viewed", DAY, (Identifier("web.user_id", "7"),), raw="{}") for key in keys]


def test_those_who_come_one_after_the_other_are_committed_together(collector, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module, "EVERY", 0.05)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    collector.submit(events("first")).result(WAIT)
    following = [collector.submit(events(f"key {number}")) for number in range(5)]
    assert not any(one.done() for one in following)
    now[0] = 0.05
    assert [one.result(WAIT).new for one in following] == [1] * 5
    collector.stop()
    assert sum(collector.tally.sizes.counts) == 2


def test_who_comes_alone_does_not_wait(collector, monkeypatch):
    monkeypatch.setattr(module, "EVERY", FOREVER)
    assert collector.submit(events("first")).result(WAIT).new == 1


def test_a_full_transaction_does_not_wait(collector, monkeypatch):
    monkeypatch.setattr(module, "EVERY", FOREVER)
    collector.submit(events("first")).result(WAIT)
    second = collector.submit(events("second"))
    full = collector.submit(events(*map(str, range(BATCH))))
    assert (second.result(WAIT).new, full.result(WAIT).new) == (1, BATCH)


def test_what_waits_is_committed_at_the_end(collector, monkeypatch):
    monkeypatch.setattr(module, "EVERY", FOREVER)
    collector.submit(events("first")).result(WAIT)
    last = collector.submit(events("last"))
    collector.stop()
    assert last.result(0).new == 1
