"""What properties of an event mean: a text in one language, a yes, a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from geleit.events.kinds import in_language

_YES = ("true", "1", "yes", "ja", "wahr")


def wording(value: Any, language: str) -> str:
    """A property that is a plain text, or a text per language."""
    if isinstance(value, Mapping):
        return in_language(value, language).strip()
    return "" if value is None else str(value).strip()


def affirmed(value: Any) -> bool:
    """A property that says yes, as truth value, number or word."""
    return value is True or str(value).strip().lower() in _YES


def amount(value: Any) -> float | None:
    """A property that is a number or reads as one (``+2``, ``-1,5``), else None."""
    try:
        number = float(str(value).replace(",", ".").replace("\u2212", "-"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
