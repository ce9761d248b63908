import itertools
import math
import random
from datetime import datetime

import pytest

from geleit.clock import MINUTE, localize, micros, moment
from geleit.intake.arrivals import HOUR, STEPS, recent
from geleit.intake.rhythm import FEWEST_HOURS, learn, rhythm
from geleit.ledger.ledger import Ledger
from geleit.ledger.live_tables import source_hour

ZONE = "Europe/Berlin"


def at(text):
    return micros(localize(datetime.fromisoformat(text), ZONE))


START = at("2026-10-26T00:00") // HOUR  # a Monday, after the clocks were set back


def few(chance, mean):
    """A Poisson number."""
    left, count = math.exp(-mean), 0
    product = chance.random()
    while product > left:
        product *= chance.random()
        count += 1
    return count


def opening_hours(hour):
    local = moment(hour * HOUR, ZONE)
    return local.weekday() < 5 and 8 <= local.hour < 20


def shop(rate, *, weeks=4, burst=1, always=False, seed=1):
    """Arrivals by hour: ``rate`` an hour, Monday to Friday from 8 to 20, in bursts."""
    chance = random.Random(seed)
    hours = [hour for hour in range(START, START + weeks * 168) if always or opening_hours(hour)]
    counts = {hour: few(chance, rate / burst) * burst for hour in hours}
    return {hour: count for hour, count in counts.items() if count}


def alarm(counts, last):
    return learn(counts, ZONE).alarm_at(at(last))


def test_a_night_and_a_weekend_are_no_silence():
    due = alarm(shop(20), "2026-11-20T19:59")  # a Friday
    assert at("2026-11-23T08:15") < due < at("2026-11-23T11:00")


def test_the_more_comes_the_sooner_silence_is_an_alarm():
    last = "2026-11-24T10:00"
    found = [alarm(shop(rate), last) - at(last) for rate in (1, 5, 20, 40)]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 60 * MINUTE < found[1]


def test_however_much_comes_a_quarter_of_an_hour_is_no_silence():
    counts = dict.fromkeys(range(START, START + 4 * 168), 100000)
    assert alarm(counts, "2026-11-24T10:00") == at("2026-11-24T10:15")


def test_bursts_count_as_one():
    last = "2026-11-24T10:00"
    steady, bursts = (alarm(shop(10, burst=burst), last) - at(last) for burst in (1, 10))
    assert bursts > 3 * steady


def test_a_source_that_goes_on_as_before_gives_no_alarm_in_ten_years():
    """Learned from four weeks, tried on many others: gaps between hours that are not empty."""
    known = learn(shop(3, seed=4), ZONE)
    alarms = 0
    for seed in range(100, 230):
        hours = sorted(shop(3, seed=seed))
        gaps = [(one, other) for one, other in itertools.pairwise(hours) if other - one > 2]
        alarms += sum(known.alarm_at((one + 1) * HOUR) < other * HOUR for one, other in gaps)
    assert alarms <= 1


@pytest.mark.parametrize("counts", [{}, {START: 1_000_000}, {START: 9, START + 700: 9}, shop(20, weeks=1)])
def test_too_little_history_gives_no_rhythm(counts):
    assert learn(counts, ZONE) is None


def test_ten_days_are_enough():
    counts = dict.fromkeys(range(START, START + FEWEST_HOURS + 2), 5)
    assert learn(counts, ZONE) is not None
    del counts[START + FEWEST_HOURS + 1]
    assert learn(counts, ZONE) is None


def test_a_source_that_ended_long_ago_is_learned_from_its_last_weeks(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with ledger.write() as connection:
        rows = [_row(hour, 30) for hour in range(START - 5000, START)]
        connection.execute(source_hour.insert(), rows)
    known = rhythm(ledger, "web", ZONE)
    assert min(known.due) == max(known.due) == 30
    assert known.alarm_at(START * HOUR) < (START + 3) * HOUR
    assert rhythm(ledger, "other", ZONE) is None
    ledger.close()


def test_of_the_hour_in_which_a_span_begins_its_share_counts(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with ledger.write() as connection:
        connection.execute(source_hour.insert(), [_row(START, 60), _row(START + 1, 7)])
    assert recent(ledger, (START + 1) * HOUR + HOUR // 3, HOUR)["web"].new == 47
    ledger.close()


def _row(hour, count):
    lags = "[" + ",".join(["0"] * STEPS) + "]"
    times = {"last_at": hour * HOUR, "last_t": hour * HOUR}
    return {"source": "web", "hour": hour, "new": count, "duplicate": 0, "quarantined": 0, "lags": lags} | times
