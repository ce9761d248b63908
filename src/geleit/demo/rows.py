"""Columns of equal length: many people, needs or orders at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Rows(dict[str, Array]):
    """Named columns of equal length; ``rows["t"]`` is one, ``rows.take(mask)`` some rows of all."""

    def __len__(self) -> int:
        """How many rows, not how many columns."""
        return next((column.size for column in self.values()), 0)

    def take(self, where: Array) -> Rows:
        """The rows of a mask, or those at these places, in their order."""
        return Rows({name: column[where] for name, column in self.items()})

    def sorted_by(self, name: str) -> Rows:
        """In the order of one column; equal ones keep theirs."""
        return self.take(np.argsort(self[name], kind="stable"))

    def lists(self, *names: str) -> list[list[Any]]:
        """Columns as lists of Python values, which format quicker than numpy's own."""
        return [self[name].tolist() for name in names]


def together(parts: Sequence[Rows]) -> Rows:
    """Rows of several tables with the same columns, one table after another."""
    filled = [part for part in parts if len(part)] or list(parts[:1])
    return Rows({name: np.concatenate([part[name] for part in filled]) for name in filled[0]})


def texts(values: Sequence[str]) -> Array:
    """Texts as an array of Python strings."""
    array = np.empty(len(values), object)
    array[:] = list(values)
    return array
