"""Group commit: a batch of events becomes one ledger transaction: deduplicate, identity, facts, outbox, recut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import astuple, dataclass, field, replace

import sqlalchemy as sa

from geleit.clock import local_day
from geleit.customers import facts
from geleit.events.event import Event
from geleit.events.kinds import Catalogue
from geleit.history.keys import Keys
from geleit.history.stored import body_of, content_hash, encode
from geleit.identity import evidence, hands, refused, resolution
from geleit.identity.normalize import settled
from geleit.identity.rules import Rules
from geleit.intake.ready import Ready
from geleit.intake.states import as_state
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, given
from geleit.ledger.prepared import Prepared
from geleit.needs import carrying, recut
from geleit.needs.need import ReadEvent
from geleit.needs.rules import Needs
from geleit.segments.live import Live, News
from geleit.sources import quarantine
from geleit.sources.records import Rejected

BATCH = 500  # events per transaction

_KEYS = Prepared(sa.select(tables.event_key.c.id, tables.event_key.c.content).where(given(tables.event_key.c.id)))
_KEY = Prepared(sa.insert(tables.event_key))
_OUTBOX = Prepared(sa.insert(tables.outbox))
_owner = tables.resolution.c
_SETS_OF = Prepared(sa.select(_owner.customer_id, _owner.set_id).where(given(_owner.customer_id)))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: ``new`` events are in now, ``duplicate`` ones were, ``rejected`` ones wait in quarantine.

    ``changed``: those of the rejected that say something else under a key that was taken in before.
    """

    new: int = 0
    duplicate: int = 0
    changed: int = 0
    rejected: int = 0

    def __add__(self, other: Receipt) -> Receipt:
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Receipt(*(one + another for one, another in pairs))


@dataclass(frozen=True, slots=True)
class Taken:
    """The events of one batch: those that are in now, those that were in before, those that contradict an earlier one.

    ``quarantined``: records that wait now, of the rejected and the contradicting ones.
    """

    new: list[Event]
    again: list[Event]
    contradicting: list[Event]
    quarantined: int

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            self.new + other.new,
            self.again + other.again,
            self.contradicting + other.contradicting,
            self.quarantined + other.quarantined,
        )

    @property
    def receipt(self) -> Receipt:
        """How many of each."""
        return Receipt(len(self.new), len(self.again), len(self.contradicting), self.quarantined)


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes events of any source. ``country`` reads phone numbers without a country code.

    ``listing``: names of sources that list states (``changed: add``).
    """

    ledger: Ledger
    setting: facts.Setting
    rules: Rules
    country: str
    keys: Keys
    needs: Needs
    listing: frozenset[str] = frozenset()
    segments: Live = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", Live(self.setting))

    @property
    def catalogue(self) -> Catalogue:
        """The kinds."""
        return self.setting.catalogue

    @property
    def zone(self) -> str:
        """The company's time zone."""
        return self.setting.zone

    def accept(self, events: Sequence[Event], rejected: Sequence[Rejected] = ()) -> Receipt:
        """Take events in batches, each acknowledged by its own commit; what is rejected goes to the quarantine.

        Errors: Retryable if the ledger is busy or the disk full; batches before the failing one are in.
        """
        total = Receipt()
        batches = [events[start : start + BATCH] for start in range(0, len(events), BATCH)] or [[]]
        for place, batch in enumerate(batches):
            with self.ledger.write() as connection:
                total += self.take(connection, batch, rejected if place == 0 else ()).receipt
        return total

    def ready(self, event: Event) -> Ready:
        """Everything about an event that needs no ledger. Errors: GeleitError for text that is not Unicode."""
        kept, left_out = settled(event, self.rules, self.country)
        at = event.received_at or self.ledger.clock()
        known = event
        if (kept, left_out, at) != (event.identifiers, event.refused, event.received_at):
            known = replace(event, identifiers=kept, refused=left_out, received_at=at)
        if known.source in self.listing:
            known = as_state(known)
        return Ready(known, content_hash(known), local_day(known.t, self.zone), body_of(known))

    def take(
        self,
        connection: sa.Connection,
        batch: Sequence[Event | Ready],
        rejected: Sequence[Rejected] = (),
        *,
        depth: int = 0,
    ) -> Taken:
        """Take one batch in the caller's transaction; ``depth``: how many events of our own led to it."""
        now = self.ledger.clock()
        events = [one if isinstance(one, Ready) else self.ready(one) for one in batch]
        new, contradicting, again = _sift(connection, events, self.keys)
        if again and quarantine.contradictions(connection):
            quarantine.settle_equal(connection, {(event.record or event.id, event.key) for event in again}, now)
        quarantined = quarantine.put(connection, [*rejected, *map(_contradiction, contradicting)], now)
        if new:
            self._store(connection, new, depth)
        return Taken([one.event for one in new], again, contradicting, quarantined)

    def _store(self, connection: sa.Connection, ready: Sequence[Ready], depth: int) -> None:
        change = self.ledger.next_change(connection)
        events = [one.event for one in ready]
        seen = [evidence.Observation(e.id, e.source, e.t, e.identifiers) for e in events]
        observed = evidence.observe(connection, seen)
        sets = observed.set_ids
        refused.count(connection, refused.rows_of_events(events))
        facts.name_identifiers(connection, observed.added)
        facts.write(connection, facts.facts_of(list(zip(events, sets, strict=True)), self.setting))
        placed = zip(ready, observed.set_keys, strict=True)
        _OUTBOX.many(connection, [encode(one.event, key, one.day, one.body) for one, key in placed])
        moved = resolution.update(connection, observed.touched, self.rules, change)
        told = list(zip(events, sets, strict=True))
        again = {
            set_id
            for e, set_id in told
            if set_id not in observed.touched.sets and hands.handed(e.identifiers, self.rules)
        }
        hands.ask_seen(connection, again, self.rules, change)
        owners = resolution.owners(connection, set(sets))
        carried = self._carry_on(connection, (told, owners), (moved, observed.touched.sets), change)
        news = News(owners, moved.appeared, moved.regrouped, carried.changed, carried.gone_on, carried.unsure)
        self.segments.follow(connection, told, news, (self.ledger.clock(), change, depth))

    def _carry_on(
        self,
        connection: sa.Connection,
        told: tuple[Sequence[tuple[Event, int]], Mapping[int, str]],
        news: tuple[resolution.Moved, AbstractSet[int]],
        change: int,
    ) -> carrying.Outcome:
        """Carry needs on where the newest events suffice; ask for a new cut of all others.

        ``told``: events with their identifier sets, and whose these are; ``news``: customers whose identifiers changed, and
        identifier sets that were not known before.
        """
        (placed, owners), (moved, new_sets) = told, news
        first = _first(connection, moved.customers & set(owners.values()), new_sets)
        arrivals: dict[str, carrying.Arrival] = {}
        for event, set_id in sorted(placed, key=lambda one: (one[0].t, one[0].order, one[0].id)):
            customer = owners.get(set_id)
            if customer is not None and customer not in moved.regrouped:
                arrival = arrivals.setdefault(customer, carrying.Arrival([], customer in first))
                arrival.events.append(ReadEvent(event, self.catalogue.touchpoint(event)))
        carried = carrying.carry_on(connection, arrivals, self.needs, self.ledger.clock())
        recut.ask(connection, {*carried.unsure, *moved.regrouped}, change)
        return carried


