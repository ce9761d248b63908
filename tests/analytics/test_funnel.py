"""The funnel against all attempts tried one by one."""

from itertools import product

import pytest
from pydantic import ValidationError
from random_logs import KINDS, LOGS, MINUTE, Seen, compare, desk_of, nearest_rank

from geleit.analytics.funnel import Funnel

NEVER = 2**62


def reached(way, question):
    """Per step: (place in the way, latest start) of the first event that completes an attempt up to it."""
    window = NEVER if question.window is None else question.window
    if question.order == "unordered":
        found = []
        for step in range(1, len(question.steps) + 1):
            places = [place for place, event in enumerate(way) if taken(way, event.t, window, question.steps) >= step]
            found.append((places[0], None) if places else None)
        return found
    between = NEVER if question.step_window is None else question.step_window
    attempts = [[(place,) for place, event in enumerate(way) if event.kind in question.steps[0]]]
    for kinds in question.steps[1:]:
        attempts.append(
            [
                (*attempt, place)
                for attempt, place in product(attempts[-1], range(len(way)))
                if place > attempt[-1]
                and (question.order == "ordered" or place == attempt[-1] + 1)
                and way[place].kind in kinds
                and way[place].t - way[attempt[0]].t <= window
                and way[place].t - way[attempt[-1]].t <= between
            ]
        )
    found = []
    for some in attempts:
        first = min((attempt[-1] for attempt in some), default=None)
        starts = [way[attempt[0]].t for attempt in some if attempt[-1] == first]
        found.append(None if first is None else (first, max(starts)))
    return found


def taken(way, moment, window, steps):
    seen = {event.kind for event in way if moment - window <= event.t <= moment}
    return sum(any(kind in seen for kind in kinds) for kinds in steps)


def brute(question, ways, result, seed):
    found = {unit: reached(way, question) for unit, way in ways.items()}
    for number, row in enumerate(result.rows):
        here = {unit: places[number] for unit, places in found.items() if places[number]}
        assert row.journeys == len(here), seed
        assert row.people == len({customer for customer, _ in here}), seed
        if here and question.order != "unordered":
            spans = [ways[unit][place].t - start for unit, (place, start) in here.items()]
            assert (row.median_us, row.p95_us) == (nearest_rank(spans, 50), nearest_rank(spans, 95)), seed
        lost = {unit for unit in here if number + 1 < len(result.rows) and not found[unit][number + 1]}
        went = {}
        for unit in lost:
            after = ways[unit][here[unit][0] + 1 :]
            went.setdefault(after[0].kind if after else "", set()).add(unit)
        assert {one.kind: one.journeys for one in row.instead} == {kind: len(some) for kind, some in went.items()}, seed
        assert {one.kind: one.people for one in row.instead} == {k: len({u[0] for u in s}) for k, s in went.items()}
        assert sum(one.journeys for one in row.instead) == len(lost), seed
        actors = result.actors(part="reached", step=number + 1)
        assert {(one.customer, one.need) for one in actors} == set(here), seed


def choose(chance):
    order = chance.choice(("ordered", "ordered", "strict", "strict", "unordered"))
    kinds = chance.sample(KINDS, 4)
    steps = [(kinds[0],), (kinds[1], kinds[2]), (kinds[3],)] if order == "unordered" else chance.choices(KINDS[:3], k=3)
    windows = {"window": chance.choice((None, 60 * MINUTE, 180 * MINUTE, 3000 * MINUTE)), "order": order}
    if order != "unordered":
        windows["step_window"] = chance.choice((None, 0, 30 * MINUTE, 120 * MINUTE))
    windows = {
        name: value if isinstance(value, str | None) else f"{value // MINUTE} minutes"
        for name, value in windows.items()
    }
    return windows | {"steps": steps}


@pytest.mark.parametrize("seed", range(LOGS))
def test_all_ways_of_counting_agree(seed):
    result = compare(seed, Funnel, brute, choose=choose)
    journeys = [row.journeys for row in result.rows]
    assert journeys == sorted(journeys, reverse=True)
    for row, further in zip(result.rows, [*journeys[1:], None], strict=True):
        assert further is None or sum(one.journeys for one in row.instead) == row.journeys - further


def test_what_cannot_be_told_is_refused():
    with pytest.raises(ValidationError, match="use window"):
        Funnel(steps=["a", "b"], order="unordered", step_window="1 day")
    with pytest.raises(ValidationError, match="one step only"):
        Funnel(steps=["a", "a"], order="unordered")
    with pytest.raises(ValidationError, match="list of kinds"):
        Funnel(steps="a,b")


def way_of(*pairs):
    """One person's journey of (kind, minute) pairs."""
    return [
        Seen("c1", "n1", f"e{place}", kind, "web", "need", minute * MINUTE, place, 0, True, True, "log", "person")
        for place, (kind, minute) in enumerate(pairs)
    ]


A, B, C = KINDS[:3]


@pytest.mark.parametrize(
    ("way", "more", "reached"),
    [
        ([(A, 0), (B, 60)], {"window": "60 minutes"}, [1, 1]),
        ([(A, 0), (B, 60)], {"window": "59 minutes"}, [1, 0]),
        ([(A, 0), (B, 0)], {"step_window": "0 minutes"}, [1, 1]),
        ([(A, 0), (B, 30)], {"step_window": "29 minutes"}, [1, 0]),
        ([(A, 0), (A, 50), (B, 60)], {"window": "10 minutes"}, [1, 1]),
        ([(B, 0), (A, 0)], {}, [1, 0]),
        ([(A, 0), (C, 1), (B, 2)], {"order": "strict"}, [1, 0]),
        ([(A, 0), (C, 1), (A, 2), (B, 3)], {"order": "strict"}, [1, 1]),
        ([(B, 0), (A, 60)], {"order": "unordered", "window": "60 minutes"}, [1, 1]),
        ([(B, 0), (A, 61)], {"order": "unordered", "window": "60 minutes"}, [1, 0]),
    ],
)
@pytest.mark.parametrize("engine", ["kernels", "sql"])
def test_windows_hold_to_the_minute(way, more, reached, engine):
    result = desk_of(way_of(*way)).ask(Funnel(steps=(A, B), **more), engine)
    assert [row.journeys for row in result.rows] == reached
