"""Lays journeys beside a designed one; the alignment is that of the maps (``needs.alignment``), compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.analytics.kernels.pairs import Way
from geleit.compiling import kernel
from geleit.needs import alignment

Ints = npt.NDArray[Any]
AS_DESIGNED, LATE, OTHER_ORDER, SKIPPED, NOT_REACHED = range(5)
WELL, SO_FAR, DEVIATING, ELSEWHERE = range(4)
COUNT, JOURNEYS, PEOPLE, LAST_JOURNEY, LAST_PERSON = range(5)
BY_PERSON = 4  # the bit of an event's flags: the person began it

_measure, _choose, _place = kernel(alignment.measure), kernel(alignment.choose), kernel(alignment.place)


class Places(NamedTuple):
    """Each event's channel, stage and flags (its kind is the way's value)."""

    channel: Ints
    stage: Ints
    flags: Ints


class Design(NamedTuple):
    """Bits of the steps that each kind, channel and stage can be; kinds that begin the way; limits of the steps."""

    kinds: Ints
    channels: Ints
    stages: Ints
    begins: npt.NDArray[np.bool_]
    within: Ints
    from_start: npt.NDArray[np.bool_]


class Found(NamedTuple):
    """Per journey its verdict, and per journey and step verdict, events and delay (-1: none).

    ``extra[step before, kind, who]`` counts events that are no step: count, journeys, people; the two last columns
    remember who was counted last and begin with -1. ``who`` = 0 for the person, 1 for the company.
    """

    whole: Ints
    verdict: Ints
    events: Ints
    delay: Ints
    extra: Ints


@kernel
def align(way: Way, places: Places, design: Design, rules: alignment.Rules, found: Found) -> None:
    """Fill the journeys of one part, from 0."""
    steps = len(rules.required)
    begin, end, other = np.empty(steps, np.int64), np.empty(steps, np.int64), np.empty(steps, np.int64)
    for u in range(len(way.owners)):
        first = way.starts[u]
        while first < way.starts[u + 1] and not design.begins[way.value[first]]:
            first += 1
        fits = np.zeros(way.starts[u + 1] - first, np.int64)
        met = np.int64(0)
        for i in range(len(fits)):
            at = first + i
            fits[i] = (
                design.kinds[way.value[at]] & design.channels[places.channel[at]] & design.stages[places.stage[at]]
            )
            met |= fits[i]
        step_of = np.full(len(fits), -1, np.int64)
        if met:
            _choose(rules, _measure(fits, rules), begin, end)
            _place(fits, rules, (begin, end), step_of, other)
            _judge((way, first), (begin, end, other), (design, rules), found, u)
        else:
            begin[:], end[:], other[:] = -1, -1, -1
            found.whole[u] = ELSEWHERE
        for i in range(len(fits)):
            if step_of[i] >= 0:
                found.events[u, step_of[i]] += 1
        if met:
            _count_extra((way, first), places.flags, (step_of, begin), found.extra, u)


@kernel
def _judge(
    at: tuple[Way, int],
    taken: tuple[Ints, Ints, Ints],
    design: tuple[Design, alignment.Rules],
    found: Found,
    u: int,
) -> None:
    """The verdict of each step, and of the whole journey."""
    way, first = at
    begin, end, other = taken
    wanted, rules = design
    last = -1
    for j in range(len(begin)):
        if begin[j] >= 0:
            last = j
    before = np.int64(-1)
    wrong, missing = False, False
    for j in range(len(begin)):
        if begin[j] >= 0:
            since = np.int64(0) if wanted.from_start[j] else before
            found.verdict[u, j] = AS_DESIGNED
            if since >= 0:
                found.delay[u, j] = way.t[first + begin[j]] - way.t[first + since]
                if found.delay[u, j] > wanted.within[j]:
                    found.verdict[u, j] = LATE
                    wrong = True
            before = end[j]
        elif other[j] >= 0:
            found.verdict[u, j] = OTHER_ORDER
            wrong = True
        elif j < last:
            found.verdict[u, j] = SKIPPED
            wrong = wrong or rules.required[j]
        else:
            found.verdict[u, j] = NOT_REACHED
            missing = missing or rules.required[j]
    found.whole[u] = DEVIATING if wrong else SO_FAR if missing else WELL


@kernel
def _count_extra(at: tuple[Way, int], flags: Ints, taken: tuple[Ints, Ints], extra: Ints, u: int) -> None:
    """Events that are no step, by the last step begun before them (0 = none), kind and who began them."""
    way, first = at
    step_of, begin = taken
    before = 0
    for i in range(len(step_of)):
        for j in range(len(begin)):
            if begin[j] == i:
                before = j + 1
        if step_of[i] < 0:
            cell = extra[before, way.value[first + i], 0 if flags[first + i] & BY_PERSON else 1]
            cell[COUNT] += 1
            if cell[LAST_JOURNEY] != way.first + u:
                cell[LAST_JOURNEY] = way.first + u
                cell[JOURNEYS] += 1
            if cell[LAST_PERSON] != way.owners[u]:
                cell[LAST_PERSON] = way.owners[u]
                cell[PEOPLE] += 1
