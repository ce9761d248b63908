"""Looks into an export: what has to be declared to read it, and its first records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import msgspec

from geleit.errors import GeleitError
from geleit.events.kinds import snake
from geleit.sources import archives, excel_records, files
from geleit.sources.csv_sample import csv_fields
from geleit.sources.definition import SourceDefinition
from geleit.sources.formats import ARCHIVE, ENDINGS, Format, ending
from geleit.sources.inflating import opened
from geleit.sources.json_sample import records_path
from geleit.sources.located import Located
from geleit.sources.patterns import pattern_of
from geleit.sources.records import DAMAGE, UnreadableError

SAMPLE = 500  # records looked at
HEAD = 1 << 22  # bytes looked at
SHEETS = 8  # sheets looked at
DATABASES = (".sqlite", ".sqlite3", ".db")
TITLE_ROWS = 20  # rows of a sheet looked at for the header

PERSON = re.compile(r"^(e_?mail|mail|phone|telefon|user_?id|customer_?id|kunden_?nr)$")  # what points at somebody

_decoder = msgspec.json.Decoder(float_hook=str)


@dataclass(frozen=True, slots=True)
class Sample:
    """Some records of an export.

    ``fields`` are those of a source definition that this file needs besides its name; ``values``: column to its filled
    values as text, objects opened one level (``user.email``), those that point at a person two (``object.author.email``,
    named in ``deep``); ``columns`` the names as they stand in the file; ``count`` of records, those that are wholly equal to
    another left out (``equal`` of them); ``notes`` are for people.
    """

    form: Format
    fields: Mapping[str, Any]
    values: Mapping[str, Sequence[str]]
    columns: frozenset[str]
    count: int
    notes: tuple[str, ...]
    deep: frozenset[str] = frozenset()
    equal: int = 0


def look(file: Located, part: str = "") -> Sample:
    """The first records of a file; ``part``: of this sheet, or of this file of an archive.

    Errors: GeleitError if it is of no known format, cannot be read, or holds no records.
    """
    if ending(file.name) in DATABASES:
        hint = f"put it into the workspace, then: geleit source guess sqlite:///{PurePosixPath(file.name).name}"
        raise GeleitError(f"'{file.name}' is a database", hint=hint)
    if ending(file.name) not in (ARCHIVE, *ENDINGS):
        known = ", ".join(sorted((ARCHIVE, *ENDINGS)))
        raise GeleitError(f"'{file.name}' is of no known format", hint=f"known endings: {known}")
    fields: dict[str, Any] = {}
    notes: list[str] = []
    try:
        member = _member(file, fields, notes, part) if ending(file.name) == ARCHIVE else ""
        form = ENDINGS[ending(member or file.name)]
        if form == "csv":
            found, more = csv_fields(_head(file, member))
            fields |= {"csv": found} if found else {}
            notes += more
        elif form == "json" and (path := records_path(_head(file, member))):
            fields["records"] = path
        elif form == "excel":
            fields |= _excel_fields(file, fields, notes, part)
    except DAMAGE as error:
        raise GeleitError(f"{file.name} cannot be read: {error}", hint="is it the right file?") from None
    records, equal = distinct(first_records(file, fields))
    values, deep = opened_values(records)
    if not any(values.values()):
        raise GeleitError(f"{file.name} holds no records", hint="export it again, with its header line")
    names = frozenset(name for record in records for name in record)
    return Sample(form, fields, values, names, len(records), tuple(notes), deep, equal)


def _reading(name: str, fields: Mapping[str, Any]) -> SourceDefinition:
    event = {"kind": "guessed", "time": "1", "identifiers": {"email": "1"}}
    return SourceDefinition.model_validate({"file": name, "events": [event], **fields}).named("guess")


def first_records(file: Located, fields: Mapping[str, Any], most: int = SAMPLE) -> Iterator[dict[str, Any]]:
    """The first records of a file that is written as ``fields`` say.

    Errors: GeleitError if none can be read.
    """
    seen = 0
    for records in files.read_one(_reading(file.name, fields), file, frozenset()):
        for text in records.raw[: most - seen]:
            seen += 1
            yield _decoder.decode(text)
        if not seen and records.rejected:
            raise GeleitError(records.rejected[0].message, hint="is it the right file?")
        if seen >= most:
            return


def distinct(records: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Records without those that are wholly equal to an earlier one, and how many these are.

    >>> distinct([{"no": "1", "sum": "5"}, {"sum": "5", "no": "1"}, {"no": "1", "sum": "6"}])
    ([{'no': '1', 'sum': '5'}, {'no': '1', 'sum': '6'}], 1)
    """
    every = list(records)
    once = {msgspec.json.encode(record, order="sorted"): record for record in reversed(every)}
    return list(reversed(once.values())), len(every) - len(once)


