"""Maps the records of a source to events, many at a time; what cannot be mapped is handed back with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from zlib import crc32

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geleit.errors import GeleitError
from geleit.events.event import Event
from geleit.events.kinds import Catalogue
from geleit.sources import database_records, files, json_records, parquet_records, reading
from geleit.sources.building import Builder, Built, rejection
from geleit.sources.computing import Computation, Failure, values_of
from geleit.sources.definition import SourceDefinition
from geleit.sources.few import Few
from geleit.sources.plan import ROW, plan
from geleit.sources.records import (
    CHUNK_CHARACTERS,
    RECORD_CHARACTERS,
    UNREAD,
    Mapped,
    Records,
    Rejected,
    UnreadableError,
    identify,
)
from geleit.sources.sandbox import MEMORY, SECONDS, Sandbox, Stopped
from geleit.sources.times import TimeReader
from geleit.sources.values import as_text
from geleit.sources.vectors import Texts, array_of
from geleit.sources.whole_groups import Marks, file_of, whole_groups

SHOWN = 60  # characters of a group's value


@dataclass(frozen=True, slots=True)
class Setting:
    """What a mapping needs besides the definition: the kinds, the company's zone, and now (microseconds UTC)."""

    catalogue: Catalogue
    zone: str
    now: int
    seconds: float = SECONDS
    memory: str = MEMORY


def map_source(
    definition: SourceDefinition, *, root: Path, catalogue: Catalogue, zone: str, now: int
) -> Iterator[Mapped]:
    """All records of a source, in chunks; those of files in the order of the files.

    Errors: GeleitError for a missing file or column, or an expression that fits no record; all else is rejected
    record by record.
    """
    with closing(Mapper(definition, Setting(catalogue, zone, now))) as mapper:
        chunks = reading.everything(definition, root, mapper.plan.reads)
        yield from mapper.map_groups(chunks) if definition.group else map(mapper.map, chunks)


def map_record(
    definition: SourceDefinition, record: str, *, root: Path, setting: Setting, record_id: str = "", position: str = "*"
) -> tuple[list[Event], list[Rejected]]:
    """One record kept as JSON text: a quarantined one, or one that came over the network.

    ``record_id`` keeps the id it had before it was repaired, so that nothing counts twice; ``position`` takes only
    that event of it.

    Errors: GeleitError if the record still holds text that could not be read.
    """
    with closing(Mapper(definition, setting)) as mapper:
        return mapper.map_record(record, root=root, record_id=record_id, position=position)


@dataclass(frozen=True, slots=True)
class Grouped:
    """Records of a piece by their groups: ``groups`` are one record each, ``table`` their rows, numbered by them.

    ``counts``: how many records were skipped and read; ``rejected``: those that could not be read, or belong to no group.
    """

    groups: Records
    table: pa.Table
    counts: tuple[int, int]
    rejected: list[Rejected]


