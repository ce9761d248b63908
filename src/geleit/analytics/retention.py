"""Retention: of those who came first in one span of days, how many came again in each later one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from geleit.analytics.calendar import EPOCH, Span, beginning, calendar_of, numbered
from geleit.analytics.kernels import returning
from geleit.analytics.question import Question, Unit
from geleit.analytics.selection import Selection, members, table
from geleit.language.words import translate


@dataclass(frozen=True, slots=True)
class Returned:
    """Of ``size`` people whose first time was in the span that began on ``cohort``, ``people`` came again ``later`` spans on.

    ``complete`` is false for a span that was not over when the question was asked.
    """

    cohort: date
    later: int
    size: int
    people: int
    share: float
    complete: bool


STRAY, PAUSE = 0.01, 3  # share of all people; spans without anybody new


def strays(sizes: Mapping[int, int]) -> set[int]:
    """Groups that stand before journeys really begin, by number of span and people: single early dates, as of an old order.

    They lie before a pause of at least three spans in which nobody came first, and together are less than one in a hundred.

    >>> strays({0: 1, 60: 50, 61: 70}), strays({0: 9, 60: 50}), strays({57: 1, 60: 200})
    ({0}, set(), set())
    """
    found, seen, total = 0, 0, sum(sizes.values())
    numbers = sorted(sizes)
    for place, (number, after) in enumerate(pairwise(numbers), 1):
        seen += sizes[number]
        if seen >= STRAY * total:
            break
        if after - number > PAUSE:
            found = place
    return set(numbers[:found])


class Retention(Question):
    """By people, never by need: somebody who comes back with another need has come back."""

    name: ClassVar[str] = "retention"
    counted: ClassVar[pa.Schema] = pa.schema([(name, pa.int64()) for name in ("cohort", "later", "people")])
    keys: ClassVar[tuple[str, ...]] = ("cohort", "later")
    kind_fields: ClassVar[tuple[str, ...]] = ("start", "again")

    only: ClassVar[Unit | None] = "customer"

    unit: Unit = Field("customer", description="always customer")
    span: Span = Field("week", description="day, week (from Monday) or month of the company's calendar")
    start: tuple[str, ...] = Field((), description="kinds that count as the first time; by default any")
    again: tuple[str, ...] = Field((), description="kinds that count as coming again; by default any")
    limit: int = Field(10_000, ge=1, description="rows shown; the rest is folded into 'other', which opens")

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {"any_start": not self.start, "any_return": not self.again}

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:
        """The span of each day, and the kinds."""
        first, spans = calendar_of(selection, self.span)
        days = pa.array(range(first, first + len(spans)), pa.int32())
        return {
            "calendar": pa.table({"local_day": days, "span": pa.array(spans, pa.int64())}),
            "start_kinds": pa.table({"kind": pa.array(self.start, pa.string())}),
            "return_kinds": pa.table({"kind": pa.array(self.again, pa.string())}),
        }

    def cell(self, cell: Mapping[str, object], selection: Selection) -> Mapping[str, object]:  # noqa: ARG002 (as declared)
        """A cohort by its first day, as the number of its span."""
        cohort = cell.get("cohort")
        if isinstance(cohort, date):
            return {**cell, "cohort": int(numbered(np.array([cohort.toordinal() - EPOCH]), self.span)[0])}
        return cell

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        first, spans = calendar_of(selection, self.span)
        lowest = int(spans.min(initial=0)) if len(spans) else 0
        width = int(spans.max(initial=lowest)) - lowest + 1 if len(spans) else 1
        every = np.ones(len(selection.kinds), np.bool_)
        asked = returning.Spans(
            spans - lowest,
            first,
            members(selection.kinds, self.start) if self.start else every,
            members(selection.kinds, self.again) if self.again else every,
        )
        cells = np.zeros((width, width), np.int64)
        for part in selection.parts:
            returning.count(returning.Times(part.column("kind"), part.column("local_day"), part.starts), asked, cells)
        cohort, later = np.nonzero(cells)
        return table(self.counted, cohort=cohort + lowest, later=later, people=cells[cohort, later])

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Returned]:
        """By cohort, then by how much later; spans in which nobody came are there too, up to the last one with an event.

        What stands before journeys really begin comes last.
        """
        found = {(row["cohort"], row["later"]): row["people"] for row in counts.to_pylist()}
        now = int(numbered(np.array([selection.today]), self.span)[0])
        last = max((cohort + later for cohort, later in found), default=0)
        rows = []
        sizes = {cohort: people for (cohort, later), people in found.items() if later == 0}
        early = strays(sizes)
        for cohort in sorted(sizes, key=lambda one: (one in early, one)):
            size = found[cohort, 0]
            rows += [
                Returned(
                    cohort=beginning(cohort, self.span),
                    later=later,
                    size=size,
                    people=found.get((cohort, later), 0),
                    share=found.get((cohort, later), 0) / size,
                    complete=cohort + later < now,
                )
                for later in range(last - cohort + 1)
            ]
        return rows

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        texts = {
            "day": "Counted is who came again how many days after the day of the first time.",
            "week": "Counted is who came again how many weeks after the week of the first time; weeks begin on Monday.",
            "month": "Counted is who came again how many months after the month of the first time.",
        }
        return translate(language, texts[self.span])
