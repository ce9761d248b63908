"""While a child archives and builds, and after it is killed, every acknowledged event is there once."""

import contextlib
import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from geleit.history.check import check

KILLS = int(os.environ.get("GELEIT_KILLS", "3"))

CHILD = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from conftest import Company
    from geleit.events.event import Event

    company = Company(Path({data!r}))
    number = {start}
    print("ready", flush=True)
    while True:
        for _ in range(3):
            company.accept(*[(Event("shop", str(number + n), "product_viewed", number + n), n % 7 + 1) for n in range(5)])
            number += 5
            print(number, flush=True)
        company.archive.drain(8)
        company.build()
"""


@contextlib.contextmanager
def child_of(company, start):
    """A child that works until this ends."""
    program = CHILD.format(tests=str(Path(__file__).parent), data=str(company.data), start=start)
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "ready\n"
            yield child
        finally:
            child.kill()


def test_another_process_reads_everything_once_while_one_archives_and_builds(company):
    with child_of(company, 0) as child:
        seen, generations = 0, set()
        while len(generations) < 4:
            told = int(child.stdout.readline())
            keys = [int(stored.event.key) for stored in company.history.events_of(range(1, 8))]
            assert keys == list(range(len(keys)))  # the keys are in the order of time
            assert len(keys) >= max(told, seen)
            seen = len(keys)
            with company.history.open_view() as duck:
                ((count, distinct),) = duck.execute("SELECT count(*), count(DISTINCT event_id) FROM events").fetchall()
                assert count == distinct >= seen
                generations.add(duck.execute("SELECT generation FROM as_of").fetchall()[0][0])
        assert company.history.damage is None


@pytest.mark.parametrize("seed", [1])
def test_kills_at_any_point_lose_and_double_nothing(company, seed):
    chance = random.Random(seed)
    start = acknowledged = 0
    for number in range(KILLS):
        with child_of(company, start) as child:
            first = "" if number else child.stdout.readline()  # at least one of them comes so far
            time.sleep(chance.uniform(0.02, 0.5))
            child.kill()
            told = [first, *child.stdout]
        acknowledged = max([acknowledged, *(int(line) for line in told if line.endswith("\n"))])
        start = acknowledged  # the last batch may have been committed and not told: it comes again
        report = check(company.ledger, company.archive, company.journal, company.history)
        leftover = {"files lie in the archive that the ledger's catalog does not list"}
        assert {finding.what for finding in report.findings} <= leftover, report.text()
    while company.archive.drain():
        pass
    generation = company.build()
    report = check(company.ledger, company.archive, company.journal, company.history)
    assert report.ok, report.text()
    assert report.events == generation.counts["events"] >= acknowledged > 0
    keys = {stored.event.key for stored in company.history.events_of(range(1, 8))}
    assert keys >= {str(number) for number in range(acknowledged)}
    assert len(keys) == report.events
