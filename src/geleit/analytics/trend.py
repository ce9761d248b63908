"""Trend: how often something happens in each day, week or month, in how many journeys, of how many people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field

from geleit.analytics.calendar import EPOCH, Span, beginning, calendar_of, numbered
from geleit.analytics.kernels import occurring
from geleit.analytics.question import Question
from geleit.analytics.selection import Selection, table, ways
from geleit.language.words import translate


@dataclass(frozen=True, slots=True)
class Happened:
    """In the span that begins on ``begins``: how often, in how many journeys of how many people.

    ``share`` is of the journeys in which anything happened in this span. ``complete`` is false for a span that was not over
    when the question was asked.
    """

    begins: date
    value: str
    count: int
    journeys: int
    people: int
    share: float
    complete: bool


class Trend(Question):
    """Each event counts in the span it happened in; a journey that goes on counts in each span it has an event in."""

    name: ClassVar[str] = "trend"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("span", pa.int64()), ("value", pa.string())]
        + [(name, pa.int64()) for name in ("count", "journeys", "people")]
    )
    keys: ClassVar[tuple[str, ...]] = ("span", "value")
    value_fields: ClassVar[tuple[str, ...]] = ("values",)

    of: Literal["kind", "channel", "stage"] = Field("kind", description="count kinds, channels or stages")
    values: tuple[str, ...] = Field((), description="only these; by default all there are")
    span: Span = Field("week", description="day, week (from Monday) or month of the company's calendar")
    limit: int = Field(10_000, ge=1, description="rows shown; the rest is folded into 'other', which opens")

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds named."""
        return self.values if self.of == "kind" else ()

    def renamed(self, canonical: Callable[[str], str]) -> Self:
        """The same question with every kind by the name it is counted under."""
        named = tuple(dict.fromkeys(map(canonical, self.values)))
        return self.model_copy(update={"values": named}) if self.of == "kind" else self

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {"of": self.of}

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:
        """The span of each day."""
        first, spans = calendar_of(selection, self.span)
        days = pa.array(range(first, first + len(spans)), pa.int32())
        return {"calendar": pa.table({"local_day": days, "span": pa.array(spans, pa.int64())})}

    def cell(self, cell: Mapping[str, object], selection: Selection) -> Mapping[str, object]:  # noqa: ARG002 (as declared)
        """A span by its first day, as its number."""
        begins = cell.get("span")
        begins = date.fromisoformat(begins) if isinstance(begins, str) else begins
        if isinstance(begins, date):
            return {**cell, "span": int(numbered(np.array([begins.toordinal() - EPOCH]), self.span)[0])}
        return cell

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        first, spans = calendar_of(selection, self.span)
        values = selection.values(self.of)
        lowest = int(spans.min()) if len(spans) else 0
        cells = np.zeros((int(spans.max()) - lowest + 1 if len(spans) else 0, len(values) + 1, 5), np.int64)
        cells[..., 3:] = -1
        skip = values.index("") if "" in values else -1
        for way, part in zip(ways(selection, self.of), selection.parts, strict=True):
            occurring.over_time(way, part.column("local_day"), (spans - lowest, first), skip, cells)
        span, code = np.nonzero(cells[..., 0])
        names = np.array([*values, ""], object)
        count, journeys, people = cells[span, code, :3].T
        return table(self.counted, span=span + lowest, value=names[code], count=count, journeys=journeys, people=people)

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Happened]:
        """Value by value, what is in the most journeys first; spans in which nothing happened are there, too."""
        found = {(row["span"], row["value"]): row for row in counts.to_pylist()}
        active = {span: row["journeys"] for (span, value), row in found.items() if not value}
        total: dict[str, int] = dict.fromkeys(self.values, 0)
        for (_, value), row in found.items():
            if value and (not self.values or value in total):
                total[value] = total.get(value, 0) + row["journeys"]
        now = int(numbered(np.array([selection.today]), self.span)[0])
        nothing = {"count": 0, "journeys": 0, "people": 0}
        rows = []
        for value in sorted(total, key=lambda value: (-total[value], value)):
            for span in range(min(active), max(active) + 1) if active else ():
                row = found.get((span, value), nothing)
                share = row["journeys"] / active[span] if active.get(span) else 0.0
                numbers = (row["count"], row["journeys"], row["people"])
                rows.append(Happened(beginning(span, self.span), value, *numbers, share, span < now))
        return rows

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        texts = {
            "day": "Counted is what happens on each day, in how many journeys of how many people.",
            "week": "Counted is what happens in each week (from Monday), in how many journeys of how many people.",
            "month": "Counted is what happens in each month, in how many journeys of how many people.",
        }
        return translate(language, texts[self.span])
