"""A ledger that takes in what was seen together, as intake does, and tells who is one customer."""

import random
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from geleit.clock import DAY
from geleit.events.event import Identifier
from geleit.identity import decisions
from geleit.identity.evidence import Observation, observe
from geleit.identity.normalize import normalize_all
from geleit.identity.resolution import rebuild, redecide, update
from geleit.identity.rules import Rules
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger


def named(text):
    """``shop.user_id:7`` as an identifier."""
    return Identifier(*text.split(":", 1))


def seen(number, day, *who, source="web"):
    """Event ``number`` of a day shows these identifiers together."""
    return Observation(f"{number:032x}", source, day * DAY, normalize_all(map(named, who), Rules(), "DE")[0])


@dataclass
class People:
    """Takes batches of observations and answers who is who."""

    ledger: Ledger
    rules: Rules = field(default_factory=Rules)

    def take(self, *observations):
        """One transaction of intake: which customers it affected."""
        with self.ledger.write() as connection:
            change = self.ledger.next_change(connection)
            observed = observe(connection, observations)
            return set(update(connection, observed.touched, self.rules, change).customers)

    def decide(self, kind, *sides):
        """A decision about identifiers given as texts; its number."""
        sides = [list(map(named, side)) for side in sides]
        with self.ledger.write() as connection:
            number = decisions.record(connection, kind, sides, decisions.Note("Anja Kern", "knows them"), 0)
            self._redecide(connection, sides)
        return number

    def undo(self, number):
        with self.ledger.write() as connection:
            made = decisions.take_back(connection, number, decisions.Note("Anja Kern", "was wrong"), 1)
            self._redecide(connection, made.sides)

    def _redecide(self, connection, sides):
        ends = [end for side in sides for end in side]
        redecide(connection, ends, self.rules, self.ledger.next_change(connection))

    def rebuild(self, rules=None):
        self.rules = rules or self.rules
        with self.ledger.write() as connection:
            return set(rebuild(connection, self.rules, self.ledger.next_change(connection)).customers)

    def forget(self, source, others):
        """Erase what one source said; of ``others`` (what, day, source, who) remains when somebody was seen first."""
        first = {}
        for _, day, _, who in others:
            for end in who:
                first[end] = min(first.get(end, day), day)
        ends = tables.identifier.c
        with self.ledger.write() as connection:
            connection.execute(sa.delete(tables.evidence).where(tables.evidence.c.source == source))
            for row in connection.execute(sa.select(tables.identifier)).all():
                if (name := f"{row.type}:{row.value}") in first:
                    moved = sa.update(tables.identifier).where(ends.id == row.id)
                    connection.execute(moved.values(first_t=first[name] * DAY))
                else:
                    for table in (tables.identifier_resolution, tables.identifier_set_member):
                        connection.execute(sa.delete(table).where(table.c.identifier_id == row.id))
                    connection.execute(sa.delete(tables.identifier).where(ends.id == row.id))

    def who(self, identifier):
        return self.places()[identifier][0]

    def places(self):
        """Identifier -> (customer, why it joins nobody)."""
        query = sa.select(tables.identifier, tables.identifier_resolution).join(
            tables.identifier_resolution, tables.identifier.c.id == tables.identifier_resolution.c.identifier_id
        )
        with self.ledger.read() as connection:
            return {f"{r.type}:{r.value}": (r.customer_id, r.reason) for r in connection.execute(query)}

    def sets(self):
        """The identifiers of a set, in order -> its customer (None if it has none)."""
        member, owner = tables.identifier_set_member.c, tables.resolution.c
        query = (
            sa.select(member.set_id, tables.identifier.c.type, tables.identifier.c.value, owner.customer_id)
            .join(tables.identifier, tables.identifier.c.id == member.identifier_id)
            .outerjoin(tables.resolution, owner.set_id == member.set_id)
        )
        found = {}
        with self.ledger.read() as connection:
            for row in connection.execute(query):
                names, _ = found.setdefault(row.set_id, ([], row.customer_id))
                names.append(f"{row.type}:{row.value}")
        return {" ".join(sorted(names)): customer for names, customer in found.values()}

    def customers(self):
        with self.ledger.read() as connection:
            return {row.id: row.since_t for row in connection.execute(sa.select(tables.customer))}

    def redirects(self):
        with self.ledger.read() as connection:
            return {row.old_id: row.new_id for row in connection.execute(sa.select(tables.customer_redirect))}

    def state(self):
        """All that must not depend on the order of arrival."""
        return self.places(), self.sets(), self.customers()


def batches(observations, seed):
    """The observations in another order, cut into batches of one to five."""
    chance = random.Random(seed)
    shuffled = list(observations)
    chance.shuffle(shuffled)
    while shuffled:
        size = chance.randint(1, 5)
        yield shuffled[:size]
        shuffled = shuffled[size:]


@pytest.fixture
def people(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield People(ledger)
    ledger.close()


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """A function that gives an empty ledger each time it is called, fast enough for hypothesis."""
    ledger = Ledger(f"sqlite:///{tmp_path_factory.mktemp('identity') / 'ledger.sqlite'}")
    sa.event.listen(ledger.engine, "connect", _careless)
    ledger.engine.dispose()

    def empty():
        with ledger.write() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                if table is not tables.progress:
                    connection.execute(sa.delete(table))
        return People(ledger)

    yield empty
    ledger.close()


def _careless(connection, _record):
    """Waits for no disk: nothing here outlives the test."""
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA secure_delete=OFF")


@pytest.fixture(name="seen")
def _seen():
    return seen


@pytest.fixture(name="batches")
def _batches():
    return batches
