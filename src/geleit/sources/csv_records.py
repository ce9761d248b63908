"""Records of CSV files as people's systems write them: any delimiter, encoding, quotes; a broken line costs only itself."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import IO, cast

import msgspec
import pyarrow as pa

from geleit.sources.csv_blocks import BLOCK, table_of
from geleit.sources.definition import SourceDefinition
from geleit.sources.formats import Csv
from geleit.sources.header import require_columns, unique_names
from geleit.sources.lines import Lines, Overlong, OverlongError, UnclosedError, encoding_of
from geleit.sources.records import (
    CHUNK_CHARACTERS,
    DAMAGE,
    FILE_RECORDS,
    RECORD_CHARACTERS,
    UNREAD,
    Reason,
    Records,
    Rejected,
    UnreadableError,
    identify,
)
from geleit.sources.vectors import Texts
from geleit.sources.vectors_records import identified_texts

DELIMITERS = (";", ",", "\t", "|", "\x1f", "\x01", "^")
SNIFFED_LINES = 20
WIDE = frozenset({"cp1252", "iso8859-1", "iso8859-15"})  # encodings that give (nearly) every byte a meaning
# Letters of UTF-8 (or their beginning): a lead byte, and behind it as many others as it asks for, two at most.
MISREAD = re.compile(rb"[\xc2-\xf4][\x80-\xbf](?:(?<=[\xc2-\xdf].)|[\x80-\xbf])", re.DOTALL)
SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # what Excel reads and writes above a header

csv.field_size_limit(2**31 - 1)  # Lines bounds records; the module's own bound would cut long letters of customers


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the file: fields, or the problem that kept them from being read; ``text`` as it stood there."""

    line: int
    fields: list[str]
    text: str
    problem: str = ""
    overlong: Overlong | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """What separates and surrounds fields; ``blanks``: blanks behind a delimiter do not count."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    blanks: bool = False

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Fields per record."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            escapechar=self.escape or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            strict=True,
            skipinitialspace=self.blanks,
        )


def read(definition: SourceDefinition, handle: IO[bytes], name: str, columns: frozenset[str]) -> Iterator[Records]:
    """The records of one CSV file in chunks.

    Errors: GeleitError for a column that an expression reads and the header lacks; UnreadableError for a header that
    cannot be decoded.
    """
    buffered = handle if isinstance(handle, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", handle))
    encoding = encoding_of(definition.csv.encoding, buffered.peek(io.DEFAULT_BUFFER_SIZE))
    text = io.TextIOWrapper(buffered, encoding, errors="surrogateescape", newline="")
    empty = True
    try:
        for records in _chunks(definition, Lines(text), (name, encoding), columns):
            empty = False
            yield records
        if empty:
            yield Records(name, pa.table({}), [], [], [])  # it was read all the same
    finally:
        text.detach()  # the handle is its opener's to close


def _chunks(
    definition: SourceDefinition, lines: Lines, file: tuple[str, str], columns: frozenset[str]
) -> Iterator[Records]:
    options = definition.csv
    lines.skip(options.skip_lines)
    marks = dialect(options, lines)
    rows = split(lines, marks)
    header = unique_names(options.header or _header(next(rows, Row(1, [], "")), file[1]))
    if header:
        require_columns(definition, file[0], header, columns)
    plain = bool(header) and len(header) > 1 and not (marks.escape or marks.blanks)
    while plain:
        block = lines.block(BLOCK)
        if not (block or lines.waiting):
            break
        plainly = block and not (wide(file[1]) and MISREAD.search(_bytes(block, file[1])))
        table = table_of(block, header, marks.delimiter, marks.quote) if plainly else None
        if table is not None:
            yield _whole(definition, file[0], table, (columns, lines.number))
            continue
        lines.give_back(block)
        yield from _single(definition, lines, (marks, header), (file, columns))
    yield from _single(definition, lines, (marks, header), (file, columns), rest=True)


def wide(encoding: str) -> bool:
    """Whether it reads any UTF-8 without complaint, but wrongly."""
    return codecs.lookup(encoding).name in WIDE


def _bytes(text: str, encoding: str) -> bytes:
    """A text as it stood in the file."""
    return text.encode(encoding, "surrogateescape")


def _misread(text: str, encoding: str) -> bool:
    """Whether a line is UTF-8 in a file that is said to be of another encoding; hardly any other text looks so."""
    if text.isascii() or not wide(encoding):
        return False
    try:
        _bytes(text, encoding).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _whole(definition: SourceDefinition, name: str, table: pa.Table, place: tuple[frozenset[str], int]) -> Records:
    """The records of a block of plain rows; ``place``: the columns that are read, and the number of the last line."""
    columns, last = place
    needed = {column.casefold() for column in columns}
    raw, ids = identified_texts(definition.name, table)
    return Records(
        name,
        table.select([column for column in table.column_names if column.casefold() in needed]),
        range(last - table.num_rows + 1, last + 1),
        Texts(raw),
        Texts(ids),
    )


def _single(
    definition: SourceDefinition,
    lines: Lines,
    form: tuple[Dialect, list[str]],
    target: tuple[tuple[str, str], frozenset[str]],
    *,
    rest: bool = False,
) -> Iterator[Records]:
    """Records row by row: those of the lines that were given back, or all the rest."""
    marks, header = form
    file, columns = target
    chunk = RowChunk(definition, file, header, columns)
    try:
        for row in split(lines, marks):
            chunk.add(row)
            if chunk.full:
                yield chunk.records()
                chunk = RowChunk(definition, file, header, columns)
            if not (rest or lines.waiting):
                break
    except DAMAGE:
        yield chunk.records()
        raise
    if chunk.lines or chunk.rejected:
        yield chunk.records()


def _header(first: Row, encoding: str) -> list[str]:
    if not _encodable(first.text):
        raise UnreadableError(f"its header is not {_shown(encoding)}{_remedy(encoding)}")
    if first.problem or first.overlong:
        raise UnreadableError(f"its header cannot be read ({first.problem or 'a line without end'})")
    return [name.removeprefix("\ufeff") for name in first.fields]


def split(lines: Lines, dialect: Dialect) -> Iterator[Row]:
    """Rows of fields. A record that cannot be split costs its first line; reading goes on behind it."""
    while True:
        reader = dialect.reader(lines)
        lines.begin()
        try:
            while True:
                fields = next(reader)
                if fields:
                    yield Row(lines.number - len(lines.taken) + 1, fields, "".join(lines.taken))
                lines.begin()
        except StopIteration:
            return
        except OverlongError as error:
            yield Row(lines.number, [], error.line.text, overlong=error.line)
        except UnclosedError:
            text = lines.keep_first()
            yield Row(lines.number, [], text, "a quote in it does not close")
        except csv.Error as error:
            text = lines.keep_first()
            yield Row(lines.number, [], text, str(error))


def dialect(options: Csv, lines: Lines) -> Dialect:
    """How this file separates fields: as declared, as its first line tells (``sep=;``), else as its lines look."""
    head = lines.peek(1)
    told = SEPARATOR_LINE.fullmatch(head[0].removeprefix("\ufeff")) if head else None
    if told:
        lines.skip(1)
    delimiter = options.delimiter or (told[1] if told else "")
    return sniff(lines.peek(SNIFFED_LINES), Dialect(delimiter, options.quote, options.escape))


def sniff(lines: list[str], known: Dialect) -> Dialect:
    """What is not known of a dialect: its delimiter, and whether blanks behind it are only there for the eye.

    Chosen is the delimiter that cuts most lines into as many fields as the first; a comma if none cuts at all.
    """
    best, most = replace(known, delimiter=known.delimiter or ","), (0, 0, False)
    for delimiter in [known.delimiter] if known.delimiter else DELIMITERS:
        if delimiter in (known.quote, known.escape):
            continue
        for blanks in (False, True):
            tried = replace(known, delimiter=delimiter, blanks=blanks)
            counts = _counts(lines, tried)
            if not counts or counts[0] < 2:  # noqa: PLR2004 (one field is no cut)
                continue
            airy = lines[0].count(f"{delimiter} ") == lines[0].count(delimiter)
            score = (counts.count(counts[0]), counts[0], blanks == airy)
            if score > most:
                best, most = tried, score
    return best


def _counts(lines: list[str], dialect: Dialect) -> list[int]:
    """Fields per record, as far as the lines can be read."""
    counts = []
    with suppress(csv.Error):
        for row in dialect.reader(lines):
            if row:
                counts.append(len(row))  # noqa: PERF401 (what came before an error counts)
    return counts


class RowChunk:
    """Collects rows until there are enough of them."""

    def __init__(
        self, definition: SourceDefinition, file: tuple[str, str], header: list[str], columns: frozenset[str]
    ) -> None:
        self.source, self.header = definition.name, header
        self.name, self.encoding = file
        needed = {column.casefold() for column in columns}
        self.places = [(i, column) for i, column in enumerate(header) if column.casefold() in needed]
        self.fields: list[list[str]] = []
        self.lines: list[int] = []
        self.raw: list[str] = []
        self.ids: list[str] = []
        self.rejected: list[Rejected] = []
        self.characters = 0

    @property
    def full(self) -> bool:
        """Whether these are as many as one chunk may have."""
        return len(self.lines) + len(self.rejected) >= FILE_RECORDS or self.characters >= CHUNK_CHARACTERS

    def add(self, row: Row) -> None:
        """Take one record."""
        self.characters += len(row.text)
        if problem := self._problem(row):
            self._reject(row, *problem)
            return
        raw = msgspec.json.encode(dict(zip(self.header, row.fields, strict=True)))
        self.fields.append(row.fields)
        self.lines.append(row.line)
        self.raw.append(raw.decode())
        self.ids.append(identify(self.source, raw))

    def _problem(self, row: Row) -> tuple[Reason, str] | None:
        if self._is_whole(row) and _misread(row.text, self.encoding):
            remedy = "read as utf-8 it waits here: geleit quarantine replay takes it in"
            return "undecodable", f"line {row.line} is utf-8, not {self.encoding}; {remedy}"
        if not (row.text.isascii() or _encodable(row.text)):
            return "undecodable", f"line {row.line} is not {_shown(self.encoding)}{_remedy(self.encoding)}"
        length = row.overlong.length if row.overlong else len(row.text)
        if length > RECORD_CHARACTERS:
            return "too_large", f"line {row.line} has {length:,} characters (at most {RECORD_CHARACTERS:,})"
        if row.problem:
            return "bad_csv", f"line {row.line} cannot be split into fields: {row.problem}"
        if "\0" in row.text:
            return "bad_csv", f"line {row.line} holds NUL bytes, as files do that were not written to their end"
        if len(row.fields) != len(self.header):
            return "wrong_field_count", f"line {row.line} has {len(row.fields)} fields, the header {len(self.header)}"
        return None

    def _is_whole(self, row: Row) -> bool:
        """Whether nothing but its encoding may stand against it."""
        whole = not (row.problem or row.overlong) and len(row.fields) == len(self.header)
        return whole and len(row.text) <= RECORD_CHARACTERS and "\0" not in row.text

    def _reject(self, row: Row, reason: Reason, message: str) -> None:
        text = row.text[:RECORD_CHARACTERS].rstrip("\r\n")
        misread = _misread(text, self.encoding)
        shown, *values = (self._visible(field, misread) for field in (text, *row.fields))
        padded = values + [""] * (len(self.header) - len(values)) if values else []
        legible = misread and self._is_whole(row)
        record = dict(zip(self.header, padded, strict=False)) | ({} if legible else {UNREAD: shown})
        whole = text + row.overlong.digest if row.overlong else text
        identity = identify(self.source, whole.encode("utf-8", "surrogateescape"))
        json = msgspec.json.encode(record).decode()
        self.rejected.append(
            Rejected(self.source, self.name, row.line, reason, f"{self.name}: {message}", json, identity)
        )

    def _visible(self, text: str, misread: bool) -> str:
        r"""Text whose bytes that are not of the encoding stand as Python writes them: ``K\xfcche``."""
        return _bytes(text, self.encoding).decode("utf-8" if misread else self.encoding, "backslashreplace")

    def records(self) -> Records:
        arrays = [pa.array([fields[i] for fields in self.fields], pa.string()) for i, _ in self.places]
        table = pa.table(dict(zip((column for _, column in self.places), arrays, strict=True)))
        return Records(self.name, table, self.lines, self.raw, self.ids, self.rejected)


def _shown(encoding: str) -> str:
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _remedy(encoding: str) -> str:
    return "; try 'encoding: cp1252' under csv" if encoding == "utf-8-sig" else ""


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
