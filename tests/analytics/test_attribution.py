"""Attribution against each journey credited by hand and the chain solved in fractions; its ranges hold what they promise."""

import random
from collections import Counter
from fractions import Fraction
from math import sqrt

import numpy as np
import pyarrow as pa
import pytest
from random_logs import KINDS, LOGS, MINUTE, compare, desk_of, invent, journeys, lot_of

from geleit.analytics.attribution import FADED, FULL, Attribution
from geleit.analytics.credited import MODELS, Credited, effects_of, removal_effects
from geleit.analytics.lots import student
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


def given(question, ways):
    """Every model's credit by hand: {(model, touch): successes}, and who is in it."""
    found, follows, people = Counter(), Counter(), set()
    for unit, touches, success in paths(question, ways):
        names = [name for name, _ in touches]
        people.add(unit[0])
        if success:
            for model, shares in weights(question, touches).items():
                for name, part in zip(names, shared(shares), strict=True):
                    found[model, name] += part
            for name in set(names):
                found["shapley", name] += 1 / len(set(names))
        if names != [""]:
            follows.update(zip(["(start)", *names], [*names, "(success)" if success else "(nothing)"], strict=True))
        elif success:
            found["markov", ""] += 1
    effects = in_fractions(follows)
    wins = sum(n for (_, b), n in follows.items() if b == "(success)")
    for name, effect in effects.items():
        found["markov", name] += float(effect / sum(effects.values()) * wins) if any(effects.values()) else 0
    return found, people


@pytest.mark.parametrize("seed", range(3))
def test_ranges_are_those_of_leaving_each_lot_out(seed):
    chance = random.Random(seed)
    events = invent(chance, customers=70, most=5)
    while len(events) < 70:
        events = invent(chance, customers=70, most=5)
    dirty = {f"c{n:x}" for n in range(70) if chance.random() < 0.3}
    question = Attribution(conversion=(KINDS[2],), unit=chance.choice(("need", "customer")), support=10)
    desk = desk_of(events, dirty)
    answer = desk.ask(question)
    assert answer.rows == desk.ask(question, "sql").rows
    ways = journeys(events, question)
    people = given(question, ways)[1]
    lots = {lot: {one for one in people if lot_of(one) == lot} for lot in map(lot_of, people)}
    without = {
        lot: given(question, {unit: way for unit, way in ways.items() if unit[0] not in theirs})[0]
        for lot, theirs in lots.items()
    }
    told = [row for row in answer.rows if row.successful >= 10]
    assert told
    for row in answer.rows:
        for model in MODELS:
            low, high = (getattr(row, f"{model}_{end}") for end in ("low", "high"))
            if row not in told:
                assert (low, high) == (None, None)
                continue
            middle = getattr(row, model)
            spread = 0
            pseudo = {}
            for lot, theirs in lots.items():
                h = len(people) / len(theirs)
                left = without[lot][model, row.touch] * len(people) / (len(people) - len(theirs))
                pseudo[lot] = (h, left)
            center = len(lots) * middle - sum((1 - 1 / h) * left for h, left in pseudo.values())
            spread = sum((h * middle - (h - 1) * left - center) ** 2 / (h - 1) for h, left in pseudo.values())
            around = student(len(lots) - 1) * sqrt(spread / len(lots))
            assert high == pytest.approx(middle + around, abs=1e-4), (row.touch, model)
            assert low == pytest.approx(max(middle - around, 0), abs=1e-4), (row.touch, model)


HABITS = (  # how people of a sort go, once or again and again; whether they succeed: and how many of 100 are of the sort
    (("web", "store"), True, 1, 20),
    (("web",), False, 3, 35),
    (("web", "web", "phone"), True, 2, 10),
    (("phone", "store", "web"), True, 1, 5),
    (("store",), False, 1, 20),
    (("phone", "store"), False, 2, 7),
    (("store",), True, 4, 3),
)


def counted(lots):
    """What is counted of so many people of each sort in each lot."""
    value = Counter()
    for lot, sorts in enumerate(lots):
        value["drawn", "", "", f"{lot:02x}"] = int(sum(sorts))
        for (touches, success, often, _), people in zip(HABITS, sorts, strict=True):
            at = (f"{lot:02x}", int(people) * often)
            ways = zip(["(start)", *touches], [*touches, "(success)" if success else "(nothing)"], strict=True)
            for a, b in ways:
                value["follows", a, b, at[0]] += at[1]
            for touch in touches:
                value["journeys", touch, "", ""] += at[1]
                for model in MODELS[:5] if success else ():
                    value[model, touch, "", at[0]] += at[1] * WHOLE // len(touches)  # one rule for all: enough here
            for touch in set(touches) if success else ():
                value["shapley", touch, str(len(set(touches))), at[0]] += at[1]
    rows = [(*key, count) for key, count in value.items()]
    return pa.table(dict(zip(Attribution.counted.names, zip(*rows, strict=True), strict=True)))


def test_ranges_hold_the_truth_in_95_of_100_cases():
    """People come anew 400 times; a person's journeys are alike, so taking them for independent would be too sure."""
    chance, people = np.random.default_rng(5), 1500
    shares = np.array([share for *_, share in HABITS]) / 100
    truth = Credited(counted([shares * 1_000_000])).whole * people / 1_000_000
    inside, wide = np.zeros(truth.shape), np.zeros(truth.shape)
    for _ in range(400):
        lots = [chance.multinomial(size, shares) for size in chance.multinomial(people, np.full(32, 1 / 32))]
        low, high = Credited(counted(lots)).ranges()
        inside += (low <= truth) & (truth <= high)
        wide += high - low
    assert (inside / 400 >= 0.92).all()
    assert (inside / 400 <= 0.98).all()
    assert (wide / 400 < truth).all()


def test_too_few_to_tell_have_no_range():
    """Nine people fill no ten lots, whatever support is asked for; the sentence says from how many on ranges are told."""
    answer = desk_of(invent(random.Random(3))).ask(Attribution(conversion=(KINDS[2],), support=1))
    assert any(row.successful for row in answer.rows)
    assert all(row.markov_low is None for row in answer.rows)
    assert "fewer people with a success than 1 " in answer.explain()


def test_a_touch_that_nobody_could_do_without():
    follows = np.zeros((1, 2, 4), int)
    follows[0] = [[0, 4, 0, 0], [0, 0, 3, 1]]
    assert effects_of(follows).tolist() == [[1.0]]
    assert effects_of(follows * 0).tolist() == [[0.0]]
