"""Makes people of linked pairs: components first, then each is built up by average likeness, so that one false link joins no two people."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
LOUDEST = 12.0  # a pair's weight counts at most this much, for or against
UNSEEN = -6.0  # the weight of a pair that no key brought together
WIDE = 3000  # records in a component before it is cut at its weakest links


def cluster(count: int, left: Ints, right: Ints, weights: Floats, threshold: float) -> Ints:
    """The person each of ``count`` records is of, as the lowest record number; pairs with weights below the threshold speak against."""
    shifted = np.clip(weights - threshold, -LOUDEST, LOUDEST)
    likely = shifted > 0
    labels = _components(count, left[likely], right[likely])
    sizes = np.bincount(labels, minlength=count)
    result = np.arange(count)
    inside = labels[left] == labels[right]
    a, b, w = left[inside], right[inside], shifted[inside]
    of = labels[a]
    # Components in which all pairs are likely need no thought.
    agreeing = np.bincount(of[w > 0], minlength=count)
    easy = agreeing == sizes * (sizes - 1) // 2
    lowest = np.full(count, count)
    np.minimum.at(lowest, labels, np.arange(count))
    simple = easy[labels] & (sizes[labels] > 1)
    result[simple] = lowest[labels[simple]]
    hard = ~easy[of]
    order = np.argsort(of[hard], kind="stable")
    a, b, w, of = a[hard][order], b[hard][order], w[hard][order], of[hard][order]
    if not len(of):
        return result
    starts = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    for start, end in zip(starts, np.r_[starts[1:], len(of)], strict=True):
        _build(a[start:end].tolist(), b[start:end].tolist(), w[start:end].tolist(), result)
    return result


def _components(count: int, left: Ints, right: Ints) -> Ints:
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    found: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return found


def _build(left: list[int], right: list[int], weights: list[float], result: Ints) -> None:
    """Join the two groups that are most alike on average until none are; pairs without a weight count as UNSEEN."""
    groups: dict[int, list[int]] = {}
    near: dict[int, dict[int, tuple[float, int]]] = {}
    for a, b, w in zip(left, right, weights, strict=True):
        groups.setdefault(a, [a])
        groups.setdefault(b, [b])
        near.setdefault(a, {})[b] = near.setdefault(b, {})[a] = (w, 1)
    heap = [(-w, a, b, 1, 1) for a, b, w in zip(left, right, weights, strict=True) if w > 0]
    heapq.heapify(heap)
    while heap:
        _, a, b, size_a, size_b = heapq.heappop(heap)
        if len(groups.get(a, ())) != size_a or len(groups.get(b, ())) != size_b:
            continue  # one of them has grown or gone since
        groups[a] += groups.pop(b)
        others = near.pop(b)
        mine = near[a]
        for other, (total, pairs) in others.items():
            if other != a:
                known = mine.get(other, (0.0, 0))
                mine[other] = (known[0] + total, known[1] + pairs)
                del near[other][b]
        mine.pop(b, None)
        for other, (total, pairs) in mine.items():
            near[other][a] = (total, pairs)
            every = len(groups[a]) * len(groups[other])
            average = (total + UNSEEN * (every - pairs)) / every
            if average > 0:
                heapq.heappush(heap, (-average, a, other, len(groups[a]), len(groups[other])))
    for members in groups.values():
        result[members] = min(members)
