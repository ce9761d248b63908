"""Rows of DuckDB's answers, as many at a time as the ledger takes in one turn, and columns that become a table there."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from geleit.intake.pace import Pace


def slices(duck: duckdb.DuckDBPyConnection, question: str, pace: Pace) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of an answer, as many at a time as are written in one turn."""
    answer = duck.cursor().execute(question)
    while rows := answer.fetchmany(pace.rows):
        yield rows


class Pairs:
    """Two columns of numbers that become a table once they are all there."""

    def __init__(self, *names: str) -> None:
        self.columns = {name: array("q") for name in names}

    def add(self, *values: Iterable[int]) -> None:
        """More rows, column by column."""
        for column, some in zip(self.columns.values(), values, strict=True):
            column.extend(some)

    def create(self, duck: duckdb.DuckDBPyConnection, name: str) -> None:
        """Make the table."""
        columns = {label: pa.array(np.frombuffer(some, np.int64)) for label, some in self.columns.items()}
        duck.from_arrow(pa.table(columns)).create(name)
