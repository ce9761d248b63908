"""Places identifiers that nobody ever saw before, where that cannot change anybody else: most of what comes in live.

Two sorts of new sets are enough by themselves, and need no customer to be loaded and no union to be made anew:

- known identifiers of one customer, and new ones that fit within its limits: a known user in a new browser. A new
  identifier was never seen with anybody else, so it joins nobody else; all limits hold for the whole customer, so they hold
  for any part of it that a union makes on its way; what limits kept from the customer stays away from more of it; and one
  more link within it joins its parts sooner, never otherwise. Only what looks shared now is left to ``resolution``;
- new identifiers only, none of them in another new set: a visitor.

Everything else is left to ``resolution``, which would come to the same; the tests compare.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from geleit.events.event import Identifier
from geleit.identity import decisions, likely
from geleit.identity.evidence import Touched
from geleit.identity.graph import COUNTED, PERSONAL, Link, Node, owner, reason_of, resolve
from geleit.identity.rules import Rules
from geleit.ledger import tables
from geleit.ledger.ledger import given
from geleit.ledger.prepared import Prepared

_identifier, _place = tables.identifier.c, tables.identifier_resolution.c
_asked = tables.identifier_resolution.alias("asked")
# Known identifiers with their customers, and of these every identifier.
_HOMES = Prepared(
    sa.select(_asked.c.identifier_id, _asked.c.customer_id, _asked.c.reason, _identifier.type, _identifier.first_t)
    .select_from(_asked)
    .join(tables.identifier_resolution, _place.customer_id == _asked.c.customer_id)
    .join(tables.identifier, _identifier.id == _place.identifier_id)
    .where(given(_asked.c.identifier_id))
)
_evidence = tables.evidence.c


def _beside(end: sa.ColumnElement[int], other: sa.ColumnElement[int]) -> sa.Select[Any]:
    return (
        sa.select(end, _identifier.id, _identifier.type)
        .select_from(tables.evidence)
        .join(tables.identifier, _identifier.id == other)
        .where(given(end))
    )


# Known identifiers with all that they were seen with, each once.
_BESIDE = Prepared(sa.union(_beside(_evidence.low_id, _evidence.high_id), _beside(_evidence.high_id, _evidence.low_id)))
_PLACE = Prepared(sa.insert(tables.identifier_resolution))
_OWNER = Prepared(sa.insert(tables.resolution))
_CUSTOMER = Prepared(sa.insert(tables.customer))
_CHANGED = Prepared(
    sa.update(tables.customer).where(tables.customer.c.id == sa.bindparam("name")).values(change=sa.bindparam("number"))
)


@dataclass(slots=True)
class Placed:
    """Identifiers with their customers, sets with their owners; customers that have more now, and new ones with since when."""

    places: dict[int, str] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    grown: set[str] = field(default_factory=set)
    appeared: dict[str, int] = field(default_factory=dict)

    @property
    def customers(self) -> set[str]:
        """All of them."""
        return self.grown | self.appeared.keys()


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A new set: its known identifiers, all seen before as early as now, and those that nobody ever saw."""

    set_id: int
    known: tuple[Node, ...]
    new: tuple[Node, ...]


def place(connection: sa.Connection, touched: Touched, rules: Rules, change: int) -> tuple[Placed, Touched]:
    """Place whom nothing else depends on; returns also what is left to be resolved.

    Writes identifier_resolution, resolution and customer, with ``change``.
    """
    placed = Placed()
    if not touched.members or rules.by_source:
        return placed, touched
    arrivals = list(_arrivals(touched, rules))
    asked = [node.identifier for one in arrivals for node in one.new]
    if not arrivals or (asked and _spoken_of(connection, asked, rules)):
        return placed, touched
    if joining := [one for one in arrivals if one.known]:
        _join(connection, joining, rules, placed)
    for one in arrivals:
        if not one.known:
            _found(one, rules, placed)
    _write(connection, placed, change)
    return placed, _rest(touched, placed)


def _arrivals(touched: Touched, rules: Rules) -> Iterator[_Arrival]:
    """The new sets that may be enough by themselves, as far as that shows without the ledger."""
    fresh = touched.fresh
    standing = Counter(node.id for nodes in touched.members.values() for node in nodes if node.id in fresh)
    for set_id, nodes in touched.members.items():
        new = tuple(node for node in nodes if node.id in fresh)
        known = tuple(node for node in nodes if node.id not in fresh)
        if not nodes or any(standing[node.id] > 1 for node in new) or any(node.id in touched.earlier for node in known):
            continue
        if any(reason_of(node, [other for other in nodes if other is not node], rules) for node in new):
            continue
        if not known or not new or _keeps_its_name(known, new, rules):
            yield _Arrival(set_id, known, new)


