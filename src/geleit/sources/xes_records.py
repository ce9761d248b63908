"""Records of XES event logs: one per event, with its trace's attributes as case:..., read as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat

import msgspec

from geleit.sources.definition import SourceDefinition
from geleit.sources.json_records import Chunk
from geleit.sources.records import Records, UnreadableError

BLOCK = 1 << 16
SILENT = 1 << 26  # bytes without a single tag, beyond which it is no log
CASE = "case:"
CONTAINERS = ("list", "container")
ATTRIBUTES = ("string", "date", "int", "float", "boolean", "id", *CONTAINERS)


def read(definition: SourceDefinition, handle: IO[bytes], name: str, columns: frozenset[str]) -> Iterator[Records]:
    """The records of one log in chunks; their "line" is where the event begins.

    An attribute is a column under its key. One with attributes inside becomes JSON: a list of what it holds, or its
    value beside its children.

    Errors: UnreadableError where the XML is broken or declares entities.
    """
    chunk = Chunk(definition, name, columns)
    log = Log()
    problem = ""
    while not problem:
        block = b""
        try:
            block = handle.read(BLOCK)
            log.feed(block)
        except (expat.ExpatError, OSError, UnreadableError) as error:
            problem = f"not a whole XES log ({error})"
        for line, record in log.taken():
            chunk.add(line, msgspec.json.encode(record), "event at line")
            if chunk.full:
                yield chunk.records()
                chunk = Chunk(definition, name, columns)
        if not block:
            break
    yield chunk.records()
    if problem:
        raise UnreadableError(problem)


class Log:
    """Collects events while the log's text goes by."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.EntityDeclHandler = self._refuse
        self.events: list[tuple[int, dict[str, Any]]] = []
        self.trace: dict[str, Any] = {}
        self.event: dict[str, Any] | None = None
        self.line = 0
        self.open: list[_Node] = []
        self.outside = 0  # depth inside elements that are no attributes of ours: global, extension, classifier
        self.inside_trace = self.root = False
        self.silent = 0

    def feed(self, block: bytes) -> None:
        """Read on; an empty block ends the log.

        Errors: expat.ExpatError, UnreadableError.
        """
        self.silent += len(block)
        self.parser.Parse(block, not block)
        if self.silent > SILENT:
            raise UnreadableError(f"{SILENT >> 20} MB without a tag")

    def taken(self) -> list[tuple[int, dict[str, Any]]]:
        """The events since the last call, with their lines."""
        events, self.events = self.events, []
        return events

    def _refuse(self, *_declaration: object) -> None:
        raise UnreadableError("it declares entities, which a log has no need of")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.silent = 0
        kind = tag.rpartition(" ")[2]
        if not self.root:
            if kind != "log":
                raise UnreadableError(f"it begins with <{kind}>, a log begins with <log>")
            self.root = True
        elif self.outside:
            self.outside += 1
        elif kind == "trace":
            self.trace, self.inside_trace = {}, True
        elif kind == "event":
            self.event, self.line = {}, self.parser.CurrentLineNumber
        elif kind in ATTRIBUTES:
            self.open.append(_Node(kind, attributes.get("key", ""), attributes.get("value", "")))
        elif not (kind == "values" and self.open):
            self.outside = 1

    def _end(self, tag: str) -> None:
        kind = tag.rpartition(" ")[2]
        if self.outside:
            self.outside -= 1
        elif kind == "trace":
            self.trace, self.inside_trace = {}, False
        elif kind == "event" and self.event is not None:
            self.events.append((self.line, self.event | self.trace))
            self.event = None
        elif kind in ATTRIBUTES and self.open:
            node = self.open.pop()
            if self.open:
                self.open[-1].children.append(node)
            elif self.event is not None:
                self.event[node.key] = node.plain()
            elif self.inside_trace:
                self.trace[CASE + node.key] = node.plain()


class _Node:
    """An attribute with those inside it."""

    __slots__ = ("children", "key", "kind", "value")

    def __init__(self, kind: str, key: str, value: str) -> None:
        self.kind, self.key, self.value = kind, key, value
        self.children: list[_Node] = []

    def plain(self) -> Any:
        """Text as it stands; a list as the attributes in it; an attribute with others inside as both."""
        inside = [{child.key: child.plain()} for child in self.children]
        if self.kind in CONTAINERS:
            return inside
        return {"value": self.value, "children": inside} if inside else self.value
