"""Shares each success among the touches before it, in whole millionths, and counts how touches follow each other."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.compiling import Number, kernel

Ints = npt.NDArray[Any]
WHOLE = 1_000_000
DAY = 86_400_000_000
FULL_WAY = 3  # touches from which a way has a middle

# Columns of ``credits``, then of ``reached`` (with the last journey and people seen behind them).
FIRST, LAST, LINEAR, POSITION, DECAY = range(5)


class Paths(NamedTuple):
    """Journeys of one part: kind and touch of their events; ``lots`` = the lot of each journey's customer."""

    kind: Ints
    touch: Ints
    t: Ints
    starts: Ints
    owners: Ints
    first: int
    lots: Ints


class Asked(NamedTuple):
    """Which kinds are a success; the touch code to skip; the oldest touch that counts; weights by age in days."""

    success: npt.NDArray[np.bool_]
    skip: int
    lookback: int
    decay: Ints


class Found(NamedTuple):
    """What is added to; touches by code, the last code is none. All but ``reached`` by lot first; ``drawn`` = people.

    ``follows``: three more codes for start, success, nothing.
    """

    credits: Ints
    reached: Ints
    parties: Ints
    follows: Ints
    drawn: Ints


def empty(lots: int, touches: int) -> Found:
    """Nothing yet."""
    reached = np.zeros((touches + 1, 8), np.int64)
    reached[:, 4:] = -1
    return Found(
        np.zeros((lots, touches + 1, 5), np.int64),
        reached,
        np.zeros((lots, touches + 1, touches + 2), np.int64),
        np.zeros((lots, touches + 3, touches + 3), np.int64),
        np.zeros(lots, np.int64),
    )


@kernel
def before_success(paths: Paths, asked: Asked, u: int, touches: Ints, ages: Ints) -> tuple[int, bool]:
    """The touches before a journey's first success and their ages: how many, and whether there is a success."""
    size, success, end = 0, False, np.int64(0)
    for i in range(paths.starts[u], paths.starts[u + 1]):
        if asked.success[paths.kind[i]]:
            end, success = paths.t[i], True
            break
        touches[size], ages[size] = paths.touch[i], paths.t[i]
        size += np.int64(paths.touch[i]) != asked.skip
    if not success:
        return size, False
    kept = 0
    for j in range(size):
        age = end - ages[j]
        touches[kept], ages[kept] = touches[j], age
        kept += age <= asked.lookback
    return kept, True


@kernel
def _reach(reached: Ints, touch: Number, journey: Number, whose: tuple[Number, bool]) -> bool:
    """Note that a journey touched; whether it is the journey's first touch of this sort."""
    if reached[touch, 4] == journey:
        return False
    person, success = whose
    reached[touch, 4] = journey
    reached[touch, 0] += 1
    reached[touch, 1] += reached[touch, 5] != person
    reached[touch, 5] = person
    if success:
        reached[touch, 2] += 1
        reached[touch, 3] += reached[touch, 6] != person
        reached[touch, 6] = person
    return True


@kernel
def _share(way: tuple[Ints, Ints, int], decay: Ints, credits_: Ints, lot: Number) -> None:
    """One success by every model; what whole millionths leave over goes to the last touch."""
    touches, ages, size = way
    last = touches[size - 1]
    credits_[lot, touches[0], FIRST] += WHOLE
    credits_[lot, last, LAST] += WHOLE
    each = WHOLE // size
    middle = each if size < FULL_WAY else WHOLE // 5 // (size - 2)
    ends = each if size < FULL_WAY else WHOLE // 5 * 2
    total, given = np.int64(0), np.int64(0)
    for j in range(size):
        ages[j] = decay[min(ages[j] // DAY, len(decay) - 1)]  # from here on weights
        total += ages[j]
    for j in range(size):
        faded = ages[j] * WHOLE // total
        given += faded
        credits_[lot, touches[j], LINEAR] += each
        credits_[lot, touches[j], POSITION] += ends if j in (0, size - 1) else middle
        credits_[lot, touches[j], DECAY] += faded
    credits_[lot, last, LINEAR] += WHOLE - each * size
    credits_[lot, last, POSITION] += WHOLE - (ends * min(size, 2) + middle * max(size - 2, 0))
    credits_[lot, last, DECAY] += WHOLE - given


@kernel
def follow(touches: Ints, size: int, success: bool, follows: Ints, lot: Number) -> None:
    """How a journey's touches follow each other, from the start to success or nothing."""
    before = np.int64(follows.shape[1] - 3)
    for j in range(size):
        follows[lot, before, touches[j]] += 1
        before = touches[j]
    follows[lot, before, follows.shape[1] - (2 if success else 1)] += 1


@kernel
def credit(paths: Paths, asked: Asked, found: Found) -> None:
    """Add every journey; a customer's journeys stand together."""
    longest, drawn = 1, np.int64(-1)
    for u in range(len(paths.owners)):
        longest = max(longest, paths.starts[u + 1] - paths.starts[u])
    touches, ages = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for u in range(len(paths.owners)):
        size, success = before_success(paths, asked, u, touches, ages)
        if not size and not success:
            continue
        lot, person = np.int64(paths.lots[u]), np.int64(paths.owners[u])
        if person != drawn:
            drawn = person
            found.drawn[lot] += 1
        if size:
            follow(touches, size, success, found.follows, lot)
        else:
            touches[0], ages[0], size = found.reached.shape[0] - 1, 0, 1
        journey, parties = np.int64(paths.first + u), 0
        for j in range(size):
            parties += _reach(found.reached, touches[j], journey, (person, success))
        if success:
            _share((touches, ages, size), asked.decay, found.credits, lot)
            for j in range(size):
                if found.reached[touches[j], 7] != journey:
                    found.reached[touches[j], 7] = journey
                    found.parties[lot, touches[j], parties] += 1
