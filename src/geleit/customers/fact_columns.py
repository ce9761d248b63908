"""Facts of many events at once: plain ones by SQL, all others as ``facts.facts_of`` makes them of single events."""

# ruff: noqa: S608 (only constants of this module stand in the texts)

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from geleit.customers import facts, tokens
from geleit.customers.facts import Facts, Setting
from geleit.history import snapshot
from geleit.history.stored import COLUMNS, decode
from geleit.ledger import tables
from geleit.sources.vectors import scratch

TABLES = (
    tables.trait,
    tables.consent_fact,
    tables.account_fact,
    tables.order_fact,
    tables.order_line,
    tables.product_fact,
    tables.search_token,
)
# Whatever gives more than traits and names: such events are read one by one.
TELLING = (*facts.CONSENTS, *facts.MEMBERSHIPS, *facts.ORDERS, *tokens.SPEAKING, "product_registered")
TOLD = ('"serial":', '"words":', '"text":', '"products":', '"product_name":', '"order_id":', "\\")

SAID = ["set_key", "source", "t", "ord", "event_id", "body"]
# Traits as they stand in the bodies, the newest of each set, name and source; and every text of a name.
TRAITS = """
CREATE TEMP TABLE said AS
SELECT set_key, source, t, ord, event_id, name, json_extract(traits, '$."' || name || '"') AS value
FROM (
  SELECT *, unnest(json_keys(traits)) AS name
  FROM (SELECT set_key, source, t, ord, event_id, body -> '$.traits' AS traits FROM plain)
)
"""
NEWEST = """
SELECT set_key, name, source, arg_max(value::VARCHAR, place) AS value, max(place).t AS t, max(place).ord AS ord,
  max(place).event_id AS event_id
FROM (SELECT *, {'t': t, 'ord': ord, 'event_id': event_id} AS place FROM said)
GROUP BY set_key, name, source
"""
NAMES = "SELECT DISTINCT set_key, value ->> '$' AS value FROM said WHERE name IN (SELECT unnest($names))"


def schema(table: sa.Table) -> pa.Schema:
    """A fact table's columns, with ``set_key`` in the place of ``set_id``."""
    fields = snapshot.schema(sa.select(table))
    return pa.schema([pa.field("set_key", f.type) if f.name == "set_id" else f for f in fields])


def facts_of_rows(rows: pa.Table, setting: Setting) -> dict[str, pa.Table]:
    """The facts of stored rows (the outbox's columns but ``seq``), by table; sets are named by their key.

    Tokens of identifiers are left out where an event has nothing but names: they hang on the sets themselves.
    """
    canonical = {kind: setting.catalogue.canonical(kind) for kind in rows["kind"].unique().to_pylist()}
    telling = [kind for kind, known in canonical.items() if known in TELLING]
    products = [kind for kind, known in canonical.items() if known.startswith("product_")]
    with scratch() as duck:
        duck.register("given", rows)
        told = " OR ".join(f"contains(body, '{mark}')" for mark in TOLD)
        odd = f"({told} OR list_contains($telling, kind) OR (list_contains($products, kind) AND contains(body, '\"name\":')))"
        values = {"telling": telling, "products": products}
        flags = duck.sql(f"SELECT {odd} AS odd FROM given", params=values).to_arrow_table()["odd"]
        special = rows.filter(flags).append_column("seq", pa.nulls(pc.sum(flags).as_py() or 0, pa.int64()))
        plain = pc.and_(pc.invert(flags), pc.match_substring(rows["body"], '"traits":'))
        duck.register("plain", rows.select(SAID).filter(plain))
        found = _single(zip(*(special[name].to_pylist() for name in COLUMNS), strict=True), setting)
        _plain(duck, found)
    return found


def _single(rows: Iterable[tuple[Any, ...]], setting: Setting) -> dict[str, pa.Table]:
    """The facts of events that tell more, one by one."""
    events = [(stored.event, stored.set_key) for stored in map(decode, rows)]
    return tabled(facts.facts_of(events, setting))


def tabled(found: Facts) -> dict[str, pa.Table]:
    """Facts as tables, each row once."""
    made = {}
    for table in TABLES:
        rows = facts.newest(found.of(table)) if table is tables.trait else found.of(table)
        form = schema(table)
        keyed = [row | {"set_key": row["set_id"]} if "set_id" in row else row for row in rows]
        made[table.name] = pa.Table.from_pylist([{n: row[n] for n in form.names} for row in keyed], form)
    return made


def _plain(duck: duckdb.DuckDBPyConnection, found: dict[str, pa.Table]) -> None:
    """Add traits and words of names."""
    duck.execute(TRAITS)
    traits = duck.sql(NEWEST).to_arrow_table()
    _append(found, tables.trait, {name: traits[name] for name in traits.column_names})
    names = duck.sql(NAMES, params={"names": list(tokens.NAMES)}).fetchall()
    words = [(token, key, "name") for key, value in names for token in set(tokens.of_text(value))]
    columns = list(zip(*words, strict=True)) or [(), (), ()]
    _append(found, tables.search_token, dict(zip(("token", "set_key", "field"), columns, strict=True)))


def _append(found: dict[str, pa.Table], table: sa.Table, columns: Mapping[str, Any]) -> None:
    form = schema(table)
    more = pa.table({f.name: pa.chunked_array([_array(columns[f.name], f.type)]) for f in form}, form)
    found[table.name] = pa.concat_tables([found[table.name], more])


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    return values.combine_chunks().cast(kind) if isinstance(values, pa.ChunkedArray) else pa.array(values, kind)
