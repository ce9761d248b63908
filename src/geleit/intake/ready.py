"""What can be done for an event before it reaches the ledger, by whoever has the time: in another process, for one."""

from __future__ import annotations

from dataclasses import dataclass

from geleit.events.event import Event


@dataclass(frozen=True, slots=True)
class Ready:
    """An event in its one form: identifiers normalised, times known.

    ``content``: hash of what it says; ``day``: its local day; ``body``: its JSON in archive and outbox.
    """

    event: Event
    content: str
    day: int
    body: str


def plain(one: Event | Ready) -> Event:
    """The event itself."""
    return one.event if isinstance(one, Ready) else one
