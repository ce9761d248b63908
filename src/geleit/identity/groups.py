"""Customers of many identifiers at once: groups that nothing holds back are joined set-based.

Equal to ``graph.resolve`` for those groups, because where no limit is reached and nobody decided anything, every link
joins, in whatever order; all other groups are named difficult and left to it. Works on tables ``identifier(no, type, value, first_t)``,
``evidence(low, high, ...)`` and ``place(set_key, no)`` of a DuckDB, and leaves ``reason``, ``grouped`` and ``owner`` there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geleit.events.event import Identifier
from geleit.history.statements import load_from
from geleit.identity.components import components
from geleit.identity.graph import COUNTED, PERSONAL, customer_id, fixed_reason
from geleit.identity.normalize import plain
from geleit.identity.rules import Rules

SQL = load_from(Path(__file__).parent / "groups.sql")

Labels = npt.NDArray[np.int64]


def group(duck: duckdb.DuckDBPyConnection, rules: Rules, named: AbstractSet[Identifier] = frozenset()) -> None:
    """Make ``grouped(no, wide)`` and ``groups(wide, customer_id, since_t, rank, simple)``; rank orders by customer id.

    ``named``: identifiers of which people decided something.
    """
    _rules(duck, rules)
    _fixed(duck, rules)
    _unheeded(duck, rules)
    _given(duck, "decided", named)
    duck.execute(SQL["link"])
    duck.execute(SQL["reason"], {"user_ids": rules.hub.user_ids, "degree": rules.hub.degree})
    count = int(duck.table("identifier").count("*").fetchall()[0][0])
    links = duck.sql(SQL["joining"]).to_arrow_table()
    low, high = links["low"].to_numpy(), links["high"].to_numpy()
    joins = links["joins"].to_numpy()
    joined = components(count, low[joins], high[joins])
    wide = components(count, low, high)
    _table(duck, "grouped", {"no": np.arange(count), "joined": joined, "wide": wide})
    duck.execute(SQL["oldest"])
    duck.execute(SQL["difficult"])
    _name(duck)
    duck.execute(SQL["owner"])


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
        "per": pa.array([rule.per for rule in found], pa.string()),
        "counted": pa.array([rule.class_ in COUNTED for rule in found], pa.bool_()),
        "shared_by": pa.array([rule.shared_by for rule in found], pa.int64()),
        "personal": pa.array([rule.class_ in PERSONAL for rule in found], pa.bool_()),
    }
    duck.from_arrow(pa.table(columns)).create("rule")


def _fixed(duck: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Values that join nobody whatever they were seen with; plain ones need no look."""
    odd: list[tuple[int, str]] = []
    for (type_,) in duck.execute("SELECT type FROM rule").fetchall():
        question = "SELECT no, value FROM identifier WHERE type = $type AND NOT regexp_matches(value, $plain)"
        rows = duck.execute(question, {"type": type_, "plain": plain(type_, rules)}).fetchall()
        found = ((no, fixed_reason(Identifier(type_, value), rules)) for no, value in rows)
        odd += [(no, reason) for no, reason in found if reason]
    excluded = {
        one for one in rules.exclude if re.search(plain(one.type, rules), one.value)
    }  # the others were seen above
    _given(duck, "excluded", excluded)
    odd += [(no, "excluded") for (no,) in duck.execute(SQL["excluded"]).fetchall()]
    columns = {
        "no": pa.array([no for no, _ in odd], pa.int64()),
        "reason": pa.array([reason for _, reason in odd], pa.string()),
    }
    duck.from_arrow(pa.table(columns)).create("fixed")
    _given(duck, "included", rules.include)


def _unheeded(duck: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Identifiers that join nobody where a source shows them."""
    duck.execute("CREATE TABLE unheeded (source VARCHAR, no BIGINT)")
    for source in rules.definition.sources:
        rows = duck.execute(SQL["shown"], {"source": source}).fetchall()
        numbers = [no for no, type_, value in rows if not rules.heeds(source, Identifier(type_, value))]
        duck.from_arrow(
            pa.table({"source": pa.repeat(source, len(numbers)), "no": pa.array(numbers, pa.int64())})
        ).insert_into("unheeded")


def _given(duck: duckdb.DuckDBPyConnection, name: str, identifiers: Iterable[Identifier]) -> None:
    """A table of identifiers."""
    some = list(identifiers)
    columns = {
        "type": pa.array([i.type for i in some], pa.string()),
        "value": pa.array([i.value for i in some], pa.string()),
    }
    duck.from_arrow(pa.table(columns)).create(name)


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
