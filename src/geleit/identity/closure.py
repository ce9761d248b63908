"""Loads from the ledger what may change when some identifiers have new evidence, and no more.

The work follows customers, not chains of evidence: two customers that a limit keeps apart do not change each other, so a
long chain of families sharing phones costs no more than the customers that were touched and those beside them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from geleit.events.event import Identifier
from geleit.identity import decisions, likely
from geleit.identity.decisions import NOTHING, Decision, Decisions, Settled
from geleit.identity.evidence import find_ids
from geleit.identity.graph import UNDECIDED, Link, Node, Reason, Resolved, bonded, reason_of, resolve
from geleit.identity.rules import USUAL_STRENGTH, Rules
from geleit.ledger import tables
from geleit.ledger.ledger import among, given
from geleit.ledger.prepared import Prepared

_evidence = tables.evidence.c
_identifier = tables.identifier.c
_member = tables.identifier_set_member.c
_place = tables.identifier_resolution.c

_ENDS = (_evidence.low_id, _evidence.high_id)
_SHOWN = (*_ENDS, _evidence.source, _evidence["count"], _evidence.first_t)
_KNOWN_COLUMNS = (
    _identifier.id, _identifier.type, _identifier.value, _identifier.first_t, _place.customer_id, _place.reason
)  # fmt: skip
_KNOWN_ROWS = sa.select(*_KNOWN_COLUMNS).outerjoin(tables.identifier_resolution, _place.identifier_id == _identifier.id)
_asked = tables.identifier_resolution.alias("asked")
_KNOWN = Prepared(_KNOWN_ROWS.where(given(_identifier.id)))
# Identifiers, and the others of their customers.
_WITH_CUSTOMERS = Prepared(
    sa.union_all(
        _KNOWN_ROWS.where(given(_identifier.id)),
        sa.select(*_KNOWN_COLUMNS)
        .select_from(_asked)
        .join(tables.identifier_resolution, _place.customer_id == _asked.c.customer_id)
        .join(tables.identifier, _identifier.id == _place.identifier_id)
        .where(given(_asked.c.identifier_id)),
    )
)
_OF_CUSTOMERS = Prepared(
    sa.select(*_KNOWN_COLUMNS)
    .join(tables.identifier_resolution, _place.identifier_id == _identifier.id)
    .where(given(_place.customer_id))
)


def _beside(end: sa.ColumnElement[int], other: sa.ColumnElement[int]) -> sa.Select[Any]:
    """Evidence with one of the identifiers at an end, and what is known of the other end."""
    return (
        sa.select(*_SHOWN, *_KNOWN_COLUMNS)
        .select_from(tables.evidence)
        .join(tables.identifier, _identifier.id == other)
        .outerjoin(tables.identifier_resolution, _place.identifier_id == other)
        .where(given(end))
    )


# Each row once: with both ends among the identifiers it comes by its low end only.
_AROUND = Prepared(
    sa.union_all(
        _beside(_evidence.low_id, _evidence.high_id),
        _beside(_evidence.high_id, _evidence.low_id).where(sa.not_(given(_evidence.low_id))),
    )
)
_MEMBERS = Prepared(
    sa.select(_member.set_id, _identifier.id, _identifier.type, _identifier.value, _identifier.first_t)
    .join(tables.identifier, _identifier.id == _member.identifier_id)
    .where(given(_member.set_id))
)
_SETS_WITH = Prepared(sa.select(_member.set_id).where(given(_member.identifier_id)).distinct())


@dataclass(slots=True)
class Closure:
    """Identifiers that are resolved together, links among them, which join nobody and why, decisions, and the result.

    Only ``inner`` identifiers may have another customer now; the others are what stands beside them. ``stored``: where the
    ledger has the inner ones so far, and why they join nobody, if that was looked at.
    """

    nodes: dict[int, Node] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    reasons: dict[int, Reason] = field(default_factory=dict)
    inner: set[int] = field(default_factory=set)
    settled: Settled = UNDECIDED
    resolved: Resolved = field(default_factory=Resolved)
    stored: dict[int, tuple[str, Reason]] | None = None


def load(connection: sa.Connection, start: Iterable[int], rules: Rules) -> Closure:
    """The customers of the identifiers in ``start`` and what they join now, with the customers beside them.

    Why that is enough: no link between two customers ever joined, so what lies outside was made without what lies
    inside. As long as every link across the border is held back, it stays so; where one joins, its customer is taken in.
    """
    region = _Region(connection, rules)
    region.take_in(frozenset(start))
    while True:
        closure = region.with_neighbors()
        inner = closure.inner
        across = [link for link in closure.resolved.accepted if (link.low in inner) != (link.high in inner)]
        if not across:
            return closure
        region.take_in({end for link in across for end in (link.low, link.high)})


def hindered_now(connection: sa.Connection, numbers: Iterable[int], rules: Rules) -> set[int]:
    """Which identifiers that joined somebody so far join nobody by all evidence there is now."""
    region = _Region(connection, rules)
    judged = region.judged(set(numbers))
    return {number for number, reason in judged.items() if reason}


def load_all(connection: sa.Connection, rules: Rules) -> Closure:
    """The whole graph."""
    rows = connection.execute(sa.select(_identifier.id, _identifier.type, _identifier.value, _identifier.first_t))
    nodes = {id_: Node(id_, Identifier(type_, value), first) for id_, type_, value, first in rows.all()}
    found = Closure(nodes, inner=set(nodes), settled=decisions.standing(connection).settled())
    found.links = heeded(connection.execute(sa.select(*_SHOWN)), nodes, rules)
    numbers = {node.identifier: number for number, node in nodes.items()}
    supposed = [
        likely_link(numbers[a], numbers[b], bits)
        for a, b, bits in likely.counting(connection, rules)
        if a in numbers and b in numbers
    ]
    neighbors: dict[int, list[Node]] = defaultdict(list)
    for link in found.links:
        neighbors[link.low].append(nodes[link.high])
        neighbors[link.high].append(nodes[link.low])
    judged = {number: reason_of(node, neighbors[number], rules, found.settled) for number, node in nodes.items()}
    found.reasons = {number: reason for number, reason in judged.items() if reason}
    found.links += supposed
    found.resolved = resolve(nodes, found.links, found.reasons, rules, found.settled)
    return found


def likely_link(a: int, b: int, bits: float) -> Link:
    """Two identifiers (ledger ids) that are likely one person."""
    return Link(min(a, b), max(a, b), 0, 0, bits=bits)


def heeded(rows: Iterable[Sequence[Any]], nodes: Mapping[int, Node], rules: Rules) -> list[Link]:
    """Links of evidence (low, high, source, count, first_t), summed over years and over the sources that rules heed."""
    found: dict[tuple[int, int], Link] = {}
    by_source = rules.by_source
    strength = USUAL_STRENGTH
    for low, high, source, count, first in rows:
        if by_source:
            if not (rules.heeds(source, nodes[low].identifier) and rules.heeds(source, nodes[high].identifier)):
                continue
            strength = rules.strength(source)
        before = found.get((low, high))
        if before is None:
            found[low, high] = Link(low, high, int(count), first, strength)
        else:
            sooner, stronger = min(before.first_t, first), min(before.strength, strength)
            found[low, high] = Link(low, high, before.count + int(count), sooner, stronger)
    return list(found.values())


class _Decided:
    """What people decided of the identifiers that were looked at so far."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.nothing = False  # nobody ever decided anything
        self.standing: dict[int, Decision] = {}
        self.named: frozenset[Identifier] = frozenset()
        self.settled = UNDECIDED
        self.partners: dict[Identifier, set[Identifier]] = {}  # by bonds

    def look(self, identifiers: AbstractSet[Identifier]) -> None:
        """Learn what was decided of these, and of all that hangs on it."""
        if self.nothing:
            return
        found = decisions.naming(self.connection, identifiers - self.named)
        self.nothing = found is NOTHING
        new = {made.number: made for made in found.standing if made.number not in self.standing}
        if new:
            self.standing |= new
            all_ = Decisions(tuple(self.standing.values()))
            self.named, self.settled = all_.named, all_.settled()
            self.partners = bonded(self.settled)


