"""Customers of many identifiers at once: groups that no limit holds back are joined set-based.

Equal to ``graph.resolve`` for those groups, because without a limit every link joins, in whatever order; all other
groups are named difficult and left to it. Works on tables ``identifier(no, type, value, first_t)``,
``evidence(low, high, ...)`` and ``place(set_key, no)`` of a DuckDB, and leaves ``reason``, ``grouped`` and ``owner`` there.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geleit.events.event import Identifier
from geleit.history.statements import load_from
from geleit.identity.graph import COUNTED, PERSONAL, SHAREABLE, customer_id
from geleit.identity.normalize import malformed, plain
from geleit.identity.rules import Rules

SQL = load_from(Path(__file__).parent / "groups.sql")
CHECKED = ("email", "phone")  # classes whose values may be malformed

Labels = npt.NDArray[np.int64]


def group(duck: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Make ``grouped(no, wide)`` and ``groups(wide, customer_id, since_t, rank, simple)``; rank orders by customer id."""
    _rules(duck, rules)
    _malformed(duck, rules)
    duck.execute(SQL["link"])
    duck.execute(SQL["reason"], {"user_ids": rules.hub.user_ids, "degree": rules.hub.degree})
    count = int(duck.table("identifier").count("*").fetchall()[0][0])
    links = duck.sql(SQL["joining"]).to_arrow_table()
    low, high = links["low"].to_numpy(), links["high"].to_numpy()
    joins = links["joins"].to_numpy()
    joined = _components(count, low[joins], high[joins])
    wide = _components(count, low, high)
    _table(duck, "grouped", {"no": np.arange(count), "joined": joined, "wide": wide})
    duck.execute(SQL["oldest"])
    duck.execute(SQL["difficult"])
    _name(duck)
    duck.execute(SQL["owner"])


def _components(count: int, low: Labels, high: Labels) -> Labels:
    graph = coo_array((np.ones(len(low), np.int8), (low, high)), shape=(count, count))
    labels: Labels = connected_components(graph, directed=False)[1].astype(np.int64) if count else np.zeros(0, np.int64)
    return labels


def _rules(duck: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """What holds for each type that occurs."""
    types = [row[0] for row in duck.execute("SELECT DISTINCT type FROM identifier ORDER BY type").fetchall()]
    found = [rules.of(type_) for type_ in types]
    columns = {
        "type": pa.array(types, pa.string()),
        "class": pa.array([rule.class_ for rule in found], pa.string()),
        "priority": pa.array([rule.priority for rule in found], pa.int64()),
        "most": pa.array([rule.limit for rule in found], pa.int64()),
        "links": pa.array([rule.links for rule in found], pa.bool_()),
        "counted": pa.array([rule.class_ in COUNTED for rule in found], pa.bool_()),
        "shareable": pa.array([rule.class_ in SHAREABLE for rule in found], pa.bool_()),
        "personal": pa.array([rule.class_ in PERSONAL for rule in found], pa.bool_()),
    }
    duck.from_arrow(pa.table(columns)).create("rule")


def _malformed(duck: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Addresses and numbers that are none; plain ones need no look."""
    odd: list[int] = []
    for type_, class_ in duck.execute("SELECT type, class FROM rule").fetchall():
        if class_ in CHECKED:
            question = "SELECT no, value FROM identifier WHERE type = $type AND NOT regexp_matches(value, $plain)"
            rows = duck.execute(question, {"type": type_, "plain": plain(type_, rules)}).fetchall()
            odd += [no for no, value in rows if malformed(Identifier(type_, value), rules)]
    _table(duck, "malformed", {"no": np.array(odd, np.int64)})


def _name(duck: duckdb.DuckDBPyConnection) -> None:
    """Name each group after its oldest identifier and rank the groups by their names."""
    rows = duck.sql(SQL["named"]).to_arrow_table()
    types, values = rows["type"].to_pylist(), rows["value"].to_pylist()
    names = [customer_id(Identifier(type_, value)) for type_, value in zip(types, values, strict=True)]
    simple = rows["simple"].to_numpy()
    rank = np.empty(len(names), np.int64)
    rank[np.lexsort((np.array(names, dtype="U13"), ~simple))] = np.arange(len(names))
    table = rows.select(["wide", "since_t", "simple"]).append_column("customer_id", pa.array(names, pa.string()))
    duck.from_arrow(table.append_column("rank", pa.array(rank))).create("groups")


def _table(duck: duckdb.DuckDBPyConnection, name: str, columns: dict[str, Labels]) -> None:
    duck.from_arrow(pa.table({label: pa.array(values) for label, values in columns.items()})).create(name)
