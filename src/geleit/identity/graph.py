"""Customers as a pure function of evidence, rules and decisions: a union in canonical order that constraints hold back.

The result depends on what was seen and decided, never on when or in which order it arrived. Every constraint (limits per
window, separations) that holds for a customer holds for any part of it; that is what makes a part of the graph enough.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from geleit.events.event import Identifier
from geleit.identity.decisions import Settled
from geleit.identity.normalize import malformed
from geleit.identity.rules import USUAL_STRENGTH, Rules

# Why an identifier joins nobody: by decision, by name in identity.yaml, junk, not well formed, shared by too many, by several.
Reason = Literal["", "shared", "excluded", "blocked", "malformed", "hub", "ambiguous"]
PERSONAL = frozenset(("user_id", "loyalty_card"))  # a person's own number may gather any number of others
COUNTED = frozenset(("user_id", "loyalty_card", "email", "phone"))  # neighbors that make a value look shared
UNDECIDED = Settled()


@dataclass(frozen=True, slots=True)
class Node:
    """One identifier: its ledger id, what it is, when it was first seen (event time)."""

    id: int
    identifier: Identifier
    first_t: int


@dataclass(frozen=True, slots=True)
class Link:
    """Two identifiers seen together: how often, and first when; ``low`` and ``high`` are ledger ids.

    ``strength`` is that of the strongest source that showed them (smaller is stronger). ``bits``: nobody showed them
    together, but they are so likely one person.
    """

    low: int
    high: int
    count: int
    first_t: int
    strength: int = USUAL_STRENGTH
    bits: float = 0.0


@dataclass(frozen=True, slots=True)
class Rejected:
    """A link that did not join, and the rule that held it back."""

    link: Link
    rule: str


@dataclass(slots=True)
class Resolved:
    """Which customer each identifier belongs to, which links made it so, which were held back.

    ``bonds``: two identifiers (ledger ids) that are one by a decision, and its number.
    """

    customers: dict[int, str] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    accepted: list[Link] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    bonds: list[tuple[int, int, int]] = field(default_factory=list)


def customer_id(identifier: Identifier) -> str:
    """A customer's id, derived from the oldest identifier.

    >>> customer_id(Identifier("email", "ada@example.org"))
    'cqtdbn23h2kel'
    """
    digest = hashlib.blake2b(str(identifier).encode(), digest_size=8).digest()
    return "c" + base64.b32encode(digest).decode().lower()[:12]


def reason_of(node: Node, neighbors: Iterable[Node], rules: Rules, settled: Settled = UNDECIDED) -> Reason:
    """Why an identifier joins nobody, judged by everything it was ever seen with; empty if it may join.

    More neighbors may give a reason, and never take it away or change it.
    """
    if fixed := fixed_reason(node.identifier, rules, settled):
        return fixed
    if node.identifier in rules.include:
        return ""
    rule = rules.of(node.identifier.type)
    users: dict[str, int] = Counter()
    degree = 0
    for neighbor in neighbors:
        other = rules.of(neighbor.identifier.type).class_
        if other == "user_id":
            users[neighbor.identifier.type] += 1
        degree += other in COUNTED
    most = max(users.values(), default=0)
    many = rule.class_ not in PERSONAL and (most > rules.hub.user_ids or degree > rules.hub.degree)
    if (
        rule.shared_by is not None
    ):  # one word for all degrees of sharing, so that more evidence never changes the answer
        return "ambiguous" if many or most >= rule.shared_by else ""
    return "hub" if many else ""


def fixed_reason(identifier: Identifier, rules: Rules, settled: Settled = UNDECIDED) -> Reason:
    """Why an identifier joins nobody whatever it was seen with."""
    if identifier in settled.shared:
        return "shared"
    if identifier in rules.exclude:
        return "excluded"
    if identifier in rules.include:
        return ""
    if rules.blocks(identifier):
        return "blocked"
    return "malformed" if malformed(identifier, rules) else ""


def resolve(
    nodes: Mapping[int, Node],
    links: Sequence[Link],
    reasons: Mapping[int, Reason],
    rules: Rules,
    settled: Settled = UNDECIDED,
) -> Resolved:
    """Join identifiers into customers.

    ``links`` are all links among ``nodes``; ``reasons`` names the nodes that join nobody. What people decided to be one
    is joined first, whatever limits say. Then links are taken in the order of identifier priority, strength of the source,
    number, first seen, identifiers; one that would break a limit or a separation is held back. Then come probable links,
    the likeliest first, which a household holds back, too. Identifiers that never join two (order numbers) go with their
    strongest link afterwards.
    """
    result = Resolved()
    union = _Union(nodes, rules)
    _bind(union, nodes, settled, result)
    leaves: list[Link] = []
    joins, priorities = {}, {}
    for number, node in nodes.items():
        rule_of = rules.of(node.identifier.type)
        joins[number], priorities[number] = rule_of.links, rule_of.priority
    shown = [link for link in links if not link.bits]
    for link in sorted(shown, key=lambda link: canonical(link, nodes, priorities)):
        low, high = link.low, link.high
        hindered = low if reasons.get(low) else high if reasons.get(high) else None
        if hindered is not None:
            result.rejected.append(Rejected(link, f"{reasons[hindered]}: {nodes[hindered].identifier}"))
        elif not (joins[low] and joins[high]):
            leaves.append(link)
        elif rule := union.join(low, high):
            result.rejected.append(Rejected(link, rule))
        else:
            result.accepted.append(link)
    if len(shown) < len(links):
        _suppose(union, [link for link in links if link.bits], (nodes, joins, reasons), settled, result)
    if leaves:
        _attach(leaves, union, (nodes, joins), result)
    _name(union, nodes, rules, result)
    return result


def canonical(link: Link, nodes: Mapping[int, Node], priorities: Mapping[int, int]) -> tuple[object, ...]:
    """The place of a link in the canonical order; ``priorities`` of the types of both ends."""
    one, other = nodes[link.low].identifier, nodes[link.high].identifier
    if other < one:
        one, other = other, one
    here, there = priorities[link.low], priorities[link.high]
    if here < there:
        here, there = there, here
    return here, there, link.strength, -link.count, link.first_t, one, other


class _Union:
    """Disjoint sets that know how many identifiers of each type and window they hold, and what they are kept apart from."""

    def __init__(self, nodes: Mapping[int, Node], rules: Rules) -> None:
        self.rules = rules
        self.parent = {node: node for node in nodes}
        self.counts: dict[int, dict[tuple[str, int], int]] = {}
        self.sides: dict[int, frozenset[tuple[int, bool]]] = {}  # separations by number, and on which side
        for number, node in nodes.items():
            slot = rules.slot(node.identifier, node.first_t)
            self.counts[number] = {} if slot is None else {slot: 1}

    def root(self, node: int) -> int:
        """The set's representative."""
        parent = self.parent
        while (above := parent[node]) != node:
            parent[node] = node = parent[above]
        return node

    def join(self, a: int, b: int) -> str:
        """Unite two sets; the rule that forbids it, empty if they are one now."""
        one, other = self.root(a), self.root(b)
        if one == other:
            return ""
        if rule := self.forbids(one, other):
            return rule
        self.unite(one, other)
        return ""

    def forbids(self, one: int, other: int) -> str:
        """The rule that keeps two sets (their representatives) apart; empty if none does.

        A limit counts where both sides have some: what a person joined may exceed it and still gather other types.
        """
        if rule := self.kept_apart(one, other):
            return rule
        few, many = self.counts[one], self.counts[other]
        if len(many) < len(few):
            few, many = many, few
        broken = None
        for slot, count in few.items():
            if slot in many:
                limit = self.rules.of(slot[0]).limit
                if limit is not None and many[slot] + count > limit and (broken is None or slot < broken):
                    broken = slot
        if broken is None:
            return ""
        held = self.rules.of(broken[0])
        return f"limit: at most {held.limit} of {broken[0]}" + ("" if held.per == "ever" else f" per {held.per}")

    def kept_apart(self, one: int, other: int) -> str:
        """The decision that keeps two sets (their representatives) apart; empty if none does."""
        if not self.sides:
            return ""
        mine, theirs = self.sides.get(one), self.sides.get(other)
        if not mine or not theirs:
            return ""
        number = max((number for number, side in mine if (number, not side) in theirs), default=None)
        return "" if number is None else f"decision: {number}"

    def unite(self, one: int, other: int) -> int:
        """Make two sets one; returns its representative."""
        if len(self.counts[one]) < len(self.counts[other]):
            one, other = other, one
        self.parent[other] = one
        counts = self.counts[one]
        for slot, count in self.counts.pop(other).items():
            counts[slot] = counts.get(slot, 0) + count
        if sides := self.sides.pop(other, None):
            self.sides[one] = sides | self.sides.get(one, frozenset())
        return one


