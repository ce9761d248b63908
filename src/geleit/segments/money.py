"""Amounts of money in conditions: exact, in a currency that is named or the company's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, PlainSerializer, WithJsonSchema

from geleit.customers.facts import minor_units

WRITTEN = re.compile(r"(\d{1,12}(?:\.\d{1,4})?)(?:\s*([A-Za-z]{3}))?")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as it is written; ``currency`` is empty for the company's."""

    amount: str
    currency: str

    def minor(self, currency: str) -> int:
        """In minor units; ``currency`` is the company's."""
        found = minor_units(self.amount, self.currency or currency)
        assert found is not None  # noqa: S101 (its form was checked)
        return found

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}".strip()


def as_money(value: Any) -> Any:
    """``500 EUR`` or ``499.90`` as money.

    Errors: ValueError for anything else.
    """
    if isinstance(value, Money):
        return value
    found = None if isinstance(value, bool) else WRITTEN.fullmatch(str(value).strip())
    if found is None:
        raise ValueError("write an amount as 500 EUR, or 499.90 in the company's currency")
    return Money(found[1], (found[2] or "").upper())


_SCHEMA = {"type": ["string", "number"], "examples": ["500 EUR", 499.9]}
Amount = Annotated[InstanceOf[Money], BeforeValidator(as_money), PlainSerializer(str), WithJsonSchema(_SCHEMA)]
"""Money written as ``500 EUR``."""
