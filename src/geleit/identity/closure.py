"""Loads from the ledger what may change when some identifiers have new evidence: everything joined to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from geleit.events.event import Identifier
from geleit.identity.graph import Link, Node, Reason, reason_of
from geleit.identity.rules import Rules
from geleit.ledger import tables
from geleit.ledger.ledger import chunked

_evidence = tables.evidence.c
_identifier = tables.identifier.c
_place = tables.identifier_resolution.c


@dataclass(slots=True)
class Closure:
    """Identifiers that are resolved together, all links among them, and which of them join nobody and why."""

    nodes: dict[int, Node] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    reasons: dict[int, Reason] = field(default_factory=dict)


def load(connection: sa.Connection, start: Iterable[int], rules: Rules) -> Closure:
    """Everything joined to the identifiers in ``start``, walking along evidence.

    The walk ends at identifiers that join nobody, unless their new evidence made or unmade them so just now.
    """
    walk = _Walk(connection, rules)
    frontier = walk.begin(start)
    while frontier:
        frontier = walk.step(frontier)
    return walk.closure()


def load_all(connection: sa.Connection, rules: Rules) -> Closure:
    """The whole graph."""
    found = Closure()
    rows = connection.execute(sa.select(tables.identifier)).mappings()
    found.nodes = {row["id"]: Node(row["id"], Identifier(row["type"], row["value"]), row["first_t"]) for row in rows}
    query = sa.select(
        _evidence.low_id, _evidence.high_id, sa.func.sum(_evidence["count"]), sa.func.min(_evidence.first_t)
    ).group_by(_evidence.low_id, _evidence.high_id)
    found.links = [Link(low, high, int(count), first) for low, high, count, first in connection.execute(query)]
    neighbors: dict[int, list[Node]] = defaultdict(list)
    for link in found.links:
        neighbors[link.low].append(found.nodes[link.high])
        neighbors[link.high].append(found.nodes[link.low])
    judged = {number: reason_of(node, neighbors[number], rules) for number, node in found.nodes.items()}
    found.reasons = {number: reason for number, reason in judged.items() if reason}
    return found


class _Walk:
    def __init__(self, connection: sa.Connection, rules: Rules) -> None:
        self.connection = connection
        self.rules = rules
        self.nodes: dict[int, Node] = {}
        self.links: dict[tuple[int, int], Link] = {}
        self.reasons: dict[int, Reason] = {}
        self.stored: dict[int, Reason] = {}
        self.visited: set[int] = set()

    def begin(self, start: Iterable[int]) -> set[int]:
        """Where the walk begins: these are judged anew whatever they were."""
        self.stored.update(self._stored_reasons(start))
        return set(start)

    def step(self, frontier: set[int]) -> set[int]:
        """Visit the frontier; returns the identifiers to visit next."""
        self.visited |= frontier
        links = self._links(frontier)
        self.links.update({(link.low, link.high): link for link in links})
        ends = {end for link in links for end in (link.low, link.high)} | frontier
        self._know(ends - self.nodes.keys())
        neighbors: dict[int, set[int]] = defaultdict(set)
        for link in links:
            neighbors[link.low].add(link.high)
            neighbors[link.high].add(link.low)
        reached: set[int] = set()
        for number in frontier:
            around = [self.nodes[neighbor] for neighbor in neighbors[number]]
            self.reasons[number] = reason_of(self.nodes[number], around, self.rules)
            if not self.reasons[number] or self.stored.get(number, "") != self.reasons[number]:
                reached |= neighbors[number]
        return self._without_border(reached - self.visited)

    def _without_border(self, reached: set[int]) -> set[int]:
        """Identifiers that joined nobody and have no new evidence stay as they are: the walk ends before them."""
        self.stored.update(self._stored_reasons(reached))
        border = {number for number in reached if self.stored.get(number)}
        self.reasons.update({number: self.stored[number] for number in border})
        return reached - border

    def _links(self, frontier: Iterable[int]) -> list[Link]:
        """All links of the frontier, summed over sources and years."""
        found: dict[tuple[int, int], Link] = {}
        for some in chunked(sorted(frontier)):
            for end in (_evidence.low_id, _evidence.high_id):
                query = (
                    sa.select(
                        _evidence.low_id,
                        _evidence.high_id,
                        sa.func.sum(_evidence["count"]),
                        sa.func.min(_evidence.first_t),
                    )
                    .where(end.in_(some))
                    .group_by(_evidence.low_id, _evidence.high_id)
                )
                for low, high, count, first in self.connection.execute(query):
                    found[low, high] = Link(low, high, int(count), first)
        return list(found.values())

    def _know(self, numbers: Iterable[int]) -> None:
        for some in chunked(sorted(numbers)):
            rows = self.connection.execute(sa.select(tables.identifier).where(_identifier.id.in_(some))).mappings()
            for row in rows:
                self.nodes[row["id"]] = Node(row["id"], Identifier(row["type"], row["value"]), row["first_t"])

    def _stored_reasons(self, numbers: Iterable[int]) -> dict[int, Reason]:
        return {
            row["identifier_id"]: row["reason"]
            for some in chunked(sorted(numbers))
            for row in self.connection.execute(
                sa.select(_place.identifier_id, _place.reason).where(_place.identifier_id.in_(some))
            ).mappings()
        }

    def closure(self) -> Closure:
        """What was walked, with the border that it ended at."""
        reasons: dict[int, Reason] = {number: reason for number, reason in self.reasons.items() if reason}
        known = self.visited | reasons.keys()
        links = [link for link in self.links.values() if link.low in known and link.high in known]
        return Closure({number: self.nodes[number] for number in known}, links, reasons)


def members(connection: sa.Connection, sets: Sequence[int]) -> dict[int, list[Node]]:
    """The identifiers of some sets."""
    member = tables.identifier_set_member.c
    found: dict[int, list[Node]] = defaultdict(list)
    for some in chunked(sets):
        query = (
            sa.select(member.set_id, _identifier.id, _identifier.type, _identifier.value, _identifier.first_t)
            .join(tables.identifier, _identifier.id == member.identifier_id)
            .where(member.set_id.in_(some))
        )
        for row in connection.execute(query).mappings():
            found[row["set_id"]].append(Node(row["id"], Identifier(row["type"], row["value"]), row["first_t"]))
    return found


def sets_with(connection: sa.Connection, identifiers: Iterable[int]) -> list[int]:
    """All sets that hold one of the identifiers."""
    member = tables.identifier_set_member.c
    found: set[int] = set()
    for some in chunked(sorted(identifiers)):
        found.update(connection.execute(sa.select(member.set_id).where(member.identifier_id.in_(some))).scalars())
    return sorted(found)
