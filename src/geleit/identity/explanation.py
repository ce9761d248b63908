"""Why identifiers are one customer, or why not: the named chain of evidence, or the rule that held it back."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.errors import NotFoundError
from geleit.events.event import Identifier
from geleit.identity import closure, decisions
from geleit.identity.decisions import Decision, Kind
from geleit.identity.graph import Link, Node, Resolved
from geleit.identity.rules import Rules
from geleit.identity.visits import Visit, told, visits
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
class Likeness:
    """One thing that makes two records likely one person, or not: ``weight`` in bits, below 0 if it speaks against it."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """One link: two identifiers and what joins them. ``rule`` is empty if it joins, else what held it back.

    ``shown``: who showed them together; ``decision``: the number of what a person decided, 0 without; ``likeness``: why
    they are probably one, where that was reckoned; ``bits``: for one person, where likeness alone joins them.
    """

    a: Identifier
    b: Identifier
    shown: tuple[Showing, ...]
    rule: str = ""
    decision: int = 0
    likeness: tuple[Likeness, ...] = ()
    bits: float = 0.0


@dataclass(frozen=True, slots=True)
class Member:
    """One identifier of the picture: whose it is, since when it is known, by whom first, and why it joins nobody."""

    identifier: Identifier
    customer: str
    first_t: int
    source: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer. ``same`` is None when one customer was asked about; then ``chain`` holds all its links.

    For two that are not one, ``chain`` is the shortest way between them with what held it back, empty if nothing
    connects them. ``customers`` are those asked about, ``held_back`` links that did not join, ``alone`` identifiers
    that join nobody with the reason. ``members``: the identifiers of those asked about and of others at links held back;
    ``joined``: all links that joined, the deciding ones first; ``decisions``: those that name one of the members;
    ``visits`` at browsers of several people: theirs, and those of others at their browsers.
    """

    same: bool | None
    a: str
    b: str
    customers: tuple[str, ...]
    chain: tuple[Evidence, ...]
    held_back: tuple[Evidence, ...]
    alone: tuple[tuple[Identifier, str], ...]
    members: tuple[Member, ...] = ()
    joined: tuple[Evidence, ...] = ()
    decisions: tuple[Decision, ...] = ()
    visits: tuple[Visit, ...] = ()

    def text(self, language: str = "en", zone: str = "UTC") -> str:
        """The answer for people; days are those of the zone."""
        made = {one.number: one for one in self.decisions}
        lines = [self._verdict(language)]
        lines += [f"  {sentence(link, language, zone, made)}" for link in self.chain]
        if self.held_back and self.same is None:
            lines += ["", translate(language, "Did not join:")]
            lines += [f"  {sentence(link, language, zone, made)}" for link in self.held_back]
        if self.alone:
            lines += ["", translate(language, "Join nobody:")]
            lines += [f"  {identifier} ({rule_text(reason, language)})" for identifier, reason in self.alone]
        lines += told(self.visits, language, zone)
        if self.decisions:
            lines += ["", translate(language, "Decided by people:")]
            lines += [f"  {decided(one, language, zone)}" for one in self.decisions]
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


def sentence(link: Evidence, language: str, zone: str = "UTC", made: Mapping[int, Decision] | None = None) -> str:
    """One link in words; ``made``: decisions by number, for a link that people made."""
    parts = [_seen(link, language, zone)] if link.shown else [f"{link.a} + {link.b}"]
    if link.decision:
        one = (made or {}).get(link.decision)
        parts.append(decided(one, language, zone) if one else rule_text(f"decision: {link.decision}", language))
    if link.bits:
        parts.append(translate(language, "probably one person, {bits:+.1f} bits", bits=link.bits))
    if link.likeness:
        parts.append(", ".join(f"{one.name} {one.weight:+.1f}" for one in link.likeness))
    if link.rule:
        parts.append(rule_text(link.rule, language))
    return "; ".join(parts)


