"""Lifecycle: in each day, week or month who is new, who came again, who is back after a pause, and who stayed away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from geleit.analytics.calendar import Span, beginning, numbered
from geleit.analytics.selection import Selection, table
from geleit.analytics.stickiness import Coming
from geleit.language.words import translate

STATES = ("new", "returning", "resurrected", "dormant")


@dataclass(frozen=True, slots=True)
class Lived:
    """People of the span that began on ``begins``.

    ``new``: came for the first time; ``returning``: came in the span before as well; ``resurrected``: came before, but not
    in the span before; ``dormant``: came in the span before and not in this one. ``people`` came in it (the first three).
    ``complete`` is false for a span that is not over: who is dormant in it may still come.
    """

    begins: date
    people: int
    new: int
    returning: int
    resurrected: int
    dormant: int
    complete: bool


class Lifecycle(Coming):
    """By people, never by need. What the company began is no coming; first is the first of all that is counted."""

    name: ClassVar[str] = "lifecycle"
    counted: ClassVar[pa.Schema] = pa.schema([("span", pa.int64()), ("state", pa.string()), ("people", pa.int64())])
    keys: ClassVar[tuple[str, ...]] = ("begins", "state")
    sorted_by: ClassVar[tuple[str, ...]] = ("span", "state")

    span: Span = Field("month", description="day, week (from Monday) or month of the company's calendar")

    def count(self, selection: Selection) -> pa.Table:
        """Count by arrays."""
        whose, days = self.came(selection)
        spans = numbered(days, self.span)
        once = np.ones(len(whose), np.bool_)
        once[1:] = (whose[1:] != whose[:-1]) | (spans[1:] != spans[:-1])
        whose, spans = whose[once], spans[once]
        first = np.ones(len(whose), np.bool_)
        first[1:] = whose[1:] != whose[:-1]
        gap = np.zeros(len(whose), np.int64)
        gap[1:] = spans[1:] - spans[:-1]
        state = np.where(first, 0, np.where(gap == 1, 1, 2))
        last = np.append(first[1:], True)[: len(whose)]
        stays = ~last & (np.append(gap[1:], 0)[: len(whose)] == 1)
        away = spans[~stays] + 1
        away = away[away <= self.now(selection)]
        pairs, people = np.unique(
            np.stack([np.append(spans, away), np.append(state, np.full(len(away), 3))]), axis=1, return_counts=True
        )
        return table(self.counted, span=pairs[0], state=[STATES[code] for code in pairs[1]], people=people)

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Lived]:
        """A row per span from the first to the last in which anything is counted, the oldest first."""
        found = {(row["span"], row["state"]): row["people"] for row in counts.to_pylist()}
        spans = sorted(span for span, _ in found)
        rows = []
        for span in range(spans[0], spans[-1] + 1) if spans else ():
            new, returning, resurrected, dormant = (found.get((span, state), 0) for state in STATES)
            people = new + returning + resurrected
            complete = span < self.now(selection)
            rows.append(Lived(beginning(span, self.span), people, new, returning, resurrected, dormant, complete))
        return rows

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        texts = {
            "day": "Counted is for each day who came for the first time, came on the day before as well, is back after a pause, "
            "or came on the day before and not on this one.",
            "week": "Counted is for each week who came for the first time, came in the week before as well, is back after a "
            "pause, or came in the week before and not in this one; weeks begin on Monday.",
            "month": "Counted is for each month who came for the first time, came in the month before as well, is back after a "
            "pause, or came in the month before and not in this one.",
        }
        return f"{translate(language, texts[self.span])} {translate(language, 'What the company began is no coming.')}"
