from datetime import UTC, datetime

import pytest

from geleit.clock import deadline, iso, local_day, localize, micros, moment, zone
from geleit.errors import GeleitError


def test_the_doubled_hour_of_autumn_has_two_turns():
    wall = datetime(2026, 10, 25, 2, 30)
    earlier, later = (micros(localize(wall, "Europe/Berlin", turn)) for turn in ("earlier", "later"))
    assert later - earlier == 3_600_000_000


def test_days_are_counted_where_the_company_is():
    late_evening = micros(datetime(2026, 3, 28, 23, 30, tzinfo=UTC))
    assert local_day(late_evening, "Europe/Berlin") == local_day(late_evening, "UTC") + 1


def test_micros_are_exact_far_from_now():
    far = datetime(2099, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert moment(micros(far)) == far
    assert iso(micros(far)) == "2099-12-31T23:59:59.999999Z"


def test_an_unknown_zone_says_how_zones_are_named():
    with pytest.raises(GeleitError, match="Europe/Berln") as caught:
        zone("Europe/Berln")
    assert "Europe/Berlin" in caught.value.hint


@pytest.mark.parametrize("written", ["²²²²²²²²²²²", "--12345678901", "1" * 5_000, "9" * 25, "31.2.2026", "soon", True])
def test_what_is_no_time_is_no_deadline(written):
    assert deadline(written, "Europe/Berlin") is None


def test_a_deadline_in_microseconds_is_kept():
    assert deadline(" 1772146800000000 ", "Europe/Berlin") == deadline(1772146800000000, "UTC") == 1772146800000000
