"""What a journey map shows of one need: steps in order, with everything that was said, promised, known and not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geleit.events.event import Evidence
from geleit.events.vocabulary import Initiator

PromiseState = Literal["made", "kept", "late", "open"]
VerdictKind = Literal["as_designed", "extra", "late", "other_order"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """What the person judges by; ``supposed`` if only assumed by staff (drawn with a question mark)."""

    text: str
    supposed: bool = False


@dataclass(frozen=True, slots=True)
class Feeling:
    """A judgement at a step, -2..+2; ``estimated`` from text (diamond) or said by the person (dot)."""

    value: float
    estimated: bool
    source: str
    facet: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class PromiseMark:
    """A promise at the step where it was made (state made: still open then) or kept."""

    text: str
    by: str
    state: PromiseState
    due_at: int | None = None
    kept_at: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The step against the designed journey."""

    kind: VerdictKind
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One column of the map. All texts are already in the picture's language.

    ``event_ids`` are the events a click opens (the step's own first, then what annotates it).
    ``quote`` is the person's own words; it equals ``text`` where the words are all that is told of the step.
    ``until`` is the last moment of a step that stands for ``count`` repeats in a row, else 0.
    """

    number: int
    event_ids: tuple[str, ...]
    t: int
    kind: str
    text: str
    stage: str
    channel: str
    channel_label: str
    medium: str
    ownership: str
    contact: bool
    initiator: Initiator
    evidence: Evidence
    evidence_text: str
    quote: str = ""
    staff: str = ""
    criteria: tuple[Criterion, ...] = ()
    feelings: tuple[Feeling, ...] = ()
    promises: tuple[PromiseMark, ...] = ()
    verdict: Verdict | None = None
    opportunities: tuple[str, ...] = ()
    expectations: tuple[str, ...] = ()
    count: int = 1
    until: int = 0

    @property
    def end(self) -> int:
        """When the step, or its last repeat, happened."""
        return self.until or self.t


@dataclass(frozen=True, slots=True)
class StageHead:
    """A stage of the model in use: id, its name in the picture's language, its colour place 0..5."""

    id: str
    label: str
    tone: int


@dataclass(frozen=True, slots=True)
class Journey:
    """One need's way as a picture needs it. ``zone`` is the company's; ``customer_key`` is stable and addressable.

    ``skipped`` are labels of designed steps that never happened (empty without a designed journey).
    """

    customer_key: str
    customer_name: str
    need_id: str
    topic: str
    quote: str
    opened_at: int
    closed_at: int | None
    closed_by: str
    contact_person: str
    language: str
    zone: str
    as_of: int
    stages: tuple[StageHead, ...]
    steps: tuple[Step, ...]
    skipped: tuple[str, ...] = ()
