"""Whole tables of records as they are kept: each row as a JSON object, and its id."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from geleit.sources.vectors import EXACT_DIGITS, HASHED, ID_DIGITS, flat, hashed, record_texts, record_values, scratch
from geleit.sources.vectors_joined import Join, Member, loaded, worthwhile

Told = Callable[[pa.Table], pa.Table]
"""Writes columns as JSON."""


def identified(prefix: str, table: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Each row as a JSON object, as its record is kept, and its id."""
    if not all(_told_by_duckdb(table[name]) for name in table.column_names):
        raw = record_texts(table)
        return raw, hashed(prefix, raw)
    if worthwhile(table.num_rows) and (found := _quickly_identified(prefix, table, _by_duckdb)):
        return found
    with scratch() as duck:
        duck.register("given", table)
        sql = f"SELECT value, {HASHED} AS id FROM (SELECT to_json(given)::VARCHAR AS value FROM given)"  # noqa: S608
        answer = duck.sql(sql, params={"prefix": prefix}).to_arrow_table()
    return flat(answer["value"]), flat(answer["id"])


def identified_texts(prefix: str, table: pa.Table) -> tuple[pa.Array, pa.Array]:
    """The same of a table of texts, each under its very name."""
    if worthwhile(table.num_rows) and (found := _quickly_identified(prefix, table, _texts)):
        return found
    raw = record_texts(table)
    return raw, hashed(prefix, raw)


def _texts(columns: pa.Table) -> pa.Table:
    return pa.table({name: record_values(flat(columns[name])) for name in columns.column_names})


def _quickly_identified(prefix: str, table: pa.Table, odd_texts: Told) -> tuple[pa.Array, pa.Array] | None:
    """The same by machine code; ``odd_texts`` writes what is no plain text. None for columns that it would give other names."""
    kernels, names = loaded(), table.column_names
    if len({name.casefold() for name in names}) < len(names) or not kernels.unescaped(pa.array(names)):
        return None
    columns = {f"c{number}": flat(table[name]) for number, name in enumerate(names)}
    plain = {one for one, values in columns.items() if pa.types.is_string(values.type) and kernels.unescaped(values)}
    if odd := [name for name in columns if name not in plain]:
        told = odd_texts(pa.table({name: columns[name] for name in odd}))
        columns |= {name: flat(told[name]) for name in odd}
    members = [_told(json, column, '"' if column in plain else "") for json, column in zip(names, columns, strict=True)]
    try:
        raw = Join("{", members, ",", "}", always=True).of(columns)
    except pa.ArrowCapacityError:
        return None
    return raw, kernels.hexadecimal(kernels.digests(f"{prefix}\0".encode(), raw), ID_DIGITS)


def _by_duckdb(columns: pa.Table) -> pa.Table:
    with scratch() as duck:
        duck.register("given", columns)
        sql = f"SELECT {', '.join(f'to_json({one})::VARCHAR AS {one}' for one in columns.column_names)} FROM given"  # noqa: S608
        return duck.sql(sql).to_arrow_table()


def _told(name: str, column: str, quote: str) -> Member:
    """One column of a record."""
    return Member(f'"{name}":{quote}', column, quote, missing=f'"{name}":null')


def _told_by_duckdb(values: pa.ChunkedArray) -> bool:
    """Whether DuckDB writes every value of a column as exact JSON."""
    kind = values.type
    if pa.types.is_decimal(kind):
        ends = pc.min_max(values).as_py()
        most = Decimal(10) ** (EXACT_DIGITS - kind.scale)
        return all(end is None or abs(end) < most for end in ends.values())
    plain = (pa.types.is_string, pa.types.is_integer, pa.types.is_boolean, pa.types.is_date32, pa.types.is_timestamp)
    return any(is_one(kind) for is_one in plain)
