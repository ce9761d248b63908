"""Days, weeks and months of the company's calendar as consecutive numbers, so that spans can be counted by subtraction."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from geleit.analytics.selection import Selection

Span = Literal["day", "week", "month"]
EPOCH = date(1970, 1, 1).toordinal()
MONDAY = 3  # 1 January 1970 was a Thursday


def numbered(days: npt.NDArray[Any], span: Span) -> npt.NDArray[np.int64]:
    """The number of the span that each day (since 1970) is in.

    >>> [numbered(np.array([3, 4, 10, 11]), span).tolist() for span in ("day", "week", "month")]
    [[3, 4, 10, 11], [0, 1, 1, 2], [0, 0, 0, 0]]
    """
    days = days.astype(np.int64)
    if span == "day":
        return days
    if span == "week":
        return (days + MONDAY) // 7
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def beginning(number: int, span: Span) -> date:
    """The first day of a span.

    >>> beginning(2, "week"), beginning(14, "month")
    (datetime.date(1970, 1, 12), datetime.date(1971, 3, 1))
    """
    if span == "month":
        return date(1970 + number // 12, number % 12 + 1, 1)
    return date.fromordinal(EPOCH + (number if span == "day" else number * 7 - MONDAY))


def calendar_of(selection: Selection, span: Span) -> tuple[int, npt.NDArray[np.int64]]:
    """The first day of all events, and the span of every day from it on."""
    if selection.days:
        first, last = selection.days
        return first, numbered(np.arange(first, last + 1), span)
    days = [part.column("local_day") for part in selection.parts if len(part.column("local_day"))]
    if not days:
        return 0, np.empty(0, np.int64)
    first, last = min(int(some.min()) for some in days), max(int(some.max()) for some in days)
    return first, numbered(np.arange(first, last + 1), span)
