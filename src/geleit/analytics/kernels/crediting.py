"""Shares each success among the touches before it, in whole millionths, and counts how touches follow each other."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.analytics.kernels.compiling import kernel

Ints = npt.NDArray[Any]
WHOLE = 1_000_000
DAY = 86_400_000_000
FULL_WAY = 3  # touches from which a way has a middle

# Columns of ``credits``, then of ``reached`` (with the last journey and people seen behind them).
FIRST, LAST, LINEAR, POSITION, DECAY = range(5)


class Paths(NamedTuple):
    """Journeys of one part: kind and touch of their events."""

    kind: Ints
    touch: Ints
    t: Ints
    starts: Ints
    owners: Ints
    first: int


class Asked(NamedTuple):
    """Which kinds are a success; the touch code to skip; the oldest touch that counts; weights by age in days."""

    success: npt.NDArray[np.bool_]
    skip: int
    lookback: int
    decay: Ints


class Found(NamedTuple):
    """What is added to; touches by code, the last code is none. ``follows``: three more codes for start, success, nothing."""

    credits: Ints
    reached: Ints
    parties: Ints
    follows: Ints


@kernel
def _share(weights: Ints, touches: Ints, size: int, into: Ints) -> None:
    """One success by weights; what whole millionths leave over goes to the last touch."""
    total, given = np.int64(0), np.int64(0)
    for j in range(size):
        total += weights[j]
    for j in range(size):
        part = weights[j] * 1_000_000 // total
        given += part
        into[touches[j]] += part
    into[touches[size - 1]] += 1_000_000 - given


@kernel
def _reach(row: Ints, journey: int, person: int, success: bool) -> bool:
    """Note that a journey touched; whether it is the journey's first touch of this sort."""
    if row[4] == journey:
        return False
    row[4] = journey
    row[0] += 1
    if row[5] != person:
        row[5] = person
        row[1] += 1
    if success:
        row[2] += 1
        if row[6] != person:
            row[6] = person
            row[3] += 1
    return True


@kernel
def _before(paths: Paths, asked: Asked, u: int, touches: Ints, ages: Ints) -> tuple[int, bool]:
    """The touches before a journey's first success and their ages: how many, and whether there is a success."""
    begin, end, success = paths.starts[u], paths.starts[u + 1], False
    for i in range(begin, end):
        if asked.success[paths.kind[i]]:
            end, success = i, True
            break
    size = 0
    for i in range(begin, end):
        age = paths.t[end] - paths.t[i] if success else 0
        if paths.touch[i] != asked.skip and age <= asked.lookback:
            touches[size], ages[size] = paths.touch[i], age
            size += 1
    return size, success


@kernel
def credit(paths: Paths, asked: Asked, found: Found) -> None:
    """Add every journey."""
    none = found.credits.shape[0] - 1
    longest = 1
    for u in range(len(paths.owners)):
        longest = max(longest, paths.starts[u + 1] - paths.starts[u])
    touches, ages = np.empty(longest, np.int64), np.empty(longest, np.int64)
    weights = np.empty(longest, np.int64)
    for u in range(len(paths.owners)):
        size, success = _before(paths, asked, u, touches, ages)
        if size:
            _follow(touches, size, success, found.follows)
        elif success:
            touches[0], ages[0], size = none, 0, 1
        parties = 0
        for j in range(size):
            if _reach(found.reached[touches[j]], paths.first + u, paths.owners[u], success):
                parties += 1
        if not success:
            continue
        found.credits[touches[0], 0] += 1_000_000
        found.credits[touches[size - 1], 1] += 1_000_000
        weights[:size] = 1
        _share(weights, touches, size, found.credits[:, 2])
        for j in range(size):
            weights[j] = 1 if size < FULL_WAY else (40 * (size - 2) if j in (0, size - 1) else 20)
        _share(weights, touches, size, found.credits[:, 3])
        for j in range(size):
            weights[j] = asked.decay[min(ages[j] // 86_400_000_000, len(asked.decay) - 1)]
        _share(weights, touches, size, found.credits[:, 4])
        for j in range(size):
            row = found.reached[touches[j]]
            if row[7] != paths.first + u:
                row[7] = paths.first + u
                found.parties[touches[j], parties] += 1


@kernel
def _follow(touches: Ints, size: int, success: bool, follows: Ints) -> None:
    before = follows.shape[0] - 3
    for j in range(size):
        follows[before, touches[j]] += 1
        before = touches[j]
    follows[before, follows.shape[0] - (2 if success else 1)] += 1