class _Region:
    """Whole customers, taken in one after another, with all links of their identifiers."""

    def __init__(self, connection: sa.Connection, rules: Rules) -> None:
        self.connection = connection
        self.rules = rules
        self.nodes: dict[int, Node] = {}
        self.homes: dict[int, str] = {}  # customers at present; new identifiers have none
        self.stored: dict[int, tuple[str, Reason]] = {}  # the same with why they join nobody, as the ledger has it
        self.reasons: dict[int, Reason] = {}
        self.links: dict[tuple[int, int], Link] = {}
        self.supposed: dict[tuple[int, int], Link] = {}
        self.inner: set[int] = set()
        self.freed: set[int] = set()  # shared by a decision that does not stand any more
        self.decided = _Decided(connection)

    def take_in(self, start: AbstractSet[int]) -> None:
        """Take in identifiers with their whole customers, and all whose place hangs on them."""
        waiting = set(start) - self.inner
        while waiting:
            waiting = self._with_customers(waiting) - self.inner
            self.inner |= waiting
            # What joins nobody stays so, however much more is seen with it: no need to look at all of that.
            open_ = {number for number in waiting if not self.reasons.get(number)}
            around = self._around(open_)
            self._suppose(open_)
            reached = self._bound(waiting)
            for number in open_:
                neighbors = around[number]
                # Only who was seen with somebody new may look shared now.
                judged = number in start or number not in self.stored or number in self.freed
                if judged and (reason := self._judge(number, neighbors)):
                    self.reasons[number] = reason
                    reached |= neighbors
                else:
                    # Order numbers follow each other, and come back to what is not shared any more; one that is kept
                    # from somebody may come where that one leaves.
                    follows = not self._joins(number) or number in self.freed
                    named = self.decided.named
                    reached |= {
                        n
                        for n in neighbors
                        if not (self._joins(n) or self.reasons.get(n))
                        and (follows or self.nodes[n].identifier in named)
                    }
            waiting = reached - self.inner

    def judged(self, numbers: set[int]) -> dict[int, Reason]:
        """Why identifiers that joined somebody so far join nobody now, if so."""
        self._know(numbers)
        joining = {number for number in numbers if not self.reasons.get(number)}  # a hub stays one, and has many links
        around = self._around(joining)
        return {number: self._judge(number, around[number]) for number in joining}

    def with_neighbors(self) -> Closure:
        """The region with the customers beside it, resolved."""
        ends = {end for pair in (*self.links, *self.supposed) for end in pair} - self.inner
        beside = {end for end in ends if not self.reasons.get(end) and self._joins(end)}
        # A load places its people one after another; whoever has no place yet looks at those beside when its turn comes.
        ring = self._members({self.homes[end] for end in beside if end in self.homes}) - self.inner
        # Order numbers beside us change nobody's place, but for those that a decision keeps away from somebody.
        ring = {number for number in ring if self._joins(number) or self.nodes[number].identifier in self.decided.named}
        known = self.inner | ring | {end for end in ends if self.reasons.get(end)}
        links = [link for pair, link in self.links.items() if pair[0] in known and pair[1] in known]
        links += [link for link in self._within(ring) if self.homes[link.low] == self.homes[link.high]]
        if self.rules.probable is not None:
            self._suppose(ring)
        links += [link for pair, link in self.supposed.items() if self._counts(pair, known, ring)]
        nodes = {number: self.nodes[number] for number in known}
        reasons = {number: self.reasons[number] for number in known if self.reasons.get(number)}
        settled = self.decided.settled
        if self.supposed:
            named = (node.identifier for node in nodes.values())
            settled = replace(settled, households=decisions.households_of(self.connection, named))
        resolved = resolve(nodes, links, reasons, self.rules, settled)
        stored = {number: self.stored[number] for number in self.inner if number in self.stored}
        return Closure(nodes, links, reasons, set(self.inner), settled, resolved, stored)

    def _suppose(self, numbers: AbstractSet[int]) -> None:
        """Load the probable links of identifiers, where they count."""
        if self.rules.probable is None:
            return
        found = likely.naming(self.connection, (self.nodes[number].identifier for number in numbers), self.rules)
        ids = {
            one: number
            for one, (number, _) in find_ids(self.connection, {e for a, b, _ in found for e in (a, b)}).items()
        }
        self._know(ids.values())
        for a, b, bits in found:
            if a in ids and b in ids:
                link = likely_link(ids[a], ids[b], bits)
                self.supposed[link.low, link.high] = link

    def _counts(self, pair: tuple[int, int], known: AbstractSet[int], ring: AbstractSet[int]) -> bool:
        """Whether a probable link is one of the region: beside it, only those inside of one customer are."""
        low, high = pair
        if low not in known or high not in known:
            return False
        return not (low in ring and high in ring) or self.homes[low] == self.homes[high]

    def _judge(self, number: int, neighbors: Iterable[int]) -> Reason:
        around = (self.nodes[other] for other in neighbors)
        return reason_of(self.nodes[number], around, self.rules, self.decided.settled)

    def _joins(self, number: int) -> bool:
        return self.rules.of(self.nodes[number].identifier.type).links

    def _know(self, numbers: Iterable[int]) -> None:
        wanted = [number for number in numbers if number not in self.nodes]
        self._learn(_KNOWN.all(self.connection, values=wanted))

    def _with_customers(self, numbers: Iterable[int]) -> set[int]:
        """These identifiers and the others of their customers."""
        return self._learn(_WITH_CUSTOMERS.all(self.connection, values=list(numbers)))

    def _learn(self, rows: Sequence[Sequence[Any]]) -> set[int]:
        """Keep what the ledger knows of identifiers (the columns of ``_KNOWN_ROWS``); returns which these are."""
        new: set[Identifier] = set()
        for id_, type_, value, first_t, home, reason in rows:
            if id_ in self.nodes:
                continue
            node = self.nodes[id_] = Node(id_, Identifier(type_, value), first_t)
            new.add(node.identifier)
            if home is not None:
                self.homes[id_] = home
                self.stored[id_] = home, reason
                if reason == "shared":  # that is not evidence's word, but people's
                    self.freed.add(id_)
                self.reasons[id_] = "" if reason == "shared" else reason
        found = {row[0] for row in rows}
        if new:
            self.decided.look(new)
        if shared := self.decided.settled.shared:
            for number in found:
                if self.nodes[number].identifier in shared:
                    self.reasons[number] = "shared"
                    self.freed.discard(number)
        return found

    def _bound(self, numbers: Iterable[int]) -> set[int]:
        """Identifiers that are one with some of these by a decision."""
        if not self.decided.named:
            return set()
        partners = self.decided.partners
        wanted = {one for number in numbers for one in partners.get(self.nodes[number].identifier, ())}
        return {id_ for id_, _ in find_ids(self.connection, wanted).values()}

    def _members(self, customers: set[str]) -> set[int]:
        return self._learn(_OF_CUSTOMERS.all(self.connection, values=sorted(customers)))

    def _around(self, numbers: set[int]) -> dict[int, set[int]]:
        """Load all links of identifiers; returns what each was seen with."""
        found: dict[int, set[int]] = defaultdict(set)
        rows = _AROUND.all(self.connection, values=list(numbers))
        self._learn([row[5:] for row in rows])
        for link in heeded((row[:5] for row in rows), self.nodes, self.rules):
            self.links[link.low, link.high] = link
            found[link.low].add(link.high)
            found[link.high].add(link.low)
        return found

    def _within(self, numbers: set[int]) -> list[Link]:
        """All links between two of these identifiers."""
        if not numbers:
            return []
        query = sa.select(*_SHOWN).where(among(_evidence.low_id, numbers), among(_evidence.high_id, numbers))
        return heeded(self.connection.execute(query), self.nodes, self.rules)


def members(connection: sa.Connection, sets: Sequence[int]) -> dict[int, list[Node]]:
    """The identifiers of some sets."""
    found: dict[int, list[Node]] = defaultdict(list)
    for set_id, id_, type_, value, first_t in _MEMBERS.all(connection, values=list(sets)):
        found[set_id].append(Node(id_, Identifier(type_, value), first_t))
    return found


def sets_with(connection: sa.Connection, identifiers: Iterable[int]) -> list[int]:
    """All sets that hold one of the identifiers."""
    return sorted(set_id for (set_id,) in _SETS_WITH.all(connection, values=list(identifiers)))
