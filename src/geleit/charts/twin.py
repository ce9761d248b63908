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
    """The whole table; the first column of words names the row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
