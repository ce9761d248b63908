"""Maps many records of a source to columns of events; a record that is not plain goes the way of single records.

Equal to ``Mapper.map`` by construction: a record of which any event is refused or any expression fails is left to it
whole, and every column comes from ``vectors``, whose functions equal those that ``Builder`` calls for one value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geleit.events.kinds import snake
from geleit.sources.building import PLACES, TIME_ENDINGS, TIME_PROPERTIES, Builder
from geleit.sources.computing import Computation, together
from geleit.sources.mapping import Grouped, Mapper, numbered
from geleit.sources.plan import NUMBER, ROW
from geleit.sources.records import Mapped, Records
from geleit.sources.sandbox import Answer
from geleit.sources.times import TimeError
from geleit.sources.values import as_json
from geleit.sources.vectors import array_of, flat, json_text, json_texts, moments, texts
from geleit.sources.whole_groups import whole_groups

Columns = dict[str, pa.Array]


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events as columns of equal length. ``rows`` are the records they came from.

    ``identifiers`` by type and ``place`` by name hold text, ``traits`` and ``properties`` JSON text; null = not there.
    """

    rows: pa.Array
    key: pa.Array
    kind: pa.Array
    t: pa.Array
    evidence: str
    identifiers: Columns
    traits: Columns
    properties: Columns
    place: Columns

    def only(self, keep: pa.Array) -> EventColumns:
        """The events for which ``keep`` is true."""

        def kept(group: Columns) -> Columns:
            return {name: column.filter(keep) for name, column in group.items()}

        return replace(
            self,
            rows=self.rows.filter(keep),
            key=self.key.filter(keep),
            kind=self.kind.filter(keep),
            t=self.t.filter(keep),
            identifiers=kept(self.identifiers),
            traits=kept(self.traits),
            properties=kept(self.properties),
            place=kept(self.place),
        )


@dataclass(frozen=True, slots=True)
class Columnar:
    """What became of some records: events as columns; ``mapped`` has the counts and all that is not plain."""

    records: Records
    events: list[EventColumns]
    mapped: Mapped


@dataclass(slots=True)
class _Built:
    """Columns of one answer, and the rows of records that single mapping has to look at."""

    columns: EventColumns
    refused: list[pa.Array] = field(default_factory=list)


