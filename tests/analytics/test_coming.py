"""Stickiness and lifecycle against a walk over every person's days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError
from random_logs import KINDS, LOGS, compare, nearest_rank

from geleit.analytics.lifecycle import Lifecycle
from geleit.analytics.stickiness import Stickiness

NOW = [
    int(datetime(2026, *day, 12, tzinfo=UTC).timestamp()) * 1_000_000 for day in ((3, 30), (5, 20), (11, 3), (12, 31))
]


def first_day(local_day, span):
    day = date(1970, 1, 1) + timedelta(days=local_day)
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[span]


def following(begins, span):
    if span == "month":
        return (begins + timedelta(days=32)).replace(day=1)
    return begins + timedelta(days=7 if span == "week" else 1)


def came(question, ways):
    """{person: the days on which they came}"""
    return {
        customer: {
            e.local_day for e in way if e.initiator == "person" and (not question.active or e.kind in question.active)
        }
        for (customer, _), way in ways.items()
    }


def sticky(question, ways, result, seed):
    found = {}
    for customer, days in came(question, ways).items():
        for day in days:
            found.setdefault(first_day(day, question.span), {}).setdefault(customer, set()).add(day)
    assert [row.begins for row in result.rows] == sorted(found), seed
    for row in result.rows:
        people = {customer: len(days) for customer, days in found[row.begins].items()}
        assert (row.people, row.person_days) == (len(people), sum(people.values())), seed
        assert row.once == sum(days == 1 for days in people.values()), seed
        assert (row.median, row.p95) == (nearest_rank(people.values(), 50), nearest_rank(people.values(), 95)), seed
        assert row.share == pytest.approx(row.daily / row.people), seed
        days = max(people.values())
        opened = {one.customer for one in result.actors(begins=row.begins, days=days)}
        assert opened == {customer for customer, number in people.items() if number == days}, seed


def lived(question, ways, result, seed):
    states, until = {}, date(1970, 1, 1) + timedelta(days=result_day(result))
    for customer, days in came(question, ways).items():
        spans = sorted({first_day(day, question.span) for day in days})
        for place, span in enumerate(spans):
            before = spans[place - 1] if place else None
            state = (
                "new" if before is None else "returning" if following(before, question.span) == span else "resurrected"
            )
            states.setdefault((span, state), set()).add(customer)
            after = following(span, question.span)
            if after not in spans and after <= until:
                states.setdefault((after, "dormant"), set()).add(customer)
    rows = {row.begins: row for row in result.rows}
    for (begins, state), people in states.items():
        assert getattr(rows[begins], state) == len(people), (seed, begins, state)
        if len(people) < 3:
            assert {one.customer for one in result.actors(begins=str(begins), state=state)} == people, seed
    told = sum(row.new + row.returning + row.resurrected + row.dormant for row in result.rows)
    assert told == sum(map(len, states.values())), seed
    assert sum(row.new for row in result.rows) <= result.population.people, seed


def result_day(result):
    return result.as_of.at // 86_400_000_000


def choose(spans):
    return lambda chance: {
        "unit": "customer",
        "span": chance.choice(spans),
        "active": chance.choice(((), (KINDS[0],), KINDS[1:3])),
    }


@pytest.mark.parametrize("seed", range(LOGS))
def test_stickiness_is_counted_alike(seed):
    compare(seed, Stickiness, sticky, choose=choose(("week", "month")))


@pytest.mark.parametrize("seed", range(LOGS))
def test_lifecycle_is_counted_alike(seed):
    compare(seed, Lifecycle, lived, now=NOW[seed % len(NOW)], choose=choose(("day", "week", "month")))


def test_people_come_not_needs():
    with pytest.raises(ValidationError, match="counted by customer"):
        Lifecycle(unit="need")
    with pytest.raises(ValidationError):
        Stickiness(span="day")
