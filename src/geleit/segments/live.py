"""Keeps who is in each segment true with every event, in the transaction that takes it.

What conditions ask of events is remembered by identifier set (``segment_event``), so that a merge or a separation needs no
more than to look again. Each look notes until when its answer holds; the keeper looks again then (``due``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.clock import local_day
from geleit.customers.facts import Setting
from geleit.events.event import Event
from geleit.identity import resolution
from geleit.ledger import tables
from geleit.ledger.ledger import given, insert_new, upsert
from geleit.ledger.prepared import Prepared
from geleit.ledger.segment_tables import segment_applied, segment_event, segment_standing, segment_wait
from geleit.segments.asking import Asked
from geleit.segments.definition import Segment
from geleit.segments.matching import Matching
from geleit.segments.moves import Move, tell
from geleit.segments.people import load
from geleit.segments.person import Question

LIVE, FILLING = "live", "filling"
SLICE = 200  # people looked at while the ledger is held

_applied, _standing, _wait = segment_applied.c, segment_standing.c, segment_wait.c
_VERSION = Prepared(sa.select(sa.func.count(), sa.func.max(_applied.change)))
_APPLIED = Prepared(sa.select(_applied.name, _applied.definition, _applied.state))
_EVENT = Prepared(insert_new(segment_event))
_ASK = Prepared(upsert(segment_wait, ["change"]))
_STANDING = Prepared(
    sa.select(_standing.customer_id, _standing.segment, _standing.member, _standing.since_at, _standing.next_at).where(
        given(_standing.customer_id)
    )
)
_STAND = Prepared(upsert(segment_standing, ["member", "since_at", "next_at"]))
_GONE = Prepared(
    sa.delete(segment_standing).where(
        _standing.segment == sa.bindparam("name"), _standing.customer_id == sa.bindparam("customer")
    )
)
_KNOWN = Prepared(sa.select(tables.customer.c.id).where(given(tables.customer.c.id)))
_REDIRECTS = Prepared(
    sa.select(tables.customer_redirect.c.old_id, tables.customer_redirect.c.new_id).where(
        given(tables.customer_redirect.c.old_id)
    )
)


@dataclass(frozen=True, slots=True)
class Stand:
    """How somebody stands to a segment; ``member`` since ``since_at``; ``next_at``: when to look again, None for never."""

    member: bool
    since_at: int | None
    next_at: int | None


OUT = Stand(member=False, since_at=None, next_at=None)


class Live:
    """The live evaluator of one ledger; it knows the segments as they were applied last."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._version: tuple[object, ...] = (0, None)
        self._all: Matching | None = None
        self._live: Mapping[str, Segment] = {}

    def follow(
        self,
        connection: sa.Connection,
        placed: Sequence[tuple[Event, int]],
        moved: AbstractSet[str],
        moment: tuple[int, int, int],
    ) -> None:
        """Take notice of events that were just stored (with their identifier sets) and look at whom they touch.

        ``moved``: customers whose identifiers changed. ``moment``: now, the change's number, and how many events of ours
        led here, one after another.
        """
        matching = self.known(connection)
        if matching is None:
            return
        touched: dict[int, set[str]] = defaultdict(set)
        rows = []
        for event, set_id in placed:
            keys = matching.fulfilled(event, self.setting.catalogue.touchpoint(event))
            touched[set_id] |= matching.touched(event, keys)
            if keys:
                place = {"set_id": set_id, "t": event.t, "ord": event.order, "event_id": event.id}
                day = local_day(event.t, self.setting.zone)
                rows += [place | {"selector": key, "local_day": day} for key in keys]
        _EVENT.many(connection, rows)
        wanted: dict[str, set[str]] = {customer: set(matching.segments) for customer in moved}
        for set_id, customer in resolution.owners(connection, touched).items():
            wanted.setdefault(customer, set()).update(touched[set_id])
        wanted = {customer: names for customer, names in wanted.items() if names}
        if self.filling:  # whoever is touched meanwhile is looked at once that is done
            ask(connection, wanted, moment[1])
        self.look(connection, wanted, moment)

    @property
    def filling(self) -> bool:
        """Whether the events of a segment are being gathered: nobody is looked at for it yet."""
        return self._all is not None and len(self._live) < len(self._all.segments)

    def known(self, connection: sa.Connection) -> Matching | None:
        """The segments that were applied, None if there are none."""
        (version,) = _VERSION.all(connection)
        if tuple(version) != self._version:
            rows = _APPLIED.all(connection)
            segments = {name: Segment.model_validate_json(text) for name, text, _ in rows}
            self._live = {name: segments[name] for name, _, state in rows if state == LIVE}
            self._all = Matching(segments, self.setting) if segments else None
            self._version = tuple(version)
        return self._all

    def look(
        self, connection: sa.Connection, wanted: Mapping[str, Collection[str]], moment: tuple[int, int, int]
    ) -> list[Move]:
        """Look at people (by id, each with names of segments), write how they stand, and tell of who came and went."""
        now, change, depth = moment
        names = {name for some in wanted.values() for name in some if name in self._live}
        if not names or self._all is None:
            return []
        asked = Asked(self._all.segments, self.setting, now)
        before = _stands(connection, wanted)
        gone, heirs = _followed(connection, set(wanted), before)
        names = set(self._live) if heirs else names
        asking = {one: names.intersection(some) for one, some in wanted.items() if one not in gone}
        asking |= dict.fromkeys(heirs, names)
        people = load(connection, asking, [part for name in names for part in self._all.parts[name]])
        work = _Written(now)
        for customer, person in people.items():
            question = Question(person, asked)
            for name in sorted(asking[customer]):
                answer = question.answer(self._live[name].who)
                work.stand(customer, name, before.get((customer, name), OUT), Stand(answer.holds, None, answer.turns))
        work.write(connection, gone, before)
        tell(connection, work.moves, {name: one.label for name, one in self._live.items()}, (now, change, depth))
        return work.moves


