"""What was said about a step finds its step: by reference, by the shared record, else by time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from geleit.events.event import spoken_of
from geleit.events.vocabulary import OURS
from geleit.needs.need import ReadEvent


@dataclass(slots=True)
class Told:
    """A step with everything that was said about it, in total order."""

    step: ReadEvent
    about: list[ReadEvent] = field(default_factory=list)

    def of(self, *kinds: str) -> list[ReadEvent]:
        """Its annotations of the given kinds."""
        return [note for note in self.about if note.touchpoint.kind in kinds]


def attach(events: Sequence[ReadEvent]) -> list[Told]:
    """Steps in order, each with its annotations.

    An annotation belongs to the step that it names in ``about`` (a key of its source, or ``source:key``), else to the
    latest step of its record, else to the latest step before it; to the first step where none was before. What geleit
    itself notes belongs to none.
    """
    steps = [Told(event) for event in events if event.touchpoint.step]
    if not steps:
        return []
    by_id = {str(told.step.event.id): told for told in steps}
    by_record: dict[tuple[str, str], list[tuple[int, Told]]] = {}
    places = [place for place, event in enumerate(events) if event.touchpoint.step]
    for place, told in zip(places, steps, strict=True):
        if told.step.event.record:
            by_record.setdefault((told.step.event.source, told.step.event.record), []).append((place, told))
    in_time = list(zip(places, steps, strict=True))
    for place, note in enumerate(events):
        if note.touchpoint.step or note.touchpoint.kind in OURS:
            continue
        named = _named(note, by_id)
        record = by_record.get((note.event.source, note.event.record)) if note.event.record else None
        (named or _latest(record or in_time, place)).about.append(note)
    return steps


def _named(note: ReadEvent, by_id: Mapping[str, Told]) -> Told | None:
    return next((by_id[one] for one in spoken_of(note.event) if one in by_id), None)


def _latest(candidates: Sequence[tuple[int, Told]], place: int) -> Told:
    """The last candidate at or before a place in the order, else the first."""
    before = [told for at, told in candidates if at <= place]
    return before[-1] if before else candidates[0][1]
