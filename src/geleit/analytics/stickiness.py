"""Stickiness: on how many days of a week or month the same people come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from geleit.analytics.calendar import EPOCH, Span, beginning, calendar_of, numbered
from geleit.analytics.kernels.ranks import of_counted
from geleit.analytics.question import Question, Unit
from geleit.analytics.selection import Selection, members, table
from geleit.history.columns import PERSON
from geleit.language.words import translate


class Coming(Question):
    """What stickiness and lifecycle share: people and the days on which they came, by the company's calendar."""

    only: ClassVar[Unit | None] = "customer"
    kind_fields: ClassVar[tuple[str, ...]] = ("active",)

    unit: Unit = Field("customer", description="always customer")
    span: Span = Field("month", description="day, week (from Monday) or month of the company's calendar")
    active: tuple[str, ...] = Field((), description="kinds that count as coming; by default all that the person begins")
    limit: int = Field(10_000, ge=1, description="rows shown; the rest is folded into 'other', which opens")

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {"any_kind": not self.active}

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:
        """The span of each day, and the kinds."""
        first, spans = calendar_of(selection, self.span)
        days = pa.array(range(first, first + len(spans)), pa.int32())
        now = pa.array([self.now(selection)], pa.int64())
        return {
            "calendar": pa.table({"local_day": days, "span": pa.array(spans, pa.int64())}),
            "active_kinds": pa.table({"kind": pa.array(self.active, pa.string())}),
            "span_now": pa.table({"span": now}),
        }

    def now(self, selection: Selection) -> int:
        """The span of the day on which it is asked."""
        return int(numbered(np.array([selection.today]), self.span)[0])

    def cell(self, cell: Mapping[str, object], selection: Selection) -> Mapping[str, object]:  # noqa: ARG002 (as declared)
        """A span by its first day, as its number."""
        begins = cell.get("begins")
        rest = {name: value for name, value in cell.items() if name != "begins"}
        if begins is None:
            return rest
        day = begins if isinstance(begins, date) else date.fromisoformat(str(begins))
        return rest | {"span": int(numbered(np.array([day.toordinal() - EPOCH]), self.span)[0])}

    def came(self, selection: Selection) -> tuple[np.ndarray, np.ndarray]:
        """Every (person, day) on which somebody came, once, in order."""
        wanted = members(selection.kinds, self.active) if self.active else np.ones(len(selection.kinds), np.bool_)
        whose, days = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for part in selection.parts:
            mine = (part.column("flags") & PERSON > 0) & wanted[part.column("kind")]
            people = np.repeat(np.arange(len(part.owners)) + part.first, np.diff(part.starts))
            whose.append(people[mine])
            days.append(part.column("local_day")[mine].astype(np.int64))
        return _once(np.concatenate(whose), np.concatenate(days))


def _once(whose: np.ndarray, when: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs without what repeats; a person's pairs stand together, in order of time."""
    new = np.ones(len(whose), np.bool_)
    new[1:] = (whose[1:] != whose[:-1]) | (when[1:] != when[:-1])
    return whose[new], when[new]


@dataclass(frozen=True, slots=True)
class Sticky:
    """Of the ``people`` who came in the span that began on ``begins``: on how many days, all told and in the middle.

    ``daily``: people on an average day of the span (of its days until now); ``share`` = daily / people. ``once`` came on
    one day only. ``complete`` is false for the span that is not over.
    """

    begins: date
    people: int
    person_days: int
    daily: float
    share: float
    once: int
    median: int
    p95: int
    complete: bool


class Stickiness(Coming):
    """By people, never by need. What the company began is no coming."""

    name: ClassVar[str] = "stickiness"
    counted: ClassVar[pa.Schema] = pa.schema([(name, pa.int64()) for name in ("span", "days", "people")])
    keys: ClassVar[tuple[str, ...]] = ("begins", "days")
    sorted_by: ClassVar[tuple[str, ...]] = ("span", "days")

    span: Literal["week", "month"] = Field("month", description="week (from Monday) or month of the company's calendar")

    def count(self, selection: Selection) -> pa.Table:
        """Count by arrays."""
        whose, days = self.came(selection)
        spans = numbered(days, self.span)
        first = np.ones(len(whose), np.bool_)
        first[1:] = (whose[1:] != whose[:-1]) | (spans[1:] != spans[:-1])
        starts = np.flatnonzero(first)
        counted = np.diff(np.append(starts, len(whose)))
        pairs, people = np.unique(np.stack([spans[starts], counted]), axis=1, return_counts=True)
        return table(self.counted, span=pairs[0], days=pairs[1], people=people)

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Sticky]:
        """A row per span in which somebody came, the oldest first."""
        by_span: dict[int, list[tuple[int, int]]] = {}
        for row in counts.to_pylist():
            by_span.setdefault(row["span"], []).append((row["days"], row["people"]))
        now = self.now(selection)
        return [self._row(span, sorted(pairs), (now, selection.today)) for span, pairs in sorted(by_span.items())]

    def _row(self, span: int, pairs: list[tuple[int, int]], asked: tuple[int, int]) -> Sticky:
        now, today = asked
        begins = beginning(span, self.span)
        until = min(beginning(span + 1, self.span).toordinal() - EPOCH, today + 1) if span <= now else today + 1
        days = max(until - (begins.toordinal() - EPOCH), 1)
        people = sum(some for _, some in pairs)
        person_days = sum(number * some for number, some in pairs)
        median, tail = of_counted(pairs)
        return Sticky(
            begins=begins,
            people=people,
            person_days=person_days,
            daily=person_days / days,
            share=person_days / days / people,
            once=sum(some for number, some in pairs if number == 1),
            median=median,
            p95=tail,
            complete=span < now,
        )

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        texts = {
            "week": "Counted is on how many days of a week the same people come; weeks begin on Monday.",
            "month": "Counted is on how many days of a month the same people come.",
        }
        share = "The share is the people of an average day among all of the span; what the company began is no coming."
        return f"{translate(language, texts[self.span])} {translate(language, share)}"
