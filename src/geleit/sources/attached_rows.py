"""Rows of other files that records take along: kept in a temporary file, found by their keys, written into the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geleit.errors import GeleitError
from geleit.sources.attach import Attach, attached_files, wanted_columns
from geleit.sources.broken_rows import BrokenRow, BrokenRows, held_back
from geleit.sources.definition import SourceDefinition
from geleit.sources.located import Located
from geleit.sources.records import (
    ATTACHED,
    CHUNK_CHARACTERS,
    DAMAGE,
    RECORD_CHARACTERS,
    Loose,
    Records,
    Rejected,
    UnreadableError,
    identify,
    told_briefly,
)
from geleit.sources.vectors import Texts, array_of, flat, hashed, record_texts, scratch, texts

Reader = Callable[[SourceDefinition, Located, frozenset[str]], Iterator[Records]]
Places = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

NAMED = 5  # rows without a record that are named
KEY_SHOWN = 60  # characters of a key that are shown
IN_MEMORY = 16_000_000  # bytes of rows from which on they lie in a temporary file
TABULAR = ("csv", "excel", "parquet")  # formats whose columns hold all that a row says


def with_attached(
    definition: SourceDefinition, located: Located, columns: frozenset[str], read: Reader
) -> Iterator[Records]:
    """The records of one file as ``read`` gives them, each with the rows of the attached files that belong to it.

    Behind them comes which rows belong to no record. Rows that cannot be read are rejected, and with them the records whose
    they are; an attached file that is missing or damaged costs the whole file. What would come without what belongs to it
    could not be completed later.

    Errors: GeleitError for a missing file or column; UnreadableError for a damaged attached file.
    """
    if not definition.attach:
        yield from read(definition, located, columns)
        return
    files = attached_files(definition, located)
    with ExitStack() as stack:
        rows = {name: stack.enter_context(AttachedRows(definition.attach[name])) for name in files}
        for name, some in files.items():
            for one in some:
                yield from _gathered(definition, located, (rows[name], one), read)
            rows[name].sort()
        for records in read(definition, located, wanted_columns(definition, columns)):
            yield from _joined(definition, records, rows)
        loose = tuple(one for name in files for one in rows[name].loose())
        if loose:
            yield Records(located.name, pa.table({}), [], [], [], loose=loose)


def _gathered(
    definition: SourceDefinition, located: Located, target: tuple[AttachedRows, Located], read: Reader
) -> Iterator[Records]:
    """Take in the rows of one attached file; what comes are those that cannot be read."""
    rows, file = target
    rows.begin(file.name)
    own = rows.attach.own(definition, file.name)
    try:
        for records in read(own, file, rows.attach.reads()):
            rows.broken.add(records, own)
            if records.rejected:
                rejected = [replace(one, position=ATTACHED) for one in records.rejected]
                yield Records(located.name, pa.table({}), [], [], [], rejected)
            if records.lines:
                rows.add(records, tabular=own.format_of(file.name) in TABULAR)
    except DAMAGE as error:
        said = (isinstance(error, OSError) and error.strerror) or str(error)
        raise UnreadableError(f"{file.name}, whose rows it takes along, cannot be read: {said}") from None
    if file.changed():
        raise UnreadableError(f"{file.name}, whose rows it takes along, changed while it was read")


class AttachedRows:
    """The rows of one attached file as JSON objects, by their keys: some bytes of memory each, the rest in a temporary file."""

    def __init__(self, attach: Attach) -> None:
        self.attach = attach
        self.store = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (closed by __exit__)
        self.ends = [np.zeros(1, np.int64)]
        self.high: list[Hashes] = []
        self.low: list[Hashes] = []
        self.size = 0
        self.files: list[tuple[str, int]] = []  # with the row at which each begins
        self.lines: list[Sequence[int] | Places] = []
        self.count = 0
        self.broken = BrokenRows(list(attach.by.values()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()

    def begin(self, file: str) -> None:
        """The rows that follow are those of this file."""
        self.files.append((file, self.count))

    def add(self, records: Records, *, tabular: bool) -> None:
        """Keep some rows; each stands in the store with a comma behind it."""
        written = flat(pc.binary_join_element_wise(self._texts(records, tabular), "", ","))
        sizes = pc.binary_length(written).to_numpy(zero_copy_only=False).astype(np.int64)
        self.store.write(b"".join(_bytes(written)))
        self.ends.append(np.cumsum(sizes) + self.size)
        self.size += int(sizes.sum())
        high, low = _keys(records.columns, list(self.attach.by.values()))
        self.high.append(high)
        self.low.append(low)
        lines = told_briefly(records.lines)
        self.lines.append(lines if isinstance(lines, range) else np.asarray(lines, np.int64))
        self.count += len(records.lines)

    def _texts(self, records: Records, tabular: bool) -> pa.Array:
        """The rows as JSON objects, with the columns that are taken along."""
        if not self.attach.columns:
            return array_of(records.raw)
        if tabular:
            wanted = [_named(records.columns, name) for name in self.attach.columns]
            return record_texts(records.columns.select(wanted))
        chosen = []
        for raw in records.raw:
            row = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
            chosen.append(
                msgspec.json.encode({name: row[name] for name in self.attach.columns if name in row}).decode()
            )
        return pa.array(chosen, pa.string())

    def sort(self) -> None:
        """All rows are kept: get ready to find them."""
        high = np.concatenate(self.high) if self.high else np.zeros(0, np.uint64)
        self.order = np.argsort(high, kind="stable")
        self.sorted = high[self.order]
        self.check = np.concatenate(self.low) if self.low else np.zeros(0, np.uint64)
        self.places = np.concatenate(self.ends)
        self.used = np.zeros(len(high), bool)
        self.high, self.low, self.ends = [], [], []
        heads = list(self.attach.by)
        broken = self.broken.rows
        keys = zip(*_keys(self.broken.table(heads), heads), strict=True) if broken else ()
        self.lacking = dict(zip(keys, broken, strict=True))

    def loose(self) -> list[Loose]:
        """What each file gave to the records until now."""
        found = []
        for (file, start), (_, end) in pairwise([*self.files, ("", len(self.used))]):
            unused = np.flatnonzero(~self.used[start:end]) + start
            first = tuple((self._line(int(row)), self._key(int(row))) for row in unused[:NAMED])
            found.append(Loose(file, end - start, len(unused), first))
        return found

    def _line(self, row: int) -> int:
        for lines in self.lines:
            if row < len(lines):
                return int(lines[row])
            row -= len(lines)
        return 0

    def _key(self, row: int) -> str:
        """The values by which a row looks for its record, as far as they are taken along."""
        text = self.bytes(int(self.places[row]), int(self.places[row + 1]))[:-1]
        said = {name.casefold(): value for name, value in msgspec.json.decode(text, type=dict[str, Any]).items()}
        values = (said.get(name.casefold()) for name in self.attach.by.values())
        return " ".join(str(value).strip() for value in values if value is not None)[:KEY_SHOWN]

    def find(self, records: Records) -> Found:
        """The rows that belong to some records."""
        high, low = _keys(records.columns, list(self.attach.by))
        first = np.searchsorted(self.sorted, high, "left")
        counts = np.searchsorted(self.sorted, high, "right") - first
        owners = np.repeat(np.arange(len(high)), counts)
        ends = np.cumsum(counts)
        within = np.arange(len(owners)) - np.repeat(ends - counts, counts)
        rows = self.order[np.repeat(first, counts) + within]
        same = (self.check[rows] == low[owners]) & (high[owners] > 0)
        rows, owners = rows[same], owners[same]
        self.used[rows] = True
        sizes = np.bincount(owners, self.places[rows + 1] - self.places[rows], len(high)).astype(np.int64)
        return Found(self, rows, np.searchsorted(owners, np.arange(len(high) + 1)), sizes, self._broken(high, low))

    def _broken(self, high: Hashes, low: Hashes) -> dict[int, BrokenRow]:
        """Which of some records have a row that is broken, by their keys; the last one of each."""
        if not self.lacking:
            return {}
        some = np.flatnonzero(np.isin(high, np.array([key for key, _ in self.lacking], np.uint64)))
        found = {int(row): self.lacking.get((high[row], low[row])) for row in some}
        return {row: one for row, one in found.items() if one}

    def bytes(self, start: int, end: int) -> bytes:
        """Some of the store."""
        self.store.seek(start)
        return self.store.read(end - start)


class Found:
    """The rows that belong to some records: ``sizes`` in bytes per record, ``text`` as a JSON array.

    ``broken``: the records that also have a row that cannot be read.
    """

    def __init__(
        self, kept: AttachedRows, rows: Places, begins: Places, sizes: Places, broken: Mapping[int, BrokenRow]
    ) -> None:
        self.kept, self.rows, self.begins, self.sizes, self.broken = kept, rows, begins, sizes, broken

    def text(self, record: int) -> str:
        """The rows of one record in the order of their file."""
        rows = self.rows[self.begins[record] : self.begins[record + 1]]
        if not len(rows):
            return "[]"
        places, first, last = self.kept.places, int(rows[0]), int(rows[-1])
        if last - first == len(rows) - 1:  # they stand together, as in most files
            joined = self.kept.bytes(int(places[first]), int(places[last + 1]))
        else:
            joined = b"".join(self.kept.bytes(int(places[row]), int(places[row + 1])) for row in rows)
        return f"[{joined[:-1].decode()}]"


def _bytes(array: pa.Array) -> Iterator[memoryview]:
    """The bytes of all texts of an array, one behind the other."""
    if len(array):
        ends = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1]
        yield memoryview(array.buffers()[2])[int(ends[0]) : int(ends[-1])]


def _named(table: pa.Table, name: str) -> str:
    """A column's name as its file writes it."""
    return next((one for one in table.column_names if one.casefold() == name.casefold()), name)


