"""Cuts one customer's history into needs: a pure function of events in total order and rules, run anew when either changes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from geleit.events.event import spoken_of
from geleit.needs.need import ClosedBy, Cut, Need, ReadEvent
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
    steps: list[ReadEvent] = field(default_factory=list)
    notes: list[ReadEvent] = field(default_factory=list)

    def take(self, read: ReadEvent) -> None:
        """One more step."""
        self.steps.append(read)
        self.last_at = read.event.t
        self.stage = read.touchpoint.stage or self.stage

    @property
    def silent_at(self) -> int:
        """When silence ends it, if nothing happens before."""
        return self.last_at + self.rule.silence(self.stage)

    def covers(self, t: int) -> bool:
        """Whether it is going on at that time."""
        end = self.closed_at if self.closed_at is not None else self.silent_at
        return self.opened_at <= t <= end


def cut(events: Sequence[ReadEvent], rules: Needs) -> list[Need]:
    """The needs in one customer's events (in total order), oldest first; every event belongs to at most one.

    Silence ends a need only when a later event shows it; one silent at the end stays open with its ``silent_at``.
    """
    journeys = Cutter(rules)
    for read in events:
        if read.touchpoint.step:
            journeys.step(read)
    journeys.annotate([read for read in events if not read.touchpoint.step])
    return [need_of(journey) for journey in sorted(journeys.all, key=lambda j: (j.opened_at, j.id))]


def cut_all(events: Sequence[ReadEvent], rules: Needs) -> Cut:
    """The same with the time from which the needs can be carried on."""
    return Cut(cut(events, rules), _tip(events), last_note(events))


def last_note(events: Sequence[ReadEvent]) -> int | None:
    """The time of the newest event that is no step (events in total order)."""
    return next((read.event.t for read in reversed(events) if not read.touchpoint.step), None)


def _tip(events: Sequence[ReadEvent]) -> int | None:
    """The time of a customer's newest event (events in total order); None if a later one may move earlier ones.

    That is so where a note speaks of an event that has not come yet.
    """
    if not events:
        return None
    here = {read.event.id for read in events}
    for read in events:
        about = spoken_of(read.event)
        if about and not here.intersection(about):
            return None
    return events[-1].event.t


class Cutter:
    """Gives events to needs, one after another in total order.

    ``going``: the needs of earlier events that it goes on from, in the order of their openings; ``noted``: the time of
    the newest earlier note; ``unsure`` tells that they do not suffice, because what happened now may move earlier events.
    """

    def __init__(self, rules: Needs, going: Sequence[Going] | None = None, noted: int | None = None) -> None:
        self.rules = rules.needs
        self.topics = {rule.topic for rule in rules.needs}
        self.all: list[Going] = list(going or ())
        self.loose: list[ReadEvent] = []
        self.whole, self.noted = going is None, noted
        self.unsure = False

    def step(self, read: ReadEvent) -> None:
        """Give one step to the need it belongs to: one it closes, one it names, one it continues, one it opens."""
        self._end_silent(read.event.t)
        journey = self._claimed(read) or self._reopened(read)
        if journey is not None:
            journey.take(read)
        else:
            journey = self._opened(read)
        if journey is None:
            self.loose.append(read)
        elif journey.rule.closing.hold(read) and self._topic(read) in ("", journey.rule.topic):
            journey.closed_at = read.event.t
            journey.closed_by = "person" if _persons_word(read) else "rule"

    def _topic(self, read: ReadEvent) -> str:
        """The topic an event names, if a rule knows it."""
        topic = str(read.event.properties.get("topic") or "")
        return topic if topic in self.topics else ""

    def _open_ones(self) -> list[Going]:
        """Open needs, the most recently active first."""
        return sorted((j for j in self.all if j.closed_at is None), key=lambda j: j.last_at, reverse=True)

    def _end_silent(self, t: int) -> None:
        for journey in self._open_ones():
            if t > journey.silent_at:
                journey.closed_at, journey.closed_by = journey.last_at, "gap"
                if self.noted is not None and self.noted > journey.last_at:
                    self.unsure = True  # notes of the silence belong to it no more

    def _claimed(self, read: ReadEvent) -> Going | None:
        candidates = self._open_ones()
        if named := _named(read):
            return next((j for j in candidates if j.id == named), None)
        if topic := self._topic(read):
            return next((j for j in candidates if j.rule.topic == topic), None)
        closing = next((j for j in candidates if j.rule.closing.hold(read)), None)
        opening = next((j for j in candidates if j.rule.opening.hold(read)), None)
        if closing or opening:
            return closing or opening
        topics = {j.rule.topic for j in candidates}
        if any(rule.opening.hold(read) for rule in self.rules if rule.topic not in topics):
            return None
        return next((j for j in candidates if j.rule.continuing.hold(read)), None)

    def _reopened(self, read: ReadEvent) -> Going | None:
        for journey in sorted(self.all, key=lambda j: j.closed_at or 0, reverse=True):
            soon = journey.closed_at is not None and read.event.t - journey.closed_at <= journey.rule.reopens
            rule = journey.rule
            if (
                soon
                and self._topic(read) in ("", rule.topic)
                and (rule.opening.hold(read) or rule.continuing.hold(read))
            ):
                journey.closed_at, journey.closed_by = None, ""
                self.unsure |= not self.whole  # notes of the time between belong to it again
                return journey
        return None

    def _opened(self, read: ReadEvent) -> Going | None:
        topic = self._topic(read)
        for rule in self.rules:
            if topic in ("", rule.topic) and rule.opening.hold(read):
                since = read.event.t - rule.lookback
                before = (
                    [r for r in self.loose if r.event.t >= since and rule.continuing.hold(r)] if rule.lookback else []
                )
                self.unsure |= not self.whole and bool(rule.lookback)  # earlier loose steps are not known here
                taken = {r.event.id for r in before}
                self.loose = [r for r in self.loose if r.event.id not in taken]
                journey = Going(rule, read.event.id, (before or [read])[0].event.t)
                for one in [*before, read]:
                    journey.take(one)
                self.all.append(journey)
                return journey
        return None

    def annotate(self, notes: Sequence[ReadEvent]) -> None:
        """Give judgements, criteria and promises to the need of the step they speak of, else the one going on then."""
        by_event: dict[str, Going] = {read.event.id: journey for journey in self.all for read in journey.steps}
        by_record = {
            (read.event.source, read.event.record): journey
            for journey in self.all
            for read in journey.steps
            if read.event.record
        }
        for read in notes:
            event = read.event
            named = next((by_event[one] for one in spoken_of(event) if one in by_event), None)
            journey = named or by_record.get((event.source, event.record))
            if journey is None:
                going = [j for j in self.all if j.covers(event.t) and self._topic(read) in ("", j.rule.topic)]
                journey = max(going, key=lambda j: j.opened_at, default=None)
            if journey is not None:
                journey.notes.append(read)


def need_of(journey: Going, quoted: tuple[str, str] = ("", "")) -> Need:
    """The need with the events of this run. ``quoted``: words of earlier ones, and the event they stand in."""
    members = sorted([*journey.steps, *journey.notes], key=lambda r: (r.event.t, r.event.order, r.event.id))
    opening = [read for read in journey.steps if read.event.id == journey.id]
    quote, quote_event = quoted if quoted[0] else _words([*opening, *members])
    return Need(
        id=journey.id,
        topic=journey.rule.topic,
        opened_at=journey.opened_at,
        closed_at=journey.closed_at,
        closed_by=journey.closed_by,
        quote=quote,
        quote_event=quote_event,
        event_ids=tuple(read.event.id for read in members),
        stage=journey.stage,
        last_at=journey.last_at,
        silent_at=None if journey.closed_at is not None else journey.silent_at,
    )


def _words(events: Sequence[ReadEvent]) -> tuple[str, str]:
    """The first words said (per-language texts as JSON) and the event they stand in; empty if none did."""
    for read in events:
        if words := read.event.properties.get("words"):
            text = json.dumps(words, ensure_ascii=False) if isinstance(words, Mapping) else str(words)
            return text, read.event.id
    return "", ""


def _named(read: ReadEvent) -> str:
    return str(read.event.properties.get("need_id") or "")


def _persons_word(read: ReadEvent) -> bool:
    return read.touchpoint.kind == "need_closed" and read.event.properties.get("closed_by", "person") == "person"
