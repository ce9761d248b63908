"""Carries needs on in the very transaction that takes an event, where the newest events alone decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from geleit.events.event import named_by
from geleit.ledger import tables
from geleit.ledger.ledger import given, insert_new, upsert
from geleit.ledger.live_tables import need_tip
from geleit.ledger.prepared import Prepared
from geleit.needs.cut import Cutter, Going, cut_all, last_note, need_of
from geleit.needs.need import Readable, ReadEvent
from geleit.needs.rows import UPDATED, need_row
from geleit.needs.rules import Needs

Row = Mapping[str, Any]

NAMES = [column.name for column in tables.need.columns]
_need = tables.need.c
_NEEDS = Prepared(sa.select(tables.need).where(given(_need.customer_id)).order_by(_need.opened_at, _need.id))
_NEED = Prepared(upsert(tables.need, UPDATED))
# What going on changes: other columns stay, and with them the indexes on them.
MOVED = [name for name in UPDATED if name not in ("customer_id", "topic", "opened_at")]
_MOVED = Prepared(sa.update(tables.need).where(_need.id == sa.bindparam("known")))
_MEMBER = Prepared(insert_new(tables.need_event))
_WAITING = Prepared(sa.select(tables.recut.c.customer_id).where(given(tables.recut.c.customer_id)))
_TIPS = Prepared(sa.select(need_tip).where(given(need_tip.c.customer_id)))
_TIP = Prepared(upsert(need_tip, ["t", "noted_t"]))


class _Tip(NamedTuple):
    """The times of a customer's newest event and newest note."""

    t: int
    noted: int | None


@dataclass(slots=True)
class Arrival:
    """What a batch brings one customer: events in total order. ``first``: there were none before."""

    events: list[ReadEvent]
    first: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """Customers by what became of their needs.

    ``unsure``: they must be cut anew; ``changed``: one opened, closed or came into another stage; ``gone_on``: nothing but
    a later end of one that was open anyway.
    """

    unsure: AbstractSet[str] = frozenset()
    changed: AbstractSet[str] = frozenset()
    gone_on: AbstractSet[str] = frozenset()


def carry_on(connection: sa.Connection, arrivals: Mapping[str, Arrival], rules: Needs, now: int) -> Outcome:
    """Write what the newest events do to their customers' needs; returns whom that concerns.

    To be cut anew are: whose needs wait to be cut, whose events came late, and where earlier events may have to move. Customers keep
    their ``change``: who reads what is newer than a generation finds them by these very events.
    """
    unsure = set(_waiting(connection, arrivals))
    sure = {name: arrival for name, arrival in arrivals.items() if name not in unsure}
    tips = _tips(connection, [name for name, arrival in sure.items() if not arrival.first])
    late = {n for n, a in sure.items() if not a.first and not (n in tips and a.events[0].t > tips[n].t)}
    unsure |= late
    known = _known(connection, [name for name in sure if name in tips and name not in late])
    carried = _Carried(now)
    for name, arrival in sure.items():
        if name in late:
            continue
        if arrival.first:
            carried.begin(name, arrival.events, rules)
        elif not carried.go_on(name, arrival.events, (known.get(name, ()), tips[name].noted), rules):
            unsure.add(name)
    carried.write(connection)
    return Outcome(unsure, carried.changed, carried.gone_on)


