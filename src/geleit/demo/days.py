"""The company's calendar: 18 months in Kassel, with weeks, seasons, opening hours, a heat wave and a delivery crisis.

Times are seconds since 1970 in UTC. Wall-clock times are seconds too, as if the wall clock ran in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache, reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geleit.demo.rows import Array, texts

MANY = 4_000  # times from which their days, minutes and seconds are written apart: most come often
DAY = 86_400
HOUR = 3_600
BEGIN = date(2025, 5, 1)
END = date(2026, 10, 31)  # the first day that is not there any more
DAYS = (END - BEGIN).days
HEAT = (date(2026, 6, 22), date(2026, 7, 19))
SOLD_OUT = (date(2026, 6, 29), date(2026, 7, 17))
CRISIS = (date(2026, 3, 16), date(2026, 5, 10))
FLOOD = (date(2025, 11, 1), date(2025, 11, 30))  # the month of too many newsletters
CHRISTMAS = (date(2025, 11, 20), date(2025, 12, 23))


def _last_sunday(year: int, month: int) -> int:
    """When the clocks change: 01:00 UTC of the month's last Sunday."""
    last = date(year, month, 31)
    return int(datetime(year, month, 31 - last.isoweekday() % 7, 1, tzinfo=UTC).timestamp())


_AT = np.array([_last_sunday(year, month) for year in range(2010, 2030) for month in (3, 10)])
_OFFSETS = np.array([HOUR, *[2 * HOUR, HOUR] * 20])
_FIRST = int(datetime(BEGIN.year, BEGIN.month, BEGIN.day, tzinfo=UTC).timestamp())  # midnight on the wall clock


def number(day: date) -> int:
    """Days since the beginning."""
    return (day - BEGIN).days


def to_local(t: Array) -> Array:
    """The wall clock at these times."""
    local: Array = t + _OFFSETS[np.searchsorted(_AT, t, side="right")]
    return local


def to_utc(local: Array) -> Array:
    """The time at which the wall clock shows this; the earlier one in the hour that comes twice."""
    summer = local - 2 * HOUR
    utc: Array = np.where(_OFFSETS[np.searchsorted(_AT, summer, side="right")] == 2 * HOUR, summer, local - HOUR)
    return utc


def moment(day: Array, second: Array) -> Array:
    """UTC of a second of a day's wall clock."""
    return to_utc(_FIRST + np.asarray(day, np.int64) * DAY + np.asarray(second, np.int64))


def day_of(t: Array) -> Array:
    """The day (number) on the wall clock."""
    days: Array = (to_local(t) - _FIRST) // DAY
    return days


def within(day: Array, span: tuple[date, date]) -> Array:
    """Which of these days (numbers) lie in a span, both ends included."""
    return np.asarray((day >= number(span[0])) & (day <= number(span[1])))


def weekday(day: Array) -> Array:
    """0 is Monday."""
    return np.asarray((day + BEGIN.weekday()) % 7)


def open_day(day: Array) -> Array:
    """The same day, or the Monday behind a Sunday."""
    return np.asarray(day + (weekday(day) == 6))


def working_day(day: Array) -> Array:
    """The same day, or the Monday behind a weekend."""
    of_week = weekday(day)
    return np.asarray(day + np.where(of_week == 5, 2, np.where(of_week == 6, 1, 0)))


@cache
def _shape(kind: str) -> Array:
    """How likely something of a kind is on each day; sums to one."""
    days = np.arange(DAYS)
    weights = np.ones(DAYS)
    weights *= np.array([1.0, 0.95, 0.95, 1.0, 1.1, 1.25, 0.9])[weekday(days)]
    weights[within(days, CHRISTMAS)] *= 3.2 if kind == "gift" else 1.0
    if kind == "heat":
        months = np.array([date.fromordinal(BEGIN.toordinal() + day).month for day in range(DAYS)])
        weights *= np.array([0.05, 0.05, 0.1, 0.2, 0.8, 2.2, 2.6, 1.8, 0.3, 0.1, 0.05, 0.05])[months - 1]
        weights[within(days, HEAT)] *= 5.0
    return np.asarray(weights / weights.sum())


def draw(rng: np.random.Generator, kind: str, size: int, last: int = DAYS - 4) -> Array:
    """Days (numbers) as they come for a kind of appliance: large, gift, heat."""
    weights = np.cumsum(_shape(kind)[:last])
    return np.asarray(np.searchsorted(weights, rng.random(size) * weights[-1], side="right").astype(np.int64))


def seconds(rng: np.random.Generator, size: int, hours: str) -> Array:
    """A second of the day: ``shop`` opening hours, ``desk`` working hours, ``home`` mornings to late evenings."""
    if hours == "home":
        hour = np.clip(
            np.where(rng.random(size) < 0.62, rng.normal(20, 1.7, size), rng.normal(12.5, 3, size)), 5.5, 23.6
        )
    elif hours == "shop":
        hour = 9.6 + 8.6 * rng.beta(1.6, 1.3, size)
    else:
        hour = 8.1 + 8.6 * rng.beta(1.2, 1.5, size)
    return (hour * HOUR).astype(np.int64)


def written(seconds_: Array, form: str) -> list[str]:
    """Seconds since 1970 as texts of a strftime form whose parts stand from days to seconds, as they are (no zone)."""
    values = np.asarray(seconds_, np.int64)
    if values.size < MANY:
        return _formed(values, form)
    day, hour, minutes = form.partition("%H")
    minute, second, rest = f"{hour}{minutes}".partition("%S")
    parts = ((day, values, DAY), (minute, values % DAY, 60), (f"{second}{rest}", values % 60, 1))
    told = [_told(moments, span, part) for part, moments, span in parts if part]
    joined: list[str] = reduce(np.add, told).tolist()
    return joined


def _formed(moments: Array, form: str) -> list[str]:
    column: list[str] = pc.strftime(pa.array(moments, pa.int64()).cast(pa.timestamp("s")), format=form).to_pylist()
    return column


def _told(moments: Array, span: int, form: str) -> Array:
    """The texts of the days, minutes or seconds that some moments lie in, each formed once."""
    found, places = np.unique(moments // span, return_inverse=True)
    return np.asarray(texts(_formed(found * span, form))[places])


def german(t: Array, *, seconds_too: bool = False) -> Array:
    """The wall clock as 22.11.2025 10:15 (and seconds)."""
    return texts(written(to_local(t), "%d.%m.%Y %H:%M:%S" if seconds_too else "%d.%m.%Y %H:%M"))


def german_day(day: Array) -> Array:
    """A day (number) as 22.11.2025."""
    return texts(written(_FIRST + np.asarray(day, np.int64) * DAY, "%d.%m.%Y"))


def iso_day(day: Array) -> Array:
    """A day (number) as 2025-11-22."""
    return texts(written(_FIRST + np.asarray(day, np.int64) * DAY, "%Y-%m-%d"))


def iso(t: Array) -> Array:
    """UTC as 2025-11-22T09:15:00Z."""
    return texts(written(t, "%Y-%m-%dT%H:%M:%SZ"))


def local_iso(t: Array) -> Array:
    """The wall clock as 2025-11-22T10:15:00, without a zone."""
    return texts(written(to_local(t), "%Y-%m-%dT%H:%M:%S"))
