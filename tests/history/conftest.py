"""A small company whose intake is simple: events go straight into the ledger, as intake would leave them there."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from geleit.events.event import Event, Identifier
from geleit.events.kinds import Catalogue
from geleit.history.archive import Archive
from geleit.history.history import History
from geleit.history.journal import Journal
from geleit.history.stored import content_hash, encode
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, insert_new, upsert


@dataclass
class Company:
    """Ledger, archive, journal and history in one folder."""

    data: Path
    now: int = 1_800_000_000_000_000
    catalogue: Catalogue = field(default_factory=Catalogue)

    def __post_init__(self):
        self.ledger = Ledger(f"sqlite:///{self.data / 'ledger.sqlite'}", clock=lambda: self.now)
        self.archive = Archive(self.data / "archive", self.ledger)
        self.journal = Journal(self.data / "journal", self.ledger, self.archive)
        self.history = History(self.ledger, self.archive, self.journal, self.catalogue)

    def accept(self, *events):
        """Acknowledge ``(event, set_id)`` pairs in one transaction; a set nobody placed becomes its own customer."""
        with self.ledger.write() as connection:
            change = self.ledger.next_change(connection)
            for event, set_id in events:
                self._place(connection, set_id, f"c{set_id}", change, move=False)
                key = {"id": event.id, "content": content_hash(event)}
                if connection.execute(insert_new(tables.event_key).values(key)).rowcount:
                    connection.execute(
                        sa.insert(tables.outbox).values(encode(event, set_id, event.t // 86_400_000_000))
                    )

    def move(self, set_id, customer):
        """A merge or separation: the set belongs to another customer now."""
        with self.ledger.write() as connection:
            self._place(connection, set_id, customer, self.ledger.next_change(connection), move=True)

    def assign(self, event_id, need_id, customer):
        """A recut: the event belongs to a need (or to none, for an empty one)."""
        with self.ledger.write() as connection:
            change = self.ledger.next_change(connection)
            connection.execute(sa.delete(tables.need_event).where(tables.need_event.c.event_id == event_id))
            if need_id:
                times = {"opened_at": 0, "last_at": 0, "events": 1}
                words = dict.fromkeys(("topic", "closed_by", "quote", "quote_event", "stage"), "")
                need = {"id": need_id, "customer_id": customer, **times, **words}
                connection.execute(insert_new(tables.need).values(need))
                connection.execute(sa.insert(tables.need_event).values(event_id=event_id, need_id=need_id))
            connection.execute(sa.update(tables.customer).where(tables.customer.c.id == customer).values(change=change))

    def build(self):
        return self.journal.build(self.catalogue, "definitions")

    def _place(self, connection, set_id, customer, change, *, move):
        connection.execute(insert_new(tables.identifier_set).values(id=set_id, key=set_id, rest=0))
        one = {"id": set_id, "type": "shop.user_id", "value": str(set_id), "first_t": 0}
        connection.execute(insert_new(tables.identifier).values(one))
        connection.execute(insert_new(tables.identifier_set_member).values(set_id=set_id, identifier_id=set_id))
        row = {"set_id": set_id, "slice": 0, "customer_id": customer, "change": change}
        statement = upsert(tables.resolution, ["customer_id", "change"]) if move else insert_new(tables.resolution)
        if connection.execute(statement.values(row)).rowcount:
            connection.execute(insert_new(tables.customer).values(id=customer, since_t=0, change=change))


@pytest.fixture
def company(tmp_path):
    made = Company(tmp_path)
    yield made
    made.history.close()
    made.ledger.close()


@pytest.fixture
def company_at():
    """Make a company in a folder of one's own."""
    return Company


@pytest.fixture
def event():
    """Make an event: ``event(7)`` is always the same one."""

    def make(number, **more):
        values = {
            "source": "shop",
            "key": str(number),
            "kind": "product_viewed",
            "t": number * 3_600_000_000,
            "identifiers": (Identifier("shop.user_id", str(number)),),
            "raw": f"record {number}",
        }
        return Event(**(values | more))

    return make
