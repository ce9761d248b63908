"""How a CSV file is written, as far as geleit does not find it out anew at every reading: told from its beginning."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

from geleit.sources.csv_records import DELIMITERS, Dialect, Row, split
from geleit.sources.lines import Lines, encoding_of

NEARLY = 16  # bytes before the end of what was read within which a character may be cut off
ROWS = 40  # rows looked at
FEW_VALUES = 2  # fields that look like values, from which on a first row is taken for a record
VALUE = re.compile(r"[-+]?[\d.,]*\d[\d.,:/ TZ+-]*|true|false|[^@\s]+@[^@\s]+\.[^@\s]+", re.IGNORECASE)


def csv_fields(head: bytes) -> tuple[dict[str, Any], list[str]]:
    """Fields of ``csv:`` that this file needs, by its first bytes, and what a person should know about them."""
    found: dict[str, Any] = {}
    notes: list[str] = []
    encoding = encoding_of("", head)
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError as error:
        text = head.decode(encoding, "ignore")
        if error.start < len(head) - NEARLY:
            found["encoding"] = "cp1252"  # what German programs on Windows write
            text = head.decode("cp1252", "replace")
    quote = "'" if _singly_quoted(text) else '"'
    if quote == "'":
        found["quote"] = quote
    rows = _rows(text, quote)
    if not rows and (rows := _blank_separated(text)):
        found["delimiter"] = " "
        notes.append("blanks separate its columns (delimiter)")
    above = next((place for place, row in enumerate(rows) if _is_header(row, rows)), 0)
    if above:
        found["skip_lines"] = rows[above].line - 1
        notes.append(f"{found['skip_lines']} lines above the header are left out (skip_lines)")
    if len(rows) > above + 1 and _is_record(rows[above].fields, rows[above + 1].fields):
        found["header"] = [f"column_{number}" for number in range(1, len(rows[above].fields) + 1)]
        notes.append("there is no header line: give the columns their names (header)")
    return found, notes


def _singly_quoted(text: str) -> bool:
    """Whether single quotes stand around most fields, and double ones nowhere."""
    return '"' not in text and len(re.findall(r"(?:^|[;,\t|])'", text, re.MULTILINE)) > text.count("\n")


def _rows(text: str, quote: str) -> list[Row]:
    """The first rows, cut by the delimiter that gives most of them the same number of fields, above one."""
    best: list[Row] = []
    most = (0, 0)
    for delimiter in DELIMITERS:
        rows = []
        for row in split(Lines(io.StringIO(text, newline="")), Dialect(delimiter, quote)):
            rows.append(row)
            if len(rows) == ROWS:
                break
        width, times = _usual(rows)
        if width > 1 and (times, width) > most:
            best, most = rows, (times, width)
    return best


def _blank_separated(text: str) -> list[Row]:
    """The first rows, cut by blanks, if all have the same number of fields and these look like values; none otherwise."""
    rows = list(islice(split(Lines(io.StringIO(text, newline="")), Dialect(" ", blanks=True)), ROWS))
    width, times = _usual(rows)
    values = [field for row in rows[1:2] for field in row.fields if VALUE.fullmatch(field)]
    return rows if width > FEW_VALUES <= len(values) and 1 < times == len(rows) else []


def _usual(rows: Sequence[Row]) -> tuple[int, int]:
    """The commonest number of fields above one, and how many rows have it."""
    counted = Counter(len(row.fields) for row in rows if len(row.fields) > 1)
    return counted.most_common(1)[0] if counted else (0, 0)


def _is_header(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a row is as wide as most, and not mostly empty as a title is."""
    filled = sum(bool(field.strip()) for field in row.fields)
    return len(row.fields) == _usual(rows)[0] and 2 * filled > len(row.fields)


def _is_record(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether what should be names are values: like those below them, and several, or an e-mail address."""
    alike = [
        a for a, b in zip(first, second, strict=False) if VALUE.fullmatch(a.strip()) and VALUE.fullmatch(b.strip())
    ]
    return len(alike) >= FEW_VALUES or any("@" in value for value in alike)
