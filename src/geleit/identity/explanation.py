"""Why identifiers are one customer, or why not: the named chain of evidence, or the rule that held it back."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.errors import NotFoundError
from geleit.events.event import Identifier
from geleit.identity import closure
from geleit.identity.graph import Link, Node, Resolved
from geleit.identity.rules import Rules
from geleit.language.formats import day
from geleit.language.words import plural, translate
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Showing:
    """How one source showed two identifiers together: how often, first and last (event time), one such event."""

    source: str
    count: int
    first_t: int
    last_t: int
    sample_event: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One link: two identifiers and who showed them together. ``rule`` is empty if it joins, else what held it back."""

    a: Identifier
    b: Identifier
    shown: tuple[Showing, ...]
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer. ``same`` is None when one customer was asked about; then ``chain`` holds all its links.

    For two that are not one, ``chain`` is the shortest way between them with what held it back, empty if nothing
    connects them. ``customers`` are those asked about, ``held_back`` links that did not join, ``alone`` identifiers
    that join nobody with the reason.
    """

    same: bool | None
    a: str
    b: str
    customers: tuple[str, ...]
    chain: tuple[Evidence, ...]
    held_back: tuple[Evidence, ...]
    alone: tuple[tuple[Identifier, str], ...]

    def text(self, language: str = "en", zone: str = "UTC") -> str:
        """The answer for people; days are those of the zone."""
        lines = [self._verdict(language)]
        lines += [f"  {sentence(link, language, zone)}" for link in self.chain]
        if self.held_back and self.same is None:
            lines += ["", translate(language, "Did not join:")]
            lines += [f"  {sentence(link, language, zone)}" for link in self.held_back]
        if self.alone:
            lines += ["", translate(language, "Join nobody:")]
            lines += [f"  {identifier} ({rule_text(reason, language)})" for identifier, reason in self.alone]
        return "\n".join(lines)

    def _verdict(self, language: str) -> str:
        if self.same is None:
            return translate(language, "{customer} is one customer because:", customer=self.customers[0])
        if self.same:
            said = translate(language, "{a} and {b} are one customer ({customer}):")
        elif self.chain:
            said = translate(language, "{a} and {b} are two customers. They were seen together, but:")
        else:
            said = translate(language, "{a} and {b} are two customers: nothing connects them.")
        return said.format(a=self.a, b=self.b, customer=self.customers[0])


def sentence(link: Evidence, language: str, zone: str = "UTC") -> str:
    """One link in words."""
    sources = ", ".join(dict.fromkeys(showing.source for showing in link.shown))
    said = plural(
        language,
        "{a} with {b}: {sources}, once, on {first}",
        "{a} with {b}: {sources}, {count} times, {first} to {last}",
        sum(showing.count for showing in link.shown),
        a=link.a,
        b=link.b,
        sources=sources,
        first=day(min(showing.first_t for showing in link.shown), language, zone),
        last=day(max(showing.last_t for showing in link.shown), language, zone),
    )
    return f"{said}; {rule_text(link.rule, language)}" if link.rule else said


def rule_text(rule: str, language: str) -> str:
    """A rule's name in words, with what it speaks of behind it."""
    name, _, rest = rule.partition(": ")
    words = {
        "hub": translate(language, "shared by too many"),
        "ambiguous": translate(language, "used by several people"),
        "malformed": translate(language, "not well formed"),
        "one": translate(language, "an order belongs to one customer"),
        "limit": translate(language, "the limit was reached"),
    }
    return f"{words.get(name, name)}: {rest}" if rest else words.get(name, name)


def explain(ledger: Ledger, rules: Rules, a: int, b: int | None = None) -> Explanation:
    """Explain one identifier's customer, or two identifiers (ledger ids, see ``find``)."""
    start = {a} if b is None else {a, b}
    with ledger.read() as connection:
        walked = closure.load(connection, start, rules)
        resolved = walked.resolved
        asked = [resolved.customers[a]] if b is None else [resolved.customers[a], resolved.customers[b]]
        links, held = _chosen(walked, resolved, (a, b), asked[0])
        pairs = [*links, *held]
        shown = _shown(connection, pairs)
    rule = {(r.link.low, r.link.high): r.rule for r in resolved.rejected}

    def evidence(pair: Pair) -> Evidence:
        low, high = (walked.nodes[end].identifier for end in pair)
        return Evidence(low, high, shown[pair], rule.get(pair, ""))

    lonely = [walked.nodes[n] for n in sorted(walked.reasons) if b is None and resolved.customers[n] == asked[0]]
    return Explanation(
        same=None if b is None else asked[0] == asked[1],
        a=str(walked.nodes[a].identifier),
        b="" if b is None else str(walked.nodes[b].identifier),
        customers=tuple(dict.fromkeys(asked)),
        chain=tuple(evidence(pair) for pair in links),
        held_back=tuple(evidence(pair) for pair in held),
        alone=tuple((node.identifier, walked.reasons[node.id]) for node in lonely),
    )


