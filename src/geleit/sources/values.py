"""Values as SQL gives them, as JSON keeps them: exact, with dates in ISO 8601."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

FLOAT_EXACT = 2**53

Localize = Callable[[datetime], str]


def as_json(value: Any, localize: Localize) -> Any:
    """A value of a SELECT as JSON can hold it.

    Decimals become integers or floats where that loses nothing, else text; times become ISO 8601 in UTC by
    ``localize``; dates stay dates; not-a-number is nothing (None).

    >>> [as_json(v, str) for v in (Decimal("749.00"), Decimal("19.90"), Decimal("0.1234567890123456789"))]
    [749, 19.9, '0.1234567890123456789']
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return (
            (int(value) if value.is_integer() and abs(value) < FLOAT_EXACT else value) if math.isfinite(value) else None
        )
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, datetime):
        return localize(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return _nested(value, localize)


def _nested(value: Any, localize: Localize) -> Any:
    if isinstance(value, Mapping):
        return {str(name): as_json(inner, localize) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(inner, localize) for inner in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)


def _number(value: Decimal) -> int | float | str:
    if not value.is_finite():
        return str(value)
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)


def as_text(value: Any) -> str:
    """A value as the text of an identifier, kind or key; '' for nothing.

    >>> as_text(Decimal("4711.00")), as_text(12.0), as_text("  a "), as_text(None)
    ('4711', '12', 'a', '')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    plain = as_json(value, lambda moment: moment.isoformat())
    return "" if plain is None else str(plain).strip()
