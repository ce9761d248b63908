"""Texts that are joined of many columns: by DuckDB for some rows, by machine code for many, with the same result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

import pyarrow as pa

WORTH = 400_000  # rows from which a process saves more time by machine code than it takes to load it

_rows = 0  # that this process has joined


@dataclass(frozen=True, slots=True)
class Member:
    """A value of a join between ``before`` and ``after``: a column's name, another join, or None for ``missing`` alone.

    ``missing`` stands in place of null; without it a null is left out.
    """

    before: str
    what: str | Join | None
    after: str = ""
    missing: str | None = None

    def sql(self) -> str:
        """The member over the columns of a table; null where it is left out."""
        if self.what is None:
            return literal(self.missing or "")
        value = self.what.sql() if isinstance(self.what, Join) else self.what
        text = " || ".join([*_some(self.before), value, *_some(self.after)])
        return text if self.missing is None else f"coalesce({text}, {literal(self.missing)})"


@dataclass(frozen=True, slots=True)
class Join:
    """Members between ``opening`` and ``closing``; null if nothing stands there, unless ``always``."""

    opening: str
    members: Sequence[Member]
    separator: str
    closing: str
    always: bool = False

    def sql(self) -> str:
        """The join over the columns of a table."""
        joined = f"concat_ws({literal(self.separator)}, {', '.join(member.sql() for member in self.members)})"
        between = joined if self.always else f"nullif({joined}, '')"
        return " || ".join([*_some(self.opening), between, *_some(self.closing)])

    def of(self, columns: Mapping[str, pa.Array]) -> pa.Array:
        """The same by machine code.

        Errors: pa.ArrowCapacityError for texts that are longer together than a column can be.
        """
        kernels = loaded()
        pieces = [
            kernels.Piece(
                member.before.encode(),
                member.what.of(columns) if isinstance(member.what, Join) else columns.get(member.what or ""),
                member.after.encode(),
                None if member.missing is None else member.missing.encode(),
            )
            for member in self.members
        ]
        ends = (self.opening.encode(), self.separator.encode(), self.closing.encode())
        return kernels.join(pieces, ends, len(next(iter(columns.values()))), always=self.always)


def worthwhile(rows: int) -> bool:
    """Whether to join these rows by machine code: so many were joined in this process that it pays to load it."""
    global _rows  # noqa: PLW0603 (a process loads it once)
    _rows += rows
    return _rows >= WORTH and loaded().hashing()


def paid() -> bool:
    """Whether this process has joined so many rows that machine code is worth loading."""
    return _rows >= WORTH


def filled(values: pa.Array) -> pa.Array:
    """Texts with null in place of empty ones, if machine code can tell them without a copy; else as they are."""
    return loaded().filled(values) if paid() else values


def edges(values: pa.Array) -> pa.Array | None:
    """Which texts begin or end with a blank or are empty, if all are of visible ASCII and blanks and need no escape.

    None if they are not, or while no machine code is worth loading.
    """
    if not paid() or not loaded().unescaped(values):
        return None
    return loaded().edged(values)


def quoted(values: pa.Array) -> pa.Array:
    """Texts that need no escape as JSON, by machine code. Errors: as ``Join.of``."""
    return Join("", [Member('"', "values", '"')], "", "").of({"values": values})


@cache
def loaded() -> ModuleType:
    """The machine code."""
    return import_module("geleit.sources.vectors_kernels")


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''").replace("\0", "' || chr(0) || '") + "'"


def _some(text: str) -> list[str]:
    return [literal(text)] if text else []
