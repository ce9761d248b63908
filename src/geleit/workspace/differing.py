"""What a waiting record says otherwise than the one that was taken in under its key, and where that one came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from geleit.events.event import EventId, event_id
from geleit.history.originals import originals
from geleit.ledger import tables
from geleit.sources.quarantine import Entry
from geleit.workspace.workspace import Workspace

NONE = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of two records: as it ``stands``, and as it ``came``; empty where it is missing."""

    field: str
    stands: str
    came: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Fields that ``differ`` from those of an earlier record; when it came (microseconds UTC), and the files of that import.

    ``files`` is empty for what was sent, and if that cannot be told.
    """

    differ: list[Difference]
    earlier_at: int
    files: str


def contradictions(workspace: Workspace, entries: Sequence[Entry]) -> dict[int, Contradiction]:
    """What each entry contradicts; nothing differs if the records are equal.

    They are if not the record has changed but what the source's definition makes of it. Entries of other reasons, and those whose
    event is in no store any more, are left out.
    """
    keys = {one.id: event_id(one.source, one.position) for one in entries if one.reason == "changed_content"}
    stands = originals(workspace.ledger, workspace.archive, list(keys.values())) if keys else {}
    found = {}
    for one in entries:
        if earlier := stands.get(EventId(keys.get(one.id, NONE))):
            files = _files(workspace, one.source, earlier.received_at)
            found[one.id] = Contradiction(compared(earlier.raw, one.record), earlier.received_at, files)
    return found


def _files(workspace: Workspace, source: str, received_at: int) -> str:
    """The files that were read by the import that brought what came at this time.

    It is the first one that ended later; what a source sends as well may have come between two of them.
    """
    definition = workspace.definitions.sources.get(source)
    if definition is None or definition.hook or definition.collect:
        return NONE
    run = tables.import_run.c
    wanted = sa.select(run.file).where(run.source == source, run.finished_at >= received_at).order_by(run.id).limit(1)
    with workspace.ledger.read() as connection:
        return str(connection.execute(wanted).scalar() or NONE)


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
