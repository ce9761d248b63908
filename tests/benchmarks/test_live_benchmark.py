"""What `benchmarks/live.py --hour` tells: each quarter as it is reached, and what each process holds."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import live_memory


def test_quarters_come_as_they_are_reached_and_end_with_the_load(monkeypatch):
    counts = iter([50, 60, 80, 101, 149, 150, 150])
    monkeypatch.setattr(live_memory, "taken", lambda _port: next(counts))
    monkeypatch.setattr(live_memory.time, "sleep", lambda _seconds: None)
    assert list(live_memory.points(0, 100, lambda: True)) == [(1, 30), (2, 51), (3, 99), (4, 100)]
    counts = iter([0, 30, 30, 30])
    assert list(live_memory.points(0, 100, lambda: False)) == [(1, 30)]


def test_the_server_s_own_count_is_read():
    text = 'geleit_events_total{outcome="new",source="a"} 3.0\ngeleit_events_total{source="b",outcome="new"} 4.0\n'
    text += 'geleit_events_total{source="b",outcome="duplicate"} 9.0\n'
    assert sum(map(float, live_memory.NEW.findall(text))) == 7


def test_each_process_is_told_with_now_and_the_most_ever():
    held = live_memory.held([os.getpid(), 2**22 + 1])  # the second one has ended
    assert held.keys() == {"front"}
    assert held["front"]["VmHWM"] >= held["front"]["VmRSS"] >= held["front"]["RssAnon"] > 0
    rows = [{"at": "start", "events": 0, "held": held}, {"at": "1/4", "events": 1_000, "held": {}}]
    assert live_memory.table(rows).splitlines()[-1] == "| 1/4 | 1,000 |  |"
