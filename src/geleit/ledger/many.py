"""Many rows in one statement: of PostgreSQL as JSON, of SQLite as values. A statement for each row costs several times as much."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec
import sqlalchemy as sa

from geleit.ledger.columns import visible

TOGETHER = 10_000  # rows of one statement
BESIDE = 50  # rows of one statement of SQLite: more spare nothing, and fewer leave others of this process no turn
PLAIN = re.compile(
    r'INSERT INTO "?\w+"? \([^()]*\) VALUES \((?P<marks>%\(\w+\)s(::\w+)?(, %\(\w+\)s(::\w+)?)*)\)\s*'
    r"(?P<conflict>ON CONFLICT .*)?",
    re.DOTALL,
)

_json = msgspec.json.Encoder(enc_hook=lambda value: value.item())  # numbers of NumPy

Row = Mapping[str, Any]


def insert_many(cursor: Any, statement: str, rows: Sequence[Row], context: Any) -> bool:
    """SQLAlchemy's ``do_executemany``: True if the rows are in; False leaves the statement to the driver."""
    if context is None or not context.isinsert or context.compiled is None:
        return False
    return insert_rows(cursor, statement, rows, context.compiled.statement)


def insert_rows(cursor: Any, text: str, rows: Sequence[Row], statement: Any) -> bool:
    """Insert rows by a compiled ``statement``, which is ``text``; False if it has values other than the rows'."""
    conflict = _conflict(text, len(rows[0]))
    if conflict is None:
        return False
    for one, values in statements(statement.table, list(rows[0]), rows, conflict):
        cursor.execute(one, values)
    return True


@lru_cache(maxsize=1000)
def _conflict(text: str, names: int) -> str | None:
    """What stands from ON CONFLICT on in an insert of so many plain values; None for another kind of statement."""
    found = PLAIN.fullmatch(text)
    return (found["conflict"] or "") if found and found["marks"].count(", ") + 1 == names else None


def insert_listed(
    cursor: Any, table: sa.Table, names: Sequence[str], rows: Sequence[Sequence[Any]], behind: str
) -> int:
    """Insert rows of plain values into SQLite in their order; ``behind`` is SQL from ON CONFLICT on. Returns how many it wrote.

    Half the work of the driver's ``executemany``, which also lets go of Python's lock, and takes it again, for each row.
    A row that cannot be written ends the caller's transaction: rows of the same statement before it stay until then (OR
    FAIL), because SQLite would else keep a copy of every page that the statement changes.
    """
    whole = len(rows) - len(rows) % BESIDE
    text = _listed(table.name, tuple(names), BESIDE, behind)
    written = 0
    for start in range(0, whole, BESIDE):
        written += cursor.execute(text, [*chain.from_iterable(rows[start : start + BESIDE])]).rowcount
    if rest := rows[whole:]:
        written += cursor.executemany(_listed(table.name, tuple(names), 1, behind), rest).rowcount
    return written


@lru_cache(maxsize=1000)
def _listed(table: str, names: tuple[str, ...], rows: int, behind: str) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    marks = f"({', '.join('?' for _ in names)})"
    return f'INSERT OR FAIL INTO "{table}" ({quoted}) VALUES {", ".join([marks] * rows)}{behind}'  # noqa: S608 (names of our tables)


def statements(
    table: sa.Table, names: Sequence[str], rows: Sequence[Row], conflict: str
) -> Iterator[tuple[str, tuple[str]]]:
    """Statements with their values that insert ``rows`` in their order; ``conflict`` is SQL from ON CONFLICT on."""
    text = _text(table, tuple(names), conflict)
    keys = [column.name for column in table.primary_key.columns]
    for turn in _turns(rows, keys) if "DO UPDATE" in conflict else [rows]:
        for start in range(0, len(turn), TOGETHER):
            yield text, (_encode(turn[start : start + TOGETHER]),)


@lru_cache(maxsize=1000)
def _text(table: sa.Table, names: tuple[str, ...], conflict: str) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    typed = ", ".join(f'"{name}" {_type(table.c[name].type)}' for name in names)
    return (
        f'INSERT INTO "{table.name}" ({quoted}) '  # noqa: S608 (names of our tables)
        f"SELECT {quoted} FROM json_to_recordset(%s::json) AS given({typed}) {conflict}"
    )


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
