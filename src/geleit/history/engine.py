"""Where reference SQL runs: DuckDB in this process, or a cluster (``spark``); both take the same texts and give the same rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

import duckdb
import pyarrow as pa
from pyarrow import parquet

PARAMETER = re.compile(r"\$(\w+)")


class Engine(Protocol):
    """What a question needs of an engine. Texts are DuckDB's dialect inside the portable subset, with ``$name`` parameters."""

    def read(self, name: str, uri: str) -> None:
        """Call all Parquet files under a folder ``name``."""

    def put(self, name: str, rows: pa.Table) -> None:
        """Call a small table of ours ``name``; one of that name before it is gone."""

    def save(self, name: str, text: str, values: Mapping[str, object]) -> None:
        """Keep the rows of a query as ``name``, so that they are not worked out again."""

    def rows(self, text: str, values: Mapping[str, object]) -> pa.Table:
        """The rows of a query."""

    def export(self, name: str, uri: str) -> None:
        """Write the rows called ``name`` as Parquet under a folder that does not exist yet."""

    def drop(self, name: str) -> None:
        """Let go of what is called ``name``, if there is such."""


class DuckEngine:
    """The embedded engine; it answers for what others have to answer as well."""

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self.duck = duck

    def read(self, name: str, uri: str) -> None:
        """Call all Parquet files under a folder ``name``."""
        files = f"{uri.removeprefix('file://')}/**/*.parquet"
        self.duck.read_parquet(files, hive_partitioning=True).create_view(name, replace=True)

    def put(self, name: str, rows: pa.Table) -> None:
        """Call a small table of ours ``name``."""
        self.duck.register(name, rows)

    def save(self, name: str, text: str, values: Mapping[str, object]) -> None:
        """Keep the rows of a query as a table of this connection."""
        self.duck.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {text}", fitting(text, values))

    def rows(self, text: str, values: Mapping[str, object]) -> pa.Table:
        """The rows of a query."""
        found: pa.Table = self.duck.sql(text, params=fitting(text, values)).to_arrow_table()
        return found

    def export(self, name: str, uri: str) -> None:
        """Write the rows called ``name`` as one Parquet file under a new folder."""
        parquet.write_to_dataset(self.duck.table(name).to_arrow_table(), uri.removeprefix("file://"))

    def drop(self, name: str) -> None:
        """Let go of a table or a view."""
        for kind in ("VIEW", "TABLE"):
            try:
                self.duck.execute(f"DROP {kind} IF EXISTS {name}")
            except duckdb.CatalogException:  # it is of the other kind
                continue


def fitting(text: str, values: Mapping[str, object]) -> dict[str, object]:
    """Only the values that a text asks for.

    >>> fitting("SELECT $since", {"since": 1, "until": 2})
    {'since': 1}
    """
    asked = set(PARAMETER.findall(text))
    return {name: value for name, value in values.items() if name in asked}
