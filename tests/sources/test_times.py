"""Times as systems write them, and the two nights on which clocks change."""

from datetime import UTC, date, datetime

import pytest

from geleit.clock import iso, micros
from geleit.sources.times import TimeError, TimeReader

NOW = micros(datetime(2026, 11, 22, tzinfo=UTC))


def read(value, form="", zone="Europe/Berlin", doubled="earlier"):
    return iso(TimeReader(zone, doubled, NOW, form).micros(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01T10:15:00Z", "2026-03-01T10:15:00Z"),
        ("2026-03-01 10:15", "2026-03-01T09:15:00Z"),
        ("2026-07-01 10:15:30.25", "2026-07-01T08:15:30.250000Z"),
        ("2026-03-01 10:15:00+05:30", "2026-03-01T04:45:00Z"),
        ("2022-04-19 03:33:50 +00:00", "2022-04-19T03:33:50Z"),
        ("2022-04-19 03:33:50 UTC", "2022-04-19T03:33:50Z"),
        ("2026-03-01", "2026-02-28T23:00:00Z"),
        ("01.03.2026", "2026-02-28T23:00:00Z"),
        ("1.3.2026 8:05", "2026-03-01T07:05:00Z"),
        ("01.03.2026, 10:15:59 Uhr", "2026-03-01T09:15:59Z"),
        ("1669285628", "2022-11-24T10:27:08Z"),
        ("1669285628.796693", "2022-11-24T10:27:08.796693Z"),
        ("1665582808669", "2022-10-12T13:53:28.669000Z"),
        (1665582808669, "2022-10-12T13:53:28.669000Z"),
        (1669285628.5, "2022-11-24T10:27:08.500000Z"),
        (date(2026, 3, 1), "2026-02-28T23:00:00Z"),
        (datetime(2026, 3, 1, 10), "2026-03-01T09:00:00Z"),
        (datetime(2026, 3, 1, 10, tzinfo=UTC), "2026-03-01T10:00:00Z"),
    ],
)
def test_reads(value, expected):
    assert read(value) == expected


def test_reads_by_format():
    assert read("03/01/26 10.15", "%m/%d/%y %H.%M") == "2026-03-01T09:15:00Z"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "no_time"),
        (None, "no_time"),
        ("03/01/2026", "bad_time"),
        ("31.02.2026", "bad_time"),
        ("gestern", "bad_time"),
        (True, "bad_time"),
        (float("nan"), "bad_time"),
        ("1899-12-31T00:00:00Z", "time_out_of_range"),
        ("2031-01-01", "time_out_of_range"),
        ("0001-01-01", "time_out_of_range"),
    ],
)
def test_refuses(value, reason):
    with pytest.raises(TimeError) as caught:
        read(value)
    assert caught.value.reason == reason


def test_the_doubled_hour_of_autumn():
    assert read("2025-10-26 02:30") == "2025-10-26T00:30:00Z"
    assert read("2025-10-26 02:30", doubled="later") == "2025-10-26T01:30:00Z"


@pytest.mark.parametrize("doubled", ["earlier", "later"])
def test_the_hour_that_spring_skips_is_read_as_if_the_clock_had_not_been_changed_yet(doubled):
    assert read("2026-03-29 02:30", doubled=doubled) == "2026-03-29T01:30:00Z"
    assert read("2026-03-29 01:59", doubled=doubled) == "2026-03-29T00:59:00Z"
    assert read("2026-03-29 03:00", doubled=doubled) == "2026-03-29T01:00:00Z"


def test_properties_keep_days_and_reach_further():
    reader = TimeReader("Europe/Berlin", "earlier", NOW)
    assert reader.property("31.12.2031") == "2031-12-31"
    assert reader.property("2031-12-31 10:00") == "2031-12-31T09:00:00Z"
    with pytest.raises(TimeError):
        reader.property("soon")
