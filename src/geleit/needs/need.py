"""A need and the events of its journey, as the cut of one customer's history gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from geleit.events.event import Event
from geleit.events.kinds import Touchpoint

ClosedBy = Literal["", "person", "rule", "gap"]


@dataclass(frozen=True, slots=True)
class Need:
    """One need of one customer. Its id is its opening event's; ``closed_at`` is None while it is open.

    ``quote`` is the need in the person's own words (empty if nobody wrote them down), ``quote_event`` where they stand.
    ``stage`` is the last known one, ``last_at`` the time of the last step, which is when a need that fell silent ended; an open need ends by silence at ``silent_at`` unless something happens before.
    ``event_ids`` are all events that belong to it, steps and annotations, in total order.
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
