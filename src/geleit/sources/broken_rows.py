"""Rows of attached files that cannot be read, and whose they are: their records wait for them, for what came would stay.

An event never changes once it is in. A record that came without a row of its own could not take it along later, so it
is held back until the row is mended or gone. Whose a broken row is stands in its key columns, which mostly can be read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import pyarrow as pa

from geleit.sources.definition import SourceDefinition
from geleit.sources.formats import Format
from geleit.sources.records import ATTACHED, UNREAD, Records, Rejected, identify

DELIMITERS = (";", ",", "\t", "|", "\x1f", "\x01", "^")
Key = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that cannot be read, with the values by which it looks for its record."""

    file: str
    line: int
    key: Key


class BrokenRows:
    """The broken rows of the files that are attached under one name; ``names``: the columns that rows go by."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.header: list[str] = []
        self.rows: list[BrokenRow] = []

    def add(self, records: Records, own: SourceDefinition) -> None:
        """Take note of the broken ones among some rows; ``own``: the definition by which their file is read."""
        form = own.format_of(records.file)
        if len(records.raw) and form == "csv":
            self.header = list(msgspec.json.decode(records.raw[0]))
        for one in records.rejected:
            key = self._key(msgspec.json.decode(one.record or "{}"), form, own.csv.delimiter)
            if any(key):
                self.rows.append(BrokenRow(one.file, one.line, key))

    def table(self, names: Sequence[str]) -> pa.Table:
        """Their keys as columns of these names."""
        columns = zip(*(row.key for row in self.rows), strict=True) if self.rows else [[] for _ in names]
        return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})

    def _key(self, record: dict[str, object], form: Format, delimiter: str) -> Key:
        text = str(record.pop(UNREAD, ""))
        if form == "csv":
            header = self.header or list(record)
            fields = _fields(text, (delimiter,) if delimiter else DELIMITERS, len(header))
            return tuple(_field(header, fields, name) for name in self.names)
        if text:
            return tuple(_member(text, name) for name in self.names)
        said = {name.casefold(): value for name, value in record.items()}
        values = [said.get(name.casefold()) for name in self.names]
        return tuple(None if value is None else str(value) for value in values)


def _fields(text: str, marks: Sequence[str], width: int) -> list[str]:
    """The fields of a line, split by the mark that gives most nearly so many of them."""
    line = text.splitlines()[:1]
    split = [next(csv.reader(line, delimiter=mark), []) for mark in marks]
    return min(split, key=lambda fields: abs(len(fields) - width))


def _field(header: Sequence[str], fields: Sequence[str], name: str) -> str | None:
    """The field of a column, counted from the nearer end of the line: what is too much or missing mostly is beyond."""
    names = [one.casefold() for one in header]
    if name.casefold() not in names:
        return None
    place = names.index(name.casefold())
    if 2 * place >= len(names):
        place += len(fields) - len(names)
    return fields[place] if 0 <= place < len(fields) else None


def _member(text: str, name: str) -> str | None:
    """The value of a name in the text of a JSON object that cannot be read as a whole."""
    found = re.search(rf'"{re.escape(name)}"\s*:\s*("(?:[^"\\]|\\.)*"|[^",{{}}\[\]\s]+)', text)
    if found is None:
        return None
    try:
        return str(msgspec.json.decode(found[1])) if found[1].startswith('"') else found[1]
    except msgspec.DecodeError:
        return None


def held_back(definition: SourceDefinition, records: Records, row: int, broken: BrokenRow) -> Rejected:
    """A record of which a row is broken; its own id, for that with its rows will be another one."""
    message = (
        f"{records.file}: line {records.lines[row]} waits for line {broken.line} of {broken.file}, which it takes along "
        "and which cannot be read; mend or remove that line and import again"
    )
    identity = identify(definition.name, f"incomplete\0{records.ids[row]}".encode())
    place = (records.file, records.lines[row])
    found = Rejected(definition.name, *place, "incomplete", message, records.raw[row], identity)
    return replace(found, position=ATTACHED)
