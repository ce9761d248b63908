"""Variants against plain counting of tuples."""

from collections import defaultdict
from itertools import groupby

import numpy as np
import pytest
from random_logs import KINDS, LOGS, compare, nearest_rank

from geleit.analytics.kernels import grouping
from geleit.analytics.variants import Variants


def brute(question, ways, result, seed):
    found = defaultdict(list)
    for unit, way in ways.items():
        if question.having and not {event.kind for event in way} & set(question.having):
            continue
        named = [(getattr(event, question.of), event.t) for event in way if getattr(event, question.of)]
        if question.collapse:
            named = [next(run) for _, run in groupby(named, key=lambda one: one[0])]
        if named:
            found[tuple(value for value, _ in named)].append((*unit, named[-1][1] - named[0][1]))
    total = sum(map(len, found.values()))
    order = sorted(found, key=lambda way: (-len(found[way]), len(way), way))
    assert [row.way for row in result.rows] == order[: question.limit], seed
    assert result.other.rows == max(0, len(order) - question.limit), seed
    assert [row.way for row in (*result.rows, *result.other.open())] == order, seed
    for row in result.rows:
        units = found[row.way]
        assert (row.journeys, row.people) == (len(units), len({customer for customer, *_ in units})), seed
        assert row.share == len(units) / total, seed
        assert row.median_us == nearest_rank([span for *_, span in units], 50), seed
    for row in result.rows[:3]:
        assert result.actors(way="|".join(row.way)) == result.actors(way=row.way), seed
        actors = result.actors(way=row.way)
        assert [(one.customer, one.need) for one in actors] == sorted(unit[:2] for unit in found[row.way]), seed


@pytest.mark.parametrize("seed", range(LOGS))
def test_all_ways_of_counting_agree(seed):
    compare(
        seed,
        Variants,
        brute,
        choose=lambda chance: {
            "of": chance.choice(("kind", "channel", "stage")),
            "collapse": chance.random() < 0.3,
            "having": tuple(chance.sample(KINDS, 2)) if chance.random() < 0.3 else (),
            "limit": chance.choice((1, 2, 3, 5, 1000)),
        },
    )


def test_ways_of_one_hash_are_told_apart_by_their_steps(monkeypatch):
    """Even if all ways had the same hash."""
    value, starts = np.array([1, 2, 1, 2, 3, 1, 3, 1, 2], np.uint16), np.array([0, 2, 5, 7, 9, 9])
    assert grouping.group(value, starts).tolist() == [0, 1, 2, 0, -1]
    monkeypatch.setattr(grouping, "hashes", lambda _value, starts: np.zeros(len(starts) - 1, np.uint64))
    monkeypatch.setattr(grouping, "same", grouping.same.py_func)
    assert grouping.group.py_func(value, starts).tolist() == [0, 1, 2, 0, -1]


def test_ways_are_grouped_alike_where_slots_are_filled_room_by_room(monkeypatch):
    chance = np.random.default_rng(4)
    starts = np.concatenate([[0], np.cumsum(chance.integers(0, 4, 300))])
    value = chance.integers(0, 3, starts[-1]).astype(np.uint16)
    told = grouping.group(value, starts)
    assert len(set(told.tolist())) > 30
    monkeypatch.setattr(grouping, "MANY", 0)
    monkeypatch.setattr(grouping, "NEAR", 3)
    order = grouping.neighboring.py_func(grouping.hashes(value, starts), np.uint64(1023))
    assert sorted(order.tolist()) == list(range(300))
    assert order.tolist() != list(range(300))
    monkeypatch.setattr(grouping, "neighboring", grouping.neighboring.py_func)
    assert grouping.group.py_func(value, starts).tolist() == told.tolist()
