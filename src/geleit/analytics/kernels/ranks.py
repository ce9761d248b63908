"""Exact quantiles by nearest rank: the smallest value with at least that share of all values at or below it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from geleit.compiling import kernel

Ints = npt.NDArray[Any]

BUCKETS = 1024  # of spans: sixteen for each power of two


@kernel
def bucket(span: int) -> int:
    """The bucket of a span, its first binary digits: longer spans are never in an earlier one."""
    if span <= 0:
        return 0
    return int((np.float64(span).view(np.int64) >> 48) - (1023 << 4) + 1)


@kernel
def nth(values: Ints, start: int, stop: int, rank: int) -> int:
    """The value of a rank (from 0) among ``values[start:stop]``, which are put in another order (three-way quickselect)."""
    low, high, wanted = start, stop - 1, start + rank
    while low < high:
        a, b, c = values[low], values[(low + high) // 2], values[high]
        pivot = max(min(a, b), min(max(a, b), c))
        less, here, more = low, low, high
        while here <= more:
            value = values[here]
            if value < pivot:
                values[here] = values[less]
                values[less] = value
                less += 1
                here += 1
            elif value > pivot:
                values[here] = values[more]
                values[more] = value
                more -= 1
            else:
                here += 1
        if wanted < less:
            high = less - 1
        elif wanted > more:
            low = more + 1
        else:
            return int(pivot)
    return int(values[wanted])


@kernel
def ranks_of(size: Any) -> tuple[Any, Any]:
    """The ranks, from 0, of the median and the 95th percentile of so many values (a number, or an array of them)."""
    return (size + 1) // 2 - 1, (95 * size + 99) // 100 - 1


@kernel
def within(heights: Ints) -> Ints:
    """For rows of counts by bucket: the bucket of the median and of the 95th percentile, and how many lie before each."""
    found = np.zeros((heights.shape[0], 4), np.int64)
    for row in range(heights.shape[0]):
        middle, tail = ranks_of(heights[row].sum())
        before = np.int64(0)
        for place in range(heights.shape[1]):
            after = before + np.int64(heights[row, place])
            if before <= middle < after:
                found[row, 0], found[row, 2] = place, before
            if before <= tail < after:
                found[row, 1], found[row, 3] = place, before
            before = after
    return found


@kernel
def at_ranks(values: Ints, starts: Ints, ranks: Ints) -> Ints:
    """The values of some ranks (columns) of each slice ``values[starts[k]:starts[k + 1]]``; -1 for empty ones."""
    found = np.full(ranks.shape, -1, np.int64)
    for k in range(len(starts) - 1):
        for place in range(ranks.shape[1] - 1, -1, -1):
            if starts[k + 1] > starts[k]:
                found[k, place] = nth(values, starts[k], starts[k + 1], ranks[k, place])
    return found


@kernel
def middle_and_tail(values: Ints, starts: Ints) -> tuple[Ints, Ints]:
    """Median and 95th percentile of each slice ``values[starts[k]:starts[k + 1]]`` by nearest rank; -1 for empty ones."""
    sizes = starts[1:] - starts[:-1]
    middle, tail = ranks_of(sizes)
    found = at_ranks(values, starts, np.stack((middle, tail), axis=1))
    return found[:, 0].copy(), found[:, 1].copy()


@kernel
def quartiles(values: Ints, starts: Ints) -> Ints:
    """First quartile, median and third quartile (columns) of each slice by nearest rank; -1 for empty ones."""
    found = np.full((len(starts) - 1, 3), -1, np.int64)
    for k in range(len(starts) - 1):
        size = starts[k + 1] - starts[k]
        for quarter in range(1, 4):
            if size > 0:
                found[k, quarter - 1] = nth(values, starts[k], starts[k + 1], (quarter * size + 3) // 4 - 1)
    return found


def of_counted(pairs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Median and 95th percentile by nearest rank of counted values: (value, how many have it), in order.

    >>> of_counted([(1, 3), (2, 1), (7, 1)])
    (1, 7)
    """
    middle, tail = ranks_of(sum(count for _, count in pairs))
    reached = list(accumulate(count for _, count in pairs))
    return pairs[bisect_right(reached, middle)][0], pairs[bisect_right(reached, tail)][0]
