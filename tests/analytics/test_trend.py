"""Trends against plain counting by calendar."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest
from random_logs import KINDS, LOGS, compare

from geleit.analytics.trend import Trend

EPOCH = date(1970, 1, 1)


def begin(local_day, span):
    day = EPOCH + timedelta(days=local_day)
    if span == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if span == "month" else day


def after(day, span):
    if span == "month":
        return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day + timedelta(days=7 if span == "week" else 1)


def brute(question, ways, result, seed):
    found, active = defaultdict(list), defaultdict(set)
    for unit, way in ways.items():
        for event in way:
            begins = begin(event.local_day, question.span)
            active[begins].add(unit)
            if value := getattr(event, question.of):
                found[begins, value].append(unit)
    values = {value for _, value in found}
    values = set(question.values) if question.values else values
    assert {row.value for row in result.rows} == (values if active else set()), seed
    for row in result.rows:
        units = found.get((row.begins, row.value), [])
        counted = (row.count, row.journeys, row.people)
        assert counted == (len(units), len(set(units)), len({customer for customer, _ in units})), seed
        assert row.share == (len(set(units)) / len(active[row.begins]) if row.begins in active else 0), seed
        assert not row.complete, seed  # the log of these tests is asked in 1970
    for value in {row.value for row in result.rows}:
        spans = [row.begins for row in result.rows if row.value == value]
        assert (spans[0], spans[-1]) == (min(active), max(active)), seed
        assert all(after(one, question.span) == other for one, other in pairwise(spans)), seed
    for row in [row for row in result.rows if row.journeys][:3]:
        actors = result.actors(span=row.begins, value=row.value)
        assert [(one.customer, one.need) for one in actors] == sorted(set(found[row.begins, row.value])), seed
        assert actors == result.actors(span=row.begins.isoformat(), value=row.value), seed


def chosen(chance):
    of = chance.choice(("kind", "channel", "stage"))
    values = tuple(chance.sample(KINDS, 2)) if of == "kind" and chance.random() < 0.5 else ()
    return {"of": of, "values": values, "span": chance.choice(("day", "week", "month"))}


@pytest.mark.parametrize("seed", range(LOGS))
def test_all_ways_of_counting_agree(seed):
    compare(seed, Trend, brute, choose=chosen)
