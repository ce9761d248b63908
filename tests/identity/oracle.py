"""Customers by brute force over networkx graphs: no union-find, no bookkeeping; everything is asked of the whole anew."""

from collections import Counter, defaultdict

import networkx as nx

from geleit.clock import DAY
from geleit.events.event import Identifier
from geleit.identity.decisions import Decision, Decisions
from geleit.identity.graph import customer_id

NEVER = 10**20


def customers(sights, standing, rules, likely=()):
    """Identifier (as text) -> customer. ``sights``: (number, day, source, who); ``standing``: number -> (kind, *sides).

    ``likely``: (identifier, identifier, bits) that join by likeness.
    """
    return Oracle(sights, standing, rules, likely).found()


def named(text):
    return Identifier(*text.split(":", 1))


class Oracle:
    """What the documentation says, in the most literal way."""

    def __init__(self, sights, standing, rules, likely=()):
        self.rules = rules
        self.likely = [(named(a), named(b), bits) for a, b, bits in likely]
        self.homes = [set(map(named, sides[0])) for kind, *sides in standing.values() if kind == "household"]
        self.first, self.shown = {}, defaultdict(lambda: (0, NEVER, NEVER))
        for _, day, source, who in sights:
            self._see(day * DAY, source, sorted({named(text) for text in who}))
        made = [
            Decision(number, kind, tuple(tuple(sorted(map(named, side))) for side in sides), "", "", 0)
            for number, (kind, *sides) in standing.items()
        ]
        self.settled = Decisions(tuple(made)).settled()
        self.bonded = nx.Graph([(bond.a, bond.b) for bond in self.settled.bonds])
        self.known = nx.Graph(self.bonded.edges)
        self.known.add_nodes_from(self.first)
        self.joins = {end: rules.of(end.type).links for end in self.first}

    def _see(self, t, source, ends):
        for end in ends:
            self.first[end] = min(self.first.get(end, t), t)
        heeded = [end for end in ends if self.rules.heeds(source, end)]
        for a, b in ((a, b) for a in heeded for b in heeded if a < b):
            count, sooner, strength = self.shown[a, b]
            self.shown[a, b] = count + 1, min(sooner, t), min(strength, self.rules.strength(source))

    def found(self):
        leaves = []
        seen_with = nx.Graph(list(self.shown))
        alone = {end for end in self.first if self._is_alone(end, seen_with)}
        for a, b in sorted(self.shown, key=self._order):
            if a in alone or b in alone:
                continue
            if not (self.joins[a] and self.joins[b]):
                leaves.append((a, b))
            elif b not in self._whole(a) and self._apart(a, b) and self._within_limits(a, b):
                self.known.add_edge(a, b)
        for a, b, _ in sorted(self.likely, key=lambda one: (-one[2], *sorted(one[:2]))):
            known = a in self.first and b in self.first and not {a, b} & alone and self.joins[a] and self.joins[b]
            if known and b not in self._whole(a) and self._apart(a, b) and self._within_limits(a, b):
                mine, theirs = self._whole(a), self._whole(b)
                if not any(len({x, y}) > 1 for home in self.homes for x in home & mine for y in home & theirs):
                    self.known.add_edge(a, b)
        self._place(leaves)
        return self._names()

    def _order(self, pair):
        count, sooner, strength = self.shown[pair]
        return (
            *sorted((self.rules.of(end.type).priority for end in pair), reverse=True),
            strength,
            -count,
            sooner,
            *pair,
        )

    def _whole(self, end):
        return nx.node_connected_component(self.known, end)

    def _apart(self, a, b):
        together = self._whole(a) | self._whole(b)
        return not any(together & apart.one and together & apart.other for apart in self.settled.apart)

    def _within_limits(self, a, b):
        mine, theirs = (
            Counter(
                (end.type, self.rules.of(end.type).slot(self.first[end])) for end in self._whole(one) & set(self.first)
            )
            for one in (a, b)
        )
        limits = {slot: self.rules.of(slot[0]).limit for slot in mine.keys() & theirs.keys()}
        return not any(limit and mine[slot] + theirs[slot] > limit for slot, limit in limits.items())

    def _place(self, leaves):
        placed = {end for end in self.first if any(self.joins.get(other) for other in self._whole(end))}
        while True:
            arrived = set()
            for leaf, home in ((one, other) for a, b in leaves for one, other in ((a, b), (b, a))):
                if leaf not in placed | arrived and home in placed and self._apart(leaf, home):
                    together = nx.node_connected_component(self.bonded, leaf) if leaf in self.bonded else ()
                    arrived |= {leaf, *together}
                    self.known.add_edge(leaf, home)
            if not arrived:
                return
            placed |= arrived

    def _names(self):
        found = {}
        for some in nx.connected_components(self.known):
            here = [end for end in some if end in self.first]
            age = {end: (self.first[end], self.rules.of(end.type).priority, end) for end in here}
            if here:
                eldest = min(here, key=lambda end: (not self.joins[end], *age[end]))
                found.update({str(end): customer_id(eldest) for end in here})
        return found

    def _is_alone(self, end, seen_with):
        rule, around = self.rules.of(end.type), seen_with.adj.get(end, ())
        if end in self.settled.shared or end in self.rules.exclude or self.rules.blocks(end):
            return True
        classes = [self.rules.of(other.type).class_ for other in around]
        users = Counter(other.type for other, class_ in zip(around, classes, strict=True) if class_ == "user_id")
        degree = sum(class_ in ("user_id", "loyalty_card", "email", "phone") for class_ in classes)
        most = max(users.values(), default=0)
        if rule.shared_by and most >= rule.shared_by:
            return True
        own = rule.class_ in ("user_id", "loyalty_card")
        return not own and (most > self.rules.hub.user_ids or degree > self.rules.hub.degree)
