"""What people said along the typical way, against walking through each journey with its notes."""

import json
import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date

import pytest
from random_logs import CATALOGUE, KINDS, LOGS, MINUTE, Seen, asked, desk_of, invent, journeys, nearest_rank, topic_of
from test_typical import best, chosen, usual

from geleit.analytics.exported import ExportState
from geleit.analytics.typical import Typical
from geleit.errors import GeleitError
from geleit.events.event import event_id

NOW = 1_790_000_000_000_000
WORDS = ("Preis", {"de": "Preis", "en": "price"}, {"en": "price", "de": "Preis"}, "", None)
NOTED = ("judgement_given", "criterion_stated", "promise_made", "promise_kept")


def spoken(chance, events):
    """The log, its steps of sources and records, and notes about them."""
    named = []
    for at, event in enumerate(events):
        source = chance.choice(("s", "t"))
        record = chance.choice(("", "r1", "r2"))
        named.append(replace(event, source=source, record=record, event_id=event_id(source, f"k{at}")))
    for number in range(chance.choice((0, 60, 120)) if named else 0):
        near = chance.randrange(len(named))
        beside = named[near]
        kind = chance.choice(NOTED)
        about = chance.choice(("", f"k{near}", f"s:k{near}", f"t:k{near}", f"k{chance.randrange(len(named))}", "gone"))
        properties = {
            "judged": chance.choice((-2, -1, "+1", "1,5", 0, -0.0, 2, 3, "gut", None)),
            "estimated": chance.random() < 0.1,
            "supposed": chance.random() < 0.1,
            "criterion": chance.choice(WORDS),
            "promise_id": chance.choice(("p1", "p2", "")),
            "due_at": chance.choice((None, "2026-03-30", "2026-10-25", "2026-12-31", "soon")),
            "about": about,
        }
        named.append(
            replace(
                beside, kind=kind, own_kind=kind, step=False, event_id=event_id("s", f"n{number}"), source=chance.choice(("s", "t")),
                t=beside.t + chance.choice((-MINUTE, 0, 0, MINUTE)), body=json.dumps({"properties": properties}),
                evidence="gap" if chance.random() < 0.1 else "log", need_id=chance.choice((beside.need_id, beside.need_id, "")),
            )
        )  # fmt: skip
    return named


def step_of(note, steps):
    """The step that a note belongs to, by the words of the rule."""
    about = json.loads(note.body)["properties"]["about"]
    ids = [event_id(note.source, about)] if about else []
    if ":" in about:
        ids.append(event_id(*about.split(":", 1)))
    for one in ids:
        for step in steps:
            if step.event_id == one:
                return step
    same = [step for step in steps if note.record and (step.source, step.record) == (note.source, note.record)]
    among = same or steps
    before = [step for step in among if (step.t, step.ord, step.event_id) < (note.t, note.ord, note.event_id)]
    return before[-1] if before else among[0]


def judged(note):
    told = json.loads(note.body)["properties"]
    try:
        value = float(str(told["judged"]).replace(",", "."))
    except ValueError:
        return None
    return None if told["estimated"] or abs(value) > 2 else value + 0.0


def criterion(note):
    told = json.loads(note.body)["properties"]
    if told["supposed"] or not told["criterion"]:
        return None
    return told["criterion"] if isinstance(told["criterion"], str) else '{"de":"Preis","en":"price"}'


def promises(notes):
    """The note that stands for each promise, and how it stands."""
    found = defaultdict(list)
    for note in notes:
        if note.kind.startswith("promise"):
            told = json.loads(note.body)["properties"]
            found[note.customer_id, told["promise_id"] or note.event_id].append(note)
    for some in found.values():
        made = [note for note in some if note.kind == "promise_made"]
        kept = [note for note in some if note.kind == "promise_kept"]
        note = made[-1] if made else kept[0]
        due = json.loads(note.body)["properties"]["due_at"] if made else None
        day = {"2026-03-30": date(2026, 3, 30), "2026-10-25": date(2026, 10, 25), "2026-12-31": date(2026, 12, 31)}.get(
            due
        )
        if kept:
            late = day is not None and kept[0].t > end_of(day)
            yield note, "late" if late else "kept"
        else:
            yield note, "broken" if day is not None and end_of(day) < NOW else "open"


def end_of(day):
    """The last microsecond of a day in Berlin: an hour less in summer than in winter."""
    hours = 2 if date(2026, 3, 29) <= day < date(2026, 10, 25) else 1
    return ((day - date(1970, 1, 1)).days + 1) * 86_400_000_000 - hours * 3_600_000_000 - 1


