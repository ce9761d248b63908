"""Why somebody is in a segment: the conditions that hold of them, with what they rest on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from geleit.clock import local_day
from geleit.segments import conditions as c
from geleit.segments.asking import Asked
from geleit.segments.definition import Segment
from geleit.segments.matching import Matching
from geleit.segments.people import load
from geleit.segments.person import Person, Question, Seen
from geleit.workspace.segments import Segments


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition that holds, in words; ``event_id`` and ``t`` of the latest event it rests on, empty and None without."""

    text: str
    event_id: str = ""
    t: int | None = None


def reasons(segments: Segments, segment: Segment, customers: Sequence[str], language: str) -> dict[str, list[Reason]]:
    """Why each of a few people fulfils a segment's condition, saved or not."""
    space = segments.workspace
    matching = Matching(segments.all | {"": segment}, space.intake.setting)
    with space.ledger.read() as connection:
        people = load(connection, dict.fromkeys(customers, matching.wanted([""])))
    found = {}
    for customer, person in people.items():
        person.events = _events(segments, matching, customer)
        asked = Asked(segments.all, space.intake.setting, space.clock())
        found[customer] = _of(segment.who, Question(person, asked), segments, language)
    return found


def _events(segments: Segments, matching: Matching, customer: str) -> dict[int, list[Seen]]:
    """The person's events by selector, from history: a draft's were not gathered yet."""
    zone = segments.workspace.company.zone
    found: dict[int, list[Seen]] = defaultdict(list)
    for read in segments.workspace.read_events(customer):
        for key in matching.fulfilled(read.event, read.touchpoint):
            found[key].append(Seen(read.t, read.order, read.id, local_day(read.t, zone)))
    return found


def _of(condition: c.Condition, question: Question, segments: Segments, language: str) -> list[Reason]:
    """The parts that hold; of several that would do, those that do."""
    if not question.holds(condition):
        return []
    if isinstance(condition, c.All | c.AnyOf):
        return [reason for part in c.inner(condition) for reason in _of(part, question, segments, language)]
    speaker = segments.speaker(language)
    if isinstance(condition, c.Not):
        lines = speaker.lines(condition)
        return [Reason(" ".join(line.text for line in lines))]
    latest = _latest(condition, question.person, question.asked.now)
    sentence = speaker.sentence(condition)
    return [Reason(sentence, latest.event_id, latest.t) if latest else Reason(sentence)]


def _latest(condition: c.Condition, person: Person, now: int) -> Seen | None:
    """The latest event that a condition counts."""
    counted: c.Selector | None = None
    if isinstance(condition, c.Did):
        counted = condition.selector
    elif isinstance(condition, c.Sequence):
        counted = condition.sequence[-1]
    if counted is None:
        return None
    return next((one for one in reversed(person.of(counted.selector)) if one.t <= now), None)
