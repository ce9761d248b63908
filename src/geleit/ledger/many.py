"""Many rows in one statement of PostgreSQL, as JSON: a statement for each row costs several times as much."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from geleit.ledger.columns import visible

TOGETHER = 10_000  # rows of one statement
PLAIN = re.compile(
    r'INSERT INTO "?\w+"? \([^()]*\) VALUES \((?P<marks>[^()]*)\)\s*(?P<conflict>ON CONFLICT .*)?', re.DOTALL
)
MARKS = re.compile(r"%\(\w+\)s(::\w+)?")

_json = msgspec.json.Encoder(enc_hook=lambda value: value.item())  # numbers of NumPy

Row = Mapping[str, Any]


def insert_many(cursor: Any, statement: str, rows: Sequence[Row], context: Any) -> bool:
    """SQLAlchemy's ``do_executemany``: True if the rows are in; False leaves the statement to the driver."""
    found = PLAIN.fullmatch(statement) if context is not None and context.isinsert else None
    if found is None or context.compiled is None:
        return False
    marks = found["marks"].split(", ")
    if len(marks) != len(rows[0]) or not all(MARKS.fullmatch(mark) for mark in marks):
        return False
    table = context.compiled.statement.table
    for text, values in statements(table, list(rows[0]), rows, found["conflict"] or ""):
        cursor.execute(text, values)
    return True


def statements(
    table: sa.Table, names: Sequence[str], rows: Sequence[Row], conflict: str
) -> Iterator[tuple[str, tuple[str]]]:
    """Statements with their values that insert ``rows`` in their order; ``conflict`` is SQL from ON CONFLICT on."""
    quoted = ", ".join(f'"{name}"' for name in names)
    typed = ", ".join(f'"{name}" {_type(table.c[name].type)}' for name in names)
    text = (
        f'INSERT INTO "{table.name}" ({quoted}) '  # noqa: S608 (names of our tables)
        f"SELECT {quoted} FROM json_to_recordset(%s::json) AS given({typed}) {conflict}"
    )
    keys = [column.name for column in table.primary_key.columns]
    for turn in _turns(rows, keys) if "DO UPDATE" in conflict else [rows]:
        for start in range(0, len(turn), TOGETHER):
            yield text, (_encode(turn[start : start + TOGETHER]),)


def _turns(rows: Sequence[Row], keys: Sequence[str]) -> list[list[Row]]:
    """Rows in as many parts as the commonest key has rows: one statement may not change a row twice."""
    turns: list[list[Row]] = []
    seen: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in rows:
        key = tuple(row[name] for name in keys)
        if seen[key] == len(turns):
            turns.append([])
        turns[seen[key]].append(row)
        seen[key] += 1
    return turns


def _encode(rows: Sequence[Row]) -> str:
    text = _json.encode(rows).decode()
    if "\\u0000" not in text:
        return text
    return _json.encode([{name: visible(value) for name, value in row.items()} for row in rows]).decode()


def _type(kind: sa.types.TypeEngine[Any]) -> str:
    if isinstance(kind, sa.BigInteger):
        return "bigint"
    if isinstance(kind, sa.Integer):
        return "integer"
    return "boolean" if isinstance(kind, sa.Boolean) else "text"
