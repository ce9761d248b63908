"""Spans of time in conditions: whole days of the company's calendar, or exact microseconds for minutes and hours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, PlainSerializer, WithJsonSchema

from geleit.clock import EPOCH_DAY, MINUTE, local_day, localize, micros

HOUR = 60 * MINUTE
DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
EXACT = {"minute": MINUTE, "hour": HOUR}
WRITTEN = re.compile(r"(\d{1,6})\s*(minute|hour|day|week|month|year)s?")
LAST_DAY = date(9990, 1, 1).toordinal() - EPOCH_DAY.toordinal()  # later ones have no time of their own
FOREVER = 2**62


@dataclass(frozen=True, slots=True)
class Span:
    """So many units. Days, weeks, months (30 days) and years (365) are calendar days; hours and minutes are exact."""

    count: int
    unit: str

    @property
    def days(self) -> int | None:
        """Calendar days; None for an exact span."""
        return self.count * DAYS[self.unit] if self.unit in DAYS else None

    @property
    def exact(self) -> int:
        """Microseconds of a span of hours or minutes."""
        return self.count * EXACT[self.unit]

    def begin(self, now: int, zone: str) -> int:
        """The first moment that lies in the last such span before ``now``: today counts as the last of the days."""
        if self.days is None:
            return now - self.exact + 1
        return day_start(local_day(now, zone) - self.days + 1, zone)

    def over(self, t: int, zone: str) -> int:
        """The first moment at which ``t`` no longer lies in the last such span."""
        if self.days is None:
            return t + self.exact
        return day_start(local_day(t, zone) + self.days, zone)

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


def as_span(value: Any) -> Any:
    """``30 days`` as a span.

    Errors: ValueError for anything else.
    """
    if isinstance(value, Span):
        return value
    found = WRITTEN.fullmatch(str(value).strip().lower())
    if found is None or not int(found[1]):
        raise ValueError("write a number and a unit: 30 minutes, 36 hours, 14 days, 2 weeks, 3 months, 1 year")
    return Span(int(found[1]), found[2])


_SCHEMA = {"type": "string", "pattern": WRITTEN.pattern, "examples": ["14 days", "36 hours"]}
SpanOfTime = Annotated[InstanceOf[Span], BeforeValidator(as_span), PlainSerializer(str), WithJsonSchema(_SCHEMA)]
"""A span written as ``14 days``."""


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day: a date, or one counted from today (``offset`` days later)."""

    fixed: date | None
    offset: int = 0

    def number(self, today: int) -> int:
        """Days since 1970."""
        return today + self.offset if self.fixed is None else (self.fixed - EPOCH_DAY).days

    def __str__(self) -> str:
        if self.fixed is not None:
            return self.fixed.isoformat()
        if not self.offset:
            return "today"
        count = abs(self.offset)
        days = f"{count} day{'' if count == 1 else 's'}"
        return f"{days} ago" if self.offset < 0 else f"in {days}"


RELATIVE = re.compile(r"(?:in (\d{1,6}) (day|week|month|year)s?)|(?:(\d{1,6}) (day|week|month|year)s? ago)")


def as_day(value: Any) -> Any:
    """``2026-03-01``, ``today``, ``in 14 days`` or ``30 days ago``.

    Errors: ValueError for anything else.
    """
    if isinstance(value, Day):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return Day(value)
    text = str(value).strip().lower()
    if text == "today":
        return Day(None)
    if found := RELATIVE.fullmatch(text):
        ahead = found[1] is not None
        count, unit = (found[1], found[2]) if ahead else (found[3], found[4])
        return Day(None, int(count) * DAYS[unit] * (1 if ahead else -1))
    try:
        return Day(date.fromisoformat(text))
    except ValueError:
        raise ValueError("write a day as 2026-03-01, today, in 14 days or 30 days ago") from None


_DAY = {"type": "string", "examples": ["2026-03-01", "today", "in 14 days", "30 days ago"]}
DayOfCalendar = Annotated[InstanceOf[Day], BeforeValidator(as_day), PlainSerializer(str), WithJsonSchema(_DAY)]
"""A day written as a date, or counted from today."""


@lru_cache(maxsize=16_384)
def day_start(day: int, zone: str) -> int:
    """The first moment of a calendar day (days since 1970) in a zone, microseconds UTC."""
    if day > LAST_DAY:
        return FOREVER
    return micros(localize(datetime.combine(EPOCH_DAY + timedelta(days=day), datetime.min.time()), zone))
