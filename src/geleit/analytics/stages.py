"""Stages: how many journeys come to each stage and go further, how soon, and how long they stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from geleit.analytics.kernels import occurring
from geleit.analytics.kernels.ranks import middle_and_tail
from geleit.analytics.question import Question
from geleit.analytics.selection import Selection, table, ways
from geleit.language.words import translate

SPANS = ("lead_median_us", "lead_p95_us", "dwell_median_us", "dwell_p95_us")


@dataclass(frozen=True, slots=True)
class StageReached:
    """Journeys that came to a stage; ``further`` of them came to a later one afterwards (``conversion`` = their share).

    ``lead`` = from the journey's beginning until the stage was first reached, ``dwell`` = time spent in it in all: from
    each step in it to the next step. Microseconds, by nearest rank.
    """

    stage: str
    journeys: int
    people: int
    share: float
    further: int
    conversion: float
    lead_median_us: int
    lead_p95_us: int
    dwell_median_us: int
    dwell_p95_us: int


class Stages(Question):
    """The way through the stage model; stages may be passed over and come back."""

    name: ClassVar[str] = "stages"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("stage", pa.string())] + [(name, pa.int64()) for name in ("journeys", "people", "further", *SPANS)]
    )
    keys: ClassVar[tuple[str, ...]] = ("stage", "further")
    sorted_by: ClassVar[tuple[str, ...]] = ("stage",)

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:
        """The stages in their order."""
        named = [(stage, number) for number, stage in enumerate(selection.stages) if stage]
        stages, numbers = [stage for stage, _ in named], [number for _, number in named]
        return {
            "stage_order": pa.table({"stage": pa.array(stages, pa.string()), "number": pa.array(numbers, pa.int64())})
        }

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        stages = selection.stages
        further, people = np.zeros(len(stages), np.int64), np.zeros(len(stages), np.int64)
        spans: list[tuple[np.ndarray, np.ndarray]] = []
        for way in ways(selection, "stage"):
            leads = np.full((len(stages), len(way.owners)), -1, np.int64)
            dwells = leads.copy()
            occurring.stays(way, stages.index(""), leads, dwells, further)
            people += [len(np.unique(way.owners[row >= 0])) for row in leads]
            spans.append((leads, dwells))
        lead, dwell = (_quantiles([pair[which] for pair in spans]) for which in (0, 1))
        found = np.flatnonzero(lead[2])
        return table(
            self.counted,
            stage=np.array(stages, object)[found],
            journeys=lead[2][found],
            people=people[found],
            further=further[found],
            lead_median_us=lead[0][found],
            lead_p95_us=lead[1][found],
            dwell_median_us=dwell[0][found],
            dwell_p95_us=dwell[1][found],
        )

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[StageReached]:
        """In the order of the stages."""
        total = selection.population.journeys
        found = [
            StageReached(**row, share=row["journeys"] / total, conversion=row["further"] / row["journeys"])
            for row in counts.to_pylist()
        ]
        return sorted(found, key=lambda row: selection.stages.index(row.stage))

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        return translate(
            language,
            "Counted is how many journeys come to each stage, how many of them go to a later one afterwards, how soon they "
            "come to it and how long they stay. Steps without a stage are passed over.",
        )


def _quantiles(parts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Median, 95th percentile and number of the values (not -1) of each row."""
    rows = np.concatenate(parts, axis=1)
    some = [row[row >= 0] for row in rows]
    sizes = np.array([len(row) for row in some])
    median, tail = middle_and_tail(np.concatenate(some), np.concatenate([[0], np.cumsum(sizes)]))
    return median, tail, sizes
