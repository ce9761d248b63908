"""The typical way against all alignments there are, and against plain counting."""

import random
from collections import Counter, defaultdict
from functools import cache
from itertools import groupby

import pytest
from random_logs import KINDS, LOGS, MINUTE, Seen, compare, desk_of, nearest_rank

from geleit.analytics import typical
from geleit.analytics.typical import CHANNEL, GAP, STAGE, Typical


def usual(ways):
    """The stage and channel that each kind has most often."""
    found = defaultdict(lambda: (Counter(), Counter()))
    for way in ways.values():
        for event in way:
            found[event.kind][0][event.stage] += 1
            found[event.kind][1][event.channel] += 1
    return {
        kind: tuple(min(counter, key=lambda value: (-counter[value], value)) for counter in both)
        for kind, both in found.items()
    }


def price(one, other, usually):
    if one == other:
        return 0
    (stage, channel), (stage_b, channel_b) = usually[one], usually[other]
    return GAP + STAGE * (stage != stage_b) + CHANNEL * (channel != channel_b)


def best(journey, way, usually):
    """The cheapest alignment: its cost, and the step of the way (from 1) each place of the journey is.

    Moves are read from the end: a pair (0), a step of the journey alone (1), a step of the way alone (2); of equally cheap
    ones the first by these numbers.
    """

    @cache
    def upto(i, j):
        found = [(0, ())] if i == j == 0 else []
        if i and j:
            cost, moves = upto(i - 1, j - 1)
            found.append((cost + price(journey[i - 1], way[j - 1], usually), (0, *moves)))
        if i:
            cost, moves = upto(i - 1, j)
            found.append((cost + GAP, (1, *moves)))
        if j:
            cost, moves = upto(i, j - 1)
            found.append((cost + GAP, (2, *moves)))
        return min(found)

    cost, moves = upto(len(journey), len(way))
    places, i, j = [], 0, 0
    for move in reversed(moves):
        i, j = i + (move != 2), j + (move != 1)
        if move != 2:
            places.append(j if move == 0 and journey[i - 1] == way[j - 1] else 0)
    return cost, places


def brute(question, ways, result, seed):
    usually = usual(ways)
    if question.having:
        ways = {unit: way for unit, way in ways.items() if {one.kind for one in way} & set(question.having)}
    journeys = {unit: [next(run) for _, run in groupby(way, key=lambda one: one.kind)] for unit, way in ways.items()}
    distinct = Counter(tuple(one.kind for one in run) for run in journeys.values())
    laid = {}

    def beside(way, other):
        if (way, other) not in laid:
            laid[way, other] = best(way, other, usually)
        return laid[way, other]

    if not distinct:
        assert result.rows == (), seed
        return
    short = [way for way in distinct if len(way) <= question.columns] or list(distinct)
    costs = {way: sum(beside(other, way)[0] * n for other, n in distinct.items()) for way in short}
    way = min(short, key=lambda way: (costs[way], -distinct[way], len(way), way))[: question.columns]
    assert tuple(row.kind for row in result.rows) == ("", *way), seed
    check_cells(
        {unit: (run, beside(tuple(e.kind for e in run), way)[1]) for unit, run in journeys.items()}, result, seed
    )


def check_cells(laid, result, seed):
    """Every number of the answer by walking through each journey."""
    cells, spans = defaultdict(set), defaultdict(list)
    for unit, (run, places) in laid.items():
        reached, since = 0, None
        last = max((nth for nth, step in enumerate(places) if step), default=-1)
        for event, step in list(zip(run, places, strict=True))[: last + 1]:
            if step:
                cells["came", step, str(reached)].add(unit)
                cells["channels", step, event.channel].add(unit)
                cells["step", step, ""].add(unit)
                if since is not None:
                    spans[step].append(event.t - since)
                reached, since = step, event.t
            else:
                cells["others", reached, event.kind].add(unit)
        cells["left", reached, run[last + 1].kind if last + 1 < len(run) else ""].add(unit)
    for row in result.rows:
        for part in ("came", "channels", "others", "left"):
            wanted = {value: units for (name, step, value), units in cells.items() if (name, step) == (part, row.step)}
            found = {one.value: (one.journeys, one.people) for one in getattr(row, part)}
            assert found == {v: (len(units), len({c for c, _ in units})) for v, units in wanted.items()}, (seed, part)
        units = cells["step", row.step, ""] if row.step else set(laid)
        assert row.journeys == len(units), seed
        assert row.share == len(units) / len(laid), seed
        assert row.ended == sum(len(u) for (name, step, _), u in cells.items() if (name, step) == ("left", row.step)), (
            seed
        )
        for percent, span in ((25, row.lower_us), (50, row.median_us), (75, row.upper_us)):
            assert span == (nearest_rank(spans[row.step], percent) if spans[row.step] else None), seed
        assert row.people == len({c for c, _ in units}), seed
        if row.step:
            assert result.actors(part="step", source=row.step) == result.actors(part="path", target=row.step), seed
            actors = result.actors(part="left", source=row.step)
            assert len(actors) == row.ended, seed
    assert sum(row.ended for row in result.rows) == len(laid), seed


@pytest.mark.parametrize("seed", range(LOGS * 4))
def test_all_ways_of_counting_agree(seed):
    compare(seed, Typical, brute, choose=chosen)


def chosen(chance):
    having = tuple(chance.sample(KINDS, 2)) if chance.random() < 0.3 else ()
    return {"columns": chance.choice((1, 2, 4, 15)), "having": having}


def test_very_long_journeys_are_laid_beside_it_by_their_first_steps(monkeypatch):
    monkeypatch.setattr(typical, "LONGEST", 3)
    seen = [
        Seen("c1", "n1", f"e{n}", kind, "web", "inform", n * MINUTE, 0, 20_000, True, False, "log", "person")
        for n, kind in enumerate(("page_viewed", "question_asked") * 4)
    ]
    result = desk_of(seen).ask(Typical(columns=2))
    assert result.rows == desk_of(seen).ask(Typical(columns=2), "sql").rows
    assert [(row.kind, row.journeys) for row in result.rows] == [("", 1), ("page_viewed", 1), ("question_asked", 1)]
    assert [(one.value, one.journeys) for one in result.rows[2].left] == [("page_viewed", 1)]


def test_of_many_ways_a_sample_by_chance_decides(monkeypatch):
    """With few ways compared the typical one is still near: one that many take beats one that nobody else is like."""
    monkeypatch.setattr(typical, "COMPARED", 5)
    monkeypatch.setattr(typical, "CANDIDATES", 4)
    chance = random.Random(3)
    seen = []
    for customer in range(60):
        way = ["page_viewed", "question_asked", "order_completed"]
        way.insert(chance.randint(0, 3), chance.choice(KINDS))
        way.insert(chance.randint(0, 4), chance.choice(KINDS))
        for n, kind in enumerate(way):
            need = f"n{customer}"
            seen.append(
                Seen(
                    f"c{customer:02}", need, need + str(n), kind, "web", "", n, 0, 20_000, True, False, "log", "person"
                )
            )
    result = desk_of(seen).ask(Typical())
    assert result.rows == desk_of(seen, {"c01", "c07"}).ask(Typical()).rows
    assert result.rows[0].journeys == 60
    assert {"page_viewed", "question_asked", "order_completed"} <= {row.kind for row in result.rows}
    assert sum(row.journeys for row in result.rows[1:]) > 150
