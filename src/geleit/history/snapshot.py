"""Takes rows out of one consistent view of the ledger, as Arrow batches that DuckDB and Parquet understand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from geleit.ledger.ledger import chunked

BATCH = 20_000  # rows held in memory at once
SCAN = 100_000  # keys from which one pass over the table beats looking each up

Rows = sa.Select[Any] | sa.CompoundSelect[Any]


def schema(statement: Rows) -> pa.Schema:
    """The Arrow schema of what a statement selects."""
    return pa.schema([pa.field(column.name, _arrow(column.type)) for column in statement.selected_columns])


def batches(connection: sa.Connection, statement: Rows) -> Iterator[pa.Table]:
    """The statement's rows in batches of at most ``BATCH``, none for no rows."""
    form = schema(statement)
    for part in _parts(connection, statement):
        columns = zip(*part, strict=True)
        arrays = [_array(values, field.type) for values, field in zip(columns, form, strict=True)]
        yield pa.table(arrays, schema=form)


def _parts(connection: sa.Connection, statement: Rows) -> Iterator[Sequence[Any]]:
    """Rows as the driver gives them; SQLAlchemy's own handling costs three times what SQLite does."""
    if connection.dialect.name != "sqlite":
        streaming = connection.execution_options(yield_per=BATCH)
        yield from streaming.execute(statement).partitions()
        return
    if not connection.in_transaction():  # SQLAlchemy begins one only for its own statements
        connection.begin()
    compiled: Any = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    values = compiled.construct_params()
    cursor = connection.connection.cursor()
    try:
        cursor.execute(str(compiled), tuple(values[name] for name in compiled.positiontup))
        while part := cursor.fetchmany(BATCH):
            yield part
    finally:
        cursor.close()


def _array(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    if pa.types.is_boolean(type_):  # SQLite has numbers for it
        values = [None if value is None else bool(value) for value in values]
    return pa.array(values, type_)


def copy(connection: sa.Connection, statement: Rows, duck: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make table ``name`` of the statement's rows."""
    duck.from_arrow(schema(statement).empty_table()).create(name)
    for batch in batches(connection, statement):
        duck.from_arrow(batch).insert_into(name)


def copy_matching(
    connection: sa.Connection,
    statement: sa.Select[Any],
    column: sa.Column[Any],
    keys: Sequence[Any],
    target: tuple[duckdb.DuckDBPyConnection, str],
) -> None:
    """Make a table of the rows whose ``column`` is among ``keys``; may hold more rows than asked for, never fewer."""
    duck, name = target
    if len(keys) > SCAN:
        copy(connection, statement, duck, name)
        return
    duck.from_arrow(schema(statement).empty_table()).create(name)
    for some in chunked(keys):
        for batch in batches(connection, statement.where(column.in_(some))):
            duck.from_arrow(batch).insert_into(name)


def _arrow(type_: sa.types.TypeEngine[Any]) -> pa.DataType:
    if isinstance(type_, sa.BigInteger):
        return pa.int64()
    if isinstance(type_, sa.Integer):
        return pa.int32()
    if isinstance(type_, sa.Boolean):
        return pa.bool_()
    return pa.string()
