"""Looks into an export: what has to be declared to read it, and its first records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from geleit.errors import GeleitError
from geleit.sources import archives, excel_records, files
from geleit.sources.csv_sample import csv_fields
from geleit.sources.definition import SourceDefinition
from geleit.sources.formats import ARCHIVE, ENDINGS, Format, ending
from geleit.sources.inflating import opened
from geleit.sources.json_sample import records_path
from geleit.sources.located import Located, on_disk
from geleit.sources.records import DAMAGE, UnreadableError

SAMPLE = 500  # records looked at
HEAD = 1 << 22  # bytes looked at
SHEETS = 8  # sheets looked at
TITLE_ROWS = 20  # rows of a sheet looked at for the header

_decoder = msgspec.json.Decoder(float_hook=str)


@dataclass(frozen=True, slots=True)
class Sample:
    """Some records of an export.

    ``fields`` are those of a source definition that this file needs besides its name; ``values``: column to its filled
    values as text, objects opened one level (``user.email``); ``columns`` the names as they stand in the file; ``count``
    of records; ``notes`` are for people.
    """

    form: Format
    fields: Mapping[str, Any]
    values: Mapping[str, Sequence[str]]
    columns: frozenset[str]
    count: int
    notes: tuple[str, ...]


def look(file: Path) -> Sample:
    """The first records of a file.

    Errors: GeleitError if it is of no known format, cannot be read, or holds no records.
    """
    if ending(file.name) not in (ARCHIVE, *ENDINGS):
        known = ", ".join(sorted((ARCHIVE, *ENDINGS)))
        raise GeleitError(f"'{file.name}' is of no known format", hint=f"known endings: {known}")
    fields: dict[str, Any] = {}
    notes: list[str] = []
    try:
        member = _member(file, fields, notes) if ending(file.name) == ARCHIVE else ""
        form = ENDINGS[ending(member or file.name)]
        if form == "csv":
            found, more = csv_fields(_head(file, member))
            fields |= {"csv": found} if found else {}
            notes += more
        elif form == "json" and (path := records_path(_head(file, member))):
            fields["records"] = path
        elif form == "excel":
            fields |= _excel_fields(file, fields, notes)
    except DAMAGE as error:
        raise GeleitError(f"{file.name} cannot be read: {error}", hint="is it the right file?") from None
    records = list(_first_records(file, fields))
    values = opened_values(records)
    if not any(values.values()):
        raise GeleitError(f"{file.name} holds no records", hint="export it again, with its header line")
    names = frozenset(name for record in records for name in record)
    return Sample(form, fields, values, names, len(records), tuple(notes))


def _reading(name: str, fields: Mapping[str, Any]) -> SourceDefinition:
    event = {"kind": "guessed", "time": "1", "identifiers": {"email": "1"}}
    return SourceDefinition.model_validate({"file": name, "events": [event], **fields}).named("guess")


def _located(file: Path) -> Located:
    return on_disk(file, file.name)


def _first_records(file: Path, fields: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    seen = 0
    for records in files.read_one(_reading(file.name, fields), _located(file), frozenset()):
        for text in records.raw[: SAMPLE - seen]:
            seen += 1
            yield _decoder.decode(text)
        if not seen and records.rejected:
            raise GeleitError(records.rejected[0].message, hint="is it the right file?")
        if seen >= SAMPLE:
            return


def opened_values(records: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Filled values per column as text; columns that hold objects are opened one level."""
    values: dict[str, list[str]] = {}
    for record in records:
        for name, value in record.items():
            inside = _object(value)
            if not inside:
                values.setdefault(name, []).extend(_filled(value))
            for key, one in inside.items():
                values.setdefault(f"{name}.{key}", []).extend(_filled(one))
    return values


def _filled(value: Any) -> list[str]:
    text = value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()
    return [text.strip()] if text.strip() else []


def _object(value: Any) -> dict[str, Any]:
    """A value that is an object, or a text that is one in JSON."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = _decoder.decode(value)
        except msgspec.DecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def _member(file: Path, fields: dict[str, Any], notes: list[str]) -> str:
    """The largest file of an archive; if there are others, it is declared and they are named."""
    whole = _located(file)
    found = [one for one in archives.members(_reading(file.name, {}), whole) if not archives.is_packed(one.name)]
    if not found:
        raise UnreadableError(archives.NESTED)
    sizes = {one.name.removeprefix(f"{whole.name}/"): one.size for one in found}
    largest = max(sizes, key=lambda name: sizes[name])
    if len(sizes) > 1:
        fields["member"] = largest
        others = ", ".join(name for name in sizes if name != largest)
        notes.append(f"drafted for {largest}; beside it there is {others}: what is of another kind is another source")
    return largest


def _head(file: Path, member: str) -> bytes:
    """The first bytes of a file, or of a file inside it."""
    if not member:
        with opened(_located(file)) as handle:
            return handle.read(HEAD)
    for one in archives.members(_reading(file.name, {}), _located(file)):
        if one.name == f"{file.name}/{member}":
            with opened(one) as handle:
                return handle.read(HEAD)
    return b""


def _excel_fields(file: Path, fields: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """The sheet, where there are several, and the header's row, where a title stands above it."""
    located = _located(file)
    if ending(file.name) == ARCHIVE:
        return {}
    sheets, chosen, rows = excel_records.peek(located, _reading(file.name, fields), TITLE_ROWS)
    for name in sheets[:SHEETS]:  # an export often begins with a sheet of remarks
        more = excel_records.peek(located, _reading(file.name, {"excel": {"sheet": name}}), TITLE_ROWS)[2]
        if _breadth(more) > _breadth(rows):
            chosen, rows = name, more
    found: dict[str, Any] = {}
    if len(sheets) > 1:
        found["sheet"] = chosen
        others = ", ".join(name for name in sheets if name != chosen)
        notes.append(f"drafted for the sheet {chosen}; there is also {others}")
    width = max((sum(map(bool, cells)) for _, cells in rows), default=0)
    header = next((number for number, cells in rows if 2 * sum(map(bool, cells)) > width), 0)
    if rows and header and header != rows[0][0]:
        found["header_row"] = header
        notes.append(f"row {header} was taken for the header: what stands above it is left out")
    return {"excel": found} if found else {}


def _breadth(rows: Sequence[tuple[int, list[str]]]) -> int:
    """How many cells of the first rows are filled."""
    return sum(bool(cell) for _, cells in rows for cell in cells)
