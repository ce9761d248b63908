"""Builds events from computed columns: normalised kind, time, identifiers, properties; or says why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import msgspec
import pyarrow as pa

from geleit.events.event import Event, Evidence, Identifier, Medium, Ownership
from geleit.events.kinds import Catalogue, snake
from geleit.events.vocabulary import Initiator
from geleit.sources.definition import SourceDefinition
from geleit.sources.plan import NUMBER, ROW, Selection
from geleit.sources.records import Reason, Records, Rejected
from geleit.sources.sandbox import Answer
from geleit.sources.times import TimeError, TimeReader
from geleit.sources.values import as_json, as_text

TIME_PROPERTIES = frozenset({"due_at", "warranty_until"})
TIME_ENDINGS = ("_at", "_until")
PLACES: dict[str, tuple[str, ...]] = {
    "medium": get_args(Medium),
    "ownership": get_args(Ownership),
    "initiator": get_args(Initiator),
}


@dataclass(frozen=True, slots=True)
class Built:
    """One event or one rejection, with its place: row of the chunk, event definition, element of each."""

    row: int
    position: int
    number: int
    result: Event | Rejected

    @property
    def at(self) -> str:
        """Its place as the quarantine writes it: "1", or "1.3" for an element of each."""
        return f"{self.position}.{self.number}" if self.number else str(self.position)


class RefusedError(Exception):
    """A record gives no event; ``reason`` is the quarantine's."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason


class Builder:
    """Builds the events of one event definition."""

    def __init__(
        self, definition: SourceDefinition, selection: Selection, catalogue: Catalogue, reader: TimeReader
    ) -> None:
        self.definition, self.selection, self.catalogue = definition, selection, catalogue
        self.event = selection.event
        self.source = definition.name
        self.kinds: dict[str, str] = {}
        self.properties_reader = TimeReader(reader.zone_name, reader.doubled_hour, reader.now)
        self.reader = TimeReader(reader.zone_name, reader.doubled_hour, reader.now, self.event.time_format)
        self.evidence: Evidence = self.event.evidence or definition.evidence
        self.places = PLACES | {"stage": tuple(stage.id for stage in catalogue.stages)}

    def build(self, records: Records, answer: Answer) -> Iterator[Built]:
        """Everything that one answer holds, in its order."""
        columns = _Columns(self.selection, answer, self.properties_reader)
        position = self.selection.position
        rows, numbers = answer.table[ROW].to_pylist(), answer.table[NUMBER].to_pylist()
        for place, (row, number) in enumerate(zip(rows, numbers, strict=True)):
            at = f"{position}.{number}" if self.selection.each else str(position)
            result: Event | Rejected
            try:
                result = self._event(columns, place, records, (row, at))
            except (RefusedError, TimeError) as refused:
                message = f"{records.where(row)}events.{position}.{refused}"
                result = rejection(self.definition, records, row, (refused.reason, message), at)
            yield Built(row, position, number, result)

    def _event(self, columns: _Columns, place: int, records: Records, at: tuple[int, str]) -> Event:
        row, position = at
        identity = records.ids[row]
        event = Event(
            source=self.source,
            key=as_text(columns.value("key", place)) or f"{identity}:{position}",
            kind=self._kind(columns, place),
            t=self._time(columns, place),
            identifiers=self._identifiers(columns, place),
            traits=columns.group("traits", place),
            properties=self._properties(columns, place),
            place=self._place(columns, place),
            evidence=self.evidence,
            record=identity,
            raw=records.raw[row],
            rank=self.definition.rank,
        )
        if missing := self.catalogue.missing(event):
            names = ", ".join(need.replace("|", " or ") for need in missing)
            raise RefusedError("missing_property", f"properties: {event.kind} requires {names}, which is empty here")
        return event

    def _kind(self, columns: _Columns, place: int) -> str:
        if self.event.kind is not None:
            return self.event.kind
        given = as_text(columns.value("kind_from", place))
        kind = self.kinds.get(given)
        if kind is None:
            kind = self.kinds[given] = snake(given)
        if not kind:
            raise RefusedError("no_kind", f"kind_from: {self.event.kind_from} is empty here")
        return kind

    def _time(self, columns: _Columns, place: int) -> int:
        try:
            return self.reader.micros(columns.value("time", place))
        except TimeError as error:
            raise TimeError(error.reason, f"time: {self.event.time} {error}") from None

    def _identifiers(self, columns: _Columns, place: int) -> tuple[Identifier, ...]:
        found = columns.group("identifiers", place)
        identifiers = tuple(Identifier(kind, value) for kind, value in found.items())
        if not identifiers:
            names = ", ".join(self.event.identifiers)
            raise RefusedError("no_identifier", f"identifiers: all empty ({names})")
        return identifiers

    def _properties(self, columns: _Columns, place: int) -> dict[str, Any]:
        properties = columns.group("properties", place)
        for name in columns.time_properties:
            if name not in properties:
                continue
            try:
                properties[name] = self.properties_reader.property(properties[name])
            except TimeError as error:
                if name in TIME_PROPERTIES:
                    raise TimeError(error.reason, f"properties.{name}: {error}") from None
        return properties

    def _place(self, columns: _Columns, place: int) -> dict[str, str]:
        found = columns.group("place", place)
        for name, value in found.items():
            if name in self.places and value not in self.places[name]:
                known = ", ".join(self.places[name])
                raise RefusedError("bad_place", f"place.{name}: '{value}' is none of {known}")
        return found


class _Columns:
    """Computed columns by their place in the event definition, as JSON-able values."""

    def __init__(self, selection: Selection, answer: Answer, reader: TimeReader) -> None:
        self.single: dict[str, list[Any]] = {}
        self.groups: dict[str, list[tuple[str, list[Any]]]] = {
            "identifiers": [],
            "traits": [],
            "properties": [],
            "place": [],
        }
        for i, column in enumerate(selection.columns):
            plain = _plain(answer.table[f"c{i}"], f"c{i}" in answer.json)
            if len(column.place) == 1:
                self.single[str(column.place[0])] = plain
                continue
            group, name = str(column.place[0]), str(column.place[1])
            if group in ("traits", "properties"):
                values = [_filled(as_json(value, reader.iso)) for value in plain]
            else:
                values = [as_text(value) or None for value in plain]
            self.groups[group].append((name, values))
        self.groups["identifiers"].sort(key=lambda column: column[0])
        names = [name for name, _ in self.groups["properties"]]
        self.time_properties = [n for n in names if n in TIME_PROPERTIES or n.endswith(TIME_ENDINGS)]

    def value(self, name: str, place: int) -> Any:
        values = self.single.get(name)
        return None if values is None else values[place]

    def group(self, group: str, place: int) -> dict[str, Any]:
        """Values that are not empty, by name."""
        return {name: value for name, values in self.groups[group] if (value := values[place]) is not None}


def _plain(values: pa.ChunkedArray, json: bool) -> list[Any]:
    plain: list[Any] = values.to_pylist()
    return [None if text is None else msgspec.json.decode(text) for text in plain] if json else plain


def _filled(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def rejection(
    definition: SourceDefinition, records: Records, row: int, why: tuple[Reason, str], position: str = "*"
) -> Rejected:
    """One record of a chunk, rejected."""
    reason, message = why
    return Rejected(
        definition.name,
        records.file,
        records.lines[row],
        reason,
        message,
        records.raw[row],
        records.ids[row],
        position,
    )
