"""What new evidence costs in a ledger that knows many: one event, a batch, a separation taken back and made."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from geleit.events.event import Identifier
from geleit.identity import decisions
from geleit.identity.evidence import Observation, observe
from geleit.identity.graph import customer_id
from geleit.identity.resolution import redecide, update
from geleit.identity.rules import Rules
from geleit.ledger.ledger import Ledger

DAY = 86_400_000_000
YEAR = 18_993  # the first of January 2022 as a day number
EACH = (("shop.user_id", "u{}"), ("email", "p{}@example.org"), ("web.anonymous_id", "a{}"), ("app.device_id", "d{}"))
FILL = (
    (
        "INSERT INTO identifier (id, type, value, first_t) "
        "SELECT n * 5 + 1 + k, type, head || (n + 1) || tail, t FROM kind CROSS JOIN person ORDER BY k, n"
    ),
    (
        "INSERT INTO evidence (low_id, high_id, source, bucket, count, first_t, last_t, sample_event) "
        "SELECT n * 5 + 1, n * 5 + 1 + k, 'shop', :year, 2, t, :late, printf('%032x', n * 5 + 1) "
        "FROM person CROSS JOIN kind WHERE k > 0 ORDER BY n, k"
    ),
    (
        "INSERT INTO identifier_resolution (identifier_id, customer_id, reason) "
        "SELECT n * 5 + 1 + k, home, '' FROM person CROSS JOIN kind ORDER BY n, k"
    ),
    "INSERT INTO customer (id, since_t, change) SELECT home, :began, 1 FROM person ORDER BY home",
)
BATCH = 500  # events of one transaction, as in intake
RULES = Rules()


def fill(ledger: Ledger, people: int) -> int:
    """People with five identifiers each and what shows them together; returns how many identifiers there are.

    Set-based, each table in the order of its key, so that millions are in within minutes.
    """
    ends = [(*one, n) for n, one in enumerate((*EACH, ("web.anonymous_id", "b{}")))]
    kinds = [
        (n, type_, form.partition("{}")[0], form.partition("{}")[2], (YEAR + n * 40) * DAY) for type_, form, n in ends
    ]
    named = ((n, customer_id(Identifier(EACH[0][0], EACH[0][1].format(n + 1)))) for n in range(people))
    with ledger.write() as connection:
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA cache_size = -1000000")
        cursor.execute("CREATE TEMP TABLE person (n INTEGER PRIMARY KEY, home TEXT)")
        cursor.execute("CREATE TEMP TABLE kind (k INTEGER PRIMARY KEY, type TEXT, head TEXT, tail TEXT, t INTEGER)")
        cursor.executemany("INSERT INTO person VALUES (?, ?)", named)
        cursor.executemany("INSERT INTO kind VALUES (?, ?, ?, ?, ?)", kinds)
        for statement in FILL:
            cursor.execute(statement, {"year": YEAR, "late": (YEAR + 300) * DAY, "began": YEAR * DAY})
    return people * 5


class Meter:
    """Takes observations as intake does, one ledger transaction after another, and counts the time of identity alone."""

    def __init__(self, ledger: Ledger, people: int) -> None:
        self.ledger, self.people = ledger, people
        self.chance = random.Random(5)
        self.number = 0

    def observation(self, *who: Identifier) -> Observation:
        """The next event."""
        self.number += 1
        return Observation(f"{self.number:032x}", "shop", (YEAR + 350) * DAY + self.number, tuple(sorted(who)))

    def person(self, which: int = 0) -> Identifier:
        """Somebody's user id (0), address (1) or browser (2)."""
        type_, form = EACH[which]
        return Identifier(type_, form.format(self.chance.randrange(self.people) + 1))

    def take(self, observations: list[Observation]) -> tuple[float, float]:
        """CPU and wall seconds that identity takes for one batch, without the commit."""
        with self.ledger.write() as connection:
            change = self.ledger.next_change(connection)
            cpu, wall = time.process_time(), time.perf_counter()
            update(connection, observe(connection, observations).touched, RULES, change)
            return time.process_time() - cpu, time.perf_counter() - wall

    def singles(self, make: Callable[[], tuple[Identifier, ...]], count: int) -> str:
        """Median and 99th percentile of one event, in microseconds of CPU."""
        return quantiles([self.take([self.observation(*make())])[0] for _ in range(count)])

    def known(self) -> tuple[Identifier, ...]:
        """Somebody and the address that is known."""
        user = self.person()
        return user, Identifier("email", f"p{user.value[1:]}@example.org")

    def known_again(self) -> Iterator[tuple[Identifier, ...]]:
        """Always the same one."""
        pair = self.known()
        while True:
            yield pair

    def browser(self) -> tuple[Identifier, ...]:
        """Somebody and a new browser."""
        return self.person(), Identifier("web.anonymous_id", f"n{self.number}")

    def joining(self) -> tuple[Identifier, ...]:
        """An address of one and a contact number: later one of another, too."""
        return self.person(1), Identifier("crm.contact_id", f"k{self.chance.randrange(self.people) + 1}")

    def unmerge(self, count: int) -> str:
        """Separate somebody's browser and take that back."""
        note, found = decisions.Note("a", "b"), []
        for _ in range(count):
            user = self.person()
            sides = [[user], [Identifier("web.anonymous_id", f"a{user.value[1:]}")]]
            with self.ledger.write() as connection:
                change = self.ledger.next_change(connection)
                cpu = time.process_time()
                decisions.record(connection, "separate", sides, note, 0)
                redecide(connection, [end for side in sides for end in side], RULES, change)
                found.append(time.process_time() - cpu)
        return quantiles(found)


def quantiles(seconds: list[float]) -> str:
    """Median and 99th percentile in microseconds, as cells of a table."""
    ordered = sorted(seconds)
    return f"{statistics.median(ordered) * 1e6:,.0f} | {ordered[int(len(ordered) * 0.99)] * 1e6:,.0f}"


def say(folder: Path, people: int, count: int = 1000) -> None:
    """Print the costs as tables."""
    ledger = Ledger(f"sqlite:///{folder / 'ledger.sqlite'}")
    identifiers = fill(ledger, people)
    meter = Meter(ledger, people)
    print(f"### New evidence, {identifiers:,} identifiers in the ledger\n")
    print("| one event | p50 CPU µs | p99 CPU µs |\n| --- | ---: | ---: |")
    print(f"| a pair never resolved here, its set is new | {meter.singles(meter.known, count)} |")
    again = meter.known_again()
    print(f"| a known pair again | {meter.singles(lambda: next(again), count)} |")
    print(f"| a known user in a new browser | {meter.singles(meter.browser, count)} |")
    print(f"| an address with a number of another system | {meter.singles(meter.joining, count)} |")
    print(f"| a separation by hand (as a decision) | {meter.unmerge(count)} |")
    edges = 10_000
    cpu = wall = 0.0
    for _ in range(0, edges, BATCH):
        batch = [meter.observation(*(meter.joining() if n % 2 else meter.browser())) for n in range(BATCH)]
        spent = meter.take(batch)
        cpu, wall = cpu + spent[0], wall + spent[1]
    print(f"\n{edges:,} new pairs in transactions of {BATCH}: {cpu:.2f} CPU s, {wall:.2f} s on the wall.")
    ledger.close()
