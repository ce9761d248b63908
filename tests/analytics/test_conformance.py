"""Conformance against a walk over every journey: by the map's alignment, which is tested against all other alignments."""

import random
from collections import Counter, defaultdict

import pytest
from random_logs import CHANNELS, KINDS, LOGS, STAGES, compare, desk_of, invent, journeys, nearest_rank

from geleit.analytics.conformance import Conformance
from geleit.analytics.question import Supplies
from geleit.errors import NotFoundError
from geleit.maps.designed import Done, Judging, judge

MINUTE = 60_000_000
UNKNOWN = "never_seen"


def judged(question, way):
    """(verdict of the journey, {step: (verdict, events, delay)}, [(step before, kind, by)]) by the words of the definition."""
    design = question.design
    first = next((i for i, one in enumerate(way) if not design.beginnings or one.kind in design.beginnings), len(way))
    way = way[first:]
    given, step_of = best(design, way)
    if not any(step is not None for step in step_of):
        return "elsewhere", {}, []
    steps, before, wrong, missing = {}, None, False, False
    reached = max(j for j, (begin, _) in given.items() if begin is not None)
    for j, step in enumerate(design.steps):
        begin, end = given[j]
        mine = [i for i, one in enumerate(step_of) if one == j]
        if begin is not None:
            since = way[0].t if step.since == "start" else before
            delay = None if since is None else way[begin].t - since
            late = delay is not None and step.within is not None and delay > step.within
            steps[j] = ("late" if late else "as_designed", len(mine), delay)
            before = way[end].t
            wrong |= late
        elif mine:
            steps[j] = ("other_order", 1, None)
            wrong = True
        else:
            steps[j] = ("skipped" if j < reached else "not_reached", 0, None)
            wrong |= j < reached and not step.optional
            missing |= j > reached and not step.optional
    extra = []
    for i, one in enumerate(way):
        if step_of[i] is None:
            begun = [j for j, (begin, _) in given.items() if begin is not None and begin < i]
            extra.append(
                (max(begun, default=-1) + 1, one.kind, "by_person" if one.initiator == "person" else "by_company")
            )
    return "deviating" if wrong else "so_far" if missing else "as_designed", steps, extra


def fits(step, event):
    return (
        event.kind in step.kinds
        and (not step.channels or event.channel in step.channels)
        and step.stage in ("", event.stage)
    )


def best(design, way):
    """The best alignment, by trying all: ({step: (begin, end)}, step of each event)."""
    steps = design.steps
    top = None

    def walk(i, now, given):
        nonlocal top
        if i == len(way):
            taken = {j: [k for k, one in enumerate(given) if one == j] for j in range(len(steps))}
            worth = (-sum(bool(taken[j]) and not steps[j].optional for j in taken), -sum(map(len, taken.values())))
            early = [(taken[j][0], taken[j][-1]) if taken[j] else (len(way), 0) for j in taken]
            if top is None or (worth, early) < top[0]:
                top = ((worth, early), list(given), taken)
            return
        for j in range(len(steps)):
            if fits(steps[j], way[i]) and (j > now or (j == now and steps[j].repeats)):
                walk(i + 1, j, [*given, j])
        walk(i + 1, now, [*given, None])

    relevant = [i for i, one in enumerate(way) if any(fits(step, one) for step in steps)]
    way, whole = [way[i] for i in relevant], len(way)
    walk(0, -1, [])
    _, given, taken = top
    step_of = [None] * whole
    for i, one in zip(relevant, given, strict=True):
        step_of[i] = one
    ends = {j: (relevant[of[0]], relevant[of[-1]]) if of else (None, None) for j, of in taken.items()}
    for j in range(len(steps)):
        left = [k for k, i in enumerate(relevant) if step_of[i] is None and fits(steps[j], way[k])]
        if ends[j][0] is None and left:
            step_of[relevant[left[0]]] = j
    return ends, step_of


def brute(question, ways, result, seed):
    question = question.completed(Supplies({}, None))
    found = defaultdict(lambda: ([], [], []))
    for unit, way in ways.items():
        whole, steps, extra = judged(question, way)
        cells = [(("journey", 0, whole, ""), 1, None)]
        cells += [(("step", j + 1, verdict, ""), events, delay) for j, (verdict, events, delay) in steps.items()]
        cells += [(("extra", step, by, kind), n, None) for (step, kind, by), n in Counter(extra).items()]
        for cell, events, delay in cells:
            units, counted, delays = found[cell]
            units.append(unit)
            counted.append(events)
            if delay is not None:
                delays.append(delay)
    rows = {(row.part, row.step, row.verdict, row.kind): row for row in result.rows}
    assert set(rows) == set(found), seed
    compared = len(ways) - len(found["journey", 0, "elsewhere", ""][0]) if ways else 0
    for cell, (units, counted, delays) in found.items():
        if not units:
            continue
        row = rows[cell]
        assert (row.events, row.journeys, row.people) == (sum(counted), len(units), len({c for c, _ in units})), (
            seed,
            cell,
        )
        assert row.share == len(units) / (len(ways) if row.part == "journey" else compared), (seed, cell)
        assert row.median_us == (nearest_rank(delays, 50) if delays else None), (seed, cell)
        assert row.p95_us == (nearest_rank(delays, 95) if delays else None), (seed, cell)
        if row.part == "step" or row.journeys == 1:
            actors = result.actors(part=row.part, step=row.step, verdict=row.verdict, kind=row.kind)
            assert [(one.customer, one.need) for one in actors] == sorted(units), (seed, cell)


def choose(chance):
    steps = [
        {
            "kind": chance.choice((*KINDS, KINDS[:2], UNKNOWN)),
            "optional": chance.random() < 0.3,
            "repeats": chance.random() < 0.3,
            "within": chance.choice((None, 0, 30 * MINUTE, 2 * 60 * MINUTE)),
            "since": chance.choice(("step", "start")),
            "stage": chance.choice(("", "", "", STAGES[1])),
            "channel": chance.choice(((), (), (), CHANNELS[0], CHANNELS[:2])),
        }
        for _ in range(chance.randint(1, 5))
    ]
    begins = chance.choice(((), (), KINDS[0], KINDS[:2]))
    return {"design": {"name": "d", "label": "D", "steps": steps, "begins": begins}}


@pytest.mark.parametrize("seed", range(LOGS))
def test_all_ways_of_counting_agree(seed):
    compare(seed, Conformance, brute, choose=choose)


@pytest.mark.parametrize("seed", range(0, LOGS, 2))
def test_maps_say_of_one_journey_what_is_counted_of_all(seed):
    chance = random.Random(seed)
    question = Conformance(**choose(chance)).completed(Supplies({}, None))
    judging = Judging(lambda kind: kind, "en", "Europe/Berlin", ended=False)
    for way in journeys(invent(chance), question).values():
        done = [Done(one.kind, one.t, one.channel, one.stage) for one in way]
        said = Counter(verdict.kind for verdict in judge(done, question.design, judging).verdicts if verdict)
        _, steps, extra = judged(question, way)
        counted = Counter(verdict for verdict, events, _ in steps.values() if events)
        more = sum(events - 1 for _, events, _ in steps.values() if events)  # repeats are as designed too
        if steps:
            assert said == counted + Counter(extra=len(extra), as_designed=more), seed


def test_a_design_that_is_not_there_is_named():
    with pytest.raises(NotFoundError, match="no designed journey 'repai'"):
        desk_of([]).ask(Conformance(journey="repai"))
