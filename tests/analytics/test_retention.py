"""Retention against a walk over every person's days."""

from datetime import date, timedelta
from types import SimpleNamespace

import pyarrow as pa
import pytest
from pydantic import ValidationError
from random_logs import KINDS, LOGS, compare

from geleit.analytics.retention import Retention, strays


def first_day(local_day, span):
    day = date(1970, 1, 1) + timedelta(days=local_day)
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[span]


def distance(cohort, later, span):
    if span == "month":
        return (later.year - cohort.year) * 12 + later.month - cohort.month
    return (later - cohort).days // (7 if span == "week" else 1)


def brute(question, ways, result, seed):
    found = {}
    for (customer, _), way in ways.items():
        starts = [event for event in way if not question.start or event.kind in question.start]
        if starts:
            cohort = first_day(starts[0].local_day, question.span)
            found.setdefault((cohort, 0), set()).add(customer)
            for event in way:
                later = first_day(event.local_day, question.span)
                if later > cohort and (not question.again or event.kind in question.again):
                    found.setdefault((cohort, distance(cohort, later, question.span)), set()).add(customer)
    rows = {(row.cohort, row.later): row for row in result.rows}
    assert set(found) <= set(rows), seed
    for cell, row in rows.items():
        assert row.people == len(found.get(cell, ())), seed
        assert row.size == len(found[row.cohort, 0]), seed
        assert row.share == row.people / row.size, seed
    for cohort, later in list(found)[:3]:
        assert {one.customer for one in result.actors(cohort=cohort, later=later)} == found[cohort, later], seed
    assert sum(row.size for row in result.rows if row.later == 0) <= result.population.people


def choose(chance):
    return {
        "unit": "customer",
        "span": chance.choice(("day", "week", "month")),
        "start": chance.choice(((), (KINDS[0],), KINDS[1:3])),
        "again": chance.choice(((), (KINDS[3],), KINDS[:4])),
    }


@pytest.mark.parametrize("seed", range(LOGS))
def test_all_ways_of_counting_agree(seed):
    compare(seed, Retention, brute, choose=choose)


def test_people_come_back_not_needs():
    with pytest.raises(ValidationError, match="counted by customer"):
        Retention(unit="need")


def test_single_early_dates_come_last_and_are_counted_all_the_same():
    sizes = {0: 1, 1: 1, 60: 150, 61: 170}
    assert strays(sizes) == {0, 1}
    assert strays({**sizes, 0: 9}) == set()  # too many to be strays
    assert strays({59: 1, 60: 150, 61: 170}) == set()  # journeys begin slowly: no pause
    assert strays({}) == set()
    counts = pa.table({"cohort": [0, 60, 61], "later": [0, 0, 0], "people": [1, 150, 170]})
    rows = Retention(span="month").rows(counts, SimpleNamespace(today=800 * 30))
    firsts = [row for row in rows if row.later == 0]
    assert [row.cohort.year for row in firsts] == [1975, 1975, 1970]
    assert sum(row.size for row in firsts) == 321