def _keys(table: pa.Table, names: Sequence[str]) -> tuple[Hashes, Hashes]:
    """A hash of 128 bits of the key of each row; 0 for a row without one. Equal values are looked at once."""
    parts = []
    for name in names:
        values = flat(table[_named(table, name)]).dictionary_encode()
        plain = texts(pa.chunked_array([values.dictionary]), json=False)
        length = pc.binary_length(plain).cast(pa.string())  # tells (1, 11) from (11, 1)
        parts.append(pc.binary_join_element_wise(length, plain, ":").take(values.indices))
    empty = parts[0].is_null()
    for part in parts[1:]:
        empty = pc.and_(empty, part.is_null())
    filled = [pc.fill_null(part, "") for part in parts]
    whole = pc.if_else(empty, None, pc.binary_join_element_wise(*filled, "")).dictionary_encode()
    places = pc.fill_null(whole.indices, len(whole.dictionary)).to_numpy()
    high, low = key_hashes(whole.dictionary)
    return np.append(high, np.uint64(0))[places], np.append(low, np.uint64(0))[places]


def key_hashes(keys: pa.Array) -> tuple[Hashes, Hashes]:
    """Two hashes of 64 bits of each of some texts; the first is never 0."""
    with scratch() as duck:
        duck.register("given", pa.table({"key": keys}))
        hashes = "greatest(md5_number_upper(key), 1) AS high, md5_number_lower(key) AS low"
        answer = duck.sql(f"SELECT {hashes} FROM given").to_arrow_table()  # noqa: S608 (a fixed text)
    high, low = (flat(answer[name]).to_numpy(zero_copy_only=False) for name in ("high", "low"))
    return high.astype(np.uint64), low.astype(np.uint64)


