"""Walks through the histories of many customers in one pass: in tables of columns, each customer whole and in total order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from geleit.events.kinds import Catalogue
from geleit.history import reading
from geleit.history.statements import load

ROWS = 6_000  # events of one table, but for the last customer's: short enough that writing what comes of it is, too
BATCH = 50_000


class Way(NamedTuple):
    """How some of the events are read: their kind as the source names it, the kind it means, its stage, whether a step."""

    said: str
    kind: str
    stage: str
    step: bool


class Walk:
    """A way through ``stored`` rows of ``duck``, which holds ``owned(set_key, no)`` as well: the customers' numbers.

    It may hold ``cut(set_key, from_t, until_t, no)``, too: stretches of time in which events are somebody else's.
    ``telling``: a pattern of the bodies that are wanted; others come empty. ``ways``: what the column ``touch`` numbers.
    """

    def __init__(self, duck: duckdb.DuckDBPyConnection, catalogue: Catalogue, telling: str) -> None:
        self.duck, self.telling = duck, telling
        duck.execute(load("walk.sql")["uncut"])
        touch = reading.touch(duck, catalogue)
        columns = (touch[name].to_pylist() for name in ("kind", "read_kind", "stage", "step"))
        self.ways = [Way(*values) for values in zip(*columns, strict=True)]

    def tables(self) -> Iterator[pa.Table]:
        """Columns no, t, ord, event_id, source, record, touch, body; no customer stands in two tables."""
        cursor = self.duck.cursor()  # whoever has the connection goes on with it meanwhile
        answer = cursor.sql(load("walk.sql")["walked"], params={"telling": self.telling})
        held: list[pa.Table] = []
        for batch in answer.to_arrow_reader(BATCH):
            held.append(pa.Table.from_batches([batch]))
            if sum(one.num_rows for one in held) < ROWS:
                continue
            table = pa.concat_tables(held)
            ends = _ends(table)
            for start, end in zip([0, *ends], ends, strict=False):
                yield table.slice(start, end - start)
            held = [table.slice(ends[-1] if ends else 0)]
        if held and (table := pa.concat_tables(held)).num_rows:
            yield table


def _ends(table: pa.Table) -> list[int]:
    """Places where a table may be cut: between customers, every ``ROWS`` rows or soon after."""
    numbers = table["no"].to_numpy()
    borders = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
    ends: list[int] = []
    while len(found := borders[borders >= (ends[-1] if ends else 0) + ROWS]):
        ends.append(int(found[0]))
    return ends