def _sift(
    connection: sa.Connection, events: Sequence[Ready], keys: Keys
) -> tuple[list[Ready], list[Event], list[Event]]:
    """New events (their keys are taken at once), events that contradict an earlier one of their key, and repeats."""
    known: dict[str, str] = {}
    known.update(_KEYS.all(connection, values=list({one.event.id for one in events})))
    known |= keys.contents(connection, [one.event.id for one in events if one.event.id not in known])
    new: dict[str, Ready] = {}
    contradicting, again = [], []
    for one in events:
        identity = one.event.id
        if identity not in known:
            known[identity] = one.content
            new[identity] = one
        elif known[identity] == one.content:
            again.append(one.event)
        else:
            contradicting.append(one.event)
    _KEY.many(connection, [{"id": identity, "content": known[identity]} for identity in sorted(new)])
    return list(new.values()), contradicting, again


def contradiction(row: Mapping[str, str]) -> Rejected:
    """A stored row (source, key, record, raw, event_id) that says something else than the earlier one of its key."""
    return Rejected(
        source=row["source"],
        reason="changed_content",
        message=f"an event with the key '{row['key']}' says something else already; the earlier one stands",
        record=row["raw"],
        file="",
        line=0,
        record_id=row["record"] or row["event_id"],
        position=row["key"],
    )


def _contradiction(event: Event) -> Rejected:
    said = {"source": event.source, "key": event.key, "record": event.record, "raw": event.raw}
    return contradiction(said | {"event_id": event.id})


def _first(connection: sa.Connection, customers: AbstractSet[str], new_sets: AbstractSet[int]) -> set[str]:
    """Those customers of whom there was no event before: all their identifier sets are new."""
    rows = _SETS_OF.all(connection, values=list(customers))
    return set(customers) - {customer for customer, set_id in rows if set_id not in new_sets}