class ColumnarMapper(Mapper):
    """Maps chunks of one source to columns."""

    def map_columns(self, records: Records) -> Columnar:
        """Events of one chunk.

        Errors: as ``Mapper.map``.
        """
        table, skipped, failed = self._sifted(numbered(records.columns, np.arange(len(records.lines))))
        read = len(records.lines) + len(records.rejected)
        return self._as_columns(
            Grouped(records, table, (skipped, read), records.rejected),
            failed.keys(),
            lambda unsure: self.map(records.take(sorted(unsure))),
        )

    def map_group_columns(self, chunks: Iterable[Records]) -> Iterator[Columnar]:
        """Events of all chunks of a grouped source.

        Errors: as ``Mapper.map_groups``.
        """
        for some in whole_groups(chunks, self._marks):
            found = self._together(some)
            yield self._as_columns(found, (), partial(self._singly, found))

    def _singly(self, found: Grouped, unsure: set[int]) -> Mapped:
        """Some groups, one by one."""
        table = found.table.filter(pc.is_in(found.table[ROW], pa.array(sorted(unsure), pa.int64())))
        return self._mapped(found.groups, table, (0, 0), [])

    def _as_columns(self, found: Grouped, failed: Collection[int], singly: Callable[[set[int]], Mapped]) -> Columnar:
        """Events of numbered records; ``singly`` maps those of them, and of the ``failed`` ones, that are not plain."""
        records = found.groups
        unsure = set(failed)
        sound = found.table  # without what fails in one event: single mapping says all about it
        built: list[_Built] = []
        for builder in self.builders:
            where = f"sources/{self.definition.name}: events.{builder.selection.position}"
            computation = Computation(self.sandbox, builder.selection, where)
            computation.run(sound)
            if computation.failures:
                unsure |= computation.failures.keys()
                failing = pa.array(sorted(computation.failures), sound[ROW].type)
                sound = sound.filter(pc.invert(pc.is_in(sound[ROW], failing)))
            built += [_build(builder, answer, array_of(records.ids)) for answer in together(computation.answers)]
        for one in built:
            unsure.update(row for rows in one.refused for row in rows.to_pylist())
        unsure.update(self._sharing_a_key(built))
        slow = singly(unsure) if unsure else nothing(records)
        skipped, read = found.counts
        told = _told(len(records.lines), built, unsure)
        mapped = Mapped(
            records.file,
            min(records.lines, default=0),
            max(records.lines, default=0),
            read,
            skipped,
            slow.events,
            [*found.rejected, *slow.rejected],
            records.unseen,
            int((~told[found.table[ROW].to_numpy()]).sum()) + slow.nothing,
        )
        return Columnar(records, [_without(one.columns, unsure) for one in built], mapped)

    def _sharing_a_key(self, built: list[_Built]) -> list[int]:
        """Records of which two events have the same key."""
        several = len(self.builders) > 1 or any(builder.selection.each for builder in self.builders)
        if not several or not built:
            return []
        rows = pa.concat_arrays([one.columns.rows for one in built])
        keys = pa.concat_arrays([one.columns.key for one in built])
        counted = pa.table({"row": rows, "key": keys}).group_by(["row", "key"]).aggregate([([], "count_all")])
        found: list[int] = counted.filter(pc.greater(counted["count_all"], 1))["row"].to_pylist()
        return found


def nothing(records: Records) -> Mapped:
    """What becomes of no records."""
    return Mapped(records.file, 0, 0, 0, 0, [], [])


def _told(count: int, built: list[_Built], unsure: set[int]) -> npt.NDArray[np.bool_]:
    """Which of so many records gave an event, or are left to single mapping."""
    told = np.zeros(count, bool)
    for one in built:
        told[one.columns.rows.to_numpy()] = True
    told[list(unsure)] = True
    return told


def _without(columns: EventColumns, unsure: set[int]) -> EventColumns:
    if not unsure:
        return columns
    return columns.only(pc.invert(pc.is_in(columns.rows, pa.array(sorted(unsure), columns.rows.type))))


def _build(builder: Builder, answer: Answer, ids: pa.Array) -> _Built:
    """The events of one answer as columns."""
    rows = flat(answer.table[ROW])
    given = _Given(builder, answer)
    groups = {group: dict(given.group(group)) for group in ("identifiers", "traits", "properties", "place")}
    kind = _kinds(builder, given, len(rows))
    columns = EventColumns(
        rows=rows,
        key=_keys(builder, given, rows, ids),
        kind=kind,
        t=moments(given.single("time"), builder.reader),
        evidence=builder.evidence,
        identifiers=dict(sorted(groups["identifiers"].items())),
        traits=groups["traits"],
        properties=groups["properties"],
        place=groups["place"],
    )
    refused = [*given.refused, pc.is_null(kind), pc.is_null(columns.t), *_nobody(columns)]
    refused += [*_misplaced(builder, columns.place), *_lacking(builder, columns)]
    return _Built(columns, [rows.filter(pc.fill_null(mask, False)) for mask in refused])


