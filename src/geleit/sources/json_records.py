"""Records of JSON Lines, and what all JSON records share: top-level names are columns, nested values stay JSON text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, Any, cast

import msgspec
import pyarrow as pa

from geleit.sources.definition import SourceDefinition
from geleit.sources.lines import Overlong, encoding_of, read_bounded
from geleit.sources.records import (
    CHUNK_CHARACTERS,
    CHUNK_RECORDS,
    DAMAGE,
    RECORD_CHARACTERS,
    UNREAD,
    Reason,
    Records,
    Rejected,
    identify,
)

BOM = b"\xef\xbb\xbf"

Members = dict[str, msgspec.Raw]
_members = msgspec.json.Decoder(Members)


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
    while raw := read_bounded(buffered.readline, b"\n"):
        yield cast("bytes | Overlong", raw)


def members_of(text: bytes) -> Members | None:
    """Top-level names of a JSON object with their JSON text; None for JSON that is no object.

    Errors: msgspec.DecodeError for text that is no JSON.
    """
    try:
        return _members.decode(text)
    except msgspec.ValidationError:
        return None


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
    arrays = {name: pa.array([column_text(r.get(name)) for r in records], pa.string()) for name in sorted(columns)}
    unseen = tuple(name for name in arrays if records and not any(name in record for record in records))
    return pa.table(arrays), unseen


def canonical(text: bytes) -> bytes:
    """The same bytes for the same JSON value, however it is written."""
    return msgspec.json.encode(msgspec.json.decode(text), order="sorted")


class Chunk:
    """Collects records until there are enough of them."""

    def __init__(self, definition: SourceDefinition, name: str, columns: frozenset[str]) -> None:
        self.source, self.name, self.columns = definition.name, name, columns
        self.members: list[Members] = []
        self.lines: list[int] = []
        self.raw: list[str] = []
        self.ids: list[str] = []
        self.rejected: list[Rejected] = []
        self.characters = 0

    @property
    def full(self) -> bool:
        return len(self.lines) + len(self.rejected) >= CHUNK_RECORDS or self.characters >= CHUNK_CHARACTERS

    def add(self, number: int, text: bytes, unit: str) -> None:
        self.characters += len(text)
        if len(text) > RECORD_CHARACTERS:
            message = f"{unit} {number} has {len(text):,} bytes (at most {RECORD_CHARACTERS:,})"
            self._reject(number, text[:RECORD_CHARACTERS], "too_large", message)
            return
        try:
            members = members_of(text)
            same = canonical(text)
        except UnicodeDecodeError:
            self._reject(number, text, "undecodable", f"{unit} {number} is not utf-8")
            return
        except (msgspec.DecodeError, RecursionError) as error:
            self._reject(number, text, "bad_json", f"{unit} {number} is not valid JSON: {error}")
            return
        if members is None:
            self._reject(number, text, "not_an_object", f"{unit} {number} is no JSON object")
            return
        self.members.append(members)
        self.lines.append(number)
        self.raw.append(msgspec.json.format(text, indent=-1).decode())
        self.ids.append(identify(self.source, same))

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
        columns, unseen = table(self.members, self.columns)
        return Records(self.name, columns, self.lines, self.raw, self.ids, self.rejected, unseen)


def encode(value: Any) -> str:
    """A JSON-able value as compact JSON text."""
    return msgspec.json.encode(value).decode()