def _seen(link: Evidence, language: str, zone: str) -> str:
    sources = ", ".join(dict.fromkeys(showing.source for showing in link.shown))
    return plural(
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


def decided(made: Decision, language: str, zone: str = "UTC") -> str:
    """A decision in words: what, by whom, when and why, and whether it was taken back."""
    said = translate(
        language,
        "decision {number}, {kind}, by {author} on {day}: {reason}",
        number=made.number,
        kind=kind_text(made.kind, language),
        author=made.author,
        day=day(made.at, language, zone),
        reason=made.reason,
    )
    if made.undone is None:
        return said
    back = translate(
        language,
        "taken back by {author} on {day}: {reason}",
        author=made.undone.author,
        day=day(made.undone.at, language, zone),
        reason=made.undone.reason,
    )
    return f"{said}; {back}"


def kind_text(kind: Kind, language: str) -> str:
    """What a decision says."""
    words: dict[Kind, str] = {
        "merge": translate(language, "one person"),
        "separate": translate(language, "two people"),
        "shared": translate(language, "shared by several people"),
        "household": translate(language, "one household"),
    }
    return words[kind]


def rule_text(rule: str, language: str) -> str:
    """A rule's name in words, with what it speaks of behind it."""
    name, _, rest = rule.partition(": ")
    words = {
        "hub": translate(language, "shared by too many"),
        "ambiguous": translate(language, "used by several people"),
        "malformed": translate(language, "not well formed"),
        "one": translate(language, "an order belongs to one customer"),
        "limit": translate(language, "the limit was reached"),
        "shared": translate(language, "marked as shared"),
        "excluded": translate(language, "left out by name"),
        "blocked": translate(language, "points at nobody"),
        "decision": translate(language, "a person decided so"),
        "household": translate(language, "they live together"),
    }
    return f"{words.get(name, name)}: {rest}" if rest else words.get(name, name)


Likely = Callable[[sa.Connection, Sequence[tuple[Identifier, Identifier]]], Sequence[tuple[Likeness, ...]]]


def no_likeness(
    _connection: sa.Connection, pairs: Sequence[tuple[Identifier, Identifier]]
) -> Sequence[tuple[Likeness, ...]]:
    """Nothing was reckoned."""
    return [() for _ in pairs]


def explain(ledger: Ledger, rules: Rules, a: int, b: int | None = None, *, likely: Likely = no_likeness) -> Explanation:
    """Explain one identifier's customer, or two identifiers (ledger ids, see ``find``).

    ``likely`` gives for pairs of identifiers what was reckoned of their likeness.
    """
    start = {a} if b is None else {a, b}
    with ledger.read() as connection:
        walked = closure.load(connection, start, rules)
        resolved = walked.resolved
        asked = [resolved.customers[a]] if b is None else [resolved.customers[a], resolved.customers[b]]
        links, held = _chosen(walked, resolved, (a, b), asked[0])
        joined, apart = _graph(walked, resolved, set(asked))
        links_told = _Told(connection, walked, [*links, *held, *joined, *apart], likely)
        lonely = [walked.nodes[n] for n in sorted(walked.reasons) if b is None and resolved.customers[n] == asked[0]]
        members = _members(walked, asked, [*joined, *apart], links_told)
        named = {member.identifier for member in members if member.customer in asked}
        return Explanation(
            same=None if b is None else asked[0] == asked[1],
            a=str(walked.nodes[a].identifier),
            b="" if b is None else str(walked.nodes[b].identifier),
            customers=tuple(dict.fromkeys(asked)),
            chain=tuple(links_told.evidence(pair) for pair in links),
            held_back=tuple(links_told.evidence(pair) for pair in (held if b is None else apart)),
            alone=tuple((node.identifier, walked.reasons[node.id]) for node in lonely),
            members=tuple(members),
            joined=tuple(links_told.evidence(pair) for pair in joined),
            decisions=tuple(decisions.history(connection, named)),
            visits=visits(connection, asked, rules) if b is None else (),
        )


class _Told:
    """What is known of links, read at once."""

    def __init__(
        self, connection: sa.Connection, walked: closure.Closure, pairs: Iterable[Pair], likely: Likely
    ) -> None:
        wanted = list(dict.fromkeys(pairs))
        self.nodes = walked.nodes
        self.shown = _shown(connection, wanted)
        self.rules = {(r.link.low, r.link.high): r.rule for r in walked.resolved.rejected}
        self.bits = {
            _pair(link): link.bits for link in (*walked.resolved.accepted, *(r.link for r in walked.resolved.rejected))
        }
        self.made = {(low, high): number for low, high, number in walked.resolved.bonds}
        found = likely(connection, [self.ends(pair) for pair in wanted])
        self.likeness = dict(zip(wanted, found, strict=True))

    def ends(self, pair: Pair) -> tuple[Identifier, Identifier]:
        """The two identifiers."""
        return self.nodes[pair[0]].identifier, self.nodes[pair[1]].identifier

    def evidence(self, pair: Pair) -> Evidence:
        """One link with all that is known of it."""
        low, high = self.ends(pair)
        made = self.made.get(pair, 0)
        rule, shown = "" if made else self.rules.get(pair, ""), self.shown[pair]
        return Evidence(low, high, shown, rule, made, self.likeness[pair], 0.0 if shown else self.bits.get(pair, 0.0))

    def source(self, number: int) -> str:
        """Who showed an identifier first together with another one; empty if nobody did."""
        mine = [showing for pair, some in self.shown.items() if number in pair for showing in some]
        return min(((one.first_t, one.source) for one in mine), default=(0, ""))[1]


def _graph(walked: closure.Closure, resolved: Resolved, asked: set[str]) -> tuple[list[Pair], list[Pair]]:
    """The links of those asked about, the deciding ones first; and what was held back at them."""
    homes = resolved.customers
    joined = [(low, high) for low, high, _ in resolved.bonds] + [_pair(link) for link in resolved.accepted]
    mine = [pair for pair in dict.fromkeys(joined) if homes[pair[0]] in asked]
    known = set(mine)
    apart = [_pair(one.link) for one in resolved.rejected if _owners(one.link, homes) & asked]
    return mine, sorted((pair for pair in apart if pair not in known), key=lambda pair: _names(pair, walked.nodes))


def _members(walked: closure.Closure, asked: Sequence[str], pairs: Iterable[Pair], told: _Told) -> list[Member]:
    """Everybody in the picture, the oldest first."""
    homes = walked.resolved.customers
    ends = {number for number, home in homes.items() if home in asked} | {end for pair in pairs for end in pair}
    nodes = sorted((walked.nodes[number] for number in ends), key=lambda node: (node.first_t, node.identifier))
    return [
        Member(node.identifier, homes[node.id], node.first_t, told.source(node.id), walked.reasons.get(node.id, ""))
        for node in nodes
    ]


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
    bonds = [(low, high) for low, high, _ in resolved.bonds]
    accepted = list(dict.fromkeys([*bonds, *map(_pair, resolved.accepted)]))
    if b is None:
        mine = [pair for pair in accepted if resolved.customers[pair[0]] == customer]
        held = {_pair(r.link) for r in resolved.rejected if customer in _owners(r.link, resolved.customers)}
        return sorted(mine, key=lambda pair: _names(pair, walked.nodes)), sorted(held - set(mine))
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
