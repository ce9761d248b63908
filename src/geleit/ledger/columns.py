"""Types of the ledger's columns that mean the same in SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

# SQLite numbers rows only in a column declared INTEGER; PostgreSQL wants the wide form.
Wide: sa.types.TypeEngine[int] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

MARK = "\ufdd0"  # stands in no text: Unicode keeps it for use inside of a program
NUL = "\0"  # no text of PostgreSQL holds it


class Exact(sa.types.TypeDecorator[str]):
    """Text that is compared with what a source gave, so that it comes back as it was, even with a NUL in it."""

    impl = sa.Text
    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """What is done to a value on its way in: nothing in SQLite."""
        return escape if dialect.name == "postgresql" else None

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """And on its way out."""
        del coltype
        return unescape if dialect.name == "postgresql" else None


def escape(value: Any) -> Any:
    """A text without NUL, from which ``unescape`` makes the same text again; other values as they are.

    >>> unescape(escape("a" + NUL + "b")) == "a" + NUL + "b", escape("plain")
    (True, 'plain')
    """
    if isinstance(value, str) and (NUL in value or MARK in value):
        return value.replace(MARK, MARK + "1").replace(NUL, MARK + "0")
    return value


def unescape(value: Any) -> Any:
    """What ``escape`` was given."""
    return (
        value.replace(MARK + "0", NUL).replace(MARK + "1", MARK) if isinstance(value, str) and MARK in value else value
    )


def visible(value: Any) -> Any:
    """A text that PostgreSQL takes: a NUL becomes its picture."""
    return value.replace(NUL, "\u2400") if isinstance(value, str) and NUL in value else value
