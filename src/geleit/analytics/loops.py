"""Loops: what happens again in the same journey, and how long after the time before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from geleit.analytics.kernels import occurring
from geleit.analytics.kernels.ranks import middle_and_tail
from geleit.analytics.occurrences import Of
from geleit.analytics.question import Question
from geleit.analytics.selection import Selection, table, ways
from geleit.language.words import translate


@dataclass(frozen=True, slots=True)
class Loop:
    """``returns`` = how often it happened again, ``direct`` = of them with nothing in between; spans in microseconds."""

    value: str
    returns: int
    direct: int
    journeys: int
    people: int
    median_us: int
    p95_us: int


class Loops(Question):
    """Whatever comes back in the same journey."""

    name: ClassVar[str] = "loops"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("value", pa.string())]
        + [(name, pa.int64()) for name in ("returns", "direct", "journeys", "people", "median_us", "p95_us")]
    )
    keys: ClassVar[tuple[str, ...]] = ("value",)

    of: Of = Field("kind", description="what comes back: kinds, channels or stages")

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {"of": self.of}

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels: once for the numbers, once to lay out the spans."""
        values = selection.values(self.of)
        skip = values.index("") if "" in values else -1
        cells = np.zeros((len(values), 7), np.int64)
        cells[:, 3:5] = -1
        for way in ways(selection, self.of):
            occurring.again(way, skip, cells, np.empty(0, np.int64))
        starts = np.concatenate([[0], np.cumsum(cells[:, 0])])
        cells[:, 6] = starts[:-1]
        spans = np.empty(starts[-1], np.int64)
        for way in ways(selection, self.of) if len(spans) else ():
            occurring.again(way, skip, cells, spans)
        median, tail = middle_and_tail(spans, starts)
        found = np.flatnonzero(cells[:, 0])
        return table(
            self.counted,
            value=np.array(values, object)[found],
            returns=cells[found, 0],
            direct=cells[found, 5],
            journeys=cells[found, 1],
            people=cells[found, 2],
            median_us=median[found],
            p95_us=tail[found],
        )

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Loop]:  # noqa: ARG002 (counts say it all)
        """The most frequent first."""
        return sorted((Loop(**row) for row in counts.to_pylist()), key=lambda row: (-row.returns, row.value))

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        return translate(
            language, "Counted is what happens again in the same journey, and how long after the time before."
        )
