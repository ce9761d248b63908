"""What a waiting record says otherwise than the one that was taken in under its key, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from geleit.events.event import event_id
from geleit.history.originals import originals
from geleit.sources.quarantine import Entry
from geleit.workspace.workspace import Workspace

NONE = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of two records: as it ``stands``, and as it ``came``; empty where it is missing."""

    field: str
    stands: str
    came: str


def differences(workspace: Workspace, entries: Sequence[Entry]) -> dict[int, list[Difference]]:
    """For each entry that contradicts an earlier event what is different; an empty list if the records are equal.

    They are if not the record has changed but what the source's definition makes of it. Entries of other reasons, and those whose
    event is in no store any more, are left out.
    """
    keys = {one.id: event_id(one.source, one.position) for one in entries if one.reason == "changed_content"}
    stands = originals(workspace.ledger, workspace.archive, list(keys.values())) if keys else {}
    return {one.id: compared(stands[keys[one.id]], one.record) for one in entries if keys.get(one.id, NONE) in stands}


def compared(stands: str, came: str) -> list[Difference]:
    """Two records in JSON, field by field; texts that are no JSON objects are one field without a name.

    >>> compared('{"a": 1, "b": {"c": "x"}}', '{"a": 1, "b": {"c": "y"}, "d": null}')
    [Difference(field='b.c', stands='x', came='y')]
    """
    before, after = _fields(stands), _fields(came)
    return [
        Difference(name, before.get(name, NONE), after.get(name, NONE))
        for name in dict.fromkeys([*before, *after])
        if before.get(name, NONE) != after.get(name, NONE)
    ]


def _fields(text: str) -> dict[str, str]:
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        value = text
    found: dict[str, str] = {}
    _spread("", value, found)
    return found


def _spread(name: str, value: Any, found: dict[str, str]) -> None:
    """Put all fields below ``value`` into ``found`` by their dotted names."""
    parts: Mapping[str, Any]
    if isinstance(value, dict):
        parts = value
    elif isinstance(value, list):
        parts = {str(place): one for place, one in enumerate(value, 1)}
    else:
        if value is not None:
            found[name] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        return
    for part, inner in parts.items():
        _spread(f"{name}.{part}" if name else part, inner, found)
