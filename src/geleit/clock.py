"""Time inside is BIGINT microseconds UTC; days are counted in a named zone by zoneinfo."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from geleit.errors import GeleitError

Clock = Callable[[], int]
DoubledHour = Literal["earlier", "later"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
ISO_DAY = "2026-11-22"
GERMAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
LARGEST = 2**63


def system_clock() -> int:
    """Now, in microseconds UTC."""
    return time.time_ns() // 1000


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The zone by its IANA name.

    Errors: GeleitError for a name the zone database does not know.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise GeleitError(f"'{name}' is no time zone", hint="use an IANA name such as Europe/Berlin") from None


def micros(moment: datetime) -> int:
    """Microseconds UTC of an aware datetime, exactly (no float on the way)."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(t: int, zone_name: str = "UTC") -> datetime:
    """The aware datetime of ``t`` in a zone."""
    return (EPOCH + timedelta(microseconds=t)).astimezone(zone(zone_name))


def localize(naive: datetime, zone_name: str, doubled_hour: DoubledHour = "earlier") -> datetime:
    """Read a wall-clock time of a zone; the doubled hour of autumn is read as its earlier or later turn.

    >>> micros(localize(datetime(2026, 10, 25, 2, 30), "Europe/Berlin", "later"))
    1792891800000000
    """
    return naive.replace(tzinfo=zone(zone_name), fold=1 if doubled_hour == "later" else 0)


def deadline(value: object, zone_name: str) -> int | None:
    """Microseconds UTC until which something holds: microseconds as they are, ISO 8601, or the end of a day.

    A day is written as 2026-02-27 or 27.2.2026. What is no time is None: no date is better than a wrong one; so is the
    last day of time (9999-12-31), which systems write for never.

    >>> deadline("2026-02-27", "Europe/Berlin") - deadline("27.2.2026 ", "Europe/Berlin")
    0
    """
    if value is None or isinstance(value, bool):
        return None
    text = str(value).strip()
    if german := GERMAN_DAY.fullmatch(text):
        text = f"{german[3]}-{german[2]:>02}-{german[1]:>02}"
    try:
        if text.lstrip("-").isdigit() and len(text) > len(ISO_DAY):
            return number if abs(number := int(text)) < LARGEST else None
        at = datetime.fromisoformat(text)
        if len(text) <= len(ISO_DAY):
            return micros(localize(at + timedelta(days=1), zone_name)) - 1
        return micros(at if at.tzinfo else localize(at, zone_name))
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4_096)  # one event is asked several times, and now for every event
def local_day(t: int, zone_name: str) -> int:
    """Days since 1970-01-01 of the calendar day that ``t`` falls on in the zone."""
    return (moment(t, zone_name).date() - EPOCH_DAY).days


def iso(t: int) -> str:
    """``t`` as ISO 8601 in UTC, with microseconds only where there are any."""
    return moment(t).isoformat().replace("+00:00", "Z")