def _bind(union: _Union, nodes: Mapping[int, Node], settled: Settled, result: Resolved) -> None:
    """Join what people decided to be one (also by way of identifiers that are not here), and note what is kept apart."""
    if not (settled.bonds or settled.apart):
        return
    groups = bonded(settled)
    sides: dict[Identifier, set[tuple[int, bool]]] = defaultdict(set)
    for apart in settled.apart:
        for side, ends in ((False, apart.one), (True, apart.other)):
            for end in ends:
                for member in groups.get(end, {end}):
                    sides[member].add((apart.number, side))
    ids = {node.identifier: number for number, node in nodes.items()}
    for member, found in sides.items():
        if member in ids:
            union.sides[ids[member]] = frozenset(found)
    for member, whole in groups.items():
        if member in ids:
            here = union.root(ids[member])
            first = union.root(min(ids[one] for one in whole if one in ids))
            if here != first:
                union.unite(first, here)
    bonds = ((ids[b.a], ids[b.b], b.number) for b in settled.bonds if b.a in ids and b.b in ids)
    result.bonds += [(min(a, b), max(a, b), number) for a, b, number in bonds]


def _suppose(
    union: _Union,
    links: Sequence[Link],
    scope: tuple[Mapping[int, Node], Mapping[int, bool], Mapping[int, Reason]],
    settled: Settled,
    result: Resolved,
) -> None:
    """Join by likeness whom nothing keeps apart, the likeliest first."""
    nodes, joins, reasons = scope
    groups = bonded(settled) if settled.households else {}
    homes: dict[int, frozenset[tuple[int, Identifier]]] = {}  # by set: households, and as whom they name it
    for number, node in nodes.items():
        members = groups.get(node.identifier, {node.identifier})
        if named := {(home, one) for one in members for home in settled.households.get(one, ())}:
            root = union.root(number)
            homes[root] = homes.get(root, frozenset()) | named
    for link in sorted(links, key=lambda one: (-one.bits, *sorted(nodes[n].identifier for n in (one.low, one.high)))):
        hindered = next((end for end in (link.low, link.high) if reasons.get(end)), None)
        one, other = union.root(link.low), union.root(link.high)
        if one == other or not (joins[link.low] and joins[link.high]):
            continue
        mine, theirs = homes.get(one, frozenset()), homes.get(other, frozenset())
        if hindered is not None:
            rule = f"{reasons[hindered]}: {nodes[hindered].identifier}"
        elif common := {home for home, end in mine for at, who in theirs if home == at and end != who}:
            rule = f"household: {max(common)}"
        else:
            rule = union.forbids(one, other)
        if rule:
            result.rejected.append(Rejected(link, rule))
        else:
            homes[union.unite(one, other)] = mine | theirs
            result.accepted.append(link)


