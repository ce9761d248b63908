"""Whose events are: those of a customer's identifier sets, but for the stretches of time in which they are somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from geleit.history import reading
from geleit.history.stored import StoredEvent
from geleit.ledger import tables
from geleit.ledger.ledger import given
from geleit.ledger.prepared import Prepared
from geleit.ledger.slice_tables import slice_

Stretch = tuple[int, int, str]  # from, until before (microseconds UTC), customer

_set, _resolution = tables.identifier_set.c, tables.resolution.c
_whole = tables.resolution.alias()
_SETS = sa.select(_set.id, _set.key, _resolution.customer_id).join(tables.resolution, _resolution.set_id == _set.id)
_OWN = Prepared(_SETS.where(given(_resolution.customer_id), _resolution.slice == reading.WHOLE))
_STRETCHES = reading.SLICED.add_columns(slice_.c.set_id)
# Stretches cut out of their sets, and those in which they have another one's.
_CUT_OUT = Prepared(
    _STRETCHES.join(_whole, _whole.c.set_id == slice_.c.set_id).where(
        given(_whole.c.customer_id), _whole.c.slice == reading.WHOLE
    )
)
_HELD = Prepared(_STRETCHES.where(given(_resolution.customer_id)))


@dataclass(frozen=True, slots=True)
class Owned:
    """What some customers own: ``sets`` (see ``owned``) and the stretches of time that are cut out of these and of others' sets."""

    customers: frozenset[str]
    sets: dict[int, str] = field(default_factory=dict)
    cut: dict[int, list[Stretch]] = field(default_factory=dict)

    @property
    def keys(self) -> list[int]:
        """The sets that hold all of their events, and maybe those of others."""
        return sorted(self.sets.keys() | self.cut.keys())

    def owner(self, of: int, t: int) -> str:
        """Whose an event (or a fact) of a set is; empty if it belongs to none of these customers."""
        for begin, end, customer in self.cut.get(of, ()):
            if begin <= t < end:
                return customer if customer in self.customers else ""
        return self.sets.get(of, "")

    def of(self, customer: str, events: Iterable[StoredEvent]) -> list[StoredEvent]:
        """Those events that are the customer's."""
        return [one for one in events if self.owner(one.set_key, one.event.t) == customer]


def owned(connection: sa.Connection, customers: Sequence[str], *, by_id: bool = False) -> Owned:
    """What these customers own; sets by key, as events name them, or ``by_id`` of this ledger, as facts do."""
    wanted = list(customers)
    sets = {set_id if by_id else key: customer for set_id, key, customer in _OWN.all(connection, values=wanted)}
    found = Owned(frozenset(wanted), sets)
    rows = {*_CUT_OUT.all(connection, values=wanted), *_HELD.all(connection, values=wanted)}
    for set_key, begin, end, customer, set_id in sorted(rows):
        found.cut.setdefault(set_id if by_id else set_key, []).append((begin, end, customer))
    return found
