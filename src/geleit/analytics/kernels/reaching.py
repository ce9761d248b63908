"""How far journeys come on a funnel: for every event the latest attempt it carries on, in one pass."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.analytics.kernels.pairs import Way
from geleit.compiling import Number, kernel

Ints = npt.NDArray[Any]
NEVER = -3 * 2**61  # so long ago that no window reaches it


class Steps(NamedTuple):
    """What the funnel asks. ``own[code, nth]`` = the steps of a code, from 1, the last one first; ``before`` the one before each.

    Windows in microseconds; ``gap`` = how many places a step may lie behind the one before it.
    """

    own: Ints
    before: Ints
    window: int
    step_window: int
    gap: int


class Found(NamedTuple):
    """What is added to, per step: journeys, people and the last person; spans since the start, and how many there are.

    ``lost[step, code]`` = journeys, people and the last person of those whose last step it is, by what came directly
    after it; the last code is none.
    """

    reached: Ints
    lost: Ints
    spans: Ints
    spanned: Ints


def steps_of(member: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """``own`` and ``before`` from ``member[step, code]``; what is no step is one that can never be reached."""
    depth = member.shape[0]
    most = max(1, int(member.sum(axis=0).max(initial=0)))
    own, before = np.full((2, member.shape[1], most), depth + 1, np.int64)
    before += 1
    for code in range(member.shape[1]):
        steps = np.flatnonzero(member[::-1, code])
        before[code, : len(steps)] = depth - 1 - steps
        own[code, : len(steps)] = depth - steps
    return own, before


def empty(depth: int, codes: int, journeys: int) -> Found:
    """Nothing yet, with room for so many journeys."""
    reached, lost = np.zeros((depth, 3), np.int64), np.zeros((depth, codes + 1, 3), np.int64)
    reached[:, 2] = lost[:, :, 2] = -1
    return Found(reached, lost, np.empty((depth, journeys), np.int64), np.zeros(depth, np.int64))


@kernel
def _reach(found: Found, step: Number, person: Number) -> None:
    found.reached[step, 0] += 1
    found.reached[step, 1] += found.reached[step, 2] != person
    found.reached[step, 2] = person


@kernel
def _leave(way: Way, u: int, last: tuple[Number, Number], found: Found) -> None:
    """Note what came after the place of the last step (-1 = none was reached); whoever took all steps is not lost."""
    step, place = last
    if 0 <= step < found.lost.shape[0] - 1:
        code = np.int64(way.value[place + 1]) if place + 1 < way.starts[u + 1] else np.int64(found.lost.shape[1] - 1)
        person = way.owners[u]
        found.lost[step, code, 0] += 1
        found.lost[step, code, 1] += found.lost[step, code, 2] != person
        found.lost[step, code, 2] = person


@kernel
def ordered(way: Way, asked: Steps, found: Found) -> None:
    """Add every journey.

    Of all attempts that reach a step only the one that started last matters: whoever is later at a step also started
    later, so both windows hold for it if they hold for any. No step is reached before the one before it.
    """
    # Every event takes the same way through the loop whether it carries an attempt on or not: kinds come in no order
    # that a processor could guess. Step 0 is the event itself, so that the first step has one before it, too.
    depth = len(found.spanned)
    start = np.full(depth + 3, NEVER, np.int64)
    last, at = np.zeros(depth + 3, np.int64), np.zeros(depth + 3, np.int64)
    for u in range(len(way.owners)):
        start[: depth + 1] = NEVER
        deepest, place = np.int64(0), -1
        for i in range(way.starts[u], way.starts[u + 1]):
            code, t = np.uint64(way.value[i]), way.t[i]
            start[0], last[0], at[0] = t, t, i - 1
            for nth in range(asked.own.shape[1]):
                own, before = np.uint64(asked.own[code, nth]), np.uint64(asked.before[code, nth])
                began = start[before]
                on = (
                    (t - began <= asked.window)
                    & (t - last[before] <= asked.step_window)
                    & (i - at[before] <= asked.gap)
                )
                start[own] = began if on else start[own]
                last[own] = t if on else last[own]
                at[own] = i if on else at[own]
                if on and np.int64(own) > deepest:
                    deepest, place = np.int64(own), i
                    k = deepest - 1
                    found.spans[k, found.spanned[k]] = t - began
                    found.spanned[k] += 1
                    _reach(found, k, way.owners[u])
            if deepest == depth:
                break
        _leave(way, u, (deepest - 1, place), found)


@kernel
def unordered(way: Way, asked: Steps, found: Found) -> None:
    """The same for steps in any order: step k is reached at the first event at whose moment k of the steps were taken."""
    depth = len(found.spanned)
    latest = np.empty(depth, np.int64)
    for u in range(len(way.owners)):
        latest[:] = NEVER
        deepest, place = -1, -1
        i = way.starts[u]
        while i < way.starts[u + 1]:
            moment, first = way.t[i], i
            while i < way.starts[u + 1] and way.t[i] == moment:
                code = np.int64(way.value[i])
                for nth in range(asked.own.shape[1]):
                    if asked.own[code, nth] <= depth:
                        latest[asked.own[code, nth] - 1] = moment
                i += 1
            taken = 0
            for k in range(depth):
                if latest[k] != NEVER and moment - latest[k] <= asked.window:
                    taken += 1
            while deepest < taken - 1:
                deepest, place = deepest + 1, first
                _reach(found, deepest, way.owners[u])
        _leave(way, u, (deepest, place), found)
