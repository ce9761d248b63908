"""Counts what happens: at all, at which place, again, and on how many days."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.analytics.kernels.pairs import Way
from geleit.compiling import kernel

Ints = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


class Group(NamedTuple):
    """Which journeys count by their kinds (having one of some, none of others), and the kinds before which it ends."""

    having: Mask
    everybody: bool
    lacking: Mask
    before: Mask
    skip: int


@kernel
def _note(cell: Ints, journey: int, person: int) -> None:
    cell[0] += 1
    if cell[3] != journey:
        cell[3] = journey
        cell[1] += 1
    if cell[4] != person:
        cell[4] = person
        cell[2] += 1


@kernel
def count(way: Way, kind: Ints, group: Group, cells: Ints) -> None:
    """Add to ``cells[code]``: count, journeys, people (then the last of both); the last code is once for each journey."""
    for u in range(len(way.owners)):
        has, lacks, end = group.everybody, False, way.starts[u + 1]
        for i in range(way.starts[u], way.starts[u + 1]):
            has = has or group.having[kind[i]]
            lacks = lacks or group.lacking[kind[i]]
            if i < end and group.before[kind[i]]:
                end = i
        if not has or lacks:
            continue
        journey, person = way.first + u, way.owners[u]
        _note(cells[cells.shape[0] - 1], journey, person)
        for i in range(way.starts[u], end):
            if way.value[i] != group.skip:
                _note(cells[way.value[i]], journey, person)


@kernel
def over_time(way: Way, day: Ints, calendar: tuple[Ints, int], skip: int, cells: Ints) -> None:
    """Add to ``cells[span, code]`` as ``count`` does; the last code is any event. ``calendar`` = span of each day, first day."""
    spans, first = calendar
    anything = cells.shape[1] - 1
    for u in range(len(way.owners)):
        journey, person = way.first + u, way.owners[u]
        for i in range(way.starts[u], way.starts[u + 1]):
            span = spans[day[i] - first]
            _note(cells[span, anything], journey, person)
            if way.value[i] != skip:
                _note(cells[span, way.value[i]], journey, person)


@kernel
def places(way: Way, skip: int, cells: Ints) -> None:
    """Add to ``cells[place, code]``: journeys, people, last person; the last code comes once, after the last step."""
    depth, ended = cells.shape[0], cells.shape[1] - 1
    for u in range(len(way.owners)):
        place = 0
        for i in range(way.starts[u], way.starts[u + 1] + 1):
            if i == way.starts[u + 1]:
                if place == 0:
                    break
                code = ended
            else:
                code = int(way.value[i])
            if code == skip:
                continue
            cell = cells[place, code]
            cell[0] += 1
            if cell[2] != way.owners[u]:
                cell[2] = way.owners[u]
                cell[1] += 1
            place += 1
            if place == depth:
                break


@kernel
def again(way: Way, skip: int, cells: Ints, spans: Ints) -> None:
    """Add to ``cells[code]``: returns, journeys, people, last journey, last person, direct returns, where the next span goes.

    ``spans`` is filled if it has room; the first call counts with an empty one.
    """
    seen = np.full(cells.shape[0], -1, np.int64)
    nth_seen = np.zeros(cells.shape[0], np.int64)
    t_seen = np.zeros(cells.shape[0], np.int64)
    for u in range(len(way.owners)):
        nth = 0
        for i in range(way.starts[u], way.starts[u + 1]):
            code = np.int64(way.value[i])
            if code == skip:
                continue
            nth += 1
            if seen[code] == u:
                cell = cells[code]
                if len(spans):
                    spans[cell[6]] = way.t[i] - t_seen[code]
                    cell[6] += 1
                else:
                    cell[0] += 1
                    cell[5] += nth - nth_seen[code] == 1
                    if cell[3] != way.first + u:
                        cell[3] = way.first + u
                        cell[1] += 1
                    if cell[4] != way.owners[u]:
                        cell[4] = way.owners[u]
                        cell[2] += 1
            seen[code] = u
            nth_seen[code] = nth
            t_seen[code] = way.t[i]


@kernel
def stays(way: Way, skip: int, leads: Ints, dwells: Ints, further: Ints) -> None:
    """For each stage and journey of the part: span until it was first reached and time spent in it (-1: not reached).

    ``further[stage]`` counts journeys that came to a later stage afterwards; codes are in the order of the stages.
    """
    stages = leads.shape[0]
    moved = np.zeros(stages, np.bool_)
    for u in range(len(way.owners)):
        moved[:] = False
        before, t, began = np.int64(-1), np.int64(0), np.int64(0)
        for i in range(way.starts[u], way.starts[u + 1]):
            code = np.int64(way.value[i])
            if code == skip:
                continue
            if before < 0:
                began = way.t[i]
            else:
                dwells[before, u] += way.t[i] - t
            for earlier in range(code):
                if leads[earlier, u] >= 0 and not moved[earlier]:
                    moved[earlier] = True
                    further[earlier] += 1
            if leads[code, u] < 0:
                leads[code, u] = way.t[i] - began
                dwells[code, u] = 0
            before, t = code, way.t[i]


@kernel
def visits(way: Way, day: Ints, flags: Ints, person: Ints, histogram: Ints) -> None:
    """Add to ``histogram[channel, visits]`` each person; a person's days follow each other. ``person`` = code to skip, bit."""
    last = np.empty(histogram.shape[0], np.int64)
    days = np.zeros(histogram.shape[0], np.int64)
    for u in range(len(way.owners)):
        days[:] = 0
        for i in range(way.starts[u], way.starts[u + 1]):
            code = np.int64(way.value[i])
            if code == person[0] or not flags[i] & person[1]:
                continue
            if days[code] == 0 or last[code] != day[i]:
                last[code] = day[i]
                days[code] += 1
        for channel in range(histogram.shape[0]):
            if days[channel]:
                histogram[channel, days[channel]] += 1


@kernel
def most_days(day: Ints, starts: Ints) -> int:
    """The most distinct days of one journey."""
    most = np.int64(0)
    for u in range(len(starts) - 1):
        days = np.int64(0)
        for i in range(starts[u], starts[u + 1]):
            if i == starts[u] or day[i] != day[i - 1]:
                days += 1
        most = max(most, days)
    return int(most)