def bonded(settled: Settled) -> dict[Identifier, set[Identifier]]:
    """Each identifier of a bond with all that are one with it by decisions, also over those that were never seen."""
    groups: dict[Identifier, set[Identifier]] = {}
    for bond in settled.bonds:
        if bond.b not in groups.get(bond.a, ()):
            whole = groups.get(bond.a, {bond.a}) | groups.get(bond.b, {bond.b})
            groups.update(dict.fromkeys(whole, whole))
    return groups


def _attach(
    leaves: Sequence[Link], union: _Union, scope: tuple[Mapping[int, Node], Mapping[int, bool]], result: Resolved
) -> None:
    """Give each leaf to the set of its strongest link; leaves seen only with leaves follow those (parcel, order, buyer).

    ``leaves``: links with a leaf at one end or both, in canonical order. A leaf that a decision put somewhere stays there.
    """
    nodes, joins = scope
    atoms = {end: union.root(end) for link in leaves for end in (link.low, link.high)}  # before any leaf has its place
    waiting = set(atoms.values()) - {union.root(number) for number in nodes if joins[number]}
    while waiting:
        arrived: set[int] = set()
        for link in leaves:
            here, there = atoms[link.low], atoms[link.high]
            if (here in waiting) == (there in waiting):
                continue
            leaf, home = (here, there) if here in waiting else (there, here)
            one, other = union.root(leaf), union.root(home)
            if leaf not in arrived and not union.kept_apart(one, other):
                arrived.add(leaf)
                union.unite(other, one)
        if not arrived:
            break
        waiting -= arrived
    for link in leaves:
        here, there = union.root(link.low), union.root(link.high)
        if here == there:
            result.accepted.append(link)
        else:
            leaf = link.high if joins[link.low] else link.low
            rule = union.kept_apart(here, there) or f"one: {nodes[leaf].identifier}"
            result.rejected.append(Rejected(link, rule))


def _name(union: _Union, nodes: Mapping[int, Node], rules: Rules, result: Resolved) -> None:
    """Name each set after its oldest identifier that joins (of a lone leaf: after itself)."""
    members: dict[int, list[Node]] = defaultdict(list)
    for number, node in nodes.items():
        members[union.root(number)].append(node)
    for some in members.values():
        oldest = some[0]
        if len(some) > 1:
            oldest = min(some, key=lambda node: (not rules.of(node.identifier.type).links, *_age(node, rules)))
        name = customer_id(oldest.identifier)
        result.since[name] = min(node.first_t for node in some)
        result.customers.update({node.id: name for node in some})


def _age(node: Node, rules: Rules) -> tuple[int, int, Identifier]:
    return node.first_t, rules.of(node.identifier.type).priority, node.identifier


def owner(members: Sequence[Node], places: Mapping[int, tuple[str, Reason]], rules: Rules) -> str:
    """The customer of a set of identifiers: that of its strongest one, so that a user on a shared device stays a user.

    ``places`` maps an identifier's ledger id to its customer and why it joins nobody.
    """
    strongest = min(
        members,
        key=lambda node: (
            bool(places[node.id][1]),
            not rules.of(node.identifier.type).links,
            rules.of(node.identifier.type).priority,
            node.identifier,
        ),
    )
    return places[strongest.id][0]
