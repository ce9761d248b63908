"""Lays what happened beside a designed journey: which event is which designed step, by the order of both.

An alignment gives events to designed steps so that the steps keep their order; a step takes one event, one that repeats any
number between its first and its last. The best alignment takes most required steps and, among those, most events: a required
step left out costs more than any number of events left over. Among equally good ones the first step begins as early as it
can (taking it goes before leaving it out), then ends as early as it can; then the second, and so on. So there is always
exactly one. Delays do not decide it: they are judged afterwards, between the steps that were found.

Plain loops over arrays: analysis compiles the same text.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[Any]
REQUIRED = 2**32  # worth of a required step; more than any journey has events


class Rules(NamedTuple):
    """Per designed step: whether it is required, and whether it repeats."""

    required: npt.NDArray[np.bool_]
    repeats: npt.NDArray[np.bool_]


def align(fits: Ints, rules: Rules, begin: Ints, end: Ints) -> None:
    """Write into ``begin`` and ``end`` the places of each step's first and last event, -1 for a step not taken.

    ``fits[i]`` has bit j set if event i can be step j (from 0). Between a repeating step's first and last event, every
    event that can be it is it.
    """
    choose(rules, measure(fits, rules), begin, end)


def measure(fits: Ints, rules: Rules) -> tuple[Ints, Ints, Ints, Ints]:
    """How good alignments can be, from each step and event on (see ``choose``)."""
    steps, events = len(rules.required), len(fits)
    # rest[j, i] = the best that steps from j on can make of the events after the first i; first[j, i] = of step j begun
    # at event i; tail[j, i] = of step j ending at event i, without what a repeat already took.
    rest = np.zeros((steps + 1, events + 1), np.int64)
    first = np.full((steps, events), -1, np.int64)
    tail = np.full((steps, events), -REQUIRED * 64, np.int64)
    left = np.zeros((steps, events + 1), np.int64)  # events from here on that can be the step
    for j in range(steps - 1, -1, -1):
        best = np.int64(-REQUIRED * 64)
        for i in range(events - 1, -1, -1):
            left[j, i] = left[j, i + 1]
            rest[j, i] = max(rest[j, i + 1], rest[j + 1, i])
            if (fits[i] >> j) & 1:
                left[j, i] += 1
                own = left[j, i] if rules.repeats[j] else 0
                tail[j, i] = 1 + rest[j + 1, i + 1] - own
                best = max(best, tail[j, i])
                first[j, i] = (best if rules.repeats[j] else tail[j, i]) + own + REQUIRED * rules.required[j]
                rest[j, i] = max(rest[j, i], first[j, i])
    return rest, first, tail, left


def choose(rules: Rules, found: tuple[Ints, Ints, Ints, Ints], begin: Ints, end: Ints) -> None:
    """Of the best alignments the earliest."""
    rest, first, tail, left = found
    events = first.shape[1]
    value, after = rest[0, 0], 0
    for j in range(first.shape[0]):
        begin[j], end[j] = -1, -1
        for i in range(after, events):
            if first[j, i] == value:
                begin[j], end[j] = i, i
                break
        if begin[j] < 0:
            continue
        if rules.repeats[j]:
            wanted = value - REQUIRED * rules.required[j] - left[j, begin[j]]
            while tail[j, end[j]] != wanted:
                end[j] += 1
        after = end[j] + 1
        value = rest[j + 1, after]


def place(fits: Ints, rules: Rules, ends: tuple[Ints, Ints], step_of: Ints, other: Ints) -> None:
    """Write into ``step_of`` each event's step (-1: extra), and into ``other`` each step's event in another order (-1: none).

    A step that was not taken in order, in order of the design, gets the earliest event left over that can be it.
    """
    begin, end = ends
    step_of[:] = -1
    for j in range(len(begin)):
        other[j] = -1
        if begin[j] >= 0:
            for i in range(begin[j], end[j] + 1):
                if (fits[i] >> j) & 1 and (i == begin[j] or rules.repeats[j]):
                    step_of[i] = j
    for j in range(len(begin)):
        if begin[j] < 0:
            for i in range(len(fits)):
                if step_of[i] < 0 and (fits[i] >> j) & 1:
                    step_of[i] = j
                    other[j] = i
                    break
