"""Cuts one customer's history into needs: a pure function of events in total order and rules, run anew when either changes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from geleit.events.event import named_by
from geleit.events.vocabulary import OURS
from geleit.needs.claims import Claim
from geleit.needs.need import ClosedBy, Cut, Need, Readable
from geleit.needs.rules import NeedRule, Needs


@dataclass(slots=True)
class Going:
    """A need while it is being cut. ``steps`` and ``notes`` are the events it got in this run."""

    rule: NeedRule
    id: str
    opened_at: int
    last_at: int = 0
    stage: str = ""
    closed_at: int | None = None
    closed_by: ClosedBy = ""
    stage_at: int | None = None
    steps: list[Readable] = field(default_factory=list)
    notes: list[Readable] = field(default_factory=list)

    def take(self, read: Readable) -> None:
        """One more step."""
        self.steps.append(read)
        self.last_at = read.t
        stage = read.touchpoint.stage
        if stage and (stage != self.stage or self.stage_at is None):
            self.stage, self.stage_at = stage, read.t

    @property
    def silent_at(self) -> int:
        """When silence ends it, if nothing happens before."""
        return self.last_at + self.rule.silence(self.stage)

    def covers(self, t: int) -> bool:
        """Whether it is going on at that time."""
        end = self.closed_at if self.closed_at is not None else self.silent_at
        return self.opened_at <= t <= end


def cut(events: Sequence[Readable], rules: Needs) -> list[Need]:
    """The needs in one customer's events (in total order), oldest first; every event belongs to at most one.

    Silence ends a need only when a later event shows it; one silent at the end stays open with its ``silent_at``.
    """
    journeys = Cutter(rules)
    notes = []
    for read in events:
        if read.touchpoint.step:
            journeys.step(read)
        else:
            notes.append(read)
    journeys.annotate(notes)
    return [need_of(journey) for journey in sorted(journeys.all, key=lambda j: (j.opened_at, j.id))]


def cut_all(events: Sequence[Readable], rules: Needs) -> Cut:
    """The same with the time from which the needs can be carried on."""
    return Cut(cut(events, rules), _tip(events), last_note(events))


def last_note(events: Sequence[Readable]) -> int | None:
    """The time of the newest event that is no step (events in total order)."""
    return next((read.t for read in reversed(events) if not read.touchpoint.step), None)


def _tip(events: Sequence[Readable]) -> int | None:
    """The time of a customer's newest event (events in total order); None if a later one may move earlier ones.

    That is so where a note speaks of an event that has not come yet.
    """
    if not events:
        return None
    speaking = [about for read in events if (about := _about(read))]
    if speaking:
        here = {read.id for read in events}
        if any(here.isdisjoint(about) for about in speaking):
            return None
    return events[-1].t


def _about(read: Readable) -> tuple[str, ...]:
    """Ids of events that it may speak of."""
    about = read.properties.get("about")
    return named_by(read.source, about) if about else ()


class Cutter:
    """Gives events to needs, one after another in total order.

    ``going``: the needs of earlier events that it goes on from, in the order of their openings; ``noted``: the time of
    the newest earlier note; ``unsure`` tells that they do not suffice, because what happened now may move earlier events.
    """

    def __init__(self, rules: Needs, going: Sequence[Going] | None = None, noted: int | None = None) -> None:
        self.rules, self.claims = rules.needs, rules.claims
        self.topics = rules.topics
        self.all: list[Going] = list(going or ())
        self.loose: list[Readable] = []
        self.whole, self.noted = going is None, noted
        self.unsure = False

    def step(self, read: Readable) -> None:
        """Give one step to the need it belongs to: one it closes, one it names, one it continues, one it opens."""
        going = self._going(read.t)
        claim, topic = self.claims.of(read), self._topic(read)
        journey = self._claimed(read, claim, topic, going) or self._reopened(read, claim, topic)
        if journey is not None:
            journey.take(read)
        else:
            journey = self._opened(read, claim, topic)
        if journey is None:
            self.loose.append(read)
        elif journey.rule.topic in claim.closing and topic in ("", journey.rule.topic):
            journey.closed_at = read.t
            journey.closed_by = "person" if _persons_word(read) else "rule"

    def _topic(self, read: Readable) -> str:
        """The topic an event names, if a rule knows it."""
        topic = read.properties.get("topic")
        if not topic:
            return ""
        topic = str(topic)
        return topic if topic in self.topics else ""

    def _going(self, t: int) -> list[Going]:
        """Needs that are open at a time, the most recently active first; those that fell silent before it end here."""
        going = []
        for journey in self.all:
            if journey.closed_at is not None:
                continue
            if t > journey.silent_at:
                journey.closed_at, journey.closed_by = journey.last_at, "gap"
                if self.noted is not None and self.noted > journey.last_at:
                    self.unsure = True  # notes of the silence belong to it no more
            else:
                going.append(journey)
        if len(going) > 1:
            going.sort(key=lambda j: j.last_at, reverse=True)
        return going

    def _claimed(self, read: Readable, claim: Claim, topic: str, going: Sequence[Going]) -> Going | None:
        if not going:
            return None
        if named := _named(read):
            return next((j for j in going if j.id == named), None)
        if topic:
            return next((j for j in going if j.rule.topic == topic), None)
        closing = next((j for j in going if j.rule.topic in claim.closing), None)
        opening = next((j for j in going if j.rule.topic in claim.opening), None)
        if closing or opening:
            return closing or opening
        if claim.opening:  # none of them is open
            return None
        return next((j for j in going if j.rule.topic in claim.continuing), None)

    def _reopened(self, read: Readable, claim: Claim, topic: str) -> Going | None:
        soon = [j for j in self.all if j.closed_at is not None and read.t - j.closed_at <= j.rule.reopens]
        for journey in sorted(soon, key=lambda j: j.closed_at or 0, reverse=True):
            own = journey.rule.topic
            if topic in ("", own) and (own in claim.opening or own in claim.continuing):
                journey.closed_at, journey.closed_by = None, ""
                self.unsure |= not self.whole  # notes of the time between belong to it again
                return journey
        return None

    def _opened(self, read: Readable, claim: Claim, topic: str) -> Going | None:
        rule = next((r for r in self.rules if r.topic in claim.opening and topic in ("", r.topic)), None)
        if rule is None:
            return None
        before: list[Readable] = []
        if rule.lookback:
            since = read.t - rule.lookback
            before = [r for r in self.loose if r.t >= since and rule.topic in self.claims.of(r).continuing]
            self.unsure |= not self.whole  # earlier loose steps are not known here
            taken = {r.id for r in before}
            self.loose = [r for r in self.loose if r.id not in taken]
        journey = Going(rule, read.id, (before or [read])[0].t)
        for one in [*before, read]:
            journey.take(one)
        self.all.append(journey)
        return journey

    def annotate(self, notes: Sequence[Readable]) -> None:
        """Give judgements, criteria and promises to the need of the step they speak of, else the one going on then."""
        notes = [read for read in notes if read.touchpoint.kind not in OURS]
        if not notes:
            return
        by_event: dict[str, Going] = {read.id: journey for journey in self.all for read in journey.steps}
        by_record = {
            (read.source, read.record): journey for journey in self.all for read in journey.steps if read.record
        }
        for read in notes:
            named = next((by_event[one] for one in _about(read) if one in by_event), None)
            journey = named or by_record.get((read.source, read.record))
            if journey is None:
                topic = self._topic(read)
                going = [j for j in self.all if j.covers(read.t) and topic in ("", j.rule.topic)]
                journey = max(going, key=lambda j: j.opened_at, default=None)
            if journey is not None:
                journey.notes.append(read)


def need_of(journey: Going, quoted: tuple[str, str] = ("", "")) -> Need:
    """The need with the events of this run. ``quoted``: words of earlier ones, and the event they stand in."""
    members = journey.steps
    if journey.notes:
        members = sorted([*journey.steps, *journey.notes], key=lambda r: (r.t, r.order, r.id))
    opening = [read for read in journey.steps if read.id == journey.id]
    quote, quote_event = quoted if quoted[0] else _words([*opening, *members])
    return Need(
        id=journey.id,
        topic=journey.rule.topic,
        opened_at=journey.opened_at,
        closed_at=journey.closed_at,
        closed_by=journey.closed_by,
        quote=quote,
        quote_event=quote_event,
        event_ids=tuple([read.id for read in members]),
        stage=journey.stage,
        last_at=journey.last_at,
        silent_at=None if journey.closed_at is not None else journey.silent_at,
        stage_at=journey.stage_at,
    )


def _words(events: Sequence[Readable]) -> tuple[str, str]:
    """The first words said (per-language texts as JSON) and the event they stand in; empty if none did."""
    for read in events:
        if words := read.properties.get("words"):
            text = json.dumps(words, ensure_ascii=False) if isinstance(words, Mapping) else str(words)
            return text, read.id
    return "", ""


def _named(read: Readable) -> str:
    return str(read.properties.get("need_id") or "")


def _persons_word(read: Readable) -> bool:
    return read.touchpoint.kind == "need_closed" and read.properties.get("closed_by", "person") == "person"
