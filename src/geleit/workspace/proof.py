"""Proves event by event what ``check`` compares by key: it says what was acknowledged, and leads to the right customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from geleit.errors import StoreError
from geleit.history import snapshot
from geleit.history.archive import Archive
from geleit.history.check import RAW_SAFE, RESTORE, SAMPLES, Finding
from geleit.history.keys import Keys
from geleit.history.stored import COLUMNS, StoredEvent, content_hash, decode
from geleit.identity import closure, hands
from geleit.identity.evidence import fingerprint
from geleit.identity.graph import owner
from geleit.identity.rules import Rules
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, among
from geleit.workspace.steps import Synced, Told
from geleit.workspace.workspace import Workspace

CUT = "run 'geleit identity rebuild': it also cuts the events of browsers that change hands anew"
REMAKE = "run 'geleit identity rebuild': it makes all customers anew from the evidence"
EVENTS_SAFE = "every event; only who it belongs to may be wrong"
ROWS = 5_000  # read at once

# store, what, what is safe, remedy
FAULTS: Mapping[str, tuple[str, str, str, str]] = {
    "alien": ("archive", "events stand under an id that is not that of their source and key", RAW_SAFE, RESTORE),
    "altered": ("archive", "events say something else than what was acknowledged", RAW_SAFE, RESTORE),
    "set": ("archive", "events point at identifiers that are not theirs", RAW_SAFE, RESTORE),
    "members": ("ledger", "identifier sets hold other identifiers than their key says", EVENTS_SAFE, RESTORE),
    "place": ("ledger", "identifiers belong to another customer than all evidence gives", EVENTS_SAFE, REMAKE),
    "owner": ("ledger", "identifier sets lead to another customer than their identifiers", EVENTS_SAFE, REMAKE),
    "slice": (
        "ledger",
        "events of a browser that changes hands count as another person's than visits say",
        EVENTS_SAFE,
        CUT,
    ),
    "nobody": ("ledger", "identifiers lead to a customer who is not there", EVENTS_SAFE, REMAKE),
}


@dataclass(slots=True)
class _Faults:
    """Keys by fault."""

    found: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in FAULTS})
    counted: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FAULTS, 0))

    def note(self, name: str, key: object) -> None:
        self.counted[name] += 1
        if len(self.found[name]) < SAMPLES:
            self.found[name].append(str(key))

    def findings(self) -> tuple[Finding, ...]:
        return tuple(
            Finding(store, what, self.counted[name], tuple(self.found[name]), safe, remedy)
            for name, (store, what, safe, remedy) in FAULTS.items()
            if self.counted[name]
        )


def prove(ledger: Ledger, archive: Archive, rules: Rules, told: Told = lambda _: None) -> tuple[Finding, ...]:
    """Read every event and all evidence, in one view of the ledger, and name what does not follow from them.

    An event's id must be that of its source and key, its content that of its key, its identifier set that of its
    identifiers; every identifier's and set's customer must be what the pure function makes of all evidence, and every
    slice of a browser that changes hands what visits say. Damaged segments are left out: ``check`` names them; slices are
    compared only if there is none, and not where a cut is waiting. Reads the whole graph of identifiers into memory.
    """
    faults = _Faults()
    keys = Keys(archive.keys.folder)
    with keys.view(ledger) as connection:
        waiting = connection.execute(sa.select(tables.load.c.id).where(tables.load.c.state != "done").limit(1)).first()
        visits, done = _Visits(hands.shared_keys(connection)), 0
        for rows in _stored(connection, archive, visits):
            stored = [decode(row) for row in rows]
            _events(connection, keys, stored, faults)
            visits.see(stored)
            done += len(rows)
            told(f"events: {done:,}")
        told("identifiers")
        if not waiting:  # a load that is being adopted has no customers yet
            _customers(connection, rules, faults)
            if visits.whole:
                for number in hands.differing(connection, rules, visits.moments):
                    faults.note("slice", number)
    return faults.findings()


@dataclass(slots=True)
class _Visits:
    """What happened where browsers change hands, by the keys of the sets that hold one; ``whole``: no event is missing."""

    watched: frozenset[int]
    seen: dict[int, list[tuple[int, int, int, str, str]]] = field(default_factory=lambda: defaultdict(list))
    whole: bool = True

    def see(self, stored: Sequence[StoredEvent]) -> None:
        """Keep the moments of events at such browsers."""
        for one in stored:
            if one.set_key in self.watched:
                event = one.event
                self.seen[one.set_key].append((one.set_key, event.t, event.order, one.event_id, event.kind))

    def moments(self, set_keys: Sequence[int]) -> Iterator[tuple[int, int, int, str, str]]:
        """As ``History.moments``, of the events that were read."""
        for key in set_keys:
            yield from self.seen.get(key, ())


def remake_customers(workspace: Workspace, told: Told = lambda _: None) -> Synced:
    """Make all customers anew from the evidence, cut all needs anew, and bring everything up to date."""
    with workspace.ledger.write() as connection:
        connection.execute(sa.delete(tables.applied_definition))  # as if identity.yaml had changed
    return workspace.sync(told=told)


def _stored(connection: sa.Connection, archive: Archive, visits: _Visits) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of archive and outbox, some at a time."""
    for segment in archive.segments(connection):
        try:
            archive.verify([segment])
        except StoreError:
            visits.whole = False
            continue
        with pq.ParquetFile(archive.path(segment)) as file:
            for batch in file.iter_batches(ROWS, columns=list(COLUMNS)):
                yield _tuples(pa.Table.from_batches([batch]))
    outbox = sa.select(*(tables.outbox.c[name] for name in COLUMNS)).order_by(tables.outbox.c.seq)
    for table in snapshot.batches(connection, outbox):
        yield _tuples(table)


