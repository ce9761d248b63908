"""Attribution against each journey credited by hand and the chain solved in fractions."""

from collections import Counter
from fractions import Fraction

import pytest
from random_logs import KINDS, LOGS, MINUTE, compare

from geleit.analytics.attribution import FADED, FULL, Attribution, removal_effects
from geleit.clock import DAY

WHOLE = 1_000_000


def paths(question, ways):
    found = []
    for unit, way in ways.items():
        places = [place for place, event in enumerate(way) if event.kind in question.conversion]
        before = way[: places[0]] if places else way
        touches = [(getattr(event, question.of), way[places[0]].t - event.t if places else 0) for event in before]
        touches = [(name, age) for name, age in touches if name]
        if places and question.lookback is not None:
            touches = [(name, age) for name, age in touches if age <= question.lookback]
        if touches or places:
            found.append((unit, touches or [("", 0)], bool(places)))
    return found


def shared(weights):
    parts = [weight * WHOLE // sum(weights) for weight in weights]
    parts[-1] += WHOLE - sum(parts)
    return [part / WHOLE for part in parts]


def weights(question, touches):
    size = len(touches)
    middle = [40 * (size - 2) if place in (0, size - 1) else 20 for place in range(size)]
    ages = [min(age // DAY, FADED * question.half_life // DAY) for _, age in touches]
    return {
        "first": [1] + [0] * (size - 1),
        "last": [0] * (size - 1) + [1],
        "linear": [1] * size,
        "position": middle if size > 2 else [1] * size,
        "decay": [max(1, round(FULL * 0.5 ** (age * DAY / question.half_life))) for age in ages],
    }


def brute(question, ways, result, seed):
    credit, shapley, follows = Counter(), Counter(), Counter()
    reached = {}
    for unit, touches, success in paths(question, ways):
        names = [name for name, _ in touches]
        for name in names:
            for what, some in (("journeys", unit), ("people", unit[0])):
                reached.setdefault((what, name), set()).add(some)
                if success:
                    reached.setdefault(({"journeys": "successes", "people": "successful"}[what], name), set()).add(some)
        if success:
            for model, given in weights(question, touches).items():
                for name, part in zip(names, shared(given), strict=True):
                    credit[model, name] += round(part * WHOLE)
            for name in set(names):
                shapley[name] += Fraction(1, len(set(names)))
        if names != [""]:
            follows.update(zip(["(start)", *names], [*names, "(success)" if success else "(nothing)"], strict=True))
    assert {row.touch for row in result.rows} == {name for what, name in reached if what == "journeys"}, seed
    effects = in_fractions(follows)
    total, wins = sum(effects.values()), sum(n for (_, b), n in follows.items() if b == "(success)")
    for row in result.rows:
        for what in ("journeys", "people", "successes", "successful"):
            assert getattr(row, what) == len(reached.get((what, row.touch), ())), seed
        for model in ("first", "last", "linear", "position", "decay"):
            assert getattr(row, model) == credit[model, row.touch] / WHOLE, seed
        assert row.shapley == float(shapley[row.touch]), seed
        if row.touch and total:
            assert row.markov == pytest.approx(float(effects[row.touch] / total * wins), abs=1e-9), seed
    for row in result.rows[:2]:
        people = {one.customer for one in result.actors(touch=row.touch, success=1)}
        assert people == reached.get(("successful", row.touch), set()), seed


def in_fractions(follows):
    touches = sorted({state for pair in follows for state in pair} - {"(start)", "(success)", "(nothing)"})
    everything = likely(follows, touches, None)
    return {one: 1 - likely(follows, touches, one) / everything if everything else Fraction(0) for one in touches}


def likely(follows, touches, without):
    """P(success) from the start by Gaussian elimination in fractions."""
    states = ["(start)", *touches]
    rows = []
    for state in states:
        total = sum(n for (a, _), n in follows.items() if a == state) or 1
        share = {b: Fraction(n, total) for (a, b), n in follows.items() if a == state and state != without}
        rows.append(
            [Fraction(state == other) - share.get(other, 0) for other in states] + [share.get("(success)", Fraction(0))]
        )
    for k in range(len(rows)):
        pivot = next(i for i in range(k, len(rows)) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for i in range(len(rows)):
            if i != k:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k], strict=True)]
    return rows[0][-1]


def choose(chance):
    return {
        "conversion": chance.choice(((KINDS[3],), KINDS[2:4])),
        "of": chance.choice(("channel", "channel", "kind")),
        "half_life": chance.choice(("1 day", "7 days", "36 hours")),
        "lookback": chance.choice((None, f"{600 * chance.randint(0, 4)} minutes")),
    }


@pytest.mark.parametrize("seed", range(LOGS))
def test_all_ways_of_counting_agree(seed):
    result = compare(seed, Attribution, brute, choose=choose)
    successes = {(a.customer, a.need) for row in result.rows for a in result.actors(touch=row.touch, success=1)}
    for model in ("first", "last", "linear", "position", "decay", "shapley"):
        assert sum(getattr(row, model) for row in result.rows) == pytest.approx(len(successes))


def test_a_chain_solved_by_hand():
    follows = {("(start)", "web"): 2, ("web", "store"): 1, ("store", "(success)"): 1, ("web", "(nothing)"): 1}
    assert removal_effects(follows) == {"store": 1.0, "web": 1.0}
    assert MINUTE * 60 * 24 == DAY
