"""Step flow against every journey unrolled by hand; folding for a picture loses nobody."""

from itertools import pairwise

import pytest
from random_logs import CHANNELS, KINDS, LOGS, compare

from geleit.analytics.flow import OTHER, Flow, drawn


def brute(question, ways, result, seed):
    found = {}
    for unit, way in ways.items():
        values = [getattr(event, question.of) for event in way if getattr(event, question.of)]
        if question.direction == "before":
            values.reverse()
        starts = [place for place, value in enumerate(values) if not question.anchor or value in question.anchor]
        if starts:
            onward = values[starts[0] :]
            arrived = [place for place, value in enumerate(onward) if place and value in question.goal]
            onward = onward[: arrived[0] + 1] if arrived else [*onward, ""]
            unrolled = onward[: question.depth + 1]
            for step, (near, far) in enumerate(pairwise(unrolled), 1):
                pair = (near, far) if question.direction == "after" else (far, near)
                found.setdefault((step, *pair), set()).add(unit)
    rows = {(row.step, row.source, row.target): row for row in result.rows}
    assert set(rows) == set(found), seed
    for cell, row in rows.items():
        assert row.journeys == len(found[cell]), seed
        assert row.people == len({customer for customer, _ in found[cell]}), seed
    for step, source, target in list(found)[:3]:
        actors = result.actors(step=step, source=source, target=target)
        assert {(one.customer, one.need) for one in actors} == found[step, source, target], seed


def choose(chance):
    of = chance.choice(("kind", "channel"))
    return {
        "of": of,
        "anchor": chance.choice(((), (chance.choice(KINDS),) if of == "kind" else CHANNELS[:2])),
        "goal": chance.choice(((), (chance.choice(KINDS),) if of == "kind" else CHANNELS[1:2])),
        "direction": chance.choice(("after", "before")),
        "depth": chance.randint(1, 6),
    }


@pytest.mark.parametrize("seed", range(LOGS))
def test_all_ways_of_counting_agree(seed):
    result = compare(seed, Flow, brute, choose=choose)
    forward = result.question.direction == "after"
    for step in range(1, result.question.depth):
        went_on = sum(
            row.journeys
            for row in result.rows
            if row.step == step and (far := row.target if forward else row.source) and far not in result.question.goal
        )
        assert went_on == sum(row.journeys for row in result.rows if row.step == step + 1)
    if forward:
        for step in range(1, result.question.depth + 1):
            folded = [link for link in drawn(result.rows, 2) if link.step == step]
            assert sum(link.journeys for link in folded) == sum(r.journeys for r in result.rows if r.step == step)
            assert len({link.target for link in folded} - {OTHER, ""}) <= 2
