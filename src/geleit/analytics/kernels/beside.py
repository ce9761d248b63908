"""Lays journeys beside one chosen way: which of their steps are steps of the way, at the least cost."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.compiling import kernel

Ints = npt.NDArray[Any]


class Prices(NamedTuple):
    """What it costs to take one kind for another (``swap[a, b]``, 0 for the same), and to leave a step out."""

    swap: Ints
    gap: int


class Ways(NamedTuple):
    """Distinct ways: kinds of way ``w`` are ``value[starts[w]:stops[w]]``; of very long ones only the first steps."""

    value: Ints
    starts: Ints
    stops: Ints


@kernel
def runs(kind: Ints, starts: Ints) -> tuple[Ints, Ints]:
    """Places of events that begin a run of the same kind, and where each journey begins among them."""
    kept = np.empty(len(kind), np.int64)
    begins = np.empty(len(starts), np.int64)
    place = 0
    for u in range(len(starts) - 1):
        begins[u] = place
        before = np.int64(-1)
        for i in range(starts[u], starts[u + 1]):
            code = np.int64(kind[i])
            if code != before:
                kept[place] = i
                place += 1
                before = code
    begins[len(starts) - 1] = place
    return kept[:place].copy(), begins


@kernel
def signs(ways: Ways) -> Ints:
    """A number for each way that depends on its kinds alone and is spread evenly: whoever takes the smallest takes by chance."""
    found = np.empty(len(ways.starts), np.uint64)
    for w in range(len(ways.starts)):
        mixed = np.uint64(14695981039346656037)
        for i in range(ways.starts[w], ways.stops[w]):
            mixed = (mixed ^ np.uint64(ways.value[i] + 1)) * np.uint64(1099511628211)
        mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(18397679294719823053)
        found[w] = mixed ^ (mixed >> np.uint64(29))
    return found


@kernel
def distances(ways: Ways, candidates: Ints, others: Ints, prices: Prices, found: Ints) -> None:
    """Fill ``found[c, o]`` with the least cost of turning way ``others[o]`` into way ``candidates[c]``."""
    longest = 0
    for c in range(len(candidates)):
        longest = max(longest, ways.stops[candidates[c]] - ways.starts[candidates[c]])
    row = np.empty(longest + 1, np.int64)
    for c in range(len(candidates)):
        first, size = ways.starts[candidates[c]], ways.stops[candidates[c]] - ways.starts[candidates[c]]
        for o in range(len(others)):
            for j in range(size + 1):
                row[j] = j * prices.gap
            for i in range(ways.starts[others[o]], ways.stops[others[o]]):
                diagonal = row[0]
                row[0] += prices.gap
                for j in range(1, size + 1):
                    swapped = diagonal + prices.swap[ways.value[i], ways.value[first + j - 1]]
                    diagonal = row[j]
                    row[j] = min(swapped, min(row[j], row[j - 1]) + prices.gap)
            found[c, o] = row[size]


@kernel
def align(ways: Ways, way: Ints, prices: Prices, step_of: Ints) -> None:
    """Fill ``step_of`` (as long as ``ways.value``) with the step of ``way`` (from 1) that a place is, 0 for none.

    Of several alignments at the least cost it is the one that, read from the end, rather pairs than leaves out a step of
    the journey, and rather that than a step of the way. A pair of different kinds is a step of neither.
    """
    longest = 0
    for w in range(len(ways.starts)):
        longest = max(longest, ways.stops[w] - ways.starts[w])
    cost = np.empty((longest + 1, len(way) + 1), np.int64)
    for j in range(len(way) + 1):
        cost[0, j] = j * prices.gap
    for w in range(len(ways.starts)):
        first, size = ways.starts[w], ways.stops[w] - ways.starts[w]
        for i in range(1, size + 1):
            kind = ways.value[first + i - 1]
            cost[i, 0] = i * prices.gap
            for j in range(1, len(way) + 1):
                swapped = cost[i - 1, j - 1] + prices.swap[kind, way[j - 1]]
                cost[i, j] = min(swapped, min(cost[i - 1, j], cost[i, j - 1]) + prices.gap)
        i, j = size, len(way)
        while i > 0 and j > 0:
            kind = ways.value[first + i - 1]
            if cost[i, j] == cost[i - 1, j - 1] + prices.swap[kind, way[j - 1]]:
                if kind == way[j - 1]:
                    step_of[first + i - 1] = j
                i -= 1
                j -= 1
            elif cost[i, j] == cost[i - 1, j] + prices.gap:
                i -= 1
            else:
                j -= 1


class Laid(NamedTuple):
    """All journeys beside the way: their runs' kinds, channels and times, and whose alignment each journey has."""

    kind: Ints
    channel: Ints
    t: Ints
    starts: Ints
    like: Ints
    owners: Ints
    step_of: Ints


@kernel
def _note(cell: Ints, journey: int, person: int) -> None:
    if cell[2] != journey:
        cell[2] = journey
        cell[0] += 1
    if cell[3] != person:
        cell[3] = person
        cell[1] += 1


@kernel
def count(laid: Laid, paths: Ints, channels: Ints, others: Ints, left: Ints) -> None:
    """Add to cells of (journeys, people, last journey, last person), the last two beginning with -1.

    ``paths[a, b]``: from step a (0: the beginning) to step b (the last one: the end). ``channels[a, c]``: at step a.
    ``others[a, k]``: kind k between step a and a later one. ``left[a, k]``: kind k first after the last step a; the last
    kind stands for nothing.
    """
    end, nothing = paths.shape[1] - 1, left.shape[1] - 1
    for u in range(len(laid.owners)):
        size, same = laid.starts[u + 1] - laid.starts[u], laid.starts[laid.like[u]]
        last = 0
        for nth in range(size):
            if laid.step_of[same + nth]:
                last = nth + 1
        reached = 0
        for nth in range(last):
            i, step = laid.starts[u] + nth, laid.step_of[same + nth]
            if step:
                _note(paths[reached, step], u, laid.owners[u])
                _note(channels[step, laid.channel[i]], u, laid.owners[u])
                reached = step
            else:
                _note(others[reached, laid.kind[i]], u, laid.owners[u])
        _note(paths[reached, end], u, laid.owners[u])
        _note(left[reached, laid.kind[laid.starts[u] + last] if last < size else nothing], u, laid.owners[u])


@kernel
def spread(laid: Laid, places: Ints, spans: Ints) -> None:
    """Lay out the spans from each journey's step before to each step: ``places[step]`` is where the next goes, and moves on."""
    for u in range(len(laid.owners)):
        same, before = laid.starts[laid.like[u]], np.int64(-1)
        for nth in range(laid.starts[u + 1] - laid.starts[u]):
            step = laid.step_of[same + nth]
            if step:
                i = laid.starts[u] + nth
                if before >= 0:
                    spans[places[step]] = laid.t[i] - laid.t[before]
                    places[step] += 1
                before = i
