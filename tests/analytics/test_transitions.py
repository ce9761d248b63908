"""The transition graph: kernels, reference SQL and brute force agree on random logs; totals reconcile."""

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from random_logs import KINDS, LOGS, Seen, compare, desk_of, nearest_rank

from geleit.analytics import transitions
from geleit.analytics.kernels.ranks import BUCKETS, bucket
from geleit.analytics.transitions import Transitions

STEP = Seen("", "", "", KINDS[0], "web", "need", 0, 0, 20_000, True, False, "log", "person", KINDS[0])


def brute(question, ways, result, seed):
    cells = defaultdict(list)
    for (customer, need), way in ways.items():
        named = [(getattr(event, question.of), event.t) for event in way if getattr(event, question.of)]
        if not named:
            continue
        cells["", named[0][0]].append((customer, need, None))
        cells[named[-1][0], ""].append((customer, need, None))
        for (source, t), (target, later) in pairwise(named):
            cells[source, target].append((customer, need, later - t))
    assert {(row.source, row.target) for row in result.rows} == set(cells), seed
    for row in result.rows:
        found = cells[row.source, row.target]
        gaps = [gap for *_, gap in found if gap is not None]
        assert row.count == len(found), seed
        assert row.journeys == len({unit[:2] for unit in found}), seed
        assert row.people == len({unit[0] for unit in found}), seed
        if gaps:
            assert row.mean_us == sum(gaps) / len(gaps), seed
            assert (row.median_us, row.p95_us) == (nearest_rank(gaps, 50), nearest_rank(gaps, 95)), seed
        else:
            assert (row.mean_us, row.median_us, row.p95_us) == (None, None, None), seed
    for row in result.rows[:4]:
        actors = result.actors(source=row.source, target=row.target)
        assert {(a.customer, a.need) for a in actors} == {unit[:2] for unit in cells[row.source, row.target]}, seed


@pytest.mark.parametrize("seed", range(LOGS))
def test_all_ways_of_counting_agree(seed):
    result = compare(
        seed, Transitions, brute, choose=lambda chance: {"of": chance.choice(("kind", "kind", "channel", "stage"))}
    )
    inner = sum(row.count for row in result.rows if row.source and row.target)
    if result.question.of == "kind":
        assert inner == result.population.events - result.population.journeys


@pytest.mark.parametrize("seed", range(LOGS))
def test_quantiles_are_the_same_where_spans_are_counted_by_bucket_first(seed, monkeypatch):
    monkeypatch.setattr(transitions, "MANY", 1 + seed % 3)
    compare(seed, Transitions, brute, of=("kind", "channel", "stage")[seed % 3])


def test_longer_spans_are_never_in_an_earlier_bucket():
    chance = np.random.default_rng(3)
    spans = np.unique(np.concatenate([2 ** np.arange(62), chance.integers(0, 2**62, 2000), np.arange(300)]))
    places = [bucket(int(span)) for span in spans]
    assert places == sorted(places)
    assert places[0] == 0
    assert places[-1] < BUCKETS


def test_spans_may_sum_to_more_than_one_number_holds():
    """Kernels carry, SQL sums seconds and the rest apart: ten million journeys of a month are that much, too."""
    long = 4 * 10**18  # µs
    events = [
        replace(one, customer_id=f"c{n}", need_id=f"n{n}", event_id=f"{n}{place}", t=place * (long + n), ord=0)
        for n in range(20)
        for place, one in enumerate((STEP, replace(STEP, kind=KINDS[1])))
    ]
    desk = desk_of(events)
    answer = desk.ask(Transitions())
    assert answer.rows == desk.ask(Transitions(), "sql").rows
    (inner,) = [row for row in answer.rows if row.source and row.target]
    assert inner.mean_us == sum(long + n for n in range(20)) / 20
    assert inner.mean_us * 20 > 2**63
