"""Sources that list states (contacts as they stand today): each state of a thing is an event of its own.

Their events are known by key and content, so it does not matter which state comes first, and a repetition counts once.
"""

from __future__ import annotations

from dataclasses import replace

from geleit.events.event import Event
from geleit.history.stored import content_hash

# As ``as_state``, over columns ``given_key`` and ``content``.
STATE_KEY = "CASE WHEN ends_with(given_key, ':' || content) THEN given_key ELSE given_key || ':' || content END"


def as_state(event: Event) -> Event:
    """The event with its content in its key; as it is, if it is there already.

    >>> as_state(Event("crm", "7", "contact_noted", 1)).key
    '7:6b013d694d93b71d'
    """
    ending = f":{content_hash(event)}"
    return event if event.key.endswith(ending) else replace(event, key=event.key + ending)
