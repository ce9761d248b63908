"""Which cells of an .xlsx sheet show leading zeros: numbers in a format such as 00000, as postal codes and customer numbers have it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import IO
from xml.etree import ElementTree as ET

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
ZEROS = re.compile(r"(?:\[[^\]]*\])*(0{2,})(?:;.*)?")  # 00000, [$-407]00000, 00000;-00000
REFERENCE = re.compile(r"([A-Z]+)\d+")

Padded = tuple[int, dict[int, int]]  # number of a row from 1; place of a column from 0 to digits


def padded(path: str, sheet: str) -> Iterator[Padded]:
    """The rows of a sheet with such cells, in order; nothing for other workbooks than .xlsx and .xlsm."""
    if not zipfile.is_zipfile(path):
        return
    with (
        zipfile.ZipFile(path) as archive,
        suppress(KeyError, ET.ParseError),
    ):  # another form of workbook, or a strange one
        if digits := _digits(archive):
            with archive.open(_part(archive, sheet)) as handle:
                yield from _rows(handle, digits)


def _digits(archive: zipfile.ZipFile) -> dict[str, int]:
    """Numbers of cell formats that fill up with zeros, and to how many digits."""
    styles = _tree(archive, "xl/styles.xml")
    widths = {
        one.get("numFmtId"): len(found[1])
        for one in styles.iterfind(f"{MAIN}numFmts/{MAIN}numFmt")
        if (found := ZEROS.fullmatch(one.get("formatCode", "")))
    }
    formats = styles.iterfind(f"{MAIN}cellXfs/{MAIN}xf")
    return {str(place): widths[id_] for place, one in enumerate(formats) if (id_ := one.get("numFmtId")) in widths}


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Where in the archive a sheet lies."""
    book = _tree(archive, "xl/workbook.xml")
    names = {one.get("name"): one.get(RELATED) for one in book.iterfind(f"{MAIN}sheets/{MAIN}sheet")}
    targets = {one.get("Id"): one.get("Target", "") for one in _tree(archive, "xl/_rels/workbook.xml.rels")}
    return str(PurePosixPath("/xl") / targets[names[sheet]]).lstrip("/")


def _tree(archive: zipfile.ZipFile, part: str) -> ET.Element:
    return ET.fromstring(archive.read(part))  # noqa: S314 (its memory is bounded, and expat bounds what entities inflate to)


def _rows(handle: IO[bytes], digits: dict[str, int]) -> Iterator[Padded]:
    number = 0
    for _, row in ET.iterparse(handle):  # noqa: S314 (its memory is bounded, and expat bounds what entities inflate to)
        if row.tag != f"{MAIN}row":
            continue
        number = int(row.get("r") or number + 1)
        found, place = {}, -1
        for cell in row.iterfind(f"{MAIN}c"):
            reference = REFERENCE.fullmatch(cell.get("r", ""))
            place = _column(reference[1]) if reference else place + 1
            if (width := digits.get(cell.get("s", ""))) and cell.get("t", "n") == "n":
                found[place] = width
        row.clear()
        if found:
            yield number, found


def _column(letters: str) -> int:
    """A column's place from 0.

    >>> [_column(letters) for letters in ("A", "Z", "AA")]
    [0, 25, 26]
    """
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1
