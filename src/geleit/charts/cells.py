"""All rows of an answer as CSV, the folded ones too: the same file from the page and from the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from geleit.analytics.reference import Actor
    from geleit.analytics.result import Result

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(result: Result[Any]) -> str:
    """The rows by their fields' names; spans in microseconds. Text that a spreadsheet would compute gets an apostrophe."""
    rows = [*result.rows, *result.other.open()]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([one.name for one in fields(rows[0])] if rows else [])
    writer.writerows([_cell(getattr(row, one.name)) for one in fields(row)] for row in rows)
    return text.getvalue()


def people_csv(found: Sequence[Actor]) -> str:
    """The people behind a cell, a line each, with the need whose journey it was."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["customer", "need"])
    writer.writerows([inert(actor.customer), inert(actor.need)] for actor in found)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Ways with arrows, nested rows as JSON."""
    if is_dataclass(value):
        return msgspec.json.encode(value).decode()
    if isinstance(value, tuple):
        plain = all(isinstance(one, str) for one in value)
        return inert(" → ".join(value)) if plain else msgspec.json.encode(value).decode()
    return inert(value) if isinstance(value, str) else value


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
