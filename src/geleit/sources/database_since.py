"""How far a table was read: values of its growing column as text, and from where the next reading starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from geleit.clock import SECOND
from geleit.sources.database import Database
from geleit.sources.times import MICROSECONDS_FROM, MILLISECONDS_FROM

TO_SECOND = len("2026-11-22 10:15:00")
READ: dict[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "decimal": Decimal,
    "timestamp": datetime.fromisoformat,
    "date": date.fromisoformat,
    "uuid": UUID,
    "bytes": bytes.fromhex,
    "text": str,
}


def as_typed_text(value: Any) -> str | None:
    """A value as text that tells its type; None for what no row can be found by.

    >>> as_typed_text(17), as_typed_text(Decimal("1.50")), as_typed_text(datetime(2026, 11, 22, 10)), as_typed_text(None)
    ('int:17', 'decimal:1.50', 'timestamp:2026-11-22T10:00:00', None)
    """
    match value:
        case bool() | None:
            return None
        case int():
            return f"int:{value}"
        case float():
            return f"float:{value!r}"
        case Decimal():
            return f"decimal:{value}" if value.is_finite() else None
        case datetime():
            return f"timestamp:{value.isoformat()}"
        case date():
            return f"date:{value.isoformat()}"
        case UUID():
            return f"uuid:{value}"
        case bytes() | bytearray() | memoryview():
            return f"bytes:{bytes(value).hex()}"
        case str():
            return f"text:{value}"
        case _:
            return None


def as_value(text: str) -> Any:
    """The value of a typed text; None for one that a stranger wrote."""
    kind, _, plain = text.partition(":")
    try:
        return READ[kind](plain)
    except (KeyError, ValueError, ArithmeticError):
        return None


def start(database: Database, last: Any) -> Any:
    """From which value on rows are read again, for some may have been committed late.

    >>> database = Database(url="sqlite:///shop.sqlite", table="orders", since="id")
    >>> start(database, 5000), start(database, "2026-11-22 10:15:00.250"), start(database, "01J9ZK")
    (4000, '2026-11-22 10:05:00', '01J9ZK')
    """
    span = timedelta(microseconds=database.span)
    if isinstance(last, datetime):
        return last - span
    if isinstance(last, date):
        return last - timedelta(days=-(-span // timedelta(days=1)))
    if isinstance(last, str):
        return _earlier_text(last, span)
    if isinstance(last, int | float | Decimal):
        return last - (_in_unit_of(last, database.span) if database.number is None else database.number)
    return last


def _earlier_text(last: str, span: timedelta) -> str:
    """SQLite's times are texts. Cut to the second, a text sorts before all longer ones of that second."""
    try:
        earlier = datetime.fromisoformat(last) - span
    except (ValueError, OverflowError):
        return last
    separator = last[10] if len(last) > len("2026-11-22") else " "
    return earlier.isoformat(separator, "seconds")[: min(len(last), TO_SECOND)]


def _in_unit_of(last: float | Decimal, span: int) -> int:
    """A span in the unit in which a number counts time since 1970."""
    size = abs(float(last))
    if size >= MICROSECONDS_FROM:
        return span
    return span // 1000 if size >= MILLISECONDS_FROM else span // SECOND
