"""How well identifiers become people where some share things: geleit, plain components, limits in order of arrival."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import identity_people
import networkx as nx

from geleit.events.event import Identifier
from geleit.identity.graph import Link, Node, reason_of, resolve
from geleit.identity.normalize import Refusal, normalize
from geleit.identity.rules import Rules

Seen = tuple[int, str, tuple[Identifier, ...]]
Clusters = Mapping[Identifier, object]
ORDER = ("user_id", "loyalty_card", "email", "phone", "device_id", "anonymous_id", "other_id", "order_id")


def geleit(seen: Sequence[Seen], rules: Rules) -> Clusters:
    """The pure function over all evidence."""
    first: dict[Identifier, int] = {}
    for day, _, who in seen:
        for end in who:
            first[end] = min(first.get(end, day), day)
    ids = {end: number for number, end in enumerate(first)}
    nodes = {ids[end]: Node(ids[end], end, day * identity_people.DAY) for end, day in first.items()}
    pairs: dict[tuple[int, int], list[int]] = {}
    for day, _, who in seen:
        for low, high in combinations(sorted(ids[end] for end in who), 2):
            link = pairs.setdefault((low, high), [0, day])
            link[0] += 1
            link[1] = min(link[1], day)
    around: dict[int, list[Node]] = defaultdict(list)
    for low, high in pairs:
        around[low].append(nodes[high])
        around[high].append(nodes[low])
    reasons = {n: reason for n, node in nodes.items() if (reason := reason_of(node, around[n], rules))}
    links = [Link(low, high, count, day * identity_people.DAY) for (low, high), (count, day) in pairs.items()]
    resolved = resolve(nodes, links, reasons, rules)
    return {end: resolved.customers[number] for end, number in ids.items()}


def components(seen: Sequence[Seen], _rules: Rules) -> Clusters:
    """Whatever was seen together is one."""
    graph = nx.Graph()
    for _, _, who in seen:
        graph.add_nodes_from(who)
        graph.add_edges_from((who[0], other) for other in who[1:])
    found: dict[Identifier, object] = {}
    for some in nx.connected_components(graph):
        name = min(some)
        found.update(dict.fromkeys(some, name))
    return found


def arrival(seen: Sequence[Seen], rules: Rules) -> Clusters:
    """Limits in the order of arrival: an event's profiles merge if limits allow, else it does without its weakest identifier."""
    profile: dict[Identifier, int] = {}
    members: dict[int, set[Identifier]] = {}

    def fits(some: Iterable[Identifier]) -> bool:
        counts = Counter(end.type for end in some)
        return all(count <= (1 if rules.of(type_).class_ == "user_id" else 5) for type_, count in counts.items())

    for number, (_, _, who) in enumerate(seen):
        usable = sorted(who, key=lambda end: (ORDER.index(rules.of(end.type).class_), end))
        while usable:
            there = {profile[end] for end in usable if end in profile}
            whole = set(usable).union(*(members[one] for one in there))
            if fits(whole):
                break
            usable.pop()
        else:
            continue
        for one in there:
            members.pop(one)
        members[number] = whole
        profile.update(dict.fromkeys(whole, number))
    alone = {end for _, _, who in seen for end in who if end not in profile}
    return {**{end: min(members[one]) for end, one in profile.items()}, **{end: end for end in alone}}


def measure(found: Clusters, truth: Mapping[Identifier, int]) -> dict[str, float]:
    """Pair precision and recall and the largest customer; an identifier that belongs to nobody makes only wrong pairs."""
    sizes = Counter(found.values())
    claimed = sum(size * (size - 1) // 2 for size in sizes.values())
    both = Counter((customer, truth[end]) for end, customer in found.items() if truth[end] >= 0)
    right = sum(size * (size - 1) // 2 for size in both.values())
    people = Counter(person for end, person in truth.items() if person >= 0 and end in found)
    true = sum(size * (size - 1) // 2 for size in people.values())
    precision, recall = right / max(claimed, 1), right / max(true, 1)
    return {"precision": precision, "recall": recall, "largest": max(sizes.values())}


def moved(one: Clusters, other: Clusters) -> float:
    """The part of the identifiers that have other company; a customer counts as the same that has most of it."""
    together = Counter((one[end], other[end]) for end in one)
    best: dict[object, int] = defaultdict(int)
    for (customer, _), count in together.items():
        best[customer] = max(best[customer], count)
    return 1 - sum(best.values()) / len(one)


def compare(people: int) -> list[dict[str, object]]:
    """Each way over the same world twice, the second time in another order of arrival."""
    world = identity_people.invent(people)
    rules = Rules()
    seen = [(day, source, who) for day, source, ends in world.seen if (who := _normal(ends, rules))]
    later = list(seen)
    random.Random(11).shuffle(later)
    mine = [(day, source, who) for day, source, who in seen]
    true = [
        (day, source, tuple(end for end in who if world.truth[end] >= 0))
        for day, source, who in mine
        if any(world.truth[end] >= 0 for end in who)
    ]
    rows = []
    for name, way in (("plain components", components), ("limits in order of arrival", arrival), ("geleit", geleit)):
        found = way(sorted(seen), rules)
        rows.append({"way": name, **measure(found, world.truth), "moved": moved(found, way(later, rules))})
    rows.append({"way": "(the most that is possible)", **measure(components(true, rules), world.truth), "moved": 0.0})
    return rows


def _normal(ends: Iterable[Identifier], rules: Rules) -> tuple[Identifier, ...]:
    found = (normalize(end, rules, "DE") for end in ends)
    return tuple(sorted({end for end in found if not isinstance(end, Refusal)}))


def say(people: int) -> None:
    """Print the comparison as a table."""
    print(f"### Contaminated graph: {people:,} people, 4.5 % of them contaminated\n")
    print("| way | pair precision | pair recall | largest customer | moved by another order of arrival |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for row in compare(people):
        print(
            f"| {row['way']} | {row['precision']:.4f} | {row['recall']:.3f} | {row['largest']:,} | {row['moved']:.1%} |"
        )
