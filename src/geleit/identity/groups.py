"""Groups of identifiers (see ``grouping``) as tables of a DuckDB."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geleit.events.event import Identifier
from geleit.history.statements import load_from
from geleit.identity import customer_ids
from geleit.identity.grouping import REASONS, Groups, Known, find_groups
from geleit.identity.rules import Rules

SQL = load_from(Path(__file__).parent / "groups.sql")


def group(duck: duckdb.DuckDBPyConnection, rules: Rules, named: AbstractSet[Identifier] = frozenset()) -> None:
    """Make the tables of ``write`` and ``rule(type, class)`` of ``identifier(no, ...)`` and ``evidence(low, high, source)``.

    ``named``: identifiers of which people decided something, the table ``decided(type, value)`` afterwards. Leaves
    ``unheeded(source, no)``: who joins nobody where a source shows it.
    """
    known = _known(duck)
    columns = {
        "type": pa.array(known.types, pa.string()),
        "class": pa.array([rules.of(type_).class_ for type_ in known.types], pa.string()),
    }
    duck.from_arrow(pa.table(columns)).create("rule")
    types, values = [one.type for one in named], [one.value for one in named]
    decided = {"type": pa.array(types, pa.string()), "value": pa.array(values, pa.string())}
    duck.from_arrow(pa.table(decided)).create("decided")
    _unheeded(duck, rules)
    links = duck.sql(SQL["link"]).to_arrow_table()
    write(duck, find_groups(known, links["low"].to_numpy(), links["high"].to_numpy(), rules, named))


def _known(duck: duckdb.DuckDBPyConnection) -> Known:
    rows = duck.sql(SQL["known"]).to_arrow_table()
    types = sorted(pc.unique(rows["type"]).to_pylist())
    kind = pc.index_in(rows["type"], pa.array(types, pa.string())).to_numpy().astype(np.int16)
    values = pa.chunked_array(rows["value"].chunks, pa.string()).cast(pa.large_string()).combine_chunks()
    return Known(types, kind, values, rows["first_t"].to_numpy())


def write(duck: duckdb.DuckDBPyConnection, found: Groups) -> None:
    """Make ``reason(no, reason)``, ``grouped(no, wide)`` and ``groups(wide, customer_id, since_t, rank, simple)``."""
    numbers = pa.array(np.arange(len(found.wide)))
    reason = pa.DictionaryArray.from_arrays(pa.array(found.reason), pa.array(REASONS)).cast(pa.string())
    columns = {
        "wide": pa.array(np.arange(len(found.ids))),
        "customer_id": customer_ids.texts_of(found.ids),
        "since_t": pa.array(found.since_t),
        "rank": pa.array(found.rank),
        "simple": pa.array(found.simple),
    }
    duck.from_arrow(pa.table({"no": numbers, "reason": reason})).create("reason")
    duck.from_arrow(pa.table({"no": numbers, "wide": pa.array(found.wide)})).create("grouped")
    duck.from_arrow(pa.table(columns)).create("groups")


def _unheeded(duck: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Identifiers that join nobody where a source shows them."""
    duck.execute("CREATE TABLE unheeded (source VARCHAR, no BIGINT)")
    for source in rules.definition.sources:
        rows = duck.execute(SQL["shown"], {"source": source}).fetchall()
        numbers = [no for no, type_, value in rows if not rules.heeds(source, Identifier(type_, value))]
        duck.from_arrow(
            pa.table({"source": pa.repeat(source, len(numbers)), "no": pa.array(numbers, pa.int64())})
        ).insert_into("unheeded")