def _keeps_its_name(known: Sequence[Node], new: Sequence[Node], rules: Rules) -> bool:
    """Whether a customer is named as before, and is no more a person than before, with new identifiers beside known ones."""
    first = min((node.first_t for node in known if rules.of(node.identifier.type).links), default=None)
    if first is None or any(node.first_t <= first for node in new):
        return False
    return _counts(known, rules) or not _counts(new, rules)


def _counts(nodes: Iterable[Node], rules: Rules) -> bool:
    """Whether one of these makes those it is seen with look shared."""
    return any(rules.of(node.identifier.type).class_ in COUNTED for node in nodes)


def _spoken_of(connection: sa.Connection, named: Sequence[Identifier], rules: Rules) -> bool:
    """Whether a decision or a probable link that counts names one of these, though nobody had seen them."""
    return bool(decisions.naming(connection, named)) or bool(likely.naming(connection, named, rules))


def _join(connection: sa.Connection, joining: Sequence[_Arrival], rules: Rules, placed: Placed) -> None:
    """Give new identifiers to the customers of those they came with, as long as these have room for them."""
    homes: dict[int, str] = {}
    first: dict[str, int] = {}  # by which of the known ones a customer's identifiers are counted
    held: dict[str, Counter[tuple[str, int]]] = defaultdict(Counter)
    asked = {node.id for one in joining for node in one.known}
    for number, home, reason, type_, first_t in _HOMES.all(connection, values=[*asked]):
        if reason:
            continue
        homes[number] = home
        if first.setdefault(home, number) == number and (slot := rules.slot_of(type_, first_t)) is not None:
            held[home][slot] += 1
    within = [one for one in joining if len({homes.get(node.id) for node in one.known} | {None}) == 2]  # noqa: PLR2004
    within = [one for one in within if all(node.id in homes for node in one.known)]
    shared = _look_shared(connection, within, rules)
    for one in within:
        home = homes[one.known[0].id]
        slots = Counter(slot for node in one.new if (slot := rules.slot(node.identifier, node.first_t)) is not None)
        room = all(held[home][slot] + more <= (rules.of(slot[0]).limit or 0) for slot, more in slots.items())
        if room and shared.isdisjoint(node.id for node in one.known):
            held[home].update(slots)
            placed.places.update((node.id, home) for node in one.new)
            placed.owners[one.set_id] = home
            placed.grown.add(home)


def _look_shared(connection: sa.Connection, arrivals: Iterable[_Arrival], rules: Rules) -> set[int]:
    """Those of the known identifiers that join nobody any more, by all they were seen with until now.

    A person's own number may be seen with any number of others; what does not count shows nothing of anybody.
    """
    asked: dict[int, Node] = {}
    for one in arrivals:
        for node in one.known:
            rule = rules.of(node.identifier.type)
            steady = rule.class_ in PERSONAL and rule.shared_by is None
            if not steady and _counts((other for other in (*one.known, *one.new) if other is not node), rules):
                asked[node.id] = node
    beside: dict[int, list[Node]] = defaultdict(list)
    for number, other, type_ in _BESIDE.all(connection, values=[*asked]):
        beside[number].append(Node(other, Identifier(type_, ""), 0))
    return {number for number, node in asked.items() if reason_of(node, beside[number], rules)}


def _found(one: _Arrival, rules: Rules, placed: Placed) -> None:
    """New customers of a set of new identifiers: all that is known of them is this set."""
    nodes = one.new
    links = [Link(min(a.id, b.id), max(a.id, b.id), 1, 0) for a, b in combinations(nodes, 2)]
    resolved = resolve({node.id: node for node in nodes}, links, {}, rules)
    placed.places |= resolved.customers
    placed.owners[one.set_id] = owner(nodes, {number: (home, "") for number, home in resolved.customers.items()}, rules)
    placed.appeared |= resolved.since


def _write(connection: sa.Connection, placed: Placed, change: int) -> None:
    """Write what was placed; none of it was there before but the customers that have grown."""
    _PLACE.many(
        connection,
        [{"identifier_id": number, "customer_id": home, "reason": ""} for number, home in placed.places.items()],
    )
    _OWNER.many(
        connection,
        [
            {"set_id": set_id, "slice": 0, "customer_id": home, "change": change}
            for set_id, home in placed.owners.items()
        ],
    )
    _CUSTOMER.many(
        connection, [{"id": name, "since_t": since, "change": change} for name, since in placed.appeared.items()]
    )
    _CHANGED.many(connection, [{"name": name, "number": change} for name in sorted(placed.grown)])


def _rest(touched: Touched, placed: Placed) -> Touched:
    """What is still to be resolved."""
    if not placed.owners:
        return touched
    left = {set_id: nodes for set_id, nodes in touched.members.items() if set_id not in placed.owners}
    numbers = {node.id for nodes in left.values() for node in nodes}
    return Touched(
        touched.earlier.union(numbers),
        frozenset(left),
        touched.again,
        touched.fresh.difference(placed.places),
        left,
        touched.earlier,
    )
