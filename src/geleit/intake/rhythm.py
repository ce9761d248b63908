"""How regularly a source delivers, learned from its last weeks, and from when on its silence is no chance any more.

Arrivals come in bursts (a visit, a batch) and by hours of the week. Of each hour of the week the mean number is known;
``scatter``, the variance of the hours around it divided by their mean, says how many arrivals make one independent
burst. Bursts are counted as a Poisson process: a silence in which n of them were due has the probability exp(-n). It is
an alarm where a silence that long would come by chance once in ``PERIODS`` times the weeks that were learned from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.clock import MINUTE, moment
from geleit.intake.arrivals import HOUR
from geleit.ledger.ledger import Ledger
from geleit.ledger.live_tables import source_hour

WEEK = 168  # hours
LEARNED = 4 * WEEK  # hours that are looked back
FEWEST_HOURS = 10 * 24  # they hold a weekend, else one would be news
FEWEST = 20  # arrivals to learn from
PERIODS = 100
SHORTEST = 15 * MINUTE  # silences below are none, whatever a source's pace
LONGEST = 12 * WEEK  # hours that are looked ahead

_hour = source_hour.c


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``due``: mean arrivals by hour of the week (Monday 0:00 = 0, in ``zone``); ``bursts``: due before it is an alarm."""

    due: tuple[float, ...]
    scatter: float
    bursts: float
    zone: str

    def alarm_at(self, last_at: int) -> int | None:
        """When a silence since ``last_at`` (microseconds UTC) becomes an alarm; None if not within twelve weeks."""
        wanted, at = self.bursts * self.scatter, last_at
        for hour in range(last_at // HOUR, last_at // HOUR + LONGEST):
            left = (hour + 1) * HOUR - at
            pace = self.due[_of_week(hour, self.zone)] / HOUR
            if pace * left >= wanted:
                return max(at + math.ceil(wanted / pace), last_at + SHORTEST)
            wanted -= pace * left
            at += left
        return None


def learn(counts: Mapping[int, int], zone: str) -> Rhythm | None:
    """The rhythm behind arrivals by hour since 1970; None if there are too few, or of too few days."""
    first, last = min(counts, default=0), max(counts, default=0)
    hours = range(max(first, last - LEARNED) + 1, last)  # the first and the last may have been cut
    arrived = [counts.get(hour, 0) for hour in hours]
    if len(arrived) < FEWEST_HOURS or sum(arrived) < FEWEST:
        return None
    places = [_of_week(hour, zone) for hour in hours]
    total, seen = [0] * WEEK, [0] * WEEK
    for place, count in zip(places, arrived, strict=True):
        total[place] += count
        seen[place] += 1
    due = tuple(count / max(weeks, 1) for count, weeks in zip(total, seen, strict=True))
    scatter = _scatter(arrived, [due[place] for place in places], len(arrived) / WEEK)
    return Rhythm(due, scatter, math.log(max(PERIODS * sum(arrived) / scatter, math.e)), zone)


def _scatter(arrived: Sequence[int], expected: Sequence[float], weeks: float) -> float:
    """Variance over mean of the hours around what is due in them, at least 1; a mean of few weeks hides part of it."""
    squares = sum((count - mean) ** 2 for count, mean in zip(arrived, expected, strict=True))
    return max(1.0, squares * weeks / (weeks - 1) / sum(arrived))


def _of_week(hour: int, zone: str) -> int:
    """Place of an hour since 1970 in the week, as clocks of the zone show it."""
    local = moment(hour * HOUR, zone)
    return local.weekday() * 24 + local.hour


def rhythm(ledger: Ledger, source: str, zone: str) -> Rhythm | None:
    """What the last weeks in which a source delivered say of it; None if that is not enough yet."""
    latest = sa.select(sa.func.max(_hour.hour)).where(_hour.source == source).scalar_subquery()
    query = sa.select(_hour.hour, _hour.new + _hour.duplicate + _hour.quarantined).where(
        _hour.source == source, _hour.hour >= latest - LEARNED
    )
    with ledger.read() as connection:
        counts = {hour: int(count) for hour, count in connection.execute(query)}
    return learn(counts, zone)
