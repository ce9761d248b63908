"""What a person came to the service for: contacts, questions without an answer, complaints still open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ASKING = frozenset(("question_asked", "complaint_opened", "contact_made"))
ENDS = {"question_answered": "question_asked", "complaint_closed": "complaint_opened"}


@dataclass(frozen=True, slots=True)
class Happened:
    """What of an event counts here; ``reference`` is its question or complaint number, empty if it has none."""

    event_id: str
    kind: str
    stage: str
    contact: bool
    t: int
    reference: str


@dataclass(frozen=True, slots=True)
class Service:
    """Contacts about service with their last time; events of questions and complaints that nobody has settled yet."""

    contacts: tuple[str, ...]
    last_t: int | None
    open_questions: tuple[str, ...]
    open_complaints: tuple[str, ...]


def service(events: Iterable[Happened]) -> Service:
    """Fold events in total order. An answer without a number settles all that was open, one with a number only that."""
    contacts: list[Happened] = []
    still_open: dict[str, list[Happened]] = {"question_asked": [], "complaint_opened": []}
    for event in events:
        if event.contact and (event.stage == "service" or event.kind in ASKING):
            contacts.append(event)
        if event.kind in still_open:
            still_open[event.kind].append(event)
        elif begun := ENDS.get(event.kind):
            left = [one for one in still_open[begun] if event.reference and one.reference != event.reference]
            still_open[begun] = left
    return Service(
        contacts=tuple(event.event_id for event in contacts),
        last_t=contacts[-1].t if contacts else None,
        open_questions=tuple(event.event_id for event in still_open["question_asked"]),
        open_complaints=tuple(event.event_id for event in still_open["complaint_opened"]),
    )
