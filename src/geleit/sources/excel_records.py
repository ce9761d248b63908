"""Records of a sheet of a workbook (.xlsx, .xlsm, .xlsb, .xls, .ods): one per row below the header, cells as people see them."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from tempfile import NamedTemporaryFile
from typing import IO

import msgspec

from geleit.errors import GeleitError
from geleit.sources import workbook
from geleit.sources.csv_records import Row, RowChunk
from geleit.sources.definition import SourceDefinition
from geleit.sources.formats import COMPRESSED
from geleit.sources.header import require_columns, unique_names
from geleit.sources.inflating import DAMAGES, Allowance, opened
from geleit.sources.located import Located
from geleit.sources.records import DAMAGE, Records, UnreadableError

END = b"null\n"
STOPPED = b'{"error": "it stops its reader: damaged, or with a stray cell far outside; save it anew, or as CSV"}'

_row = msgspec.json.Decoder(tuple[int, list[str]])


def read(definition: SourceDefinition, located: Located, columns: frozenset[str]) -> Iterator[Records]:
    """The records of one sheet in chunks; their "line" is the number of their row. Empty rows are left out.

    Errors: GeleitError for a missing sheet or column; UnreadableError for a damaged or protected workbook.
    """
    with _on_disk(located) as path, _printed(path, definition.excel.sheet) as output:
        _require_sheet(definition, located.name, output)
        rows = _rows(output)
        header = unique_names(_header(definition, located.name, rows))
        if header:
            require_columns(definition, located.name, header, columns)
        chunk = RowChunk(definition, (located.name, "utf-8"), header, columns)
        try:
            for number, cells in rows:
                chunk.add(Row(number, cells, "\t".join(cells)))
                if chunk.full:
                    yield chunk.records()
                    chunk = RowChunk(definition, (located.name, "utf-8"), header, columns)
        except DAMAGE:
            yield chunk.records()
            raise
        yield chunk.records()


def peek(
    located: Located, definition: SourceDefinition, count: int
) -> tuple[list[str], str, list[tuple[int, list[str]]]]:
    """The names of all sheets, of the one that is read, and its first rows that are not empty, with their numbers.

    Errors: as ``read``.
    """
    with _on_disk(located) as path, _printed(path, definition.excel.sheet) as output:
        sheets, chosen = _require_sheet(definition, located.name, output)
        return sheets, chosen, list(islice(_rows(output), count))


def _require_sheet(definition: SourceDefinition, name: str, output: IO[bytes]) -> tuple[list[str], str]:
    found = msgspec.json.decode(output.readline() or STOPPED)
    if "error" in found:
        raise UnreadableError(found["error"])
    if not found["sheet"]:
        sheet, names = definition.excel.sheet, found["sheets"]
        close = difflib.get_close_matches(str(sheet), names, n=1)
        remedy = f"did you mean {close[0]}? " if close else ""
        raise GeleitError(
            f"sources/{definition.name}: {name} has no sheet {sheet!r}; nothing of this file was imported",
            hint=f"{remedy}it has: {', '.join(names) or 'none'}",
        )
    return found["sheets"], found["sheet"]


def _header(definition: SourceDefinition, name: str, rows: Iterator[tuple[int, list[str]]]) -> list[str]:
    wanted = definition.excel.header_row
    number, cells = next((row for row in rows if row[0] >= (wanted or 0)), (wanted, []))
    if wanted and number != wanted:
        raise GeleitError(
            f"sources/{definition.name}: row {wanted} of {name} is empty; nothing of this file was imported",
            hint=f"the next row with something in it is {number}: correct header_row",
        )
    return cells


def _rows(output: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    while line := output.readline():
        if line == END:
            return
        yield _row.decode(line)
    raise UnreadableError(msgspec.json.decode(STOPPED)["error"])


@contextmanager
def _printed(path: str, sheet: str | int | None) -> Iterator[IO[bytes]]:
    """The output of a process of its own that reads the workbook: what ends that one does not end this one."""
    command = [sys.executable, "-P", "-m", workbook.__name__, path, json.dumps(sheet)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603 (own code)
        try:
            if process.stdout:
                yield process.stdout
        finally:
            process.kill()


@contextmanager
def _on_disk(located: Located) -> Iterator[str]:
    """Where the workbook lies on this machine; one that is packed or elsewhere is put into a temporary file."""
    with opened(located) as handle:
        if located.path and not located.name.lower().endswith(COMPRESSED):
            _require_modest(handle)
            yield str(located.path)
            return
        with NamedTemporaryFile() as aside:
            shutil.copyfileobj(handle, aside)
            aside.flush()
            _require_modest(aside)
            yield aside.name


def _require_modest(handle: IO[bytes]) -> None:
    """Refuse a workbook that inflates into something that fills the machine; all but .xls are zip archives."""
    size = handle.seek(0, os.SEEK_END)
    if zipfile.is_zipfile(handle):
        handle.seek(0)
        try:
            with zipfile.ZipFile(handle) as archive:
                Allowance(size).take(sum(info.file_size for info in archive.infolist()))
        except DAMAGES as error:
            raise UnreadableError(f"it is no workbook, or damaged ({error})") from None