def find(connection: sa.Connection, key: str) -> int:
    """Ledger id of an identifier given as ``type:value``, as a bare value if only one type has it, or a customer id.

    Errors: NotFoundError with what it could be.
    """
    identifier = tables.identifier.c
    type_, colon, value = key.partition(":")
    rows = list(
        connection.execute(
            sa.select(identifier.id, identifier.type).where(identifier.type == type_, identifier.value == value)
        )
    )
    if not (colon and rows):
        rows = list(connection.execute(sa.select(identifier.id, identifier.type).where(identifier.value == key)))
    if len(rows) > 1:
        types = ", ".join(sorted(f"{row.type}:{key}" for row in rows))
        raise NotFoundError(f"'{key}' is an identifier of {len(rows)} types", hint=f"say which: {types}")
    if rows:
        return int(rows[0].id)
    place = tables.identifier_resolution.c
    oldest = (
        sa.select(place.identifier_id)
        .join(tables.identifier, identifier.id == place.identifier_id)
        .where(place.customer_id == key, place.reason == "")
        .order_by(identifier.first_t, identifier.id)
        .limit(1)
    )
    found = connection.execute(oldest).scalar_one_or_none()
    if found is None:
        raise NotFoundError(
            f"there is no identifier '{key}'", hint="write it as type:value, such as email:ada@example.org"
        )
    return int(found)


def _chosen(
    walked: closure.Closure, resolved: Resolved, ends: tuple[int, int | None], customer: str
) -> tuple[list[Pair], list[Pair]]:
    """The links to show: the chain between two, or all of one customer; and those that were held back."""
    a, b = ends
    accepted = [_pair(link) for link in resolved.accepted]
    if b is None:
        mine = [pair for pair in accepted if resolved.customers[pair[0]] == customer]
        held = [_pair(r.link) for r in resolved.rejected if customer in _owners(r.link, resolved.customers)]
        return sorted(mine, key=lambda pair: _names(pair, walked.nodes)), sorted(held)
    way = _way(a, b, accepted, walked.nodes) or _way(a, b, [_pair(link) for link in walked.links], walked.nodes)
    return way, []


def _way(a: int, b: int, pairs: Iterable[Pair], nodes: Mapping[int, Node]) -> list[Pair]:
    """The shortest chain between two identifiers; among equals the first by name."""
    around: dict[int, set[int]] = defaultdict(set)
    for low, high in pairs:
        around[low].add(high)
        around[high].add(low)
    came: dict[int, int] = {a: a}
    queue = deque([a])
    while queue and b not in came:
        here = queue.popleft()
        for there in sorted(around[here] - came.keys(), key=lambda n: nodes[n].identifier):
            came[there] = here
            queue.append(there)
    way: list[Pair] = []
    while b in came and b != a:
        way.append((min(b, came[b]), max(b, came[b])))
        b = came[b]
    return way[::-1]


def _pair(link: Link) -> Pair:
    return link.low, link.high


def _owners(link: Link, customers: Mapping[int, str]) -> set[str]:
    return {customers[link.low], customers[link.high]}


def _names(pair: Pair, nodes: Mapping[int, Node]) -> tuple[Identifier, Identifier]:
    return nodes[pair[0]].identifier, nodes[pair[1]].identifier


def _shown(connection: sa.Connection, pairs: Iterable[Pair]) -> dict[Pair, tuple[Showing, ...]]:
    """Per link who showed it, summed over the years, oldest first."""
    evidence = tables.evidence.c
    found: dict[Pair, dict[str, Showing]] = {pair: {} for pair in pairs}
    for (low, high), by_source in found.items():
        query = sa.select(tables.evidence).where(evidence.low_id == low, evidence.high_id == high)
        for row in connection.execute(query.order_by(evidence.bucket)).mappings():
            before = by_source.get(row["source"])
            by_source[row["source"]] = Showing(
                source=row["source"],
                count=row["count"] + (before.count if before else 0),
                first_t=min(row["first_t"], before.first_t if before else row["first_t"]),
                last_t=max(row["last_t"], before.last_t if before else row["last_t"]),
                sample_event=before.sample_event if before else row["sample_event"],
            )
    return {pair: tuple(sorted(by.values(), key=lambda s: (s.first_t, s.source))) for pair, by in found.items()}
