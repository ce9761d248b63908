"""The table beside every picture: the same numbers, each with the people behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head; ``numeric`` ones stand at the right."""

    head: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text and where it leads; empty: nowhere."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Twin:
    """The table; ``rows`` may be only the first of ``total`` where no more were wanted."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int = -1

    @property
    def all_rows(self) -> int:
        """How many rows there are."""
        return len(self.rows) if self.total < 0 else self.total