class _Carried:
    """What is to be written for all customers of a batch."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.changed: set[str] = set()
        self.gone_on: set[str] = set()
        self.needs: list[dict[str, object]] = []
        self.moved: list[dict[str, object]] = []
        self.members: list[dict[str, object]] = []
        self.tips: list[dict[str, object]] = []

    def begin(self, customer: str, events: Sequence[Readable], rules: Needs) -> None:
        """The first events of a customer."""
        found = cut_all(events, rules)
        for need in found.needs:
            self.changed.add(customer)
            self.needs.append(need_row(customer, need))
            self.members += [{"event_id": event, "need_id": need.id} for event in need.event_ids]
        self._end(customer, found.tip, found.noted)

    def go_on(
        self, customer: str, events: Sequence[Readable], before: tuple[Sequence[Row], int | None], rules: Needs
    ) -> bool:
        """Events after all others of a customer; False if they do not decide alone.

        ``before``: the customer's needs, and the time of the newest earlier note.
        """
        known, noted = before
        going = _going(known, rules)
        if going is None or any(read.record or named_by(read.source, read.properties.get("about")) for read in events):
            return False
        cutter = Cutter(rules, going, noted)
        for read in events:
            if read.touchpoint.step:
                cutter.step(read)
        cutter.annotate([read for read in events if not read.touchpoint.step])
        if cutter.unsure:
            return False
        stored = {row["id"]: row for row in known}
        for journey in cutter.all:
            row = stored.get(journey.id)
            if journey.steps or journey.notes or (row and journey.closed_at != row["closed_at"]):
                self._carry(customer, journey, row)
        newest = last_note(events)
        self._end(customer, events[-1].t, noted if newest is None else newest)
        return True

    def _carry(self, customer: str, journey: Going, before: Row | None) -> None:
        need = need_of(journey, (before["quote"], before["quote_event"]) if before else ("", ""))
        row = need_row(customer, need)
        (self.gone_on if before and self._merely(before, row) else self.changed).add(customer)
        if before is None:
            self.needs.append(row)
        else:
            row["events"] = len(need.event_ids) + before["events"]
            self.moved.append(row)
        self.members += [{"event_id": event, "need_id": need.id} for event in need.event_ids]

    def _merely(self, before: Row, row: Row) -> bool:
        """Whether a need was open and is, in the same stage: it only lasts longer."""
        same = all(row[name] == before[name] for name in ("topic", "stage", "stage_at", "opened_at"))
        open_ = before["closed_at"] is None and row["closed_at"] is None
        return same and open_ and (before["silent_at"] is None or before["silent_at"] >= self.now)

    def _end(self, customer: str, at: int | None, noted: int | None) -> None:
        if at is not None:
            self.tips.append({"customer_id": customer, "t": at, "noted_t": noted})

    def write(self, connection: sa.Connection) -> None:
        """Everything at once, in the order of keys: neighbors stand on one page."""
        if connection.dialect.name == "postgresql":  # finds out itself which indexes stay, and takes all rows at once
            self.needs += self.moved
        else:
            moved = sorted(self.moved, key=itemgetter("id"))
            _MOVED.many(connection, [{"known": row["id"]} | {name: row[name] for name in MOVED} for row in moved])
        _NEED.many(connection, sorted(self.needs, key=itemgetter("id")))
        _MEMBER.many(connection, sorted(self.members, key=itemgetter("need_id", "event_id")))
        _TIP.many(connection, sorted(self.tips, key=itemgetter("customer_id")))


def _waiting(connection: sa.Connection, customers: Iterable[str]) -> list[str]:
    return [customer for (customer,) in _WAITING.all(connection, values=list(customers))]


def _tips(connection: sa.Connection, customers: Iterable[str]) -> dict[str, _Tip]:
    return {name: _Tip(t, noted) for name, t, noted in _TIPS.all(connection, values=list(customers))}


def _known(connection: sa.Connection, customers: Iterable[str]) -> dict[str, list[Row]]:
    """The needs of customers, in the order of their openings."""
    found: dict[str, list[Row]] = {}
    for values in _NEEDS.all(connection, values=list(customers)):
        row = dict(zip(NAMES, values, strict=True))
        found.setdefault(row["customer_id"], []).append(row)
    return found


def _going(known: Sequence[Row], rules: Needs) -> list[Going] | None:
    """Stored needs to go on from; None if the rules know them no more, or their order or the time of a stage is lost."""
    by_topic = {rule.topic: rule for rule in rules.needs}
    latest = [row["last_at"] for row in known if row["closed_at"] is None]
    unknown = any(row["topic"] not in by_topic or (row["stage"] and row["stage_at"] is None) for row in known)
    if unknown or len(set(latest)) < len(latest):
        return None
    return [
        Going(
            by_topic[row["topic"]],
            row["id"],
            row["opened_at"],
            row["last_at"],
            row["stage"],
            row["closed_at"],
            row["closed_by"],
            row["stage_at"],
        )
        for row in known
    ]
