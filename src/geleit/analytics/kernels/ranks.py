"""Exact quantiles by nearest rank: the smallest value with at least that share of all values at or below it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from geleit.analytics.kernels.compiling import kernel

Ints = npt.NDArray[Any]


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
def middle_and_tail(values: Ints, starts: Ints) -> tuple[Ints, Ints]:
    """Median and 95th percentile of each slice ``values[starts[k]:starts[k + 1]]`` by nearest rank; -1 for empty ones."""
    median = np.full(len(starts) - 1, -1, np.int64)
    tail = np.full(len(starts) - 1, -1, np.int64)
    for k in range(len(starts) - 1):
        size = starts[k + 1] - starts[k]
        if size > 0:
            tail[k] = nth(values, starts[k], starts[k + 1], (95 * size + 99) // 100 - 1)
            median[k] = nth(values, starts[k], starts[k + 1], (size + 1) // 2 - 1)
    return median, tail


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
