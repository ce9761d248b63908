"""How far journeys come on a funnel: for every event the latest attempt it carries on, in one pass."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.analytics.kernels.compiling import kernel
from geleit.analytics.kernels.pairs import Way

Ints = npt.NDArray[Any]
NEVER = -(2**62)


class Steps(NamedTuple):
    """``member[step, code]`` = the code is of that step; windows in microseconds; strict = nothing in between."""

    member: npt.NDArray[np.bool_]
    window: int
    step_window: int
    strict: bool


@kernel
def ordered(way: Way, steps: Steps, reached: Ints, spans: Ints) -> None:
    """For each journey and step: ``reached`` = place of the event that first reached it (-1 never), ``spans`` = time since the start.

    Of all attempts that reach a step only the one that started last matters: whoever is later at a step also started
    later, so both windows hold for it if they hold for any.
    """
    depth = steps.member.shape[0]
    start = np.empty(depth, np.int64)
    last = np.empty(depth, np.int64)
    at = np.empty(depth, np.int64)
    for u in range(len(way.owners)):
        start[:] = NEVER
        at[:] = -2
        for i in range(way.starts[u], way.starts[u + 1]):
            code, t = way.value[i], way.t[i]
            for k in range(depth - 1, -1, -1):
                if not steps.member[k, code]:
                    continue
                if k == 0:
                    start[0] = t
                elif (
                    start[k - 1] == NEVER
                    or (steps.strict and at[k - 1] != i - 1)
                    or t - start[k - 1] > steps.window
                    or t - last[k - 1] > steps.step_window
                ):
                    continue
                else:
                    start[k] = start[k - 1]
                last[k] = t
                at[k] = i
                if reached[u, k] < 0:
                    reached[u, k] = i
                    spans[u, k] = t - start[k]


@kernel
def unordered(way: Way, steps: Steps, reached: Ints) -> None:
    """The same for steps in any order: place of the first event at whose moment ``step + 1`` of the steps were taken."""
    depth = steps.member.shape[0]
    latest = np.empty(depth, np.int64)
    for u in range(len(way.owners)):
        latest[:] = NEVER
        i = way.starts[u]
        while i < way.starts[u + 1]:
            moment, first = way.t[i], i
            while i < way.starts[u + 1] and way.t[i] == moment:
                for k in range(depth):
                    if steps.member[k, way.value[i]]:
                        latest[k] = moment
                i += 1
            taken = 0
            for k in range(depth):
                if latest[k] != NEVER and moment - latest[k] <= steps.window:
                    taken += 1
            for k in range(taken):
                if reached[u, k] < 0:
                    reached[u, k] = first


@kernel
def leaving(way: Way, reached: Ints, lost: Ints) -> None:
    """Add to ``lost[step, code]`` (journeys, people, last person): the event after the last step reached; the last code is none."""
    depth, nothing = reached.shape[1], lost.shape[1] - 1
    for u in range(len(way.owners)):
        deepest = -1
        for k in range(depth):
            if reached[u, k] >= 0:
                deepest = k
        if 0 <= deepest < depth - 1:
            after = reached[u, deepest] + 1
            code = np.int64(way.value[after]) if after < way.starts[u + 1] else nothing
            cell = lost[deepest, code]
            cell[0] += 1
            if cell[2] != way.owners[u]:
                cell[2] = way.owners[u]
                cell[1] += 1


@kernel
def people(way: Way, reached: Ints, found: Ints) -> None:
    """Add to ``found[step]`` (journeys, people): who reached each step; a customer's journeys stand together."""
    for k in range(reached.shape[1]):
        last = -1
        for u in range(len(way.owners)):
            if reached[u, k] >= 0:
                found[k, 0] += 1
                if way.owners[u] != last:
                    last = way.owners[u]
                    found[k, 1] += 1
