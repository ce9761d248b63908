"""Records of JSON Lines, and what all JSON records share: top-level names are columns, nested values stay JSON text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from typing import IO, Any, cast

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from geleit.sources.definition import SourceDefinition
from geleit.sources.lines import Overlong, encoding_of, read_bounded
from geleit.sources.records import (
    CHUNK_CHARACTERS,
    DAMAGE,
    FILE_RECORDS,
    HOOK,
    RECORD_CHARACTERS,
    UNREAD,
    Reason,
    Records,
    Rejected,
    identify,
)
from geleit.sources.vectors import replaced

BOM = b"\xef\xbb\xbf"

Members = dict[str, msgspec.Raw]
_members = msgspec.json.Decoder(Members)
NOTHING = msgspec.Raw()


def read_lines(
    definition: SourceDefinition, handle: IO[bytes], name: str, columns: frozenset[str]
) -> Iterator[Records]:
    """The records of one JSON Lines file in chunks; a bad line costs only itself."""
    chunk = Chunk(definition, name, columns)
    try:
        for number, line in enumerate(_lines(handle), 1):
            if isinstance(line, Overlong):
                chunk.add_overlong(number, line)
            elif text := line.strip():
                chunk.add(number, text, "line")
            if chunk.full:
                yield chunk.records()
                chunk = Chunk(definition, name, columns)
    except DAMAGE:
        yield chunk.records()
        raise
    yield chunk.records()


def _lines(handle: IO[bytes]) -> Iterator[bytes | Overlong]:
    """Lines as UTF-8; of one that is longer than a record may be, its beginning, length and a hash."""
    buffered = handle if isinstance(handle, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", handle))
    head = buffered.peek(io.DEFAULT_BUFFER_SIZE)
    encoding = encoding_of("", head)
    if encoding != "utf-8-sig":
        text = io.TextIOWrapper(buffered, encoding, newline="\n")
        try:
            while line := read_bounded(text.readline, "\n"):
                yield line.encode() if isinstance(line, str) else line
        finally:
            text.detach()  # the handle is its opener's to close
        return
    buffered.read(len(BOM) if head.startswith(BOM) else 0)
    while line := buffered.readline(RECORD_CHARACTERS + 1):
        ended = len(line) <= RECORD_CHARACTERS or line.endswith(b"\n")
        yield line if ended else cast("Overlong", read_bounded(buffered.readline, b"\n", line))


def members_of(text: bytes) -> Members | None:
    """Top-level names of a JSON object with their JSON text; None for JSON that is no object.

    Errors: msgspec.DecodeError for text that is no JSON.
    """
    try:
        return _members.decode(text)
    except msgspec.ValidationError:
        return None


def column_texts(values: list[bytes]) -> pa.Array:
    """``column_text`` of many values; b"" where there is none."""
    raw = pa.array(values, pa.binary()).cast(pa.string())
    quoted = pc.starts_with(raw, '"')
    filled = pc.invert(pc.is_in(raw, pa.array(["", "null"])))
    found = pc.if_else(quoted, pc.utf8_slice_codeunits(raw, 1, -1), pc.if_else(filled, raw, None))
    return replaced(found, raw, pc.and_(quoted, pc.match_substring(raw, "\\")), msgspec.json.decode)


def column_text(value: msgspec.Raw | None) -> str | None:
    """A JSON value as a column holds it: text as itself, null as nothing, all else as its JSON text."""
    if value is None:
        return None
    raw = bytes(value)
    if raw.startswith(b'"'):
        return str(msgspec.json.decode(raw))
    return None if raw == b"null" else raw.decode()


def table(records: list[Members], columns: frozenset[str]) -> tuple[pa.Table, tuple[str, ...]]:
    """The columns that expressions read, as text, and the names of those that no record has (null throughout)."""
    names = sorted(columns)
    return _table(names, [[bytes(record.get(name, NOTHING)) for record in records] for name in names])


def _table(names: list[str], values: list[list[bytes]]) -> tuple[pa.Table, tuple[str, ...]]:
    arrays = {name: column_texts(column) for name, column in zip(names, values, strict=True)}
    unseen = (name for name, column in zip(names, values, strict=True) if column and name != HOOK and not any(column))
    return pa.table(arrays), tuple(unseen)


@lru_cache(maxsize=100)
def _reader(columns: frozenset[str]) -> msgspec.json.Decoder[Any]:
    """What takes the members of these names out of an object, in their order: quicker than all members by name."""
    fields = [(f"f{place}", msgspec.Raw, NOTHING) for place in range(len(columns))]
    named = {f"f{place}": name for place, name in enumerate(sorted(columns))}
    return msgspec.json.Decoder(msgspec.defstruct("Record", fields, rename=named, gc=False))


def canonical(text: bytes) -> bytes:
    """The same bytes for the same JSON value, however it is written."""
    return msgspec.json.encode(msgspec.json.decode(text), order="sorted")


class Chunk:
    """Collects records until there are enough of them."""

    def __init__(self, definition: SourceDefinition, name: str, columns: frozenset[str]) -> None:
        self.source, self.name, self.columns = definition.name, name, columns
        self.given: list[tuple[int, bytes]] = []
        self.unit = ""
        self.rejected: list[Rejected] = []
        self.characters = 0

    @property
    def full(self) -> bool:
        return len(self.given) + len(self.rejected) >= FILE_RECORDS or self.characters >= CHUNK_CHARACTERS

    def add(self, number: int, text: bytes, unit: str) -> None:
        self.characters += len(text)
        self.unit = unit
        if len(text) > RECORD_CHARACTERS:
            message = f"{unit} {number} has {len(text):,} bytes (at most {RECORD_CHARACTERS:,})"
            self._reject(number, text[:RECORD_CHARACTERS], "too_large", message)
        else:
            self.given.append((number, text))

    def add_overlong(self, number: int, line: Overlong) -> None:
        """Reject a line that is longer than a record may be."""
        self.characters += len(line.text)
        message = f"line {number} has {line.length:,} bytes (at most {RECORD_CHARACTERS:,})"
        self._reject(number, line.text.encode("utf-8", "surrogateescape"), "too_large", message, line.digest)

    def _reject(self, number: int, text: bytes, reason: Reason, message: str, mark: str = "") -> None:
        record = msgspec.json.encode({UNREAD: text.decode("utf-8", "backslashreplace")}).decode()
        identity = identify(self.source, text + mark.encode())
        self.rejected.append(
            Rejected(self.source, self.name, number, reason, f"{self.name}: {message}", record, identity)
        )

    def records(self) -> Records:
        read, members = _reader(self.columns), []
        lines: list[int] = []
        raw: list[str] = []
        ids: list[str] = []
        for number, text in self.given:
            try:
                found = read.decode(text)
                same = canonical(text)
            except (ValueError, RecursionError) as error:  # of msgspec all errors are ValueErrors
                self._reject(number, text, *self._problem(number, text, error))
                continue
            members.append(msgspec.structs.astuple(found))
            lines.append(number)
            raw.append(msgspec.json.format(text, indent=-1).decode())
            ids.append(identify(self.source, same))
        values = [list(map(bytes, column)) for column in zip(*members, strict=True)] or [[] for _ in self.columns]
        columns, unseen = _table(sorted(self.columns), values)
        return Records(self.name, columns, lines, raw, ids, self.rejected, unseen)

    def _problem(self, number: int, text: bytes, error: Exception) -> tuple[Reason, str]:
        """Why a record cannot be read; that it is no JSON says more than that it is no object."""
        if isinstance(error, msgspec.ValidationError):
            try:
                canonical(text)
            except (ValueError, RecursionError) as worse:
                return self._problem(number, text, worse)
            return "not_an_object", f"{self.unit} {number} is no JSON object"
        if isinstance(error, UnicodeDecodeError):
            return "undecodable", f"{self.unit} {number} is not utf-8"
        return "bad_json", f"{self.unit} {number} is not valid JSON: {error}"


def encode(value: Any) -> str:
    """A JSON-able value as compact JSON text."""
    return msgspec.json.encode(value).decode()
