"""Finds journeys that took the same way: by a hash, and always by comparing the steps themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from geleit.analytics.kernels.pairs import Way
from geleit.compiling import Number, kernel

Ints = npt.NDArray[Any]
MANY = 2**22  # slots
NEAR = 16  # slots, as a power of two, that are filled one after the other: half a megabyte


@kernel
def compact(way: Way, skip: int, collapse: bool) -> tuple[Ints, Ints, Ints]:
    """Codes without those to skip (and without repeats of the step before), where each journey starts, and its span."""
    value = np.empty_like(way.value)
    starts = np.empty(len(way.owners) + 1, np.int64)
    spans = np.zeros(len(way.owners), np.int64)
    place = 0
    for u in range(len(way.owners)):
        starts[u] = place
        before, began = np.int64(-1), np.int64(0)
        for i in range(way.starts[u], way.starts[u + 1]):
            code = np.int64(way.value[i])
            if code == skip or (collapse and code == before):
                continue
            if place == starts[u]:
                began = way.t[i]
            spans[u] = way.t[i] - began
            value[place] = code
            place += 1
            before = code
    starts[len(way.owners)] = place
    return value[:place].copy(), starts, spans


@kernel
def spans_of(way: Way) -> Ints:
    """Each journey's time from its first event to its last."""
    found = np.zeros(len(way.owners), np.int64)
    for u in range(len(found)):
        if way.starts[u + 1] > way.starts[u]:
            found[u] = way.t[way.starts[u + 1] - 1] - way.t[way.starts[u]]
    return found


@kernel
def hashes(value: Ints, starts: Ints) -> Ints:
    """One number for each journey's steps."""
    found = np.empty(len(starts) - 1, np.uint64)
    for u in range(len(found)):
        mixed = np.uint64(14695981039346656037)
        for i in range(starts[u], starts[u + 1]):
            mixed = (mixed ^ np.uint64(value[i] + 1)) * np.uint64(1099511628211)
        found[u] = mixed ^ (mixed >> np.uint64(29))
    return found


@kernel
def neighboring(hashed: Ints, last: np.uint64) -> Ints:
    """The journeys in an order in which those whose slots are near each other come together, else as they were."""
    near = np.uint64(NEAR)
    starts = np.zeros((last >> near) + np.uint64(2), np.int64)
    for u in range(len(hashed)):
        starts[((hashed[u] & last) >> near) + np.uint64(1)] += 1
    starts = np.cumsum(starts)
    found = np.empty(len(hashed), np.int64)
    for u in range(len(hashed)):
        room = (hashed[u] & last) >> near
        found[starts[room]] = u
        starts[room] += 1
    return found


@kernel
def same(value: Ints, starts: Ints, u: Number, other: Number) -> bool:
    """Whether two journeys took the same way."""
    length = starts[u + 1] - starts[u]
    if starts[other + 1] - starts[other] != length:
        return False
    for i in range(length):  # noqa: SIM110 (compiled)
        if value[starts[u] + i] != value[starts[other] + i]:
            return False
    return True


@kernel
def group(value: Ints, starts: Ints) -> Ints:
    """For each journey the first one that took the same way; -1 for journeys without steps."""
    journeys, size = len(starts) - 1, 2
    while size < 2 * journeys:
        size *= 2
    hashed, like = hashes(value, starts), np.full(journeys, -1, np.int64)
    # A slot holds half of a hash above the journey's number from 1, so that most others are told apart without looking
    # at their steps, which lie anywhere in memory.
    slots, last, lower = np.zeros(size, np.uint64), np.uint64(size - 1), np.uint64(0xFFFFFFFF)
    # Where slots are more than a processor's cache holds, those at hand are filled first; like ways keep their order.
    order = neighboring(hashed, last) if size > MANY else np.arange(journeys)
    for u in order:
        if starts[u] == starts[u + 1]:
            continue
        upper, slot = hashed[u] & ~lower, hashed[u] & last
        while True:
            held = slots[slot]
            if held == np.uint64(0):
                slots[slot] = upper | np.uint64(u + 1)
                like[u] = u
                break
            other = np.int64(held & lower) - 1
            if (held & ~lower) == upper and same(value, starts, u, other):
                like[u] = other
                break
            slot = (slot + np.uint64(1)) & last
    return like


@kernel
def tally(like: Ints, owners: Ints) -> tuple[Ints, Ints]:
    """Journeys and people of each way, at the place of its first journey; a customer's journeys stand together."""
    journeys = np.zeros(len(like), np.int32)
    people = np.zeros(len(like), np.int32)
    last = np.full(len(like), -1, np.int32)
    for u in range(len(like)):
        first = like[u]
        if first >= 0:
            journeys[first] += 1
            if last[first] != owners[u]:
                last[first] = owners[u]
                people[first] += 1
    return journeys, people


@kernel
def remaining(like: Ints, owners: Ints, shown: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Journeys and people of all ways that are not shown."""
    journeys, people, last = 0, 0, -1
    for u in range(len(like)):
        if like[u] >= 0 and not shown[like[u]]:
            journeys += 1
            if owners[u] != last:
                last = owners[u]
                people += 1
    return journeys, people
