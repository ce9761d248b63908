"""Where the nodes of a transition graph stand: columns by stage or by mean place, in each an order with few crossings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geleit.analytics.transitions import Transition

ROUNDS = 60  # until mean places hardly move
SWEEPS = 6  # over the columns, to part what crosses
HIGH = 2  # nodes of a column: more of a stage stand side by side
END = ""  # a source that is none: the journey begins; a target that is none: it ends


@dataclass(frozen=True, slots=True)
class Layer:
    """A column: its stage ('' where stages do not part them), and its nodes from the top."""

    stage: str
    nodes: tuple[str, ...]


def places(links: Sequence[Transition]) -> dict[str, float]:
    """At which step of their journeys values stand in the mean, as far as single steps tell it."""
    nodes = sorted({end for link in links for end in (link.source, link.target) if end != END})
    found = dict.fromkeys(nodes, 1.0)
    coming: dict[str, list[Transition]] = {node: [] for node in nodes}
    for link in links:
        if link.target != END:
            coming[link.target].append(link)
    for _ in range(ROUNDS):
        found = {node: _mean(coming[node], found) for node in nodes}
    return found


def _mean(links: Sequence[Transition], found: Mapping[str, float]) -> float:
    total = sum(link.count for link in links if link.source != link.target)
    if not total:
        return 1.0
    places_ = (
        link.count * (found[link.source] + 1 if link.source != END else 1.0)
        for link in links
        if link.source != link.target
    )
    return sum(places_) / total


def layers(drawn: Sequence[Transition], mean: Mapping[str, float], stages: Mapping[str, str]) -> list[Layer]:
    """Columns for all ends of the links that are drawn.

    ``mean`` = places of the nodes; ``stages`` = the stage of each node that has one, in the order of the stage model.
    """
    nodes = sorted({end for link in drawn for end in (link.source, link.target)}, key=lambda one: (mean[one], one))
    staged = [stage for stage in dict.fromkeys(stages.values()) if any(stages.get(node) == stage for node in nodes)]
    if len(staged) > 1:
        groups = {stage: [node for node in nodes if stages.get(node) == stage] for stage in staged}
        middles = {stage: sum(mean[node] for node in its) / len(its) for stage, its in groups.items()}
        for node in nodes:
            if node not in stages:
                groups[min(staged, key=lambda stage: abs(middles[stage] - mean[node]))].append(node)
    else:
        groups = {"": nodes}
    columns = [(stage, part) for stage, its in groups.items() for part in _sliced(its, mean)]
    ordered = _parted([list(its) for _, its in columns], drawn)
    return [Layer(stage, tuple(its)) for (stage, _), its in zip(columns, ordered, strict=True)]


def _sliced(nodes: Sequence[str], mean: Mapping[str, float]) -> list[list[str]]:
    """As many columns side by side as keep each short: what comes earlier stands further left."""
    its = sorted(nodes, key=lambda one: (mean[one], one))
    count = -(-len(its) // HIGH)
    sizes = [len(its) * at // count for at in range(count + 1)] if count else []
    return [its[start:end] for start, end in pairwise(sizes)]


def _parted(columns: list[list[str]], drawn: Sequence[Transition]) -> list[list[str]]:
    """Each column by the mean height of what its nodes are linked with."""
    weight: dict[str, dict[str, int]] = {}
    for link in drawn:
        for one, other in ((link.source, link.target), (link.target, link.source)):
            if one != other:
                its = weight.setdefault(one, {})
                its[other] = its.get(other, 0) + link.count
    for _ in range(SWEEPS):
        height = {node: (at + 0.5) / len(its) for its in columns for at, node in enumerate(its)}
        columns = [sorted(its, key=lambda node: (_pull(node, weight, height), node)) for its in columns]
    return columns


def _pull(node: str, weight: Mapping[str, Mapping[str, int]], height: Mapping[str, float]) -> float:
    its = weight.get(node, {})
    total = sum(its.values())
    return sum(height[other] * count for other, count in its.items()) / total if total else height[node]