def heard(events, question, way):
    """{(part, step): {journey: [what it said]}} of the journeys beside this way."""
    ways = journeys(events, question)
    usually = usual(ways)
    notes = [
        event for event in sorted(events, key=lambda one: (one.t, one.ord, one.event_id))
        if event.body and event.customer_id and event.evidence != "gap"
        and (question.segment is None or event.customer_id in question.segment)
    ]  # fmt: skip
    said = [
        (note, "felt", value)
        for note in notes
        if note.kind == "judgement_given" and (value := judged(note)) is not None
    ]
    said += [
        (note, "criterion", value) for note in notes if note.kind == "criterion_stated" and (value := criterion(note))
    ]
    said += [(note, "promise", value) for note, value in promises(notes)]
    found = defaultdict(lambda: defaultdict(list))
    for note, part, value in said:
        unit = (note.customer_id, note.need_id if question.unit == "need" else "")
        its = ways.get(unit, []) if note.need_id or question.unit == "customer" else []
        if question.having and not {one.kind for one in its} & set(question.having):
            continue
        steps = [one for one in its if one.step]
        if not steps:
            continue
        runs = [at for at, one in enumerate(its) if at == 0 or its[at - 1].kind != one.kind]
        _, places = best(tuple(its[at].kind for at in runs), way, usually)
        place = next(at for at, one in enumerate(its) if one.event_id == step_of(note, steps).event_id)
        step = places[max(nth for nth, at in enumerate(runs) if at <= place)]
        for one in {0, step}:
            found[part, one][unit].append(value)
    return found


def check(row, said, result, seed):
    felt = Counter(nearest_rank(values, 50) for values in said["felt", row.step].values())
    assert {float(one.value): one.journeys for one in row.felt.values} == felt, seed
    assert row.felt.journeys == sum(felt.values()), seed
    assert row.felt.median == (nearest_rank(list(felt.elements()), 50) if felt else None), seed
    criteria = Counter()
    for values in said["criterion", row.step].values():
        criteria.update({*values, ""})
    assert {one.value: one.journeys for one in row.criteria} == criteria, seed
    assert [one.value for one in row.criteria[:1]] == [""][: len(criteria)], seed
    order = ("open", "kept", "late", "broken")
    stand = Counter(max(values, key=order.index) for values in said["promise", row.step].values())
    assert {one.value: one.journeys for one in row.promises} == stand, seed
    for part, parts in (("felt", row.felt.values), ("criterion", row.criteria), ("promise", row.promises)):
        for one in parts:
            actors = result.actors(part=part, source=row.step, value=one.value)
            assert len(actors) == one.journeys, (seed, part)
            assert len({actor.customer for actor in actors}) == one.people, (seed, part)
        units = {(actor.customer, actor.need) for actor in result.actors(part=part, source=row.step)}
        assert units == set(said[part, row.step]), (seed, part)


@pytest.mark.parametrize("seed", range(LOGS * 4))
def test_what_is_said_is_counted_at_its_step(seed):
    chance = random.Random(seed)
    events = spoken(chance, invent(chance))
    question = asked(chance, Typical, said=True, **chosen(chance))
    desk = desk_of(events, {f"c{n:x}" for n in range(8) if chance.random() < 0.3}, NOW)
    fast, slow = desk.ask(question), desk.ask(question, "sql")
    assert fast.rows == slow.rows, seed
    renamed = question.renamed(CATALOGUE.canonical)
    said = heard(events, renamed, tuple(row.kind for row in fast.rows[1:]))
    for row in fast.rows:
        check(row, said, fast, seed)


def test_the_logs_say_something():
    """Each part is said often enough in the random logs for a wrong count to be seen."""
    seen = Counter()
    for seed in range(LOGS * 4):
        chance = random.Random(seed)
        events = spoken(chance, invent(chance))
        rows = desk_of(events, (), NOW).ask(Typical(said=True)).rows
        for row in rows[1:]:
            seen.update(felt=row.felt.journeys, criteria=len(row.criteria), promises=len(row.promises))
    assert min(seen["felt"], seen["criteria"], seen["promises"]) > LOGS


def test_nothing_is_said_where_nobody_asked():
    note = Seen("c1", "n1", "e2", "judgement_given", "", "", 2, 0, 20_000, False, False, "log", "person", body="{}")
    step = replace(note, event_id="e1", kind=KINDS[0], t=1, step=True)
    told = replace(note, body=json.dumps({"properties": {"judged": 2}}))
    assert desk_of([step, told]).ask(Typical()).rows[0].felt.journeys == 0
    assert desk_of([step, told]).ask(Typical(said=True)).rows[1].felt.median == 2
    assert desk_of([step, note]).ask(Typical(said=True)).rows[1].felt.journeys == 0


def test_an_export_says_that_it_holds_no_words():
    with pytest.raises(GeleitError, match="does not hold what people said"):
        ExportState.spoken(None, Typical(said=True).wanted)


def test_topics_choose_what_is_said():
    chance = random.Random(5)
    events = [one for one in spoken(chance, invent(chance)) if topic_of(one.need_id)]
    both = [desk_of(events, (), NOW).ask(Typical(said=True, topic=topic)) for topic in ("first", "second", "")]
    first, second, together = (result.rows[0].felt.journeys if result.rows else 0 for result in both)
    assert first + second == together
