"""Records of JSON documents and JSON Lines: top-level names are columns, nested values stay JSON text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import msgspec
import pyarrow as pa

from geleit.errors import GeleitError
from geleit.sources.definition import SourceDefinition
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

DOCUMENT_BYTES = 512 * 1024 * 1024
BOM = b"\xef\xbb\xbf"

Members = dict[str, msgspec.Raw]
_members = msgspec.json.Decoder(Members)
_elements = msgspec.json.Decoder(list[msgspec.Raw])


def read_lines(
    definition: SourceDefinition, handle: IO[bytes], name: str, columns: frozenset[str]
) -> Iterator[Records]:
    """The records of one JSON Lines file in chunks; a bad line costs only itself."""
    chunk = _Chunk(definition, name, columns)
    for number, line in enumerate(handle, 1):
        text = line.removeprefix(BOM).strip() if number == 1 else line.strip()
        if text:
            chunk.add(number, text, "line")
        if chunk.full:
            yield chunk.records()
            chunk = _Chunk(definition, name, columns)
    yield chunk.records()


def read_document(
    definition: SourceDefinition, handle: IO[bytes], name: str, columns: frozenset[str]
) -> Iterator[Records]:
    """The records of one JSON document in chunks; their "line" is their number in the document, from 1.

    Errors: UnreadableError for broken or too large JSON; GeleitError if the path in ``records`` leads nowhere.
    """
    data = handle.read(DOCUMENT_BYTES + 1)
    if len(data) > DOCUMENT_BYTES:
        raise UnreadableError(f"larger than {DOCUMENT_BYTES >> 20} MB; deliver it as JSON Lines")
    if not data.strip():
        data = b"[]"
    chunk = _Chunk(definition, name, columns)
    try:
        found = _descend(definition, name, data.removeprefix(BOM))
    except msgspec.DecodeError as error:
        raise UnreadableError(f"not valid JSON ({error})") from None
    for number, text in enumerate(found, 1):
        chunk.add(number, text, "record")
        if chunk.full:
            yield chunk.records()
            chunk = _Chunk(definition, name, columns)
    yield chunk.records()


def _descend(definition: SourceDefinition, name: str, data: bytes) -> list[bytes]:
    """The JSON text of every record; lists on the way are entered, what is no object there is a record to reject."""
    msgspec.json.decode(data)
    nodes, strays = list(_flat(data)), list[bytes]()
    for part in definition.records.split(".") if definition.records else []:
        inner: list[bytes] = []
        keys: dict[str, None] = {}
        for node in nodes:
            if not node.startswith(b"{"):
                strays.append(node)
                continue
            members = _members.decode(node)
            keys.update(dict.fromkeys(members))
            if part in members:
                inner.extend(_flat(bytes(members[part])))
        if nodes and part not in keys:
            raise GeleitError(
                f"sources/{definition.name}: {name} has no '{part}' on the path records: {definition.records}; "
                "nothing of this file was imported",
                hint=f"there is: {', '.join(keys) or 'nothing'}",
            )
        nodes = inner
    return nodes + strays


def _flat(data: bytes) -> Iterator[bytes]:
    text = data.strip()
    if text.startswith(b"["):
        for element in _elements.decode(text):
            yield from _flat(bytes(element))
    elif text != b"null":
        yield text


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


class _Chunk:
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
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._reject(number, text, "bad_json", f"{unit} {number} is not valid JSON: {error}")
            return
        if members is None:
            self._reject(number, text, "not_an_object", f"{unit} {number} is no JSON object")
            return
        self.members.append(members)
        self.lines.append(number)
        self.raw.append(msgspec.json.format(text, indent=-1).decode())
        self.ids.append(identify(self.source, canonical(text)))

    def _reject(self, number: int, text: bytes, reason: Reason, message: str) -> None:
        record = msgspec.json.encode({UNREAD: text.decode("utf-8", "backslashreplace")}).decode()
        identity = identify(self.source, text)
        self.rejected.append(
            Rejected(self.source, self.name, number, reason, f"{self.name}: {message}", record, identity)
        )

    def records(self) -> Records:
        columns, unseen = table(self.members, self.columns)
        return Records(self.name, columns, self.lines, self.raw, self.ids, self.rejected, unseen)


def encode(value: Any) -> str:
    """A JSON-able value as compact JSON text."""
    return msgspec.json.encode(value).decode()
