"""Events per second of both ledgers, durably committed, and what taking turns costs in PostgreSQL.

    python benchmarks/ledgers.py --postgres postgresql://user@host/empty_database

The database must be empty and is filled; without ``--postgres`` only SQLite is measured.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.ledger import postgres
from geleit.ledger.ledger import Ledger
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init
from geleit.workspace.workspace import Workspace

BATCHES = (1, 20, 100, 500)
KINDS = ("page_viewed", "product_viewed", "product_added", "order_completed", "question_asked")
MAILED, NAMED = 0.3, 0.2  # shares of events with an address, with a name
BEFORE = 3_000  # events that are in before anything is measured
TURNS, ROUNDS = 2_000, 40
LOCKS = {
    "none": "SELECT %s::bigint",
    "advisory lock": "SELECT pg_advisory_xact_lock(%s)",
    "advisory lock, end of standing still": postgres.TURN,
    "row lock": "SELECT change, %s::bigint FROM progress FOR UPDATE",
}


def invented(first: int, count: int) -> list[Event]:
    """Events of people who mostly come back; every third is somebody's first."""
    found = []
    for number in range(first, first + count):
        chance = random.Random(number)
        person = number // 3 if number % 3 == 0 else chance.randrange(max(1, number // 3))
        who = [Identifier("web.anonymous_id", f"v{person}")]
        if chance.random() < MAILED:
            who.append(Identifier("email", f"p{person}@example.org"))
        said = {"page": f"/p{number % 500}", "title": "A page of the shop", "order_id": f"o{number}", "total": 4.5}
        traits = {"name": f"Ada B{person}"} if chance.random() < NAMED else {}
        kind = KINDS[chance.randrange(len(KINDS))]
        raw = (
            f'{{"messageId": "m{number}", "event": "{kind}", "anonymousId": "v{person}", "properties": {{"page": 1}}}}'
        )
        found.append(
            Event("shop", f"m{number}", kind, 20_000 * DAY + number * 1_000, tuple(who), traits, said, raw=raw)
        )
    return found


@contextmanager
def workspace(folder: Path, url: str) -> Iterator[Workspace]:
    """An empty workspace whose ledger is at ``url`` ('' for SQLite)."""
    init(folder, name="Acme")
    if url:
        (folder / "secrets").mkdir()
        secret = folder / "secrets" / "LEDGER_URL"
        secret.write_text(url, encoding="utf-8")
        secret.chmod(0o600)
        with (folder / "geleit.yaml").open("a", encoding="utf-8") as file:
            file.write("ledger: {secret: LEDGER_URL}\n")
    with open_workspace(folder) as opened:
        yield opened


def rates(space: Workspace, events: int) -> Iterator[tuple[int, float, float, float]]:
    """For each size of batch: events per second, CPU milliseconds of this process per event, p99 of a batch in ms."""
    space.intake.accept(invented(0, BEFORE))
    first = BEFORE
    for size in BATCHES:
        count = events if size > 1 else events // 10
        batches = [invented(start, size) for start in range(first, first + count, size)]
        first += count
        began, cpu, took = time.perf_counter(), _cpu(), []
        for batch in batches:
            start = time.perf_counter()
            space.intake.accept(batch)
            took.append(time.perf_counter() - start)
        seconds, used = time.perf_counter() - began, _cpu() - cpu
        yield size, count / seconds, 1000 * used / count, 1000 * sorted(took)[int(0.99 * (len(took) - 1))]


def turns(url: str) -> Iterator[tuple[str, float]]:
    """Median milliseconds of a transaction that numbers a change and nothing else, for each way of taking turns."""
    before, took = postgres.TURN, {name: list[float]() for name in LOCKS}
    ledger = Ledger(url)
    for _ in range(ROUNDS):  # one after the other, so that whatever else runs disturbs all alike
        for name, statement in LOCKS.items():
            postgres.TURN = statement
            for _ in range(TURNS // ROUNDS):
                began = time.perf_counter()
                with ledger.write() as connection:
                    ledger.next_change(connection)
                took[name].append(1000 * (time.perf_counter() - began))
    ledger.close()
    postgres.TURN = before
    yield from ((name, median(each)) for name, each in took.items())


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--postgres", default="", metavar="URL", help="an empty database")
    words.add_argument("--events", type=int, default=20_000, help="for each size of batch (a tenth of it at 1)")
    words.add_argument("--folder", default=None, help="where SQLite's file and the archive are put; default: /tmp")
    given = words.parse_args()
    for name, url in (("SQLite", ""), ("PostgreSQL", given.postgres)):
        if name == "SQLite" or url:
            with (
                tempfile.TemporaryDirectory(dir=given.folder) as folder,
                workspace(Path(folder) / "acme", url) as space,
            ):
                for size, rate, used, slowest in rates(space, given.events):
                    print(f"{name:10} batch {size:3}  {rate:8,.0f} events/s  {used:6.3f} ms CPU  p99 {slowest:7.1f} ms")
    if given.postgres:
        for name, milliseconds in turns(given.postgres):
            print(f"turns: {name:40} {milliseconds:6.3f} ms")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