def _tuples(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].to_pylist() for name in COLUMNS), strict=True))


def _events(connection: sa.Connection, keys: Keys, stored: Sequence[StoredEvent], faults: _Faults) -> None:
    ids = [one.event_id for one in stored]
    key = tables.event_key.c
    said = dict(connection.execute(sa.select(key.id, key.content).where(among(key.id, ids))).all())
    said |= keys.contents(connection, [identity for identity in ids if identity not in said])
    for one in stored:
        if one.event.id != one.event_id:
            faults.note("alien", one.event_id)
        if one.event_id in said and said[one.event_id] != content_hash(one.event):
            faults.note("altered", one.event_id)
        if one.set_key != fingerprint(one.event.identifiers)[0]:
            faults.note("set", one.event_id)


def _customers(connection: sa.Connection, rules: Rules, faults: _Faults) -> None:
    """What the pure function makes of all evidence, against what stands in the ledger."""
    whole = closure.load_all(connection, rules)
    place = tables.identifier_resolution.c
    rows = connection.execute(sa.select(place.identifier_id, place.customer_id, place.reason)).all()
    stored = {number: (customer, reason) for number, customer, reason in rows}
    people = set(connection.execute(sa.select(tables.customer.c.id)).scalars())
    places = {number: (whole.resolved.customers[number], whole.reasons.get(number, "")) for number in whole.nodes}
    for number, expected in places.items():
        if stored.get(number) != expected:
            faults.note("place", whole.nodes[number].identifier.type)  # its value is personal
        if expected[0] not in people:
            faults.note("nobody", expected[0])
    resolution, sets = tables.resolution.c, tables.identifier_set.c
    owners = dict(connection.execute(sa.select(resolution.set_id, resolution.customer_id)).all())
    for some in _slices(connection.execute(sa.select(sets.id, sets.key).order_by(sets.id)).all()):
        members = closure.members(connection, [number for number, _ in some])
        for number, key in some:
            nodes = members.get(number, [])
            if fingerprint([node.identifier for node in nodes])[0] != key:
                faults.note("members", number)
            if nodes and owners.get(number) != owner(nodes, places, rules):
                faults.note("owner", number)


def _slices(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), ROWS):
        yield rows[start : start + ROWS]
