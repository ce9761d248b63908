"""Records of CSV files as people's systems write them: any delimiter, encoding, quotes; a broken line costs only itself."""

from __future__ import annotations

import csv
import difflib
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import msgspec
import pyarrow as pa

from geleit.errors import GeleitError
from geleit.sources.definition import Csv, SourceDefinition
from geleit.sources.records import (
    CHUNK_CHARACTERS,
    CHUNK_RECORDS,
    RECORD_CHARACTERS,
    UNREAD,
    Reason,
    Records,
    Rejected,
    UnreadableError,
    identify,
)

DELIMITERS = (";", ",", "\t", "|")
SNIFFED_LINES = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the file: fields, or the problem that kept them from being read; ``text`` as it stood there."""

    line: int
    fields: list[str]
    text: str
    problem: str = ""


class Lines:
    """Lines of a file that can be given back when they turn out not to belong to a record."""

    def __init__(self, source: IO[str]) -> None:
        self.source = iter(source)
        self.waiting: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else next(self.source)
        self.number += 1
        self.taken.append(line)
        return line

    def peek(self, count: int) -> list[str]:
        """The next lines, without taking them."""
        while len(self.waiting) < count and (line := next(self.source, None)) is not None:
            self.waiting.append(line)
        return list(self.waiting)[:count]

    def keep_first(self) -> str:
        """Give back all lines of the present record but its first."""
        first, *rest = self.taken
        self.waiting.extendleft(reversed(rest))
        self.number -= len(rest)
        return first


def read(definition: SourceDefinition, handle: IO[bytes], name: str, columns: frozenset[str]) -> Iterator[Records]:
    """The records of one CSV file in chunks.

    Errors: GeleitError for a column that an expression reads and the header lacks; UnreadableError for a header that
    cannot be decoded.
    """
    text = io.TextIOWrapper(handle, _encoding(definition.csv), errors="surrogateescape", newline="")
    try:
        yield from _chunks(definition, Lines(text), name, columns)
    finally:
        text.detach()  # the handle is its opener's to close


def _chunks(definition: SourceDefinition, lines: Lines, name: str, columns: frozenset[str]) -> Iterator[Records]:
    delimiter = definition.csv.delimiter or sniff(lines.peek(SNIFFED_LINES), definition.csv.quote)
    rows = split(lines, delimiter, definition.csv.quote)
    first = next(rows, Row(1, [], ""))
    if first.problem or not _encodable(first.text):
        raise UnreadableError(f"its header cannot be read ({first.problem or 'wrong encoding'})")
    header = unique_names(first.fields)
    if header:
        require_columns(definition, name, header, columns)
    chunk = _Chunk(definition, name, header, columns)
    for row in rows:
        chunk.add(row)
        if len(chunk.lines) + len(chunk.rejected) >= CHUNK_RECORDS or chunk.characters >= CHUNK_CHARACTERS:
            yield chunk.records()
            chunk = _Chunk(definition, name, header, columns)
    yield chunk.records()


def split(lines: Lines, delimiter: str, quote: str) -> Iterator[Row]:
    """Rows of fields. A record that cannot be split costs its first line; reading goes on behind it."""
    while True:
        reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True, skipinitialspace=True)
        try:
            while True:
                lines.taken.clear()
                fields = next(reader)
                if fields:
                    yield Row(lines.number - len(lines.taken) + 1, fields, "".join(lines.taken))
        except StopIteration:
            return
        except csv.Error as error:
            text = lines.keep_first()
            yield Row(lines.number, [], text, str(error))


def sniff(lines: list[str], quote: str) -> str:
    """The delimiter that cuts most lines into as many fields as the header; a comma if none cuts at all."""
    best, most = ",", (0, 0)
    for delimiter in DELIMITERS:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=delimiter, quotechar=quote) if row]
        except csv.Error:
            continue
        if counts and counts[0] > 1 and (score := (counts.count(counts[0]), counts[0])) > most:
            best, most = delimiter, score
    return best


def unique_names(header: list[str]) -> list[str]:
    """Column names: empty ones by their number, repeated ones numbered (letters' case does not tell them apart).

    >>> unique_names(["id", "", "Id", " name "])
    ['id', 'column_2', 'Id_2', 'name']
    """
    names: list[str] = []
    seen: set[str] = set()
    for number, given in enumerate(header, 1):
        plain = name = given.strip() or f"column_{number}"
        turn = 2
        while name.casefold() in seen:
            name, turn = f"{plain}_{turn}", turn + 1
        seen.add(name.casefold())
        names.append(name)
    return names


def require_columns(definition: SourceDefinition, file: str, present: list[str], needed: frozenset[str]) -> None:
    """Refuse a file without the columns that expressions read, naming what it has and what looks alike."""
    known = {name.casefold() for name in present}
    missing = sorted(name for name in needed if name.casefold() not in known)
    if not missing:
        return
    by_fold = {name.casefold(): name for name in present}
    close = difflib.get_close_matches(missing[0].casefold(), list(by_fold), n=1, cutoff=0.6)
    remedy = f"did you mean {by_fold[close[0]]}? " if close else ""
    raise GeleitError(
        f"sources/{definition.name}: {file} has no column '{missing[0]}', which its definition reads; "
        "nothing of this file was imported",
        hint=f"{remedy}it has: {', '.join(present)}",
    )


class _Chunk:
    """Collects rows until there are enough of them."""

    def __init__(self, definition: SourceDefinition, name: str, header: list[str], columns: frozenset[str]) -> None:
        self.definition, self.name, self.header = definition, name, header
        self.source = definition.name
        needed = {column.casefold() for column in columns}
        self.places = [(i, column) for i, column in enumerate(header) if column.casefold() in needed]
        self.fields: list[list[str]] = []
        self.lines: list[int] = []
        self.raw: list[str] = []
        self.ids: list[str] = []
        self.rejected: list[Rejected] = []
        self.characters = 0

    def add(self, row: Row) -> None:
        self.characters += len(row.text)
        if problem := self._problem(row):
            self._reject(row, *problem)
            return
        raw = msgspec.json.encode(dict(zip(self.header, row.fields, strict=True)))
        self.fields.append(row.fields)
        self.lines.append(row.line)
        self.raw.append(raw.decode())
        self.ids.append(identify(self.source, raw))

    def _problem(self, row: Row) -> tuple[Reason, str] | None:
        if not (row.text.isascii() or _encodable(row.text)):
            encoding = self.definition.csv.encoding
            remedy = "; try 'encoding: cp1252' under csv" if encoding.lower().replace("-", "") == "utf8" else ""
            return "undecodable", f"line {row.line} is not {encoding}{remedy}"
        if row.problem:
            return "bad_csv", f"line {row.line} cannot be split into fields: {row.problem}"
        if len(row.text) > RECORD_CHARACTERS:
            return "too_large", f"line {row.line} has {len(row.text):,} characters (at most {RECORD_CHARACTERS:,})"
        if len(row.fields) != len(self.header):
            return "wrong_field_count", f"line {row.line} has {len(row.fields)} fields, the header {len(self.header)}"
        return None

    def _reject(self, row: Row, reason: Reason, message: str) -> None:
        text = row.text[:RECORD_CHARACTERS].rstrip("\r\n")
        encoding = _encoding(self.definition.csv)
        shown = text.encode(encoding, "surrogateescape").decode(encoding, "backslashreplace")
        values = [field.encode("utf-8", "replace").decode() for field in row.fields]
        padded = values + [""] * (len(self.header) - len(values)) if values else []
        record = dict(zip(self.header, padded, strict=False)) | {UNREAD: shown}
        identity = identify(self.source, text.encode("utf-8", "surrogateescape"))
        json = msgspec.json.encode(record).decode()
        self.rejected.append(
            Rejected(self.source, self.name, row.line, reason, f"{self.name}: {message}", json, identity)
        )

    def records(self) -> Records:
        arrays = [pa.array([fields[i] for fields in self.fields], pa.string()) for i, _ in self.places]
        table = pa.table(dict(zip((column for _, column in self.places), arrays, strict=True)))
        return Records(self.name, table, self.lines, self.raw, self.ids, self.rejected)


def _encoding(options: Csv) -> str:
    plain = options.encoding.lower().replace("-", "").replace("_", "")
    return "utf-8-sig" if plain == "utf8" else options.encoding


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
