"""Records of JSON documents that may be larger than memory: read value by value, wherever in the document they stand."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Sequence

import msgspec

from geleit.errors import GeleitError
from geleit.sources.definition import SourceDefinition
from geleit.sources.inflating import opened
from geleit.sources.json_records import Chunk
from geleit.sources.lines import encoding_of
from geleit.sources.located import Located
from geleit.sources.records import DAMAGE, Records, UnreadableError

BLOCK = 1 << 18  # bytes read at a time
VALUE = 1 << 26  # bytes of one value, beyond which the document is not read further
DEPTH = 50  # lists inside lists that are entered
CUT = 32  # bytes before the window's end within which a number that is cut off looks malformed
KEY = "_key"  # column that holds the name under which a record stood in an object
EVERY = "*"
TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
PLACE = re.compile(r" \(byte (\d+)\)")
SPACE = b" \t\r\n"

_value = msgspec.json.Decoder(msgspec.Raw)


def read(definition: SourceDefinition, located: Located, columns: frozenset[str]) -> Iterator[Records]:
    """The records of one JSON file (one document or several) in chunks; their "line" is their number, from 1.

    Errors: UnreadableError where the JSON is broken; GeleitError if the path in ``records`` leads nowhere.
    """
    path = definition.records.split(".") if definition.records else []
    levels: list[dict[str, None]] = [{} for _ in path]
    chunk = Chunk(definition, located.name, columns)
    with opened(located) as handle:
        document = Document(_utf8(handle))
        try:
            for number, text in enumerate(_all_records(document, path, levels), 1):
                chunk.add(number, text, "record")
                if chunk.full:
                    yield chunk.records()
                    chunk = Chunk(definition, located.name, columns)
        except (msgspec.DecodeError, RecursionError) as error:
            yield chunk.records()
            raise UnreadableError(f"not valid JSON ({document.placed(error)})") from None
        except DAMAGE:
            yield chunk.records()
            raise
    yield chunk.records()
    _require(definition, located.name, path, levels)


def _require(definition: SourceDefinition, name: str, path: Sequence[str], levels: list[dict[str, None]]) -> None:
    for part, seen in zip(path, levels, strict=True):
        if seen and part != EVERY and part not in seen:
            raise GeleitError(
                f"sources/{definition.name}: {name} has no '{part}' on the path records: {definition.records}; "
                "nothing of this file was imported",
                hint=f"there is: {', '.join(list(seen)[:DEPTH])}",
            )


def _all_records(document: Document, path: Sequence[str], levels: list[dict[str, None]]) -> Iterator[bytes]:
    while document.peek():
        yield from _records(document, path, levels, 0)


def _records(document: Document, path: Sequence[str], levels: list[dict[str, None]], depth: int) -> Iterator[bytes]:
    """The next value's records: lists are entered, objects by the path; what is no object there is a record to reject."""
    first = document.peek()
    if first == b"[" and depth < DEPTH:
        document.step()
        while document.more(b"]"):
            yield from _records(document, path, levels, depth + 1)
    elif path and first == b"{":
        document.step()
        while document.more(b"}"):
            name = document.name()
            if len(levels[0]) < DEPTH or name == path[0]:
                levels[0][name] = None
            if path == [EVERY]:
                yield _keyed(name, document.value())
            elif path[0] in (name, EVERY):
                yield from _records(document, path[1:], levels[1:], 0)
            else:
                document.skip()
    elif (text := document.value()) != b"null":
        yield text


def _keyed(name: str, text: bytes) -> bytes:
    """A member of an object with its name as a column; a column of that name stands as it is."""
    if not text.startswith(b"{"):
        return text
    inner = text[1:].lstrip()
    return b'{"' + KEY.encode() + b'":' + msgspec.json.encode(name) + (b"" if inner == b"}" else b",") + inner


