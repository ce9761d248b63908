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
from geleit.ledger import tables
from geleit.ledger.ledger import given, insert_new, upsert
from geleit.ledger.prepared import Prepared
from geleit.ledger.segment_tables import segment_applied, segment_event, segment_standing, segment_wait
from geleit.segments.asking import Asked
from geleit.segments.bearing import IN as INTO
from geleit.segments.bearing import OUT as OUT_OF
from geleit.segments.bearing import STEP
from geleit.segments.definition import Segment
from geleit.segments.matching import Matching, Touch
from geleit.segments.moves import Move, tell
from geleit.segments.people import load
from geleit.segments.person import Person, Question

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


@dataclass(frozen=True, slots=True)
class News:
    """What events that were just stored have done so far. ``owners``: whose each identifier set is.

    Customers: who ``appeared``, who gained or lost earlier events (``regrouped``), and whose needs ``changed`` or have
    merely ``gone_on`` (see ``needs.carrying``). Whose events came after all others of theirs is not ``late``.
    """

    owners: Mapping[int, str]
    appeared: AbstractSet[str]
    regrouped: AbstractSet[str]
    changed: AbstractSet[str]
    gone_on: AbstractSet[str]
    late: AbstractSet[str]


OUT = Stand(member=False, since_at=None, next_at=None)


class Live:
    """The live evaluator of one ledger; it knows the segments as they were applied last."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._version: tuple[object, ...] = (0, None)
        self._all: Matching | None = None
        self._live: Mapping[str, Segment] = {}
        self._blank: AbstractSet[str] | None = None

    def follow(
        self, connection: sa.Connection, placed: Sequence[tuple[Event, int]], news: News, moment: tuple[int, int, int]
    ) -> None:
        """Take notice of events that were just stored (with their identifier sets) and look at whom they may move.

        ``moment``: now, the change's number, and how many events of ours led here, one after another.
        """
        matching = self.known(connection)
        if matching is None:
            return
        touched: dict[str, set[Touch]] = defaultdict(set)
        rows = []
        for event, set_id in placed:
            keys = matching.fulfilled(event, self.setting.catalogue.touchpoint(event))
            if (customer := news.owners.get(set_id)) is not None:
                touched[customer] |= matching.touched(event, keys)
            if keys:
                place = {"set_id": set_id, "t": event.t, "ord": event.order, "event_id": event.id}
                day = local_day(event.t, self.setting.zone)
                rows += [place | {"selector": key, "local_day": day} for key in keys]
        _EVENT.many(connection, rows)
        asking = self._certain(matching, news, moment[0])
        before = _stands(connection, {customer for some in (asking, touched) for customer in some})
        for customer, some in touched.items():
            names = asking.setdefault(customer, set())
            if customer in news.appeared or self.filling:
                names.update(name for name, _ in some)
                continue
            ways = some if customer in news.late else [one for one in some if one[1] != STEP]
            names.update(n for n, way in ways if not _stays(before.get((customer, n), OUT), way, moment[0]))
        asking = {customer: names for customer, names in asking.items() if names}
        if self.filling:  # whoever is touched meanwhile is looked at once that is done
            ask(connection, asking, moment[1])
        self._look(connection, asking, (before, news.regrouped), moment)

    def _certain(self, matching: Matching, news: News, now: int) -> dict[str, set[str]]:
        """Whom to look at for what whatever the events are."""
        asking: dict[str, set[str]] = defaultdict(set)
        for customers, names in (
            (news.appeared, self._of_nobody(now)),
            (news.regrouped, matching.segments.keys()),
            (news.changed, matching.moved_by_needs(merely_going_on=False)),
            (news.gone_on, matching.moved_by_needs(merely_going_on=True)),
        ):
            for customer in customers if names else ():
                asking[customer].update(names)
        return asking

    def _of_nobody(self, now: int) -> AbstractSet[str]:
        """The segments of those of whom nothing is known."""
        if self._blank is None and self._all is not None:
            question = Question(Person(), Asked(self._all.segments, self.setting, now))
            self._blank = frozenset(name for name, one in self._all.segments.items() if question.holds(one.who))
        return self._blank or frozenset()

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
            self._version, self._blank = tuple(version), None
        return self._all

    def look(
        self, connection: sa.Connection, wanted: Mapping[str, Collection[str]], moment: tuple[int, int, int]
    ) -> list[Move]:
        """Look at people (by id, each with names of segments), write how they stand, and tell of who came and went."""
        return self._look(connection, wanted, (_stands(connection, wanted), wanted.keys()), moment)

    def _look(
        self,
        connection: sa.Connection,
        wanted: Mapping[str, Collection[str]],
        known: tuple[dict[tuple[str, str], Stand], AbstractSet[str]],
        moment: tuple[int, int, int],
    ) -> list[Move]:
        """``known``: how they stood, and who of them may be somebody else now."""
        now, change, depth = moment
        names = {name for some in wanted.values() for name in some if name in self._live}
        if not names or self._all is None:
            return []
        before, work = known[0], _Written(now)
        stored = before.copy()
        gone, heirs = _followed(connection, known[1] & wanted.keys(), before)
        asking = {one: names.intersection(some) for one, some in wanted.items() if one not in gone}
        asking |= {one: set(self._live) for one in heirs}
        asked = Asked(self._all.segments, self.setting, now)
        people = load(connection, {one: self._all.wanted(some) for one, some in asking.items() if some})
        for customer, person in people.items():
            question = Question(person, asked)
            for name in sorted(asking[customer]):
                answer = question.answer(self._live[name].who)
                stood = before.get((customer, name), OUT), stored.get((customer, name), OUT)
                work.stand(customer, name, stood, Stand(answer.holds, None, answer.turns))
        work.write(connection, gone, before)
        tell(connection, work.moves, {name: one.label for name, one in self._live.items()}, (now, change, depth))
        return work.moves


def _stays(stand: Stand, way: int, now: int) -> bool:
    """Whether somebody who stands so stands so still after an event that moves nobody but that way.

    Until ``next_at`` nothing else moves them, and then they are looked at anyway.
    """
    there = stand.member if way == INTO else way == OUT_OF and not stand.member
    return there and (stand.next_at is None or stand.next_at > now)


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

    def stand(self, customer: str, name: str, stood: tuple[Stand, Stand], found: Stand) -> None:
        """Somebody stands so now. ``stood``: how they stood so far, maybe as somebody else, and what is written of it."""
        before, stored = stood
        if found.member is not before.member:
            self.moves.append(Move(name, customer, found.member))
        since = (before.since_at if before.member else self.now) if found.member else None
        if not found.member and found.next_at is None:
            self.gone.append({"name": name, "customer": customer})
        elif (found.member, since) != (stored.member, stored.since_at) or not self._soon_enough(stored, found):
            row = {"segment": name, "customer_id": customer, "member": found.member, "since_at": since}
            self.rows.append(row | {"next_at": found.next_at})

    def _soon_enough(self, stored: Stand, found: Stand) -> bool:
        """Whether they are looked at again in time though nothing is written: a look too early does no harm."""
        if stored.next_at is None or found.next_at is None:
            return stored.next_at == found.next_at
        return self.now < stored.next_at <= found.next_at

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
