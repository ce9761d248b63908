"""What the columns of a table are: how a value goes into Arrow, where expressions read it, and into the JSON record."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any, Literal

import msgspec
import pyarrow as pa
import sqlalchemy as sa

from geleit.sources.values import as_json

Kind = Literal[
    "boolean", "integer", "float", "decimal", "text", "json", "timestamp", "timestamptz", "date", "binary", "any"
]

# PostgreSQL's own numbers for its types; all others (enums, uuid, inet, intervals, ranges ...) are read as text.
POSTGRESQL: dict[int, Kind] = {
    16: "boolean",
    17: "binary",
    20: "integer",
    21: "integer",
    23: "integer",
    26: "integer",
    114: "json",
    700: "float",
    701: "float",
    1082: "date",
    1114: "timestamp",
    1184: "timestamptz",
    1700: "decimal",
    3802: "json",
}
# MySQL's and MariaDB's; texts and blobs share theirs and are told apart by their values.
MYSQL: dict[int, Kind] = {
    0: "decimal",
    1: "integer",
    2: "integer",
    3: "integer",
    4: "float",
    5: "float",
    7: "timestamptz",
    8: "integer",
    9: "integer",
    10: "date",
    12: "timestamp",
    13: "integer",
    245: "json",
    246: "decimal",
}
# SQLite's columns hold what is put in; what they are declared as says what was meant.
SQLITE: tuple[tuple[str, Kind], ...] = (
    (r"bool", "boolean"),
    (r"int", "integer"),
    (r"char|clob|text|date|time|uuid|enum", "text"),
    (r"json", "json"),
    (r"blob|binary", "binary"),
    (r"real|floa|doub", "float"),
    (r"num|dec|money|currency", "decimal"),
)
FIXED: dict[Kind, pa.DataType] = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "json": pa.string(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
}
DIGITS = 38  # of a decimal in Arrow and DuckDB
WHOLE_DIGITS = 28  # of them before the mark: a number with more is none that people mean
BYTES = (bytes, bytearray, memoryview)


class MisfitError(ValueError):
    """A value is not of its column's kind, as SQLite and zero dates allow it; its row is set aside."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table or query: its name, what it holds, and what the database calls that."""

    name: str
    kind: Kind

    def value(self, found: Any) -> Any:
        """A value as the Arrow column takes it; texts where a time should be (infinity, 0000-00-00) are nothing.

        Errors: MisfitError.
        """
        if found is None:
            return None
        try:
            return READ[self.kind](found)
        except (ValueError, TypeError, ArithmeticError):
            raise MisfitError(f"the column {self.name} holds {found!r:.80}, which is no {self.kind}") from None

    def json(self, found: Any) -> Any:
        """The same value as the JSON record keeps it."""
        if self.kind == "json" and isinstance(found, str):
            return msgspec.Raw(found.encode()) if _is_json(found) else found
        if isinstance(found, BYTES):
            return bytes(found).hex()
        if self.kind == "boolean" and found in (0, 1):
            return bool(found)
        if self.kind == "timestamptz" and isinstance(found, datetime):
            found = _aware(found)
        return duration(found) if isinstance(found, timedelta) else as_json(found, datetime.isoformat)

    def arrow(self, values: list[Any]) -> pa.Array:
        """Values as ``value`` gave them, as one Arrow column."""
        if self.kind == "decimal":
            return _decimals(values)
        if self.kind == "integer":
            try:
                return pa.array(values, pa.int64())
            except OverflowError:
                return pa.array([None if v is None else Decimal(v) for v in values], pa.decimal128(38, 0))
        if self.kind == "binary":
            return pa.array(values, pa.binary())
        if self.kind == "any" and any(isinstance(value, bytes) for value in values):
            encoded = [value.encode() if isinstance(value, str) else value for value in values]
            return pa.array(encoded, pa.binary())
        return pa.array(values, FIXED.get(self.kind, pa.string()))


def _boolean(found: Any) -> bool | None:
    if found in (0, 1):
        return bool(found)
    known = {"": None, "t": True, "true": True, "f": False, "false": False, "0": False, "1": True}
    try:
        return known[str(found).lower()]
    except KeyError:
        raise MisfitError from None


def _integer(found: Any) -> int | None:
    if isinstance(found, int):
        return int(found)
    if found == "":
        return None
    number = Decimal(str(found))
    if number != number.to_integral_value():
        raise MisfitError
    return int(number)


def _float(found: Any) -> float | None:
    if isinstance(found, BYTES):
        raise MisfitError
    return None if found == "" else float(found)


