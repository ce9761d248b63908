"""A need and the events of its journey, as the cut of one customer's history gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from geleit.events.event import Event
from geleit.events.kinds import Touchpoint

ClosedBy = Literal["", "person", "rule", "gap"]


@dataclass(frozen=True, slots=True)
class Need:
    """One need of one customer. Its id is its opening event's; ``closed_at`` is None while it is open.

    ``quote`` is the need in the person's own words (empty if nobody wrote them down), ``quote_event`` where they stand.
    ``stage`` is the last known one, ``last_at`` the time of the last step, which is when a need that fell silent ended; an open need ends by silence at ``silent_at`` unless something happens before.
    ``stage_at`` is the time of the step that brought it to its stage. ``event_ids`` are all events that belong to it,
    steps and annotations, in total order.
    """

    id: str
    topic: str
    opened_at: int
    closed_at: int | None
    closed_by: ClosedBy
    quote: str
    quote_event: str
    event_ids: tuple[str, ...]
    stage: str = ""
    last_at: int = 0
    silent_at: int | None = None
    stage_at: int | None = None

    def __reduce__(self) -> tuple[type[Need], tuple[Any, ...]]:
        """Thousands come from the process that cuts beside; a dataclass's own way through a pipe takes three times as long."""
        return Need, tuple([getattr(self, name) for name in self.__slots__])


@dataclass(frozen=True, slots=True)
class Cut:
    """One customer's needs, and the time of the newest event from which they can be carried on (None: they cannot).

    ``noted``: the time of the newest note (an event that is no step), None without one.
    """

    needs: Sequence[Need] = ()
    tip: int | None = None
    noted: int | None = None


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An event with its touchpoint (kinds.yaml applied) and the need it belongs to (empty if none)."""

    event: Event
    touchpoint: Touchpoint
    need_id: str = ""

    @property
    def id(self) -> str:
        """The event's id."""
        return self.event.id

    @property
    def t(self) -> int:
        """When it happened, microseconds UTC."""
        return self.event.t

    @property
    def order(self) -> int:
        """Its place among events of the same time."""
        return self.event.order

    @property
    def source(self) -> str:
        """Who sent it."""
        return self.event.source

    @property
    def record(self) -> str:
        """The record it came from."""
        return self.event.record

    @property
    def kind(self) -> str:
        """Its kind, as the source names it."""
        return self.event.kind

    @property
    def properties(self) -> Mapping[str, Any]:
        """Its properties."""
        return self.event.properties


class Touch(NamedTuple):
    """What cutting needs of a touchpoint."""

    kind: str
    stage: str
    step: bool


class Moment(NamedTuple):
    """An event of which only what cutting needs was read; ``properties`` may lack those that no cut asks for."""

    t: int
    order: int
    id: str
    source: str
    record: str
    kind: str
    properties: Mapping[str, Any]
    touchpoint: Touch


class Touched(Protocol):
    """Where and how something happened, as far as cutting asks."""

    @property
    def kind(self) -> str:
        """The kind it is read as."""

    @property
    def stage(self) -> str:
        """The stage, empty for none."""

    @property
    def step(self) -> bool:
        """Whether it is a step, not a note."""


class Readable(Protocol):
    """What cutting asks of an event: a ``ReadEvent`` or a ``Moment``."""

    @property
    def t(self) -> int:
        """When it happened, microseconds UTC."""

    @property
    def order(self) -> int:
        """Its place among events of the same time."""

    @property
    def id(self) -> str:
        """The event's id."""

    @property
    def source(self) -> str:
        """Who sent it."""

    @property
    def record(self) -> str:
        """The record it came from."""

    @property
    def kind(self) -> str:
        """Its kind, as the source names it."""

    @property
    def properties(self) -> Mapping[str, Any]:
        """Its properties."""

    @property
    def touchpoint(self) -> Touched:
        """How it is read."""