class Document:
    """JSON text through a window: one value after the other, in the order in which they stand."""

    def __init__(self, source: io.BufferedReader | Encoded) -> None:
        self.source = source
        self.window, self.view = b"", memoryview(b"")
        self.place = self.before = 0
        self.ended = self.fresh = False

    def peek(self) -> bytes:
        """The next character that is no blank; b"" at the end."""
        while True:
            window, end = self.window, len(self.window)
            while self.place < end and window[self.place] in SPACE:
                self.place += 1
            if self.place < end:
                return window[self.place : self.place + 1]
            if self.ended:
                return b""
            self._refill()

    def step(self) -> None:
        """Go past the character that opens a list or an object."""
        self.place += 1
        self.fresh = True

    def more(self, closing: bytes) -> bool:
        """Whether another value follows before ``closing``; goes past the comma or past ``closing``."""
        found, fresh, self.fresh = self.peek(), self.fresh, False
        if found == closing:
            self.place += 1
            return False
        if not fresh:
            self._expect(b",")
        return True

    def name(self) -> str:
        """The name of the next member, and past its colon."""
        if self.peek() != b'"':
            raise msgspec.DecodeError("an object's name is missing")
        name = msgspec.json.decode(self.value(), type=str)
        self._expect(b":")
        return name

    def value(self) -> bytes:
        """The text of the next value."""
        self.peek()
        while (end := self._end()) is None:
            self._refill()
        text = self.window[self.place : end].rstrip(SPACE)
        self.place = end
        return text

    def skip(self) -> None:
        """Go past the next value, however large."""
        first = self.peek()
        end = self._end()
        if end is not None:
            self.place = end
        elif first == b"[":
            self.step()
            while self.more(b"]"):
                self.skip()
        elif first == b"{":
            self.step()
            while self.more(b"}"):
                self.name()
                self.skip()
        else:
            self.value()

    def _end(self) -> int | None:
        """Where in the window the next value ends; None if it may go on behind it."""
        try:
            _value.decode(self.view[self.place :])
        except msgspec.DecodeError as error:
            if found := TRAILING.search(str(error)):
                return self.place + int(found[1]) - 1
            if not self._cut(error):
                raise
            return None
        return len(self.window) if self.ended else None

    def placed(self, error: Exception) -> str:
        """What is wrong, and at which byte of the document."""
        if not isinstance(error, msgspec.DecodeError):
            return "lists or objects lie too deep inside each other"
        found = PLACE.search(str(error))
        byte = self.before + self.place + (int(found[1]) if found else 0)
        return f"{PLACE.sub('', str(error))}, at byte {byte:,}"

    def _expect(self, character: bytes) -> None:
        if self.peek() != character:
            raise msgspec.DecodeError(f"'{character.decode()}' is missing" if self.peek() else "it is cut off")
        self.place += 1

    def _cut(self, error: msgspec.DecodeError) -> bool:
        """Whether a value only looks broken because the window ends in it."""
        if self.ended:
            return False
        found = PLACE.search(str(error))
        return "truncated" in str(error) or (found is not None and self.place + int(found[1]) > len(self.window) - CUT)

    def _refill(self) -> None:
        rest = self.window[self.place :]
        if len(rest) > VALUE:
            raise UnreadableError(f"a value in it is larger than {VALUE >> 20} MB; deliver it as JSON Lines")
        block = part = self.source.read1(BLOCK)  # read would lose what precedes damage
        while part and len(block) < len(rest):  # doubled, so that a large value is not tried too often
            block += (part := self.source.read1(BLOCK))
        self.ended = not part
        self.before += self.place
        self.window, self.place = rest + block, 0
        self.view = memoryview(self.window)


class Encoded:
    """A text of another encoding as UTF-8."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text = text

    def read1(self, size: int) -> bytes:
        """At most so many characters."""
        return self.text.read(size).encode()


def _utf8(handle: io.BufferedReader) -> io.BufferedReader | Encoded:
    head = handle.peek(len(codecs.BOM_UTF8))
    encoding = encoding_of("", head)
    if encoding == "utf-8-sig":
        handle.read(len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0)
        return handle
    return Encoded(io.TextIOWrapper(handle, encoding))