class Mapper:
    """Maps chunks of one source; holds its sandbox until closed. ``few``: of a few records each."""

    def __init__(self, definition: SourceDefinition, setting: Setting, *, few: bool = False) -> None:
        self.definition = definition
        self.plan = plan(definition)
        self.few = Few(definition, self.plan.selections) if few and not definition.group else None
        self.sandbox = Sandbox(decimal=definition.decimal, memory=setting.memory, seconds=setting.seconds, few=few)
        reader = TimeReader(definition.zone or setting.zone, definition.doubled_hour, setting.now)
        self.builders = [Builder(definition, s, setting.catalogue, reader) for s in self.plan.selections]
        self.built: list[Built] = []
        self.schema: pa.Schema | None = None
        self.looked = False

    def close(self) -> None:
        """Free the sandbox."""
        self.sandbox.close()

    def map(self, records: Records) -> Mapped:
        """Events and rejections of one chunk, in the order of its records."""
        rejected = list(records.rejected)
        table = numbered(records.columns, list(range(len(records.lines))))
        table, skipped = self._without_skipped(table, records, rejected)
        return self._mapped(records, table, (skipped, len(records.lines) + len(rejected)), rejected)

    def map_groups(self, chunks: Iterable[Records]) -> Iterator[Mapped]:
        """All chunks of a source, records of equal group value taken together."""
        for some in whole_groups(chunks, self._marks):
            found = self._together(some)
            yield self._mapped(found.groups, found.table, found.counts, found.rejected)

    def map_record(
        self, text: str, *, root: Path, record_id: str = "", position: str = "*"
    ) -> tuple[list[Event], list[Rejected]]:
        """One record as JSON text; of a grouped source, an array of its records. See the function of this name."""
        raw = text.encode()
        parts = msgspec.json.decode(raw, type=list[msgspec.Raw]) if raw.lstrip().startswith(b"[") else [raw]
        members = [json_records.members_of(bytes(part)) for part in parts]
        objects = [m for m in members if m is not None]
        if len(objects) < len(members) or not objects or any(UNREAD in m for m in objects):
            raise GeleitError(
                f"this record of {self.definition.name} could not be read when it was imported",
                hint=f"repair it first: give its columns, or correct the text in {UNREAD}",
            )
        columns = self._columns(objects, root)
        own = record_id or identify(self.definition.name, json_records.canonical(raw))
        mapped = self._mapped(
            Records("", columns, [0], [text], [own]), numbered(columns, [0] * len(objects)), (0, 1), []
        )
        if position == "*":
            return mapped.events, mapped.rejected
        events = [
            b.result
            for b in self.built
            if isinstance(b.result, Event) and position in (b.at, b.at.split(".")[0], b.result.key)
        ]
        above = position.split(".", maxsplit=1)[0]
        rejected = [
            r for r in mapped.rejected if r.position in ("*", above, position) or r.position.startswith(f"{position}.")
        ]
        return events, rejected

    def map_posted(self, texts: Sequence[str], ids: Sequence[str], *, root: Path) -> Mapped:
        """Records that came over the network, JSON objects as text with their ids, as an import would map them.

        Errors: GeleitError if one of them does not fit its columns' types, or an expression fits none of them.
        """
        members = [json_records.members_of(text.encode()) or {} for text in texts]
        records = Records("", self._columns(members, root), [0] * len(texts), texts, ids)
        return next(self.map_groups([records])) if self.definition.group else self.map(records)

    def _columns(self, objects: list[json_records.Members], root: Path) -> pa.Table:
        if not self.looked:  # one look for all records that are replayed
            self.schema, self.looked = self._schema(root), True
        if self.schema is None:
            return json_records.table(objects, self.plan.reads)[0]
        try:
            return parquet_records.typed(objects, self.plan.reads, self.schema)
        except pa.ArrowException as error:
            raise GeleitError(
                f"this record of {self.definition.name} does not fit its columns' types: {error}",
                hint="repair the value: geleit quarantine list shows the record",
            ) from None

    def _schema(self, root: Path) -> pa.Schema | None:
        """The types of columns that have some; None for text, and where file or table are out of reach."""
        try:
            if self.definition.database:
                return database_records.schema(self.definition, root)
            if self.definition.format == "parquet" or any(file.endswith(".parquet") for file in self.definition.file):
                return parquet_records.schema(files.find(self.definition, root)[0])
        except (GeleitError, UnreadableError, OSError):
            return None
        return None

    def _without_skipped(self, table: pa.Table, records: Records, rejected: list[Rejected]) -> tuple[pa.Table, int]:
        table, skipped, failed = self._sifted(table)
        for row, failure in failed.items():
            why = (failure.reason, f"{records.where(row)}skip: {failure.message}")
            rejected.append(rejection(self.definition, records, row, why))
        return table, skipped

    def _sifted(self, table: pa.Table) -> tuple[pa.Table, int, dict[int, Failure]]:
        """The records that are not left out on purpose, how many are, and for which the condition fails."""
        if self.few is not None and (skipped := self.few.skipped(self.sandbox, table)) is not None:
            left = [place for place, row in enumerate(table[ROW].to_pylist()) if row not in skipped]
            return table.take(pa.array(left, pa.int64())), len(skipped), {}
        if self.plan.skip is None or not table.num_rows:
            return table, 0, {}
        try:
            values, failed = values_of(self.sandbox, table, self.plan.skip)
        except Stopped as stopped:
            raise self._unfit("skip", self.plan.skip.text, stopped) from None
        skipped = {row for row, value in enumerate(values) if value in (True, "true", 1)}
        keep = [row for row in range(len(values)) if row not in skipped and row not in failed]
        return table.take(pa.array(keep, pa.int64())), len(skipped), failed

    def _together(self, chunks: Sequence[Records]) -> Grouped:
        """One record per group value, in the order of their first records; their rows numbered alike."""
        unread = [r for chunk in chunks for r in chunk.rejected]
        rejected = list(unread)
        unseen = [set(chunk.unseen) for chunk in chunks if chunk.lines]
        every = Records(
            file_of(chunk.file for chunk in chunks),
            pa.concat_tables([chunk.columns for chunk in chunks], promote_options="permissive"),
            [line for chunk in chunks for line in chunk.lines],
            Texts(pa.concat_arrays([array_of(chunk.raw) for chunk in chunks])),
            Texts(pa.concat_arrays([array_of(chunk.ids) for chunk in chunks])),
            unseen=tuple(sorted(set.intersection(*unseen))) if unseen else (),
        )
        read = len(every.lines) + len(rejected)
        table = numbered(every.columns, np.arange(len(every.lines)))
        table, skipped = self._without_skipped(table, every, rejected)
        values, failed = self._group_values(table)
        members: dict[str, list[int]] = {}
        for row, value in zip(table[ROW].to_pylist(), values, strict=True):
            if value:
                members.setdefault(value, []).append(row)
            else:
                failure = failed.get(row, Failure("no_group", f"{self.definition.group} is empty"))
                why = (failure.reason, f"{every.where(row)}group: {failure.message}")
                rejected.append(rejection(self.definition, every, row, why))
        rejected += self._too_large(every, members)
        index = {value: number for number, value in enumerate(members)}
        kept = [place for place, value in enumerate(values) if value in index]
        numbers = [index[values[place]] for place in kept]
        table = numbered(table.take(pa.array(kept, pa.int64())).drop_columns([ROW]), numbers)
        groups = Records(
            every.file,
            pa.table({}),
            [every.lines[rows[0]] for rows in members.values()],
            _joined(every.raw, list(members.values())),
            [identify(self.definition.name, f"group\0{value}".encode()) for value in members],
            unread,
            every.unseen,
        )
        return Grouped(groups, table, (skipped, read), rejected)

    def _too_large(self, every: Records, members: dict[str, list[int]]) -> Iterator[Rejected]:
        """Take groups away that are too large for one record; such a number is none (a till's 0), and their records wait."""
        sizes = pc.binary_length(array_of(every.raw)).to_numpy()
        several = CHUNK_CHARACTERS // RECORD_CHARACTERS
        for value in [v for v, rows in members.items() if len(rows) > several and sizes[rows].sum() > CHUNK_CHARACTERS]:
            rows = members.pop(value)
            message = (
                f"group: {len(rows):,} records of {value[:SHOWN]!r} have {sizes[rows].sum():,} bytes together "
                f"(at most {CHUNK_CHARACTERS:,}); leave them out by skip, or correct group"
            )
            for row in rows:
                yield rejection(self.definition, every, row, ("too_large", f"{every.where(row)}{message}"))

    def _group_values(self, table: pa.Table) -> tuple[list[str], dict[int, Failure]]:
        """The group of each record as text, and why it has none where the expression fails ('' there)."""
        if self.plan.group is None or not table.num_rows:
            return [], {}
        try:
            values, failed = values_of(self.sandbox, table, self.plan.group)
        except Stopped as stopped:
            raise self._unfit("group", self.plan.group.text, stopped) from None
        return [as_text(value) for value in values], failed

    def _marks(self, records: Records) -> Marks:
        """A number for each record's group; records that belong to none stay for themselves."""
        marks = np.arange(len(records.lines))
        table, _, _ = self._sifted(numbered(records.columns, marks))
        for row, value in zip(table[ROW].to_pylist(), self._group_values(table)[0], strict=True):
            if value:
                marks[row] = crc32(value.encode())
        return marks

    def _mapped(self, records: Records, table: pa.Table, counts: tuple[int, int], rejected: list[Rejected]) -> Mapped:
        built: list[Built] = []
        told: set[int] = set()
        for builder in self.builders:
            position = builder.selection.position
            where = f"sources/{self.definition.name}: events.{position}"
            computation = Computation(self.sandbox, builder.selection, where)
            if self.few is None:
                computation.run(table)
            else:
                self.few.compute(computation, table)
            for row, failure in computation.failures.items():
                message = f"{records.where(row)}{failure.message}"
                rejected.append(rejection(self.definition, records, row, (failure.reason, message), str(position)))
            told.update(computation.failures)
            for answer in computation.answers:
                built.extend(builder.build(records, answer))
        built.sort(key=lambda b: (b.row, b.position, b.number))
        self.built = self._with_own_keys(built, records)
        events = [b.result for b in self.built if isinstance(b.result, Event)]
        rejected.extend(b.result for b in self.built if isinstance(b.result, Rejected))
        lines = [*records.lines, *(r.line for r in rejected)]
        told.update(b.row for b in built)
        skipped, read = counts
        return Mapped(
            records.file,
            min(lines, default=0),
            max(lines, default=0),
            read,
            skipped,
            events,
            rejected,
            records.unseen,
            sum(row not in told for row in table[ROW].to_pylist()),
        )

    def _with_own_keys(self, built: list[Built], records: Records) -> list[Built]:
        """Two events of one record under one key would count as one: the second is rejected."""
        result: list[Built] = []
        seen: set[tuple[int, str]] = set()
        for item in built:
            if isinstance(item.result, Event):
                mark = (item.row, item.result.key)
                if mark in seen:
                    message = (
                        f"{records.where(item.row)}events.{item.position}.key: another event of this "
                        f"record has the key '{item.result.key}'; add what tells them apart, such as || ':paid'"
                    )
                    refused = rejection(self.definition, records, item.row, ("duplicate_key", message), item.at)
                    result.append(replace(item, result=refused))
                    continue
                seen.add(mark)
            result.append(item)
        return result

    def _unfit(self, name: str, text: str, stopped: Stopped) -> GeleitError:
        return GeleitError(
            f"sources/{self.definition.name}: {name}: {text} does not fit the records: {stopped.message}",
            hint="correct this expression; nothing of this file was imported",
        )


def numbered(table: pa.Table, rows: Sequence[int] | npt.NDArray[np.int64]) -> pa.Table:
    """Records with their numbers, by which answers name them."""
    columns = {name: table[name] for name in table.column_names}
    return pa.table(columns | {ROW: pa.array(rows, pa.int64())})


def _joined(raw: Sequence[str], groups: Sequence[Sequence[int]]) -> Texts:
    """The records of each group as a JSON array."""
    ends = np.cumsum([0, *map(len, groups)], dtype=np.int32)
    rows = np.fromiter(chain.from_iterable(groups), np.int64)
    members = pa.ListArray.from_arrays(pa.array(ends), array_of(raw).take(pa.array(rows)))
    return Texts(pc.binary_join_element_wise("[", pc.binary_join(members, ","), "]", ""))
