"""What the front process and those behind it say to each other, through sockets that end with either of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from geleit.errors import GeleitError, Retryable
from geleit.events.event import Event, Identifier
from geleit.intake.collector import Outcome
from geleit.intake.ready import Ready
from geleit.intake.tally import Distribution, Tally
from geleit.sources.records import Rejected
from geleit.web.logs import Form, Level
from geleit.workspace.upkeep import Pace

_FIELDS = [one.name for one in fields(Event) if one.init]
_WHO = _FIELDS.index("identifiers")
_plain = attrgetter(*_FIELDS)

Packed = tuple[Any, ...]


def pack(one: Event | Ready) -> Packed:
    """An event as plain values: pickling those costs a third of pickling the event."""
    event, more = (one.event, (one.content, one.day, one.body)) if isinstance(one, Ready) else (one, None)
    values = list(_plain(event))
    values[_WHO] = [(who.type, who.value) for who in event.identifiers]
    return (more, *values)


def unpack(packed: Packed) -> Event | Ready:
    """The event again."""
    more, *values = packed
    values[_WHO] = tuple(Identifier(type_, value) for type_, value in values[_WHO])
    event = Event(*values)
    return Ready(event, *more) if more else event


@dataclass(frozen=True, slots=True)
class Opening:
    """What both processes need to begin."""

    root: Path
    pace: Pace
    log_form: Form
    log_level: Level


@dataclass(frozen=True, slots=True)
class Take:
    """To the writer, in lists: commit this, and tell what became of it under this number."""

    number: int
    events: list[Packed]
    rejected: Sequence[Rejected]


@dataclass(frozen=True, slots=True)
class Asked:
    """To the writer: tell your counts."""


@dataclass(frozen=True, slots=True)
class Wake:
    """To the keeper: something was committed."""


@dataclass(frozen=True, slots=True)
class Stop:
    """To both: end what is being done, then yourself."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that can be sent: what it says, and whether trying again may help."""

    message: str
    hint: str
    temporary: bool

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Of an error of ours its text; of others only the type, the log has the rest."""
        if isinstance(error, GeleitError):
            return cls(error.message, error.hint, isinstance(error, Retryable))
        return cls(f"a fault of the writer: {type(error).__name__}", "", temporary=False)

    @property
    def error(self) -> GeleitError:
        """As an error again."""
        return (Retryable if self.temporary else GeleitError)(self.message, hint=self.hint)


@dataclass(frozen=True, slots=True)
class Settled:
    """From the writer: what became of submissions by number; ``pace`` in events per second of committing."""

    outcomes: list[tuple[int, Outcome | Failure]]
    pace: float


@dataclass(frozen=True, slots=True)
class Told:
    """From the writer: its counts."""

    tally: Tally


@dataclass(frozen=True, slots=True)
class Opened:
    """From both: the workspace is open; ``pid`` of the process."""

    pid: int


@dataclass(frozen=True, slots=True)
class Keeping:
    """From the keeper: how it is doing (see ``Upkeep``)."""

    fault: str
    remedy: str
    leads: bool
    seconds: dict[str, Distribution]
