"""Counts each step with the one before it; one pass for the counts, one to lay the spans out for their quantiles."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.analytics.kernels.compiling import kernel

Ints = npt.NDArray[Any]

COUNT, JOURNEYS, PEOPLE, SPAN, LAST_JOURNEY, LAST_PERSON = range(6)


class Way(NamedTuple):
    """Journeys of one part: codes and times of their events, where each starts, its number and whose it is."""

    value: Ints
    t: Ints
    starts: Ints
    owners: Ints
    first: int


@kernel
def _note(cell: Ints, journey: int, person: int) -> None:
    cell[0] += 1
    if cell[4] != journey:
        cell[4] = journey
        cell[1] += 1
    if cell[5] != person:
        cell[5] = person
        cell[2] += 1


@kernel
def count(way: Way, skip: int, cells: Ints) -> None:
    """Add to ``cells[source, target]``: count, journeys, people, span; the last code stands for outside the journey.

    The two last columns remember who was counted last and begin with -1. ``skip`` is the code of events to pass over.
    """
    outside = cells.shape[0] - 1
    for u in range(len(way.owners)):
        before, t = outside, np.int64(0)
        journey, person = way.first + u, way.owners[u]
        for i in range(way.starts[u], way.starts[u + 1]):
            value = np.int64(way.value[i])
            if value == skip:
                continue
            cell = cells[before, value]
            _note(cell, journey, person)
            if before != outside:
                cell[3] += way.t[i] - t
            before, t = value, way.t[i]
        if before != outside:
            _note(cells[before, outside], journey, person)


@kernel
def spread(way: Way, skip: int, places: Ints, spans: Ints) -> None:
    """Lay out the spans of each (source, target): ``places`` is where the next one goes, and moves on."""
    for u in range(len(way.owners)):
        before, t = np.int64(-1), np.int64(0)
        for i in range(way.starts[u], way.starts[u + 1]):
            value = np.int64(way.value[i])
            if value == skip:
                continue
            if before >= 0:
                spans[places[before, value]] = way.t[i] - t
                places[before, value] += 1
            before, t = value, way.t[i]
