"""What a person came to the service for: contacts, questions without an answer, complaints still open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ASKING = frozenset(("question_asked", "complaint_opened", "contact_made"))
ENDS = {"question_answered": "question_asked", "complaint_closed": "complaint_opened"}


@dataclass(frozen=True, slots=True)
class Happened:
    """What of an event counts here; ``reference`` is its question or complaint number; empty what it does not say."""

    event_id: str
    kind: str
    stage: str
    contact: bool
    t: int
    reference: str
    topic: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """Contacts about service with their last time; events of questions and complaints that nobody has settled yet."""

    contacts: tuple[str, ...]
    last_t: int | None
    open_questions: tuple[str, ...]
    open_complaints: tuple[str, ...]


def service(events: Iterable[Happened]) -> Service:
    """Fold events in total order; what an answer settles is ``unsettled``'s rule."""
    contacts: list[Happened] = []
    still_open: dict[str, list[Happened]] = {"question_asked": [], "complaint_opened": []}
    for event in events:
        if event.contact and (event.stage == "service" or event.kind in ASKING):
            contacts.append(event)
        if event.kind in still_open:
            still_open[event.kind].append(event)
        elif begun := ENDS.get(event.kind):
            still_open[begun] = unsettled(still_open[begun], event)
    return Service(
        contacts=tuple(event.event_id for event in contacts),
        last_t=contacts[-1].t if contacts else None,
        open_questions=tuple(event.event_id for event in still_open["question_asked"]),
        open_complaints=tuple(event.event_id for event in still_open["complaint_opened"]),
    )


def unsettled(waiting: Sequence[Happened], answer: Happened) -> list[Happened]:
    """What still waits after an answer (or the end of a complaint).

    An answer with a number settles what has that number. Without one it settles what is of its topic; where either side
    names no topic, what came through its channel. Fits nothing of that and no topic is told, it settles what waits longest.
    """
    if answer.reference:
        return [one for one in waiting if one.reference != answer.reference]
    left = [one for one in waiting if not _alike(one, answer)]
    if len(left) == len(waiting) and not answer.topic:
        return left[1:]
    return left


def _alike(asked: Happened, answer: Happened) -> bool:
    if asked.topic and answer.topic:
        return asked.topic == answer.topic
    return asked.channel == answer.channel