class _Given:
    """The computed columns of an answer by their place in the event definition."""

    def __init__(self, builder: Builder, answer: Answer) -> None:
        self.builder, self.answer = builder, answer
        self.columns = {column.place: f"c{i}" for i, column in enumerate(builder.selection.columns)}
        self.refused: list[pa.Array] = []

    def single(self, name: str) -> pa.ChunkedArray:
        return self.answer.table[self.columns[name,]]

    def text(self, name: str) -> pa.Array | None:
        if (name,) not in self.columns:
            return None
        return texts(self.single(name), self.columns[name,] in self.answer.json)

    def group(self, group: str) -> Iterator[tuple[str, pa.Array]]:
        for place, name in self.columns.items():
            if place[0] != group or len(place) == 1:
                continue
            values, json, label = self.answer.table[name], name in self.answer.json, str(place[1])
            if group in ("identifiers", "place"):
                yield label, texts(values, json)
            elif group == "properties" and (label in TIME_PROPERTIES or label.endswith(TIME_ENDINGS)):
                yield label, self._times(label, values, json)
            else:
                yield label, json_texts(values, json, self.builder.properties_reader.iso)

    def _times(self, label: str, values: pa.ChunkedArray, json: bool) -> pa.Array:
        """A property that is a time, as ``TimeReader.property`` reads it."""
        read = partial(_time_property, self.builder, label)
        plain = json_texts(values, json, self.builder.properties_reader.iso)
        encoded = plain.dictionary_encode()
        found = pa.array([read(value) for value in encoded.dictionary.to_pylist()], pa.string())
        result = found.take(encoded.indices)
        self.refused.append(pc.and_(pc.is_valid(plain), pc.is_null(result)))
        return result


def _time_property(builder: Builder, label: str, text: str) -> str | None:
    """The JSON text of one time property; None if it is refused."""
    value = msgspec.json.decode(text)
    try:
        return json_text(as_json(builder.properties_reader.property(value), str), str)
    except TimeError:
        return None if label in TIME_PROPERTIES else text


def _keys(builder: Builder, given: _Given, rows: pa.Array, ids: pa.Array) -> pa.Array:
    own = given.text("key")
    if own is not None and own.null_count == 0:
        return own
    position = f":{builder.selection.position}"
    parts = [ids.take(rows), pa.scalar(position)]
    if builder.selection.each:
        parts += [pa.scalar("."), flat(given.answer.table[NUMBER]).cast(pa.string())]
    made = pc.binary_join_element_wise(*parts, "")
    return made if own is None else pc.coalesce(own, made)


def _kinds(builder: Builder, given: _Given, count: int) -> pa.Array:
    if builder.event.kind is not None:
        return pa.repeat(pa.scalar(builder.event.kind), count)
    named = given.text("kind_from")
    if named is None:
        return pa.nulls(count, pa.string())
    encoded = named.dictionary_encode()
    return pa.array([snake(value) or None for value in encoded.dictionary.to_pylist()], pa.string()).take(
        encoded.indices
    )


def _nobody(columns: EventColumns) -> Iterator[pa.Array]:
    """Events without any identifier."""
    missing = [pc.is_null(column) for column in columns.identifiers.values()]
    yield _all(missing)


def _misplaced(builder: Builder, place: Columns) -> Iterator[pa.Array]:
    """Events whose stage, medium, ownership or initiator does not exist."""
    for name, values in place.items():
        if name in builder.places or name in PLACES:
            known = pc.is_in(values, pa.array(builder.places[name], pa.string()))
            yield pc.and_(pc.is_valid(values), pc.invert(known))


def _lacking(builder: Builder, columns: EventColumns) -> Iterator[pa.Array]:
    """Events without a property that their kind requires."""
    for kind in pc.unique(columns.kind).drop_null().to_pylist():
        for need in builder.catalogue.requires(kind):
            having = [pc.is_null(columns.properties[n]) for n in need.split("|") if n in columns.properties]
            without = _all(having) if having else pa.repeat(pa.scalar(True), len(columns.kind))
            yield pc.and_(pc.equal(columns.kind, kind), without)


def _all(masks: list[pa.Array]) -> pa.Array:
    both: Callable[[pa.Array, pa.Array], pa.Array] = pc.and_
    result = masks[0]
    for mask in masks[1:]:
        result = both(result, mask)
    return result
