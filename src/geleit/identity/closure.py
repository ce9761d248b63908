"""Loads from the ledger what may change when some identifiers have new evidence, and no more.

The work follows customers, not chains of evidence: two customers that a limit keeps apart do not change each other, so a
long chain of families sharing phones costs no more than the customers that were touched and those beside them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from geleit.events.event import Identifier
from geleit.identity.graph import Link, Node, Reason, Resolved, reason_of, resolve
from geleit.identity.rules import Rules
from geleit.ledger import tables
from geleit.ledger.ledger import among, given
from geleit.ledger.prepared import Prepared

_evidence = tables.evidence.c
_identifier = tables.identifier.c
_member = tables.identifier_set_member.c
_place = tables.identifier_resolution.c

# A link summed over sources and years.
_LINK = sa.select(
    _evidence.low_id, _evidence.high_id, sa.func.sum(_evidence["count"]), sa.func.min(_evidence.first_t)
).group_by(_evidence.low_id, _evidence.high_id)

_LINKS = [Prepared(_LINK.where(given(end))) for end in (_evidence.low_id, _evidence.high_id)]

_KNOWN = Prepared(
    sa.select(
        _identifier.id, _identifier.type, _identifier.value, _identifier.first_t, _place.customer_id, _place.reason
    )
    .outerjoin(tables.identifier_resolution, _place.identifier_id == _identifier.id)
    .where(given(_identifier.id))
)
_OF_CUSTOMERS = Prepared(sa.select(_place.identifier_id).where(given(_place.customer_id)))
_MEMBERS = Prepared(
    sa.select(_member.set_id, _identifier.id, _identifier.type, _identifier.value, _identifier.first_t)
    .join(tables.identifier, _identifier.id == _member.identifier_id)
    .where(given(_member.set_id))
)
_SETS_WITH = Prepared(sa.select(_member.set_id).where(given(_member.identifier_id)).distinct())


@dataclass(slots=True)
class Closure:
    """Identifiers that are resolved together, links among them, which of them join nobody and why, and the result.

    Only ``inner`` identifiers may have another customer now; the others are what stands beside them.
    """

    nodes: dict[int, Node] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    reasons: dict[int, Reason] = field(default_factory=dict)
    inner: set[int] = field(default_factory=set)
    resolved: Resolved = field(default_factory=Resolved)


def load(connection: sa.Connection, start: Iterable[int], rules: Rules) -> Closure:
    """The customers of the identifiers in ``start`` and what they join now, with the customers beside them.

    Why that is enough: no link between two customers ever joined, so what lies outside was made without what lies
    inside. As long as every link across the border is held back, it stays so; where one joins, its customer is taken in.
    """
    region = _Region(connection, rules)
    region.take_in(start)
    while True:
        closure = region.with_neighbors()
        inner = closure.inner
        across = [link for link in closure.resolved.accepted if (link.low in inner) != (link.high in inner)]
        if not across:
            return closure
        region.take_in(end for link in across for end in (link.low, link.high))


def hindered_now(connection: sa.Connection, numbers: Iterable[int], rules: Rules) -> set[int]:
    """Which identifiers that joined somebody so far join nobody by all evidence there is now."""
    region = _Region(connection, rules)
    judged = region.judged(set(numbers))
    return {number for number, reason in judged.items() if reason}


def load_all(connection: sa.Connection, rules: Rules) -> Closure:
    """The whole graph."""
    found = Closure()
    rows = connection.execute(sa.select(_identifier.id, _identifier.type, _identifier.value, _identifier.first_t))
    found.nodes = {id_: Node(id_, Identifier(type_, value), first) for id_, type_, value, first in rows.all()}
    found.links = [Link(low, high, int(count), first) for low, high, count, first in connection.execute(_LINK).all()]
    neighbors: dict[int, list[Node]] = defaultdict(list)
    for link in found.links:
        neighbors[link.low].append(found.nodes[link.high])
        neighbors[link.high].append(found.nodes[link.low])
    judged = {number: reason_of(node, neighbors[number], rules) for number, node in found.nodes.items()}
    found.reasons = {number: reason for number, reason in judged.items() if reason}
    found.inner = set(found.nodes)
    found.resolved = resolve(found.nodes, found.links, found.reasons, rules)
    return found


class _Region:
    """Whole customers, taken in one after another, with all links of their identifiers."""

    def __init__(self, connection: sa.Connection, rules: Rules) -> None:
        self.connection = connection
        self.rules = rules
        self.nodes: dict[int, Node] = {}
        self.homes: dict[int, str] = {}  # customers at present; new identifiers have none
        self.reasons: dict[int, Reason] = {}
        self.links: dict[tuple[int, int], Link] = {}
        self.inner: set[int] = set()

    def take_in(self, start: Iterable[int]) -> None:
        """Take in identifiers with their whole customers, and all whose place hangs on them."""
        waiting = set(start) - self.inner
        while waiting:
            self._know(waiting)
            self.inner |= waiting
            # What joins nobody stays so, however much more is seen with it: no need to look at all of that.
            open_ = {number for number in waiting if not self.reasons.get(number)}
            around = self._around(open_)
            reached = self._members({self.homes[number] for number in waiting if number in self.homes})
            for number in open_:
                neighbors = around[number]
                if reason := reason_of(self.nodes[number], (self.nodes[n] for n in neighbors), self.rules):
                    self.reasons[number] = reason
                    reached |= neighbors
                elif not self._joins(number):
                    reached |= {n for n in neighbors if not self._joins(n) and not self.reasons.get(n)}
            waiting = reached - self.inner

    def judged(self, numbers: set[int]) -> dict[int, Reason]:
        """Why identifiers that joined somebody so far join nobody now, if so."""
        self._know(numbers)
        joining = {number for number in numbers if not self.reasons.get(number)}  # a hub stays one, and has many links
        around = self._around(joining)
        return {n: reason_of(self.nodes[n], (self.nodes[o] for o in around[n]), self.rules) for n in joining}

    def with_neighbors(self) -> Closure:
        """The region with the customers beside it, resolved."""
        ends = {end for pair in self.links for end in pair} - self.inner
        beside = {end for end in ends if not self.reasons.get(end) and self._joins(end)}
        # A load places its people one after another; whoever has no place yet looks at those beside when its turn comes.
        ring = self._members({self.homes[end] for end in beside if end in self.homes}) - self.inner
        self._know(ring)
        ring = {number for number in ring if self._joins(number)}
        known = self.inner | ring | {end for end in ends if self.reasons.get(end)}
        links = [link for pair, link in self.links.items() if pair[0] in known and pair[1] in known]
        links += [link for link in self._within(ring) if self.homes[link.low] == self.homes[link.high]]
        nodes = {number: self.nodes[number] for number in known}
        reasons = {number: self.reasons[number] for number in known if self.reasons.get(number)}
        return Closure(nodes, links, reasons, set(self.inner), resolve(nodes, links, reasons, self.rules))

    def _joins(self, number: int) -> bool:
        return self.rules.of(self.nodes[number].identifier.type).links

    def _know(self, numbers: Iterable[int]) -> None:
        wanted = [number for number in numbers if number not in self.nodes]
        if not wanted:
            return
        for id_, type_, value, first_t, home, reason in _KNOWN.all(self.connection, values=wanted):
            self.nodes[id_] = Node(id_, Identifier(type_, value), first_t)
            if home is not None:
                self.homes[id_] = home
                self.reasons[id_] = reason

    def _members(self, customers: set[str]) -> set[int]:
        return {number for (number,) in _OF_CUSTOMERS.all(self.connection, values=sorted(customers))}

    def _around(self, numbers: set[int]) -> dict[int, set[int]]:
        """Load all links of identifiers; returns what each was seen with."""
        found: dict[int, set[int]] = defaultdict(set)
        for of_end in _LINKS:
            for low, high, count, first in of_end.all(self.connection, values=list(numbers)):
                self.links[low, high] = Link(low, high, int(count), first)
                found[low].add(high)
                found[high].add(low)
        self._know({end for some in found.values() for end in some})
        return found

    def _within(self, numbers: set[int]) -> list[Link]:
        """All links between two of these identifiers."""
        if not numbers:
            return []
        query = _LINK.where(among(_evidence.low_id, numbers), among(_evidence.high_id, numbers))
        return [Link(low, high, int(count), first) for low, high, count, first in self.connection.execute(query).all()]


def members(connection: sa.Connection, sets: Sequence[int]) -> dict[int, list[Node]]:
    """The identifiers of some sets."""
    found: dict[int, list[Node]] = defaultdict(list)
    for set_id, id_, type_, value, first_t in _MEMBERS.all(connection, values=list(sets)):
        found[set_id].append(Node(id_, Identifier(type_, value), first_t))
    return found


def sets_with(connection: sa.Connection, identifiers: Iterable[int]) -> list[int]:
    """All sets that hold one of the identifiers."""
    return sorted(set_id for (set_id,) in _SETS_WITH.all(connection, values=list(identifiers)))
