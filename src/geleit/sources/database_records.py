"""Records of a database: every row of a table or query once, streamed; later only those that are new or changed."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from geleit.errors import GeleitError
from geleit.sources.database import Database
from geleit.sources.database_columns import FIXED, Column, MisfitError, described, guessed
from geleit.sources.database_connection import close_to, codes_of, connected, tables
from geleit.sources.database_since import as_typed_text, as_value, start
from geleit.sources.definition import SourceDefinition
from geleit.sources.header import require_columns
from geleit.sources.positions import fingerprint
from geleit.sources.records import (
    CHUNK_CHARACTERS,
    CHUNK_RECORDS,
    RECORD_CHARACTERS,
    UNREAD,
    Reason,
    Records,
    Rejected,
    identify,
)

ROWS = 500  # rows fetched at a time
IN_MEMORY = 16 << 20
NO_TABLE = ("42P01", 1146)


def read(
    definition: SourceDefinition,
    root: Path,
    columns: frozenset[str],
    positions: Mapping[str, str],
    *,
    again: bool = False,
) -> Generator[Records, None, None]:
    """The rows in chunks; their "line" is their number in this reading, from 1.

    ``positions``: what earlier readings gave. With ``since``, each chunk carries the position behind it, and the next
    reading starts there, less the overlap. Another definition, or ``again``, reads everything.

    Errors: GeleitError and Retryable if the database cannot be reached or read; rows given before stay valid.
    """
    database = _database(definition)
    with connected(definition.name, database, root) as connection:
        found = _described(connection, definition)
        names = [column.name for column in found]
        require_columns(definition, database.place, names, columns)
        since = _own_name(definition, names, database.since, "since") if database.since else ""
        keys = [_own_name(definition, names, key, "key") for key in database.key]
        last = None if again else _last(definition, positions)
        statement = _statement(database, since, keys, last)
        with _rows(connection, statement) as batches:
            yield from _chunks(_Reading(definition, columns, since, last), found, batches)


def schema(definition: SourceDefinition, root: Path) -> pa.Schema:
    """The column types of the table or query, for records that were kept as JSON.

    Errors: GeleitError and Retryable if the database cannot be reached or read.
    """
    database = _database(definition)
    with connected(definition.name, database, root) as connection:
        found = _described(connection, definition)
        with _rows(connection, _statement(database, "", [], None).limit(ROWS)) as batches:
            found = guessed(found, next(batches, []))
    kinds = FIXED | {"decimal": pa.decimal128(38, 10)}
    return pa.schema([(column.name, kinds.get(column.kind, pa.string())) for column in found])


@dataclass(frozen=True, slots=True)
class _Reading:
    """What stays the same while one table is read; ``last`` is the value of since up to which it was read before."""

    definition: SourceDefinition
    reads: frozenset[str]
    since: str
    last: Any

    def position(self, value: Any) -> tuple[str, str] | None:
        """The position behind a row; none while rows before ``last`` are read again."""
        typed = as_typed_text(value)
        if typed is None or (self.last is not None and not _reached(value, self.last)):
            return None
        token = {"definition": fingerprint(self.definition), "since": typed}
        return _database(self.definition).place, msgspec.json.encode(token).decode()


def _chunks(reading: _Reading, columns: list[Column], batches: Iterator[Sequence[Any]]) -> Iterator[Records]:
    chunk: _Chunk | None = None
    number, last = 0, None
    for rows in batches:
        columns = guessed(columns, rows) if chunk is None and not number else columns
        marks = [at for at, column in enumerate(columns) if column.name == reading.since]
        timed = bool(marks) and columns[marks[0]].kind in ("timestamp", "timestamptz", "date")
        for row in rows:
            number += 1
            chunk = chunk or _Chunk(reading, columns)
            chunk.add(number, row)
            if marks and row[marks[0]] is not None and not (timed and isinstance(row[marks[0]], str)):
                last = row[marks[0]]  # a text among times is 'infinity': no position
            if chunk.full:
                yield chunk.records(reading.position(last))
                chunk = None
    yield (chunk or _Chunk(reading, columns)).records(reading.position(last))


@dataclass(slots=True)
class _Chunk:
    """Collects rows until there are enough of them; ``read`` are the columns that expressions read, with their places."""

    reading: _Reading
    columns: list[Column]
    values: list[list[Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    characters: int = 0
    read: list[tuple[int, Column]] = field(init=False)

    @property
    def full(self) -> bool:
        return len(self.lines) + len(self.rejected) >= CHUNK_RECORDS or self.characters >= CHUNK_CHARACTERS

    def __post_init__(self) -> None:
        wanted = {name.casefold() for name in self.reading.reads}
        self.read = [(at, column) for at, column in enumerate(self.columns) if column.name.casefold() in wanted]

    def add(self, number: int, row: Sequence[Any]) -> None:
        pairs = zip(self.columns, row, strict=True)
        try:
            raw = msgspec.json.encode({column.name: column.json(value) for column, value in pairs})
        except UnicodeEncodeError as error:
            text = str(error.object).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            record = msgspec.json.encode({UNREAD: text[:RECORD_CHARACTERS]})
            self._reject(number, record, "undecodable", "the row holds bytes that are no UTF-8 text")
            return
        self.characters += len(raw)
        if len(raw) > RECORD_CHARACTERS:
            record = msgspec.json.encode({UNREAD: raw[:RECORD_CHARACTERS].decode("utf-8", "ignore")})
            self._reject(number, record, "too_large", f"the row has {len(raw):,} bytes (at most {RECORD_CHARACTERS:,})")
            return
        try:
            values = [column.value(row[at]) for at, column in self.read]
        except MisfitError as error:
            remedy = "correct it there, or choose what to read with 'query:'"
            self._reject(number, raw, "bad_value", f"{error}; {remedy}")
            return
        self.values.append(values)
        self.lines.append(number)
        self.raw.append(raw.decode())
        self.ids.append(identify(self.reading.definition.name, raw))

    def _reject(self, number: int, record: bytes, reason: Reason, message: str) -> None:
        name, place = self.reading.definition.name, _database(self.reading.definition).place
        identity = identify(name, record)
        said = f"{place} {number}: {message}"
        self.rejected.append(Rejected(name, place, number, reason, said, record.decode(), identity))

    def records(self, position: tuple[str, str] | None) -> Records:
        names = [column.name for _, column in self.read]
        arrays = [column.arrow([row[at] for row in self.values]) for at, (_, column) in enumerate(self.read)]
        return Records(
            _database(self.reading.definition).place,
            pa.table(dict(zip(names, arrays, strict=True))),
            self.lines,
            self.raw,
            self.ids,
            self.rejected,
            position=position,
        )


def _database(definition: SourceDefinition) -> Database:
    if definition.database is None:
        raise TypeError(f"the source {definition.name} reads files")
    return definition.database


def _described(connection: sa.Connection, definition: SourceDefinition) -> list[Column]:
    """The columns of the table or query.

    Errors: GeleitError for a table that is not there, and for two columns of one name.
    """
    database = _database(definition)
    try:
        result = connection.execute(_statement(database, "", [], None).limit(0))
    except sa.exc.DBAPIError as error:
        missing = not codes_of(error.orig).isdisjoint(NO_TABLE) or "no such table" in str(error.orig)
        if not database.table or not missing:
            raise
        connection.rollback()
        raise GeleitError(
            f"sources/{definition.name}: there is no table '{database.table}' that this user sees; nothing was imported",
            hint=close_to(database.table, tables(connection), "there is"),
        ) from None
    columns = described(connection, result.cursor.description or (), database.table)
    result.close()
    names = [column.name.casefold() for column in columns]
    if doubled := sorted({column.name for column in columns if names.count(column.name.casefold()) > 1}):
        raise GeleitError(
            f"sources/{definition.name}: {database.place} has two columns '{doubled[0]}'; nothing was imported",
            hint="give them different names in 'query:' with AS",
        )
    return columns


def _own_name(definition: SourceDefinition, names: list[str], wanted: str, field_name: str) -> str:
    """A column as the database spells it.

    Errors: GeleitError.
    """
    found = next((name for name in names if name.casefold() == wanted.casefold()), None)
    if found is None:
        raise GeleitError(
            f"sources/{definition.name}: database.{field_name}: {_database(definition).place} has no column '{wanted}'; "
            "nothing was imported",
            hint=close_to(wanted, names, "it has"),
        )
    return found


def _last(definition: SourceDefinition, positions: Mapping[str, str]) -> Any:
    """The value of since up to which rows were read with this very definition; None if they were not."""
    try:
        token = msgspec.json.decode(positions.get(_database(definition).place, "{}"), type=dict[str, str])
    except msgspec.MsgspecError:
        return None
    return as_value(token.get("since", "")) if token.get("definition") == fingerprint(definition) else None


def _reached(value: Any, last: Any) -> bool:
    try:
        behind: bool = value < last
    except TypeError:
        return True
    return not behind


def _statement(database: Database, since: str, keys: list[str], last: Any) -> sa.Select[Any]:
    """All rows, or those from a value of since on and those without one, in the order of since and keys."""
    if database.query:
        escaped = database.query.strip().rstrip(";").replace(":", r"\:")  # to SQLAlchemy a colon begins a parameter
        place: sa.FromClause | sa.TextClause = sa.text(f"({escaped}\n) AS geleit_query")
    else:
        schema_name, _, table = (
            database.table.rpartition(".") if database.system != "sqlite" else ("", "", database.table)
        )
        place = sa.table(quoted_name(table, quote=True), schema=quoted_name(schema_name, quote=True) or None)
    statement: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(place)
    order: list[sa.ColumnClause[Any]] = [
        sa.column(quoted_name(name, quote=True)) for name in dict.fromkeys([since, *keys]) if name
    ]
    if since and last is not None:
        statement = statement.where((order[0] >= start(database, last)) | order[0].is_(None))
    return statement.order_by(*order)


@contextmanager
def _rows(connection: sa.Connection, statement: sa.Select[Any]) -> Iterator[Iterator[Sequence[Any]]]:
    """Rows in batches; closed early, the rest is not fetched."""
    result = connection.execution_options(stream_results=True, yield_per=ROWS).execute(statement)
    try:
        if connection.dialect.name == "sqlite" and _locks(connection):
            with tempfile.SpooledTemporaryFile(IN_MEMORY) as spool:
                yield _spooled(result, spool)
        else:
            yield iter(result.partitions())
    finally:
        if connection.dialect.name == "mysql" and (unread := getattr(result.cursor, "_result", None)) is not None:
            unread.unbuffered_active = False  # PyMySQL would fetch all rows that are left before it closes
            connection.invalidate()
        result.close()


def _locks(connection: sa.Connection) -> bool:
    """Whether nobody can write while we read: then all rows are fetched first, as fast as the disk gives them."""
    return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()) != "wal"


def _spooled(result: sa.CursorResult[Any], spool: tempfile.SpooledTemporaryFile[bytes]) -> Iterator[Sequence[Any]]:
    for rows in result.partitions():
        pickle.dump([tuple(row) for row in rows], spool)
    result.close()
    spool.seek(0)
    while True:
        try:
            yield pickle.load(spool)  # noqa: S301 (written by ourselves a moment ago)
        except EOFError:
            return