def _decimal(found: Any) -> Decimal | None:
    if found == "":
        return None
    number = found if isinstance(found, Decimal) else Decimal(repr(found) if isinstance(found, float) else str(found))
    if number.is_finite() and number.adjusted() >= WHOLE_DIGITS:
        raise MisfitError
    return number if number.is_finite() else None


def _text(found: Any) -> str:
    if isinstance(found, str):
        return found
    if isinstance(found, BYTES):
        raise MisfitError
    plain = duration(found) if isinstance(found, timedelta) else as_json(found, datetime.isoformat)
    return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()


def _timestamp(found: Any) -> datetime | None:
    if isinstance(found, datetime):
        return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    if isinstance(found, str):
        return None
    raise MisfitError


def _aware(found: Any) -> datetime | None:
    moment = _timestamp(found)
    return moment.replace(tzinfo=UTC) if moment else None


def _date(found: Any) -> date | None:
    if isinstance(found, date):
        return found
    if isinstance(found, str):
        return None
    raise MisfitError


def _binary(found: Any) -> bytes:
    return found.encode() if isinstance(found, str) else bytes(memoryview(found))


def _any(found: Any) -> str | bytes:
    return bytes(found) if isinstance(found, BYTES) else _text(found)


READ: dict[Kind, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "float": _float,
    "decimal": _decimal,
    "text": _text,
    "json": _text,
    "timestamp": _timestamp,
    "timestamptz": _aware,
    "date": _date,
    "binary": _binary,
    "any": _any,
}


def duration(span: timedelta) -> str:
    """A time of day or an interval as databases write it, 26:30:00 where it is longer than a day.

    >>> duration(timedelta(hours=26, minutes=30)), duration(-timedelta(seconds=1, microseconds=5))
    ('26:30:00', '-00:00:01.000005')
    """
    sign, span = ("-", -span) if span < timedelta() else ("", span)
    minutes, seconds = divmod(span.days * 86_400 + span.seconds, 60)
    rest = f".{span.microseconds:06}" if span.microseconds else ""
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{rest}"


def _decimals(values: list[Any]) -> pa.Array:
    """Exact numbers with as many places as these values need; beyond 38 digits, the last places are rounded away."""
    numbers = [value for value in values if value is not None]
    if not numbers:
        return pa.array(values, pa.decimal128(18, 3))
    places = max(0, *(-int(number.as_tuple().exponent) for number in numbers), 0)
    whole = max(1, *(number.adjusted() + 1 for number in numbers), 1)
    if whole + places <= DIGITS:
        return pa.array(values, pa.decimal128(max(whole + places, 1), places))
    last = Decimal(1).scaleb(whole - DIGITS)
    with localcontext(prec=2 * DIGITS):
        rounded = [None if value is None else value.quantize(last) for value in values]
    return pa.array(rounded, pa.decimal128(DIGITS, DIGITS - whole))


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
    return True


def described(connection: sa.Connection, description: Sequence[Sequence[Any]], table: str) -> list[Column]:
    """The columns that a cursor describes; SQLite's by what its table declares, else by their values (``guessed``)."""
    system = connection.dialect.name
    if system == "sqlite":
        declared = _declared(connection, table) if table else {}
        return [Column(str(one[0]), _sqlite_kind(declared.get(str(one[0]), ""))) for one in description]
    kinds = POSTGRESQL if system == "postgresql" else MYSQL
    rest: Kind = "text" if system == "postgresql" else "any"
    return [Column(str(one[0]), kinds.get(int(one[1]), rest)) for one in description]


def _declared(connection: sa.Connection, table: str) -> dict[str, str]:
    rows = connection.execute(sa.text("SELECT name, type FROM pragma_table_xinfo(:table)"), {"table": table})
    return {name: kind for name, kind in rows}  # noqa: C416 (rows are no pairs for mypy)


def _sqlite_kind(declared: str) -> Kind:
    return next((kind for words, kind in SQLITE if re.search(words, declared.lower())), "any")


def guessed(columns: list[Column], rows: Sequence[Sequence[Any]]) -> list[Column]:
    """SQLite's columns without declared kind, by the first rows: numbers if all are, else text or bytes."""
    found = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True) if rows else ():
        kinds = {type(value) for value in values if value is not None}
        kind = column.kind
        if kind == "any" and kinds:
            kind = "integer" if kinds == {int} else "float" if kinds <= {int, float} else "any"
        found.append(Column(column.name, kind))
    return found or columns
