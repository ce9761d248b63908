"""Transition graph: what follows what, how often, by how many people, after how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from geleit.analytics.kernels import pairs
from geleit.analytics.kernels.ranks import BUCKETS, at_ranks, ranks_of, within
from geleit.analytics.question import Question
from geleit.analytics.selection import Selection, table, ways
from geleit.language.words import translate

SECOND = 1_000_000  # sums of spans are told in seconds and the rest: in microseconds alone they may not fit
MANY = 4096  # spans of a cell from which on counting them by bucket first is worth it


@dataclass(frozen=True, slots=True)
class Transition:
    """``source`` '' = the journey begins with ``target``; ``target`` '' = it ends with ``source`` (then no spans).

    Spans in microseconds; median and 95th percentile by nearest rank.
    """

    source: str
    target: str
    count: int
    journeys: int
    people: int
    mean_us: float | None
    median_us: int | None
    p95_us: int | None


class Transitions(Question):
    """Every step with the one before it, in the order they happened."""

    name: ClassVar[str] = "transitions"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("source", pa.string()), ("target", pa.string())]
        + [(name, pa.int64()) for name in ("count", "journeys", "people", "total_s", "rest_us", "median_us", "p95_us")]
    )
    keys: ClassVar[tuple[str, ...]] = ("source", "target")

    of: Literal["kind", "channel", "stage"] = Field("kind", description="steps between kinds, channels or stages")

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {"of": self.of}

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        values = selection.values(self.of)
        side, skip = len(values) + 1, values.index("") if "" in values else -1
        cells = np.zeros((side, side, 7), np.int64)
        cells[:, :, pairs.LAST_JOURNEY :] = -1
        for way in ways(selection, self.of):
            pairs.count(way, skip, cells)
        median, tail = _quantiles(ways(selection, self.of), skip, cells)
        source, target = np.nonzero(cells[:, :, pairs.COUNT])
        found = cells[source, target]
        names = np.array([*values, ""], object)
        totals = [carried * pairs.FULL + span for span, carried in found[:, [pairs.SPAN, pairs.CARRIED]].tolist()]
        return table(
            self.counted,
            source=names[source],
            target=names[target],
            count=found[:, pairs.COUNT],
            journeys=found[:, pairs.JOURNEYS],
            people=found[:, pairs.PEOPLE],
            total_s=[total // SECOND for total in totals],
            rest_us=[total % SECOND for total in totals],
            median_us=median[source, target],
            p95_us=tail[source, target],
        )

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Transition]:  # noqa: ARG002 (counts say it all)
        """Those of most journeys first, as pictures and sentences count them."""
        found = [
            Transition(
                **{name: row[name] for name in ("source", "target", "count", "journeys", "people")},
                mean_us=None if row["median_us"] is None else (row["total_s"] * SECOND + row["rest_us"]) / row["count"],
                median_us=row["median_us"],
                p95_us=row["p95_us"],
            )
            for row in counts.to_pylist()
        ]
        return sorted(found, key=lambda row: (-row.journeys, -row.count, row.source, row.target))

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        return translate(
            language,
            "Counted is each step with the one directly before it in the same journey; where a journey begins and ends "
            "is counted too. Events at the same moment follow the fixed order of sources.",
        )


def _quantiles(parts: Sequence[pairs.Way], skip: int, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Median and 95th percentile of each cell's spans; -1 where there is none.

    Where a cell has many spans they are counted by bucket, and only the two buckets with the quantiles are laid out: a
    tenth of the memory, and of the looking for ranks.
    """
    sizes = cells[:, :, pairs.COUNT].copy()
    sizes[-1, :] = sizes[:, -1] = 0
    many = sizes >= MANY
    slot = np.where(many, np.cumsum(many.ravel()).reshape(many.shape) - 1, -1)
    heights = np.zeros((int(many.sum()), BUCKETS), np.uint32)
    if len(heights):
        for way in parts:
            pairs.measure(way, skip, pairs.Heights(slot, heights))
    chosen = within(heights)
    held = np.take_along_axis(heights, chosen[:, :2], axis=1).astype(np.int64)
    held[chosen[:, 0] == chosen[:, 1], 1] = 0
    laid = sizes.copy()
    laid[many] = held.sum(axis=1)
    starts = np.concatenate([[0], np.cumsum(laid.ravel())])
    spans = np.empty(starts[-1], np.int64)
    wanted = pairs.Wanted(slot, chosen[:, :2].copy(), starts[:-1].reshape(sizes.shape).copy())
    for way in parts:
        pairs.spread(way, skip, wanted, spans)
    ranks = np.stack(ranks_of(sizes.ravel()), axis=1)
    later = chosen[:, 3] - np.where(chosen[:, 0] == chosen[:, 1], 0, held[:, 0])
    ranks[many.ravel()] -= np.stack([chosen[:, 2], later], axis=1)
    found = at_ranks(spans, starts, ranks)
    return found[:, 0].reshape(sizes.shape), found[:, 1].reshape(sizes.shape)
