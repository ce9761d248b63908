"""Writes the systems' exports: text with or without gzip, JSON documents, Parquet, SQLite, workbooks. Equal input, equal bytes."""

from __future__ import annotations

import gzip
import sqlite3
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, cast
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq

Line = str | bytes

_ZIP_DATE = (2026, 10, 31, 6, 0, 0)
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_PART = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_WORKBOOK = {
    "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-'
    f'package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
    f'ContentType="{_PART}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_PART}.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


class Exports:
    """The folder of exports; files stay open while people come in portions, and are finished by ``close``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._texts: dict[str, IO[bytes]] = {}
        self._raw: list[IO[bytes]] = []
        self._documents: dict[str, tuple[str, bool]] = {}
        self._tables: dict[str, pq.ParquetWriter] = {}
        self._databases: dict[str, sqlite3.Connection] = {}
        self._sheets: dict[str, list[Sequence[str]]] = {}

    def lines(self, name: str, header: str, lines: Iterable[Line], *, encoding: str = "utf-8", end: str = "\n") -> None:
        """Add lines to a text file; letters that its encoding lacks become ?, as old systems write them.

        Bytes are written as they are.
        """
        handle = self._texts.get(name)
        if handle is None:
            handle = self._texts[name] = self._opened(name)
            if header:
                handle.write(f"{header}{end}".encode(encoding))
        last = end.encode(encoding)
        block: list[str] = []
        for line in lines:
            if isinstance(line, bytes):
                handle.write("".join(block).encode(encoding, "replace"))
                handle.write(line + last)
                block = []
            else:
                block.append(line + end)
        handle.write("".join(block).encode(encoding, "replace"))

    def _opened(self, name: str) -> IO[bytes]:
        raw = (self.folder / name).open("wb")
        if not name.endswith(".gz"):
            return raw
        self._raw.append(raw)
        packed = gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=raw, mtime=0)
        return cast("IO[bytes]", packed)

    def document(self, name: str, head: str, records: Iterable[str], tail: str) -> None:
        """Add records to the list of a JSON document; ``head`` and ``tail`` are what stands around it."""
        if name not in self._texts:
            self._texts[name] = self._opened(name)
            self._texts[name].write(head.encode())
            self._documents[name] = (tail, False)
        handle = self._texts[name]
        begun = self._documents[name][1]
        text = ",\n".join(records)
        if text:
            handle.write((",\n" if begun else "\n").encode() + text.encode())
            self._documents[name] = (tail, True)

    def table(self, name: str, table: pa.Table) -> None:
        """Add rows to a Parquet file."""
        if name not in self._tables:
            self._tables[name] = pq.ParquetWriter(self.folder / name, table.schema, compression="zstd")
        self._tables[name].write_table(table)

    def database(self, name: str, schema: str, insert: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to a table of an SQLite database, made by ``schema`` the first time."""
        connection = self._databases.get(name)
        if connection is None:
            (self.folder / name).unlink(missing_ok=True)
            connection = self._databases[name] = sqlite3.connect(self.folder / name)
            connection.executescript(schema)
        with connection:
            connection.executemany(insert, rows)

    def sheet(self, name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Add rows of texts to the one sheet of a workbook."""
        self._sheets.setdefault(name, [header]).extend(rows)

    def close(self) -> None:
        """Finish all files."""
        for name, (tail, _) in self._documents.items():
            self._texts[name].write(tail.encode())
        for handle in [*self._texts.values(), *self._raw]:
            handle.close()
        for writer in self._tables.values():
            writer.close()
        for connection in self._databases.values():
            connection.close()
        for name, rows in self._sheets.items():
            _write_workbook(self.folder / name, rows)


def _write_workbook(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """A workbook of one sheet whose cells are texts."""
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in row) + "</row>"
        for row in rows
    )
    book = f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets><sheet name="Firmenkunden" sheetId="1" r:id="rId1"/></sheets></workbook>'
    parts = _WORKBOOK | {
        "xl/workbook.xml": book,
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>{cells}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, xml in parts.items():
            info = zipfile.ZipInfo(name, _ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, _XML + xml)