def _followed(
    connection: sa.Connection, customers: AbstractSet[str], before: dict[tuple[str, str], Stand]
) -> tuple[set[str], set[str]]:
    """Those who are somebody else now, and whom: how they stood goes over, unless that one was in for longer."""
    gone = set(customers) - {customer for (customer,) in _KNOWN.all(connection, values=sorted(customers))}
    if not gone:
        return set(), set()
    heirs: dict[str, str] = dict(_REDIRECTS.all(connection, values=sorted(gone)))
    there = {customer for (customer,) in _KNOWN.all(connection, values=sorted(set(heirs.values())))}
    before |= _stands(connection, there - customers)
    for (customer, name), one in list(before.items()):
        heir = heirs.get(customer, "")
        known = before.get((heir, name), OUT)
        if heir in there and one.member and (not known.member or (one.since_at or 0) < (known.since_at or 0)):
            before[heir, name] = one
    return gone, there


class _Written:
    """What is to be written, and who came and went."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.moves: list[Move] = []
        self.rows: list[dict[str, object]] = []
        self.gone: list[dict[str, object]] = []

    def stand(self, customer: str, name: str, before: Stand, found: Stand) -> None:
        """Somebody stands so now."""
        if found.member is not before.member:
            self.moves.append(Move(name, customer, found.member))
        since = (before.since_at if before.member else self.now) if found.member else None
        if found.member or found.next_at is not None:
            row = {"segment": name, "customer_id": customer, "member": found.member, "since_at": since}
            self.rows.append(row | {"next_at": found.next_at})
        else:
            self.gone.append({"name": name, "customer": customer})

    def write(self, connection: sa.Connection, gone: AbstractSet[str], before: Mapping[tuple[str, str], Stand]) -> None:
        """Everything at once; those who are somebody else now stand nowhere."""
        self.gone = [one for one in self.gone if (one["customer"], one["name"]) in before]
        self.gone += [{"name": name, "customer": customer} for customer, name in before if customer in gone]
        for row in self.gone:
            _GONE.run(connection, **row)
        _STAND.many(connection, self.rows)


def _stands(connection: sa.Connection, customers: Iterable[str]) -> dict[tuple[str, str], Stand]:
    rows = _STANDING.all(connection, values=sorted(customers))
    return {(customer, name): Stand(bool(member), since, next_at) for customer, name, member, since, next_at in rows}


def ask(connection: sa.Connection, customers: Iterable[str], change: int) -> None:
    """Note that these people have to be looked at."""
    _ASK.many(connection, [{"customer_id": customer, "change": change} for customer in sorted(customers)])
