"""Looks into a database: which tables there are, and what a definition needs to read one of them again and again."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from pydantic import ValidationError

from geleit.errors import GeleitError
from geleit.sources import database_records
from geleit.sources.database import Database
from geleit.sources.database_connection import connected, tables
from geleit.sources.definition import SourceDefinition
from geleit.sources.sample import SAMPLE, Sample, distinct, opened_values

CHANGED = re.compile(
    r"updated|modified|changed|last_?change|geaendert|geändert|aenderung|änderung|aktualisiert", re.IGNORECASE
)
GROWING = re.compile(r"int|serial|number", re.IGNORECASE)
_decoder = msgspec.json.Decoder(float_hook=str)


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view: its name as ``table:`` takes it, its columns with their types, and its unique key."""

    name: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]


def is_database(address: str) -> bool:
    """Whether what is to be described is a database's URL and no file."""
    return bool(re.match(r"(sqlite|postgres(ql)?|mysql|mariadb)://", address))


def describe(url: str, root: Path, *, secret: str = "") -> list[Table]:
    """All tables and views of a database that the user sees; ``secret`` names the password.

    Errors: GeleitError and Retryable if the database cannot be reached.
    """
    database = _database(url, "any", secret)
    with connected("guess", database, root) as connection:
        return [_described(connection, name) for name in tables(connection)]


def look(url: str, table: str, root: Path, *, secret: str = "") -> Sample:
    """The first rows of a table, and how it is read again: its key, and the column that tells new and changed rows.

    Errors: GeleitError and Retryable if the database cannot be reached, has no such table, or the table is empty.
    """
    database = _database(url, table, secret)
    with connected("guess", database, root) as connection:
        found = _table(connection, table) if table in tables(connection) else Table(table, (), ())
    event = {"kind": "guessed", "time": "1", "identifiers": {"email": "1"}}
    definition = SourceDefinition.model_validate({"database": database, "events": [event]}).named("guess")
    records: list[dict[str, Any]] = []
    equal = 0
    with closing(database_records.read(definition, root, frozenset(), {})) as chunks:
        for chunk in islice(chunks, 1):
            records, equal = distinct(_decoder.decode(text) for text in chunk.raw[:SAMPLE])
    values, deep = opened_values(records)
    if not any(values.values()):
        raise GeleitError(f"{table} holds no rows", hint="name another one with --table")
    fields, notes = _again(database, found, values)
    names = frozenset(name for record in records for name in record)
    return Sample("jsonl", {"database": fields}, values, names, len(records), notes, deep, equal)


def _again(
    database: Database, table: Table, values: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    fields: dict[str, Any] = {"url": database.url}
    if database.password:
        fields["password"] = {"secret": database.password.secret}
    fields["table"] = database.table
    if table.key:
        fields["key"] = table.key[0] if len(table.key) == 1 else list(table.key)
    kinds = dict(table.columns)
    changed = next((name for name in kinds if CHANGED.search(name) and values.get(name)), "")
    if changed:
        fields["since"] = changed
        return fields, (f"only rows whose '{changed}' is new are read next time; it must change with every change",)
    if len(table.key) == 1 and GROWING.search(kinds[table.key[0]]):
        fields["since"] = table.key[0]
        return fields, (
            f"only rows with a higher '{table.key[0]}' are read next time: changed rows are not seen again",
        )
    return fields, ("no column tells which rows are new: all are read each time, and known ones are left out",)


def _database(url: str, table: str, secret: str) -> Database:
    given = {"url": url, "table": table} | ({"password": {"secret": secret}} if secret else {})
    try:
        return Database.model_validate(given)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise GeleitError(f"the database cannot be read: {said}", hint="--secret NAME names its password") from None


def _described(connection: sa.Connection, name: str) -> Table:
    """A table; without columns if it is a view that its database cannot compute."""
    try:
        return _table(connection, name)
    except sa.exc.DBAPIError:
        connection.rollback()
        return Table(name, (), ())


def _table(connection: sa.Connection, name: str) -> Table:
    inspector = sa.inspect(connection)
    schema, _, bare = name.rpartition(".") if connection.dialect.name == "postgresql" else ("", "", name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # types that SQLAlchemy does not know are shown without name
        columns = inspector.get_columns(bare, schema or None)
        key = inspector.get_pk_constraint(bare, schema or None).get("constrained_columns") or ()
    shown = tuple((column["name"], _type(column["type"], connection.dialect)) for column in columns)
    return Table(name, shown, tuple(key))


def _type(kind: Any, dialect: sa.Dialect) -> str:
    try:
        return str(kind.compile(dialect=dialect)).lower()
    except sa.exc.CompileError:
        return ""
