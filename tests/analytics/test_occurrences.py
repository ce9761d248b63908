"""Occurrences, the step matrix, loops, stages and visits against plain counting."""

import itertools
from collections import Counter, defaultdict

import pytest
from random_logs import KINDS, LOGS, STAGES, compare, nearest_rank

from geleit.analytics.frequency import Frequencies
from geleit.analytics.loops import Loops
from geleit.analytics.occurrences import Occurrences, Positions
from geleit.analytics.stages import Stages

OF = ("kind", "channel", "stage")


def people(units):
    return len({unit[0] for unit in units})


def values_of(question, way):
    return [value for event in way if (value := getattr(event, question.of))]


def occurrences(question, ways, result, seed):
    found, events, group = defaultdict(set), Counter(), 0
    for unit, way in ways.items():
        kinds = {event.kind for event in way}
        if (question.having and not kinds & set(question.having)) or kinds & set(question.lacking):
            continue
        group += 1
        ends = [place for place, event in enumerate(way) if event.kind in question.before]
        for value in values_of(question, way[: ends[0]] if ends else way):
            found[value].add(unit)
            events[value] += 1
    assert {row.value for row in result.rows} == set(found), seed
    for row in result.rows:
        units = found[row.value]
        assert (row.count, row.journeys, row.people) == (events[row.value], len(units), people(units)), seed
        assert row.share == len(units) / group, seed
        assert {(a.customer, a.need) for a in result.actors(value=row.value)} == units, seed


def positions(question, ways, result, seed):
    found = defaultdict(set)
    for unit, way in ways.items():
        values = values_of(question, way)
        for step, value in enumerate([*values, ""][: question.depth] if values else [], 1):
            found[step, value].add(unit)
    assert {(row.step, row.value): (row.journeys, row.people) for row in result.rows} == {
        cell: (len(units), people(units)) for cell, units in found.items()
    }, seed


def loops(question, ways, result, seed):
    found = defaultdict(list)
    for unit, way in ways.items():
        last = {}
        for place, event in enumerate(event for event in way if getattr(event, question.of)):
            value = getattr(event, question.of)
            if value in last:
                found[value].append((*unit, event.t - last[value][1], place - last[value][0] == 1))
            last[value] = (place, event.t)
    assert {row.value for row in result.rows} == set(found), seed
    for row in result.rows:
        some = found[row.value]
        gaps = [gap for *_, gap, _ in some]
        assert (row.returns, row.direct) == (len(some), sum(direct for *_, direct in some)), seed
        assert (row.journeys, row.people) == (len({one[:2] for one in some}), people(some)), seed
        assert (row.median_us, row.p95_us) == (nearest_rank(gaps, 50), nearest_rank(gaps, 95)), seed


def stages(_, ways, result, seed):
    found = defaultdict(list)
    for unit, way in ways.items():
        named = [event for event in way if event.stage]
        dwell = Counter()
        for event, further in itertools.pairwise(named):
            dwell[event.stage] += further.t - event.t
        for stage in {event.stage for event in named}:
            first = next(place for place, event in enumerate(named) if event.stage == stage)
            later = any(STAGES.index(event.stage) > STAGES.index(stage) for event in named[first:])
            found[stage].append((*unit, named[first].t - named[0].t, dwell[stage], later))
    assert [row.stage for row in result.rows] == [stage for stage in STAGES if stage in found], seed
    for row in result.rows:
        some = found[row.stage]
        leads, dwells = [one[2] for one in some], [one[3] for one in some]
        assert (row.journeys, row.people, row.further) == (len(some), people(some), sum(one[4] for one in some)), seed
        assert len(result.actors(stage=row.stage, further=1)) == row.further, seed
        assert (row.lead_median_us, row.lead_p95_us) == (nearest_rank(leads, 50), nearest_rank(leads, 95)), seed
        assert (row.dwell_median_us, row.dwell_p95_us) == (nearest_rank(dwells, 50), nearest_rank(dwells, 95)), seed


def frequency(_, ways, result, seed):
    days = defaultdict(set)
    for (customer, _need), way in ways.items():
        for event in way:
            if event.initiator == "person" and event.channel:
                days[event.channel, customer].add(event.local_day)
    found = defaultdict(list)
    for (channel, _customer), some in days.items():
        found[channel].append(len(some))
    assert {row.channel for row in result.rows} == set(found), seed
    for row in result.rows:
        some = found[row.channel]
        assert (row.people, row.visits, row.once) == (len(some), sum(some), some.count(1)), seed
        assert (row.mean, row.median, row.p95) == (
            sum(some) / len(some),
            nearest_rank(some, 50),
            nearest_rank(some, 95),
        )
        assert len(result.actors(channel=row.channel)) == row.people, seed
        assert sum(one.people for one in row.came) == row.people, seed
        assert row.came[0].people == row.once or not row.once, seed
        for one in row.came:
            assert len(result.actors(channel=row.channel, often=one.often)) == one.people, seed


def group(chance):
    some = ((), (KINDS[0],), KINDS[2:4])
    return {
        "of": chance.choice(OF),
        "having": chance.choice(some),
        "lacking": chance.choice(some),
        "before": chance.choice(some),
    }


@pytest.mark.parametrize("seed", range(LOGS))
@pytest.mark.parametrize(
    ("model", "oracle", "choose"),
    [
        (Occurrences, occurrences, group),
        (Positions, positions, lambda chance: {"of": chance.choice(OF), "depth": chance.randint(1, 9)}),
        (Loops, loops, lambda chance: {"of": chance.choice(OF)}),
        (Stages, stages, lambda _: {}),
        (Frequencies, frequency, lambda _: {"unit": "customer"}),
    ],
    ids=["occurrences", "positions", "loops", "stages", "frequency"],
)
def test_all_ways_of_counting_agree(seed, model, oracle, choose):
    compare(seed, model, oracle, choose=choose)
