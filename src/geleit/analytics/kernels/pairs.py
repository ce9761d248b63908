"""Counts each step with the one before it; one pass for the counts, two for the quantiles of the spans between them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.analytics.kernels.ranks import bucket
from geleit.compiling import kernel

Ints = npt.NDArray[Any]

COUNT, JOURNEYS, PEOPLE, SPAN, CARRIED, LAST_JOURNEY, LAST_PERSON = range(7)
FULL = 2**62  # a sum of spans that reaches it is carried: years of millions of journeys do not fit into one number


class Way(NamedTuple):
    """Journeys of one part: codes and times of their events, where each starts, its number and whose it is."""

    value: Ints
    t: Ints
    starts: Ints
    owners: Ints
    first: int


@kernel
def count(way: Way, skip: int, cells: Ints) -> None:
    """Add to ``cells[source, target]``: count, journeys, people, span (and how often ``FULL`` was carried away from it).

    The last code stands for outside the journey. The two last columns remember who was counted last and begin with -1. ``skip`` is the code of events to pass over.
    """
    # Comparisons are added, not branched on, and places are never negative: half of what this pass costs otherwise.
    side = np.uint64(cells.shape[0])
    outside = side - np.uint64(1)
    flat = cells.reshape(cells.shape[0] * cells.shape[1], cells.shape[2])
    for u in range(len(way.owners)):
        before, then = outside, np.int64(0)
        journey, person = np.int64(way.first + u), np.int64(way.owners[u])
        for i in range(way.starts[u], way.starts[u + 1]):
            if np.int64(way.value[i]) == skip:
                continue
            value, now = np.uint64(way.value[i]), way.t[i]
            cell = before * side + value
            flat[cell, COUNT] += 1
            flat[cell, JOURNEYS] += flat[cell, LAST_JOURNEY] != journey
            flat[cell, PEOPLE] += flat[cell, LAST_PERSON] != person
            flat[cell, SPAN] += now - then if before != outside else 0
            if flat[cell, SPAN] >= FULL:
                flat[cell, SPAN] -= FULL
                flat[cell, CARRIED] += 1
            flat[cell, LAST_JOURNEY], flat[cell, LAST_PERSON] = journey, person
            before, then = value, now
        if before != outside:
            cell = before * side + outside
            flat[cell, COUNT] += 1
            flat[cell, JOURNEYS] += 1
            flat[cell, PEOPLE] += flat[cell, LAST_PERSON] != person
            flat[cell, LAST_PERSON] = person


class Heights(NamedTuple):
    """Which cells have so many spans that they are first counted by bucket: ``slot[source, target]`` (-1 = few), and the counts."""

    slot: Ints
    by_bucket: Ints


class Wanted(NamedTuple):
    """Where spans are laid out: the next place of each cell; of cells with many spans only those in two buckets."""

    slot: Ints
    buckets: Ints
    places: Ints


@kernel
def measure(way: Way, skip: int, heights: Heights) -> None:
    """Add to ``by_bucket[slot, bucket]`` the spans of cells with many."""
    for u in range(len(way.owners)):
        before, then = np.int64(-1), np.int64(0)
        for i in range(way.starts[u], way.starts[u + 1]):
            value, now = np.int64(way.value[i]), way.t[i]
            if value == skip:
                continue
            if before >= 0:
                slot = heights.slot[before, value]
                if slot >= 0:
                    heights.by_bucket[slot, bucket(now - then)] += 1
            before, then = value, now


@kernel
def spread(way: Way, skip: int, wanted: Wanted, spans: Ints) -> None:
    """Lay out the wanted spans; ``wanted.places`` moves on."""
    for u in range(len(way.owners)):
        before, then = np.int64(-1), np.int64(0)
        for i in range(way.starts[u], way.starts[u + 1]):
            value, now = np.int64(way.value[i]), way.t[i]
            if value == skip:
                continue
            if before >= 0:
                slot, span = wanted.slot[before, value], now - then
                here = bucket(span)
                if slot < 0 or here == wanted.buckets[slot, 0] or here == wanted.buckets[slot, 1]:
                    spans[wanted.places[before, value]] = span
                    wanted.places[before, value] += 1
            before, then = value, now
