"""Occurrences: what happens how often, in how many journeys, of how many people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from geleit.analytics.kernels import occurring
from geleit.analytics.question import Question
from geleit.analytics.selection import Selection, members, table, ways
from geleit.language.words import translate

Of = Literal["kind", "channel", "stage"]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """How often it happens, in how many journeys of how many people, and in which share of the journeys."""

    value: str
    count: int
    journeys: int
    people: int
    share: float


class Occurrences(Question):
    """What happens in all journeys, or in those of a group, up to a moment."""

    name: ClassVar[str] = "occurrences"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("value", pa.string())] + [(name, pa.int64()) for name in ("count", "journeys", "people")]
    )
    keys: ClassVar[tuple[str, ...]] = ("value",)
    kind_fields: ClassVar[tuple[str, ...]] = ("having", "lacking", "before")

    of: Of = Field("kind", description="count kinds, channels or stages")
    having: tuple[str, ...] = Field((), description="only journeys with one of these kinds")
    lacking: tuple[str, ...] = Field((), description="only journeys with none of these kinds")
    before: tuple[str, ...] = Field((), description="only what happens before the first event of one of these kinds")

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {"of": self.of, "all": not self.having}

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:  # noqa: ARG002 (the question alone says it)
        """The kinds named."""
        named = {"having": self.having, "lacking": self.lacking, "before": self.before}
        return {f"{name}_kinds": pa.table({"kind": pa.array(some, pa.string())}) for name, some in named.items()}

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        values = selection.values(self.of)
        skip = values.index("") if "" in values else -1
        having, lacking, before = (members(selection.kinds, some) for some in (self.having, self.lacking, self.before))
        group = occurring.Group(having, not self.having, lacking, before, skip)
        cells = np.zeros((len(values) + 1, 5), np.int64)
        cells[:, 3:] = -1
        for way, part in zip(ways(selection, self.of), selection.parts, strict=True):
            occurring.count(way, part.column("kind"), group, cells)
        found = np.flatnonzero(cells[:, 0])
        names = np.array([*values, ""], object)
        count, journeys, people = cells[found, :3].T
        return table(self.counted, value=names[found], count=count, journeys=journeys, people=people)

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Occurrence]:  # noqa: ARG002 (counts say it all)
        """In the most journeys first."""
        listed = counts.to_pylist()
        total = sum(row["journeys"] for row in listed if not row["value"])
        found = [Occurrence(**row, share=row["journeys"] / total) for row in listed if row["value"]]
        return sorted(found, key=lambda row: (-row.journeys, -row.count, row.value))

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        return translate(language, "Counted is what happens how often, and in how many journeys.")


@dataclass(frozen=True, slots=True)
class Placed:
    """Journeys with ``value`` as their ``step``-th step; '' = they ended with the step before."""

    step: int
    value: str
    journeys: int
    people: int
    share: float


class Positions(Question):
    """The step matrix: what journeys have at their first place, their second, and so on."""

    name: ClassVar[str] = "positions"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("step", pa.int64()), ("value", pa.string()), ("journeys", pa.int64()), ("people", pa.int64())]
    )
    keys: ClassVar[tuple[str, ...]] = ("step", "value")

    of: Of = Field("kind", description="steps are kinds, channels or stages")
    depth: int = Field(10, ge=1, le=100, description="how many places")
    limit: int = Field(1_000, ge=1, description="rows shown; the rest is folded into 'other', which opens")

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {"of": self.of, "depth": self.depth}

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        values = selection.values(self.of)
        cells = np.zeros((self.depth, len(values) + 1, 3), np.int32)
        cells[..., 2] = -1
        for way in ways(selection, self.of):
            occurring.places(way, values.index("") if "" in values else -1, cells)
        step, code = np.nonzero(cells[..., 0])
        names = np.array([*values, ""], object)
        journeys, people, _ = cells[step, code].T
        return table(self.counted, step=step + 1, value=names[code], journeys=journeys, people=people)

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Placed]:  # noqa: ARG002 (counts say it all)
        """Place by place, the most frequent first; shares are of the journeys that have a first step."""
        listed = counts.to_pylist()
        total = sum(row["journeys"] for row in listed if row["step"] == 1)
        found = [Placed(**row, share=row["journeys"] / total) for row in listed]
        return sorted(found, key=lambda row: (row.step, -row.journeys, row.value))

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        return translate(language, "Counted is what journeys have as their first step, as their second, and so on.")
