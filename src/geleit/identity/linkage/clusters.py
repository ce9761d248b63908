"""Makes people of linked pairs: components first, then each is built up by average likeness, so that one false link joins no two people."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from geleit.identity.components import components

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
LOUDEST = 12.0  # a pair's weight counts at most this much, for or against
UNSEEN = -6.0  # the weight of a pair that no key brought together
_Between = tuple[float, int, float]  # sum of weights, number of pairs, best weight between two groups


def cluster(count: int, left: Ints, right: Ints, weights: Floats, threshold: float) -> Ints:
    """The person each of ``count`` records is of, as the lowest record number; pairs with weights below the threshold speak against."""
    shifted = np.clip(weights - threshold, -LOUDEST, LOUDEST)
    likely = shifted > 0
    labels = components(count, left[likely], right[likely])
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


def _build(left: list[int], right: list[int], weights: list[float], result: Ints) -> None:
    """Join the two groups that are most alike until none are likely one; pairs without a weight count as UNSEEN."""
    groups: dict[int, list[int]] = {}
    near: dict[int, dict[int, _Between]] = {}
    for a, b, w in zip(left, right, weights, strict=True):
        groups.setdefault(a, [a])
        groups.setdefault(b, [b])
        near.setdefault(a, {})[b] = near.setdefault(b, {})[a] = (w, 1, w)
    heap = [(-w, a, b, 1, 1) for a, b, w in zip(left, right, weights, strict=True) if w > 0]
    heapq.heapify(heap)
    while heap:
        _, a, b, size_a, size_b = heapq.heappop(heap)
        if len(groups.get(a, ())) != size_a or len(groups.get(b, ())) != size_b:
            continue  # one of them has grown or gone since
        groups[a] += groups.pop(b)
        _take_over(near, a, b)
        for other, between in near[a].items():
            likely = _likeness(between, len(groups[a]) * len(groups[other]))
            if likely > 0:
                heapq.heappush(heap, (-likely, a, other, len(groups[a]), len(groups[other])))
    for members in groups.values():
        result[members] = min(members)


def _take_over(near: dict[int, dict[int, _Between]], a: int, b: int) -> None:
    """Group ``a`` takes what lies between ``b`` and the others."""
    mine = near[a]
    for other, (total, pairs, best) in near.pop(b).items():
        if other != a:
            known = mine.get(other, (0.0, 0, UNSEEN))
            mine[other] = near[other][a] = (known[0] + total, known[1] + pairs, max(known[2], best))
            del near[other][b]
    mine.pop(b, None)


def _likeness(between: _Between, every: int) -> float:
    """Two parts the average of all pairs, one part the best.

    An old address must not part a person's records, and one chance likeness must not join two people.
    """
    total, pairs, best = between
    return (2 * (total + UNSEEN * (every - pairs)) / every + best) / 3
