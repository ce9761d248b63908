"""Prints the rows of one sheet as JSON lines; runs as a process of its own, because a hostile workbook may end it.

``python -m geleit.sources.workbook FILE SHEET`` (a number from 1, or a name in JSON quotes, or null for the first sheet
that is shown and filled). First a line with the sheets, then ``[row, [cells]]`` per row that is not empty, then ``null``.
Columns that are empty throughout are left out.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import python_calamine as calamine

from geleit.sources.zero_padding import Padded, padded

MEMORY = 3 << 30  # bytes of address space; a stray cell in the last row and column of a sheet wants 500 GB
DIGITS = 15  # what Excel shows and keeps; behind them stand traces of binary fractions
LOCKED = "it is protected by a password; save it without one"
NONE: Padded = (0, {})
COMPOUND = b"\xd0\xcf\x11\xe0"
PACKAGE = "EncryptedPackage".encode("utf-16-le")  # what a locked .xlsx holds

Cell = int | float | str | bool | time | date | datetime | timedelta


def shown(value: Cell) -> str:
    """A cell as people see it, in the notation of data: 4711, 19.9, 2026-03-01T10:15:00, 10:15:00, true.

    >>> [shown(v) for v in (4711.0, 0.1 + 0.2, 1e20, True, datetime(2026, 3, 1), timedelta(hours=36, minutes=15))]
    ['4711', '0.3', '100000000000000000000', 'true', '2026-03-01', '36:15:00']
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{Decimal(f'{value:.{DIGITS}g}'):f}"
    if isinstance(value, datetime):
        rounded = _rounded(value)
        return rounded.date().isoformat() if rounded.time() == time() else rounded.isoformat()
    if isinstance(value, time):
        return _rounded(datetime.combine(date(2000, 1, 1), value)).time().isoformat()
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        minutes, rest = divmod(abs(seconds), 60)
        return f"{'-' if seconds < 0 else ''}{minutes // 60}:{minutes % 60:02}:{rest:02}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _rounded(value: datetime) -> datetime:
    """To milliseconds: Excel keeps times as fractions of a day."""
    later = value + timedelta(microseconds=500)
    return later.replace(microsecond=later.microsecond // 1000 * 1000)


def chosen(workbook: calamine.CalamineWorkbook, wanted: str | int | None) -> str:
    """The name of the sheet that is meant; '' if there is none."""
    names = workbook.sheet_names
    if wanted is None:
        shown_first = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.typ == calamine.SheetTypeEnum.WorkSheet and sheet.visible == calamine.SheetVisibleEnum.Visible
        ]
        filled = (name for name in shown_first if workbook.get_sheet_by_name(name).height)
        return next(filled, next(iter(shown_first), names[0] if names else ""))
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        return names[wanted - 1]
    return next((name for name in names if name.casefold() == str(wanted).casefold()), "")


def lines(path: str, wanted: str | int | None) -> Iterator[object]:
    """What is printed, line by line."""
    try:
        with Path(path).open("rb") as handle:  # by its content, not its ending: many an .xls is none
            workbook = calamine.load_workbook(handle)
        name = chosen(workbook, wanted)
        yield {"sheets": workbook.sheet_names, "sheet": name}
        if name:
            yield from rows(workbook.get_sheet_by_name(name), padded(path, name))
        yield None
    except calamine.PasswordError:
        yield {"error": LOCKED}
    except calamine.CalamineError as error:
        if _encrypted(path):
            yield {"error": LOCKED}
            return
        yield {"error": f"it is no workbook, or damaged ({error}); if it is text in truth, add 'format: csv'"}


def _encrypted(path: str) -> bool:
    content = Path(path).read_bytes()
    return content.startswith(COMPOUND) and PACKAGE in content


def rows(sheet: calamine.CalamineSheet, zeros: Iterator[Padded]) -> Iterator[list[object]]:
    """Number and cells of every row that is not empty; ``zeros``: the cells that fill up with zeros, by row."""
    filled: set[int] = set()
    for cells in sheet.iter_rows():
        filled.update(place for place, cell in enumerate(cells) if cell != "")
    places = sorted(filled)
    first = sheet.start[1] if sheet.start else 0  # empty columns before it are not there
    following, digits = next(zeros, NONE)
    for number, cells in enumerate(sheet.iter_rows(), 1):
        row = [shown(cells[place]) for place in places]
        if number == following:
            row = [_filled(text, digits.get(first + place, 0)) for place, text in zip(places, row, strict=True)]
            following, digits = next(zeros, NONE)
        if any(row):
            yield [number, row]


def _filled(text: str, digits: int) -> str:
    return text.zfill(digits) if text.isdecimal() else text


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in lines(sys.argv[1], json.loads(sys.argv[2])):
        sys.stdout.write(json.dumps(line) + "\n")