def parts(file: Located) -> list[str]:
    """The files of an archive, the sheets of a workbook; none of another file, or one that cannot be read."""
    try:
        if ending(file.name) == ARCHIVE:
            found = archives.members(_reading(file.name, {}), file)
            return [one.name.removeprefix(f"{file.name}/") for one in found if not archives.is_packed(one.name)]
        if ENDINGS.get(ending(file.name)) == "excel":
            return excel_records.peek(file, _reading(file.name, {}), 1)[0]
    except (*DAMAGE, GeleitError):
        return []
    return []


def opened_values(records: Sequence[dict[str, Any]]) -> tuple[dict[str, list[str]], frozenset[str]]:
    """Filled values per column as text; columns that hold nothing but objects are opened one level, and in these persons.

    Returns also the names of what was opened twice.
    """
    values: dict[str, list[str]] = {}
    deep: set[str] = set()
    outer = _only_objects(records)
    insides = {name: [_object(record.get(name)) for record in records] for name in outer}
    persons = {name: _persons(inside) for name, inside in insides.items()}
    for place, record in enumerate(records):
        for name, value in record.items():
            if name not in outer:
                values.setdefault(name, []).extend(_filled(value))
                continue
            for key, one in insides[name][place].items():
                if key not in persons[name]:
                    values.setdefault(f"{name}.{key}", []).extend(_filled(one))
                for last, fact in _object(one).items() if key in persons[name] else ():
                    deep.add(f"{name}.{key}.{last}")
                    values.setdefault(f"{name}.{key}.{last}", []).extend(_filled(fact))
    return values, frozenset(deep)


def _only_objects(records: Sequence[Mapping[str, Any]]) -> set[str]:
    """The names under which there are objects, and nothing else that is filled."""
    objects = {name for record in records for name, value in record.items() if _object(value)}
    plain = {name for record in records for name, value in record.items() if _filled(value) and not _is_object(value)}
    return objects - plain


def _persons(inside: Sequence[Mapping[str, Any]]) -> set[str]:
    """The members of an object that are objects themselves and point at a person."""
    return {
        key
        for key in _only_objects(inside)
        if "." not in key and any(PERSON.search(snake(name)) for one in inside for name in _object(one.get(key)))
    }


def _is_object(value: Any) -> bool:
    """Whether it is an object, even an empty one."""
    return value in ({}, "{}") or bool(_object(value))


def value_text(value: Any) -> str:
    """A value as text without blanks around it; '' for none."""
    return next(iter(_filled(value)), "")


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


def _member(whole: Located, fields: dict[str, Any], notes: list[str], part: str) -> str:
    """The largest file of an archive, or the one that is asked for; if there are others, it is declared and they are named."""
    found = [one for one in archives.members(_reading(whole.name, {}), whole) if not archives.is_packed(one.name)]
    if not found:
        raise UnreadableError(archives.NESTED)
    sizes = {one.name.removeprefix(f"{whole.name}/"): one.size for one in found}
    largest = part or max(sizes, key=lambda name: sizes[name])
    alike = () if part else _alike(largest, list(sizes))
    if len(sizes) > 1:
        fields["member"] = largest
    if len(alike) > 1:
        named = {PurePosixPath(name).name for name in alike}
        fields["member"] = named.pop() if len(named) == 1 else PurePosixPath(pattern_of(largest)).name
        notes.append(f"{len(alike)} files in it are of one form: {fields['member']}")
    if others := ", ".join(name for name in sizes if name not in (largest, *alike)):
        notes.append(f"drafted for {largest}; beside it there is {others}: what is of another kind is another source")
    return largest


def _alike(name: str, names: Sequence[str]) -> list[str]:
    """The files of an archive that have a file's name in other folders, or are named like it but for their digits."""
    own = PurePosixPath(name).name
    same = [one for one in names if PurePosixPath(one).name == own]
    return same if len(same) > 1 else [one for one in names if pattern_of(one) == pattern_of(name)]


def _head(file: Located, member: str) -> bytes:
    """The first bytes of a file, or of a file inside it."""
    if not member:
        with opened(file) as handle:
            return handle.read(HEAD)
    for one in archives.members(_reading(file.name, {}), file):
        if one.name == f"{file.name}/{member}":
            with opened(one) as handle:
                return handle.read(HEAD)
    return b""


def _excel_fields(file: Located, fields: Mapping[str, Any], notes: list[str], part: str) -> dict[str, Any]:
    """The sheet, where there are several, and the header's row, where a title stands above it."""
    if ending(file.name) == ARCHIVE:
        return {}
    given = {"excel": {"sheet": part}} if part else fields
    sheets, chosen, rows = excel_records.peek(file, _reading(file.name, given), TITLE_ROWS)
    for name in () if part else sheets[:SHEETS]:  # an export often begins with a sheet of remarks
        more = excel_records.peek(file, _reading(file.name, {"excel": {"sheet": name}}), TITLE_ROWS)[2]
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