def _joined(definition: SourceDefinition, records: Records, rows: Mapping[str, AttachedRows]) -> Iterator[Records]:
    """Some records with the rows that belong to them, in chunks that are not too large."""
    if not records.lines:
        yield records
        return
    own = {name.casefold() for name in msgspec.json.decode(records.raw[0])}
    if taken := own & {name.casefold() for name in rows}:
        raise GeleitError(
            f"sources/{definition.name}: {records.file} has itself a column '{min(taken)}'; nothing of this file was imported",
            hint="give the rows under attach another name",
        )
    found = {name: one.find(records) for name, one in rows.items()}
    total = sum(one.sizes for one in found.values()) + pc.binary_length(array_of(records.raw)).to_numpy()
    fits = total <= RECORD_CHARACTERS
    broken = {row: one for some in found.values() for row, one in some.broken.items()}
    rejected = [
        *records.rejected,
        *(_too_large(definition, records, int(row), int(total[row])) for row in np.flatnonzero(~fits)),
        *(held_back(definition, records, row, one) for row, one in sorted(broken.items()) if fits[row]),
    ]
    fits[list(broken)] = False
    places = np.flatnonzero(fits)
    ends = np.cumsum(total[places]) // CHUNK_CHARACTERS
    for part in np.split(places, np.flatnonzero(np.diff(ends)) + 1):
        yield _attached(definition, records, found, (part.tolist(), rejected))
        rejected = []


def _attached(
    definition: SourceDefinition, records: Records, found: Mapping[str, Found], part: tuple[list[int], list[Rejected]]
) -> Records:
    """Some of the records with their rows: as columns, in their raw text, and in their ids."""
    chosen, rejected = part
    here = records.take(chosen)
    arrays = {name: pa.array([one.text(row) for row in chosen], pa.string()) for name, one in found.items()}
    raw: list[pa.Array | pa.Scalar] = [pc.utf8_slice_codeunits(array_of(here.raw), 0, -1)]
    known: list[pa.Array | pa.Scalar] = [array_of(here.ids)]
    for name, array in arrays.items():
        raw += [pa.scalar(f',"{name}":'), array]
        known += [pa.scalar(f"\n{name}:"), array]
    table = here.columns
    for name, array in arrays.items():
        table = table.append_column(name, array)
    whole = pc.binary_join_element_wise(*raw, pa.scalar("}"), "")
    ids = hashed(definition.name, pc.binary_join_element_wise(*known, ""))
    return Records(here.file, table, here.lines, Texts(whole), Texts(ids), rejected, here.unseen)


def _too_large(definition: SourceDefinition, records: Records, row: int, size: int) -> Rejected:
    line = records.lines[row]
    message = (
        f"{records.file}: line {line} has {size:,} characters with the rows that it takes along "
        f"(at most {RECORD_CHARACTERS:,}); name the needed ones under attach: columns"
    )
    identity = identify(definition.name, f"attached\0{records.ids[row]}".encode())
    return Rejected(definition.name, records.file, line, "too_large", message, records.raw[row], identity)
