"""Counts who comes back in which later span of days."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.compiling import kernel

Ints = npt.NDArray[Any]


class Times(NamedTuple):
    """Events of one part: kind and local day; where each person's start."""

    kind: Ints
    day: Ints
    starts: Ints


class Spans(NamedTuple):
    """``of_day[day - first_day]`` = number of the span from 0; which kinds start, and which are a return."""

    of_day: Ints
    first_day: int
    start: npt.NDArray[np.bool_]
    again: npt.NDArray[np.bool_]


@kernel
def count(times: Times, spans: Spans, cells: Ints) -> None:
    """Add to ``cells[span of the first time, spans later]`` one for each person."""
    seen = np.full(cells.shape[0], -1, np.int64)
    for u in range(len(times.starts) - 1):
        cohort = np.int64(-1)
        for i in range(times.starts[u], times.starts[u + 1]):
            if spans.start[times.kind[i]]:
                cohort = spans.of_day[times.day[i] - spans.first_day]
                cells[cohort, 0] += 1
                break
        if cohort < 0:
            continue
        for i in range(times.starts[u], times.starts[u + 1]):
            if spans.again[times.kind[i]]:
                span = spans.of_day[times.day[i] - spans.first_day]
                if span > cohort and seen[span] != u:
                    seen[span] = u
                    cells[cohort, span - cohort] += 1
