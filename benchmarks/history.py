"""How long archiving, building and reading take: ``python benchmarks/history.py 300000 5000``; prints CPU seconds."""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from geleit.events.event import Event, Identifier
from geleit.events.kinds import Catalogue
from geleit.history.archive import Archive
from geleit.history.check import check
from geleit.history.history import History
from geleit.history.journal import Journal
from geleit.history.owners import Owned
from geleit.history.stored import encode
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger

KINDS = ("page_viewed", "product_viewed", "product_added", "checkout_started", "order_completed", "question_asked")
BATCH = 20_000
DAY = 86_400_000_000
YEAR = 365 * DAY
SETS_EACH = 3
READS = 50


@contextmanager
def measured(what: str, count: int = 1) -> Iterator[None]:
    """Print CPU and wall seconds of the block, divided by ``count``."""
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    cpu, wall = (time.process_time() - cpu) / count, (time.perf_counter() - wall) / count
    unit, factor = ("ms", 1000) if count > 1 else ("s", 1)
    print(f"{what:<52} {cpu * factor:9.2f} CPU {unit} {wall * factor:9.2f} {unit}", flush=True)


def invent(first: int, count: int, customers: int) -> list[dict[str, object]]:
    """Outbox rows of ``count`` events in the order of their arrival."""
    chance = random.Random(first)
    rows = []
    for number in range(first, first + count):
        set_id = chance.randrange(customers * SETS_EACH) + 1
        kind = chance.choices(KINDS, (50, 25, 10, 5, 5, 5))[0]
        product = {
            "product_id": f"p{chance.randrange(500)}",
            "name": "Waschmaschine",
            "price": 39900,
            "currency": "EUR",
        }
        event = Event(
            source="shop",
            key=str(number),
            kind=kind,
            t=chance.randrange(YEAR),
            identifiers=(Identifier("shop.user_id", str(set_id)),),
            properties=product,
            place={"channel": "shop"} if number % 4 else {},
            raw=f'{{"id": {number}, "user": {set_id}, "product": "{product["product_id"]}", "page": "/machines"}}',
        )
        rows.append(encode(event, set_id, event.t // DAY))
    return rows


def place(ledger: Ledger, customers: int) -> None:
    """Every customer has three identifier sets."""
    sets = range(1, customers * SETS_EACH + 1)
    owner = [f"{(set_id % customers) * 2_654_435_761 % 2**32:08x}{set_id % customers:08x}" for set_id in sets]
    with ledger.write() as connection:
        change = ledger.next_change(connection)
        connection.execute(sa.insert(tables.identifier_set), [{"id": s, "key": s, "rest": 0} for s in sets])
        connection.execute(
            sa.insert(tables.resolution),
            [{"set_id": s, "slice": 0, "customer_id": o, "change": change} for s, o in zip(sets, owner, strict=True)],
        )
        connection.execute(
            sa.insert(tables.customer), [{"id": o, "since_t": 0, "change": change} for o in sorted(set(owner))]
        )


def fill(ledger: Ledger, archive: Archive, events: int, customers: int) -> float:
    """Put all events through outbox and archive; returns the CPU seconds of archiving."""
    spent = 0.0
    for first in range(0, events, BATCH):
        rows = invent(first, BATCH, customers)
        with ledger.write() as connection:
            ledger.next_change(connection)
            connection.execute(sa.insert(tables.outbox), rows)
            connection.execute(
                sa.insert(tables.event_key),
                sorted(({"id": r["event_id"], "content": ""} for r in rows), key=lambda r: r["id"]),
            )
        began = time.process_time()
        archive.drain(BATCH)
        spent += time.process_time() - began
    return spent


def touch(ledger: Ledger, customers: int) -> None:
    """One of a hundred customers gets a new event."""
    rows = [
        row | {"set_key": number * 100 + 1} for number, row in enumerate(invent(10**9, customers // 100, customers))
    ]
    with ledger.write() as connection:
        ledger.next_change(connection)
        connection.execute(sa.insert(tables.outbox), rows)
        connection.execute(sa.insert(tables.event_key), [{"id": row["event_id"], "content": ""} for row in rows])


def main(events: int, customers: int) -> None:
    """Measure one size."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(f"sqlite:///{folder}/ledger.sqlite")
        archive = Archive(Path(folder) / "archive", ledger)
        journal = Journal(Path(folder) / "journal", ledger, archive)
        catalogue = Catalogue()
        history = History(ledger, archive, journal, catalogue)
        place(ledger, customers)
        print(f"{events} events, {customers} customers")
        print(f"{'archive (all drains)':<52} {fill(ledger, archive, events, customers):9.2f} CPU s")
        person = [7, 7 + customers, 7 + 2 * customers]
        with measured("one person without a journal"):
            history.events_of(person)
        with measured("build a generation"):
            generation = journal.build(catalogue, "")
        size = sum(path.stat().st_size for path in generation.folder.iterdir()) / 1e6
        archived = sum(path.stat().st_size for path in archive.folder.rglob("*.parquet")) / 1e6
        print(f"journal {size:.0f} MB, archive {archived:.0f} MB")
        with measured("one person, first"):
            history.events_of(person)
        with measured("one person, warm", READS):
            for number in range(READS):
                history.events_of([number * 31 % customers + 1 + c * customers for c in range(SETS_EACH)])
        with measured("400 customers grouped"):
            owners = {s + c * customers: str(s) for s in range(1, 401) for c in range(SETS_EACH)}
            sum(map(len, history.grouped(Owned(frozenset(owners.values()), owners)).values()))
        touch(ledger, customers)
        with measured("open the view, 1 % of the customers dirty"):
            view = history.open_view()
        with measured("count kinds over the view", 5):
            for _ in range(5):
                view.execute("SELECT kind, count(*), max(t) FROM events GROUP BY kind").fetchall()
        view.close()
        with measured("open base + delta as columns, 1 % dirty"):
            columns = history.open_columns()
        with measured("code the delta"):
            parts = columns.parts
        print(f"{sum(len(part.column('t')) for part in parts[1:])} events in the delta", flush=True)
        columns.close()
        with measured("check everything"):
            print(check(ledger, archive, journal, history).text())
        history.close()
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")


if __name__ == "__main__":
    main(*[int(argument) for argument in sys.argv[1:]] or (300_000, 5_000))
