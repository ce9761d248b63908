"""Customers as a pure function of evidence and rules: a union in canonical order that limits hold back.

The result depends on what was seen, never on when or in which order it arrived.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

from geleit.events.event import Identifier
from geleit.identity.normalize import malformed
from geleit.identity.rules import Rules

# Why an identifier joins nobody: shared by too many, by several users, not well formed.
Reason = Literal["", "hub", "ambiguous", "malformed"]
SHAREABLE = frozenset(("device_id", "anonymous_id"))
PERSONAL = frozenset(("user_id", "loyalty_card"))  # a person's own number may gather any number of others
COUNTED = frozenset(("user_id", "loyalty_card", "email", "phone"))  # neighbors that make a value look shared


@dataclass(frozen=True, slots=True)
class Node:
    """One identifier: its ledger id, what it is, when it was first seen (event time)."""

    id: int
    identifier: Identifier
    first_t: int


@dataclass(frozen=True, slots=True)
class Link:
    """Two identifiers seen together: how often, and first when; ``low`` and ``high`` are ledger ids."""

    low: int
    high: int
    count: int
    first_t: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A link that did not join, and the rule that held it back."""

    link: Link
    rule: str


@dataclass(slots=True)
class Resolved:
    """Which customer each identifier belongs to, which links made it so, which were held back."""

    customers: dict[int, str] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    accepted: list[Link] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def customer_id(identifier: Identifier) -> str:
    """A customer's id, derived from the oldest identifier.

    >>> customer_id(Identifier("email", "ada@example.org"))
    'cqtdbn23h2kel'
    """
    digest = hashlib.blake2b(str(identifier).encode(), digest_size=8).digest()
    return "c" + base64.b32encode(digest).decode().lower()[:12]


def reason_of(node: Node, neighbors: Iterable[Node], rules: Rules) -> Reason:
    """Why an identifier joins nobody, judged by everything it was ever seen with; empty if it may join."""
    if malformed(node.identifier, rules):
        return "malformed"
    class_ = rules.of(node.identifier.type).class_
    users: dict[str, int] = Counter()
    degree = 0
    for neighbor in neighbors:
        other = rules.of(neighbor.identifier.type).class_
        if other == "user_id":
            users[neighbor.identifier.type] += 1
        degree += other in COUNTED
    most = max(users.values(), default=0)
    many = class_ not in PERSONAL and (most > rules.hub.user_ids or degree > rules.hub.degree)
    if class_ in SHAREABLE:  # one word for all degrees of sharing, so that more evidence never changes the answer
        return "ambiguous" if many or most > 1 else ""
    return "hub" if many else ""


def resolve(nodes: Mapping[int, Node], links: Sequence[Link], reasons: Mapping[int, Reason], rules: Rules) -> Resolved:
    """Join identifiers into customers.

    ``links`` are all links among ``nodes``; ``reasons`` names the nodes that join nobody. Links are taken in the order of
    identifier priority, strength, first seen, identifiers; one that would break a limit per type is held back.
    Identifiers that never join two (order numbers) go with their strongest link afterwards.
    """
    union = _Union(nodes, rules)
    result = Resolved()
    leaves: dict[int, list[Link]] = defaultdict(list)
    for link in sorted(links, key=lambda link: canonical(link, nodes, rules)):
        hindered = next((end for end in (link.low, link.high) if reasons.get(end)), None)
        joining = [end for end in (link.low, link.high) if rules.of(nodes[end].identifier.type).links]
        if hindered is not None:
            result.rejected.append(Rejected(link, f"{reasons[hindered]}: {nodes[hindered].identifier}"))
        elif len(joining) < 2:  # noqa: PLR2004 (both ends)
            for leaf in {link.low, link.high} - set(joining):
                leaves[leaf].append(link)
        elif rule := union.join(link.low, link.high):
            result.rejected.append(Rejected(link, rule))
        else:
            result.accepted.append(link)
    _attach(leaves, union, nodes, result)
    _name(union, nodes, rules, result)
    return result


def canonical(link: Link, nodes: Mapping[int, Node], rules: Rules) -> tuple[object, ...]:
    """The place of a link in the canonical order."""
    ends = sorted((nodes[link.low].identifier, nodes[link.high].identifier))
    priorities = sorted((rules.of(end.type).priority for end in ends), reverse=True)
    return (*priorities, -link.count, link.first_t, *ends)


class _Union:
    """Disjoint sets that know how many identifiers of each type they hold."""

    def __init__(self, nodes: Mapping[int, Node], rules: Rules) -> None:
        self.rules = rules
        self.parent = {node: node for node in nodes}
        self.types = {number: Counter([node.identifier.type]) for number, node in nodes.items()}

    def root(self, node: int) -> int:
        """The set's representative."""
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def join(self, a: int, b: int) -> str:
        """Unite two sets; the rule that forbids it, empty if they are one now."""
        one, other = self.root(a), self.root(b)
        if one == other:
            return ""
        if len(self.types[one]) < len(self.types[other]):
            one, other = other, one
        for type_, count in sorted(self.types[other].items()):
            limit = self.rules.of(type_).limit
            if limit is not None and self.types[one][type_] + count > limit:
                return f"limit: at most {limit} of {type_}"
        self.unite(one, other)
        return ""

    def unite(self, one: int, other: int) -> None:
        """Put the second set into the first."""
        self.parent[other] = one
        self.types[one].update(self.types.pop(other))


def _attach(leaves: Mapping[int, Sequence[Link]], union: _Union, nodes: Mapping[int, Node], result: Resolved) -> None:
    """Give each leaf to the set of its strongest link; leaves seen only with leaves follow those (parcel, order, buyer)."""
    waiting = set(leaves)
    while waiting:
        placed = {leaf: link for leaf in waiting for link in _first_placed(leaf, leaves[leaf], waiting)}
        for leaf, link in placed.items():
            union.parent[leaf] = union.root(_other(link, leaf))
        result.accepted += sorted(placed.values(), key=lambda link: (link.low, link.high))
        waiting = waiting - placed.keys() if placed else set()
    for leaf, links in leaves.items():
        strangers = (link for link in links if union.root(_other(link, leaf)) != union.root(leaf))
        result.rejected += (Rejected(link, f"one: {nodes[leaf].identifier}") for link in strangers)


def _first_placed(leaf: int, links: Sequence[Link], waiting: AbstractSet[int]) -> list[Link]:
    """The strongest link of a leaf whose other end has its place; none or one."""
    return next(([link] for link in links if _other(link, leaf) not in waiting), [])


def _other(link: Link, end: int) -> int:
    return link.high if link.low == end else link.low


def _name(union: _Union, nodes: Mapping[int, Node], rules: Rules, result: Resolved) -> None:
    """Name each set after its oldest identifier that joins (of a lone leaf: after itself)."""
    members: dict[int, list[Node]] = defaultdict(list)
    for number, node in nodes.items():
        members[union.root(number)].append(node)
    for some in members.values():
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
