"""Reads when something happened: texts as systems write them, wall-clock times of a zone, seconds since 1970."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from geleit.clock import DAY, SECOND, DoubledHour, iso, localize, micros, zone
from geleit.sources.records import Reason

EARLIEST = micros(datetime(1900, 1, 1, tzinfo=UTC))
AHEAD = 2 * 366 * DAY
GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?(?: Uhr)?")
NUMBER = re.compile(r"\d{9,17}(\.\d+)?")
SPACED_OFFSET = re.compile(r"\s+(UTC|GMT|Z|[+-]\d{2}:?\d{2})$")
DAY_ALONE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4}|\d{8}")
MILLISECONDS_FROM = 10**11  # seconds of the year 5138; every time in milliseconds since 1973 is greater
MICROSECONDS_FROM = 10**14
SEEN = "such as 2026-03-01T10:15:00Z, 2026-03-01 10:15, 01.03.2026 10:15 or seconds since 1970"


class TimeError(Exception):
    """A value that is no time of ours; ``reason`` is the quarantine's."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class TimeReader:
    """Reads times of one source. ``now`` (microseconds) bounds them; ``form`` is a strptime format or ''."""

    zone_name: str
    doubled_hour: DoubledHour
    now: int
    form: str = ""

    def micros(self, value: Any) -> int:
        """Microseconds UTC.

        Errors: TimeError for nothing, for what cannot be read, and before 1900 or more than two years ahead.
        """
        if value is None or (isinstance(value, str) and not value.strip()):
            raise TimeError("no_time", "is empty")
        try:
            t = self._micros(value)
        except (ValueError, OverflowError):
            wanted = f"by the format '{self.form}'" if self.form else SEEN
            raise TimeError("bad_time", f"cannot read {value!r} as a time ({wanted})") from None
        if not EARLIEST <= t <= self.now + AHEAD:
            raise TimeError("time_out_of_range", f"{value!r} lies before 1900 or more than two years ahead")
        return t

    def _micros(self, value: Any) -> int:
        if isinstance(value, str):
            return self.wall(self._parse(value.strip()))
        if isinstance(value, datetime):
            return self.wall(value)
        if isinstance(value, date):
            return self.wall(datetime.combine(value, time()))
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            number = Decimal(str(value))
            if number.is_finite():
                return since_1970(number)
        raise ValueError(value)

    def _parse(self, text: str) -> datetime:
        if self.form:
            return datetime.strptime(text, self.form)  # noqa: DTZ007 (the zone is added by wall)
        if found := GERMAN.fullmatch(text):
            day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 (the zone is added by wall)
        if NUMBER.fullmatch(text):
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=since_1970(Decimal(text)))
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            spaced = SPACED_OFFSET.sub(lambda m: "+00:00" if m[1] in ("UTC", "GMT", "Z") else m[1], text)
            return datetime.fromisoformat(spaced)

    def wall(self, value: datetime) -> int:
        """Microseconds UTC of a clock's time in this zone; one that the clocks jumped over is read as if they had not."""
        if value.tzinfo is not None:
            return micros(value)
        local = localize(value, self.zone_name, self.doubled_hour)
        if local.fold and _skipped(value, self.zone_name):
            local = local.replace(fold=0)
        return micros(local)

    def iso(self, value: datetime) -> str:
        """A time as ISO 8601 in UTC; as it stands where UTC has no such year."""
        try:
            return iso(self.wall(value))
        except OverflowError:
            return value.isoformat()

    def property(self, value: Any) -> Any:
        """A property that is a time: its day (YYYY-MM-DD) if it names only a day, else ISO 8601 in UTC.

        Errors: TimeError for what cannot be read.
        """
        if isinstance(value, str) and DAY_ALONE.fullmatch(value.strip()) and not self.form:
            try:
                return self._parse(value.strip()).date().isoformat()
            except ValueError:
                raise TimeError("bad_time", f"cannot read {value!r} as a day") from None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        try:
            return iso(self._micros(value))
        except (ValueError, OverflowError):
            raise TimeError("bad_time", f"cannot read {value!r} as a time ({SEEN})") from None


def since_1970(number: Decimal) -> int:
    if abs(number) >= MICROSECONDS_FROM:
        return int(number)
    return int(number * 1000) if abs(number) >= MILLISECONDS_FROM else int(number * SECOND)


def _skipped(value: datetime, zone_name: str) -> bool:
    """Whether the clocks jumped over this wall-clock time in spring."""
    named = value.replace(tzinfo=zone(zone_name))
    earlier, later = named.replace(fold=0).utcoffset(), named.replace(fold=1).utcoffset()
    return earlier is not None and later is not None and earlier < later
