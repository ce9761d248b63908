"""Variants: the whole ways that journeys take, and how many take each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from geleit.analytics.kernels import grouping
from geleit.analytics.question import Question
from geleit.analytics.selection import Selection, members, table, ways
from geleit.language.words import translate

SEVERAL = "|"  # between the steps of a way in one text; no kind has it in its name
Compact = tuple[np.ndarray, np.ndarray, np.ndarray]  # values, starts, spans of journeys
DIGITS = 5  # of a code in a way's text; equal widths make texts sort like codes


@dataclass(frozen=True, slots=True)
class Variant:
    """A way as steps, the journeys and people that took it, its share of all journeys, and its median span (microseconds)."""

    way: tuple[str, ...]
    journeys: int
    people: int
    share: float
    median_us: int


class Variants(Question):
    """Journeys with exactly the same steps in the same order are one variant."""

    name: ClassVar[str] = "variants"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("rank", pa.int64()), ("way", pa.string())]
        + [(name, pa.int64()) for name in ("variants", "journeys", "people", "median_us")]
    )
    keys: ClassVar[tuple[str, ...]] = ("way",)
    kind_fields: ClassVar[tuple[str, ...]] = ("having",)

    of: Literal["kind", "channel", "stage"] = Field("kind", description="steps are kinds, channels or stages")
    collapse: bool = Field(False, description="count the same step several times in a row as one")
    having: tuple[str, ...] = Field((), description="only journeys with one of these kinds")

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {"of": self.of, "collapse": self.collapse, "limit": self.limit, "all": not self.having}

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:
        """The values' codes, in the order of their names."""
        names = sorted(selection.values(self.of))
        codes = [_text([place]) for place in range(len(names))]
        return {
            "variant_codes": pa.table({"value": pa.array(names, pa.string()), "code": pa.array(codes, pa.string())}),
            "variant_having": pa.table({"kind": pa.array(self.having, pa.string())}),
        }

    def cell(self, cell: Mapping[str, object], selection: Selection) -> Mapping[str, object]:
        """A way's steps (as a text with a bar between them, or one by one) as the text they are counted by."""
        names = {name: place for place, name in enumerate(sorted(selection.values(self.of)))}
        way: Any = cell.get("way", ())
        way = way.split(SEVERAL) if isinstance(way, str) else way
        return {"way": _text([names.get(step, len(names)) for step in way])} if cell else {}

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        value, starts, owners, spans = self._joined(selection)
        like = grouping.group(value, starts)
        journeys, people = grouping.tally(like, owners)
        names = selection.values(self.of)
        order = np.empty(len(names), np.int64)
        order[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
        chosen = _most_frequent(journeys, (order, value, starts), self.limit)
        shown = np.zeros(len(like) + 1, np.bool_)
        shown[chosen] = True
        left, left_people = grouping.remaining(like, owners, shown)
        rest = int(np.count_nonzero(journeys)) - len(chosen)
        more = [(self.limit + 1, "", rest, left, left_people, -1)] if rest else []
        theirs = np.flatnonzero(shown[like])
        place = {first: np.sort(spans[theirs[like[theirs] == first]]) for first in chosen}
        rows = [
            (
                rank,
                _text(order[value[starts[first] : starts[first + 1]]]),
                1,
                journeys[first],
                people[first],
                place[first][(len(place[first]) + 1) // 2 - 1],
            )
            for rank, first in enumerate(chosen, 1)
        ]
        columns = list(zip(*[*rows, *more], strict=True)) or [()] * len(self.counted)
        return table(self.counted, **dict(zip(self.counted.names, columns, strict=True)))

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Variant]:
        """The most frequent first; among equals the shorter, then by the steps' names."""
        names = sorted(selection.values(self.of))
        total = sum(counts["journeys"].to_pylist())
        found = sorted((row for row in counts.to_pylist() if row["way"]), key=lambda row: row["rank"])
        return [
            Variant(
                way=tuple(names[int(code)] for code in row["way"].split(",")),
                journeys=row["journeys"],
                people=row["people"],
                share=row["journeys"] / total,
                median_us=row["median_us"],
            )
            for row in found
        ]

    def folded(self, counts: pa.Table) -> int:
        """How many ways are beyond the limit."""
        return sum(row["variants"] for row in counts.to_pylist() if not row["way"])

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        said = translate(language, "Counted is how many journeys consist of exactly the same steps in the same order.")
        kinds = " / ".join(self.having)
        only = translate(language, "Only journeys with {kinds} are looked at.", kinds=kinds)
        return f"{said} {only}" if kinds else said

    def _joined(self, selection: Selection) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """All parts as one: codes, starts, owners, spans."""
        values = selection.values(self.of)
        skip = values.index("") if "" in values else -1
        parts = ways(selection, self.of)
        found = [
            grouping.compact(way, skip, self.collapse)
            if skip >= 0 or self.collapse
            else (way.value, way.starts, grouping.spans_of(way))
            for way in parts
        ]
        owners = [way.owners for way in parts]
        if self.having:
            member = members(selection.kinds, self.having)
            kept = [_having(part.column("kind"), part.starts, member) for part in selection.parts]
            found = [_only(one, keep) for one, keep in zip(found, kept, strict=True)]
            owners = [its[keep] for its, keep in zip(owners, kept, strict=True)]
        sizes = np.cumsum([0, *(len(value) for value, _, _ in found)])
        starts = [start[:-1] + size for (_, start, _), size in zip(found, sizes, strict=False)]
        return (
            _one([value for value, _, _ in found]),
            np.concatenate([*starts, sizes[-1:]]),
            _one(owners),
            _one([span for _, _, span in found]),
        )


def _one(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Columns as one, without a copy where only one of them has anything."""
    filled = [column for column in columns if len(column)]
    return filled[0] if len(filled) == 1 else np.concatenate(columns)


def _having(kind: np.ndarray, starts: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Which journeys have one of some kinds; no journey is empty."""
    return np.logical_or.reduceat(member[kind], starts[:-1]) if len(starts) > 1 else np.zeros(0, np.bool_)


def _only(compact: Compact, keep: np.ndarray) -> Compact:
    """Values, starts and spans of the journeys to keep."""
    value, starts, spans = compact
    lengths = np.diff(starts)
    return value[np.repeat(keep, lengths)], np.concatenate([[0], np.cumsum(lengths[keep])]), spans[keep]


def _text(codes: Sequence[int] | np.ndarray) -> str:
    return ",".join(f"{code:0{DIGITS}d}" for code in codes)


def _most_frequent(journeys: np.ndarray, ways_: tuple[np.ndarray, np.ndarray, np.ndarray], limit: int) -> list[int]:
    """The first journeys of the ``limit`` most frequent ways; among equals the shorter ways, then by their steps' names."""
    order, value, starts = ways_
    left = np.flatnonzero(journeys)
    lengths = starts[1:] - starts[:-1]
    chosen: list[int] = []
    # What is surely shown is taken; what ties at the border is looked at closer: by frequency, by length, by each step.
    for sizes in (-journeys, lengths):
        room = limit - len(chosen)
        if len(left) <= room or not room:
            break
        keys = sizes[left]
        border = np.partition(keys, room - 1)[room - 1]
        chosen += left[keys < border].tolist()
        left = left[keys == border]
    room = limit - len(chosen)
    if len(left) > room:
        steps = order[value[starts[left][:, None] + np.arange(lengths[left[0]])]]
        left = left[np.lexsort(steps.T[::-1])[:room]]
    chosen += left.tolist()
    return sorted(chosen, key=lambda u: (-journeys[u], lengths[u], *order[value[starts[u] : starts[u + 1]]].tolist()))
