"""Facts of many events at once: plain ones by SQL, all others as ``facts.facts_of`` makes them of single events."""

from __future__ import annotations

import re
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
from geleit.ledger.search_tables import search_text, search_word
from geleit.sources.vectors import scratch

TABLES = (
    tables.trait,
    tables.consent_fact,
    tables.account_fact,
    tables.order_fact,
    tables.order_line,
    tables.product_fact,
    search_text,
    search_word,
)
# Whatever gives more than traits and words, or words in a shape of its own: such events are read one by one.
TELLING = (*facts.CONSENTS, *facts.MEMBERSHIPS, *facts.ORDERS, "product_registered")
SHAPED = ('"serial":', '"words":[', '"text":[', '"criterion":[', "\\")

# Every text by which somebody is found: a number, what was said, a product's name, what was noted.
TEXTS = """
CREATE TEMP TABLE written AS
SELECT
  set_key,
  list_contains($speaking, kind) AS speaking,
  list_contains($products, kind) AS product,
  json_extract_string(body, [
    '$.properties.order_id', '$.properties.words', '$.properties.text', '$.properties.criterion',
    '$.properties.product_name', '$.properties.name'
  ]) AS found,
  CASE WHEN contains(body, '"products":[') THEN json_extract_string(body, '$.properties.products[*].name') END AS lines,
  CASE WHEN contains(body, '"words":{') THEN json_extract_string(body, '$.properties.words.*') END AS words,
  CASE WHEN contains(body, '"text":{') THEN json_extract_string(body, '$.properties.text.*') END AS texts,
  CASE WHEN speaking AND contains(body, '"criterion":{')
    THEN json_extract_string(body, '$.properties.criterion.*') END AS criteria
FROM telling
"""
WRITTEN = """
SELECT DISTINCT set_key, field, text
FROM (
  SELECT set_key, unnest([
    {'field': 'number', 'text': found[1]},
    {'field': 'words', 'text': CASE WHEN words IS NULL THEN found[2] END},
    {'field': CASE WHEN speaking THEN 'words' ELSE 'text' END, 'text': CASE WHEN texts IS NULL THEN found[3] END},
    {'field': 'words', 'text': CASE WHEN speaking AND criteria IS NULL THEN found[4] END},
    {'field': 'product', 'text': found[5]},
    {'field': 'product', 'text': CASE WHEN product THEN found[6] END}
  ], recursive := true)
  FROM written
  UNION ALL
  SELECT set_key, 'product' AS field, unnest(lines) AS text FROM written
  UNION ALL
  SELECT set_key, 'words' AS field, unnest(list_concat(words, criteria)) AS text FROM written
  UNION ALL
  SELECT set_key, CASE WHEN speaking THEN 'words' ELSE 'text' END AS field, unnest(texts) AS text FROM written
  UNION ALL
  SELECT set_key, 'name' AS field, value ->> '$' AS text FROM said WHERE list_contains($names, name)
)
WHERE text IS NOT NULL
"""
MARKS = ('"order_id":', '"words":', '"text":', '"criterion":', '"product_name":', '"products":[', '"name":')
NAMED = "SELECT DISTINCT text.set_key, named.text_key, text.field FROM text INNER JOIN named ON named.text = text.text"

Columns = Mapping[str, Any]
SAID = ["set_key", "source", "kind", "t", "ord", "event_id", "body"]
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


def schema(table: sa.Table) -> pa.Schema:
    """A fact table's columns, with ``set_key`` in the place of ``set_id``."""
    fields = snapshot.schema(sa.select(table))
    return pa.schema([pa.field("set_key", f.type) if f.name == "set_id" else f for f in fields])


def facts_of_rows(rows: pa.Table, setting: Setting) -> dict[str, pa.Table]:
    """The facts of stored rows (the outbox's columns but ``seq``), by table; sets are named by their key.

    Words of identifiers are left out: they hang on the identifiers themselves.
    """
    canonical = {kind: setting.catalogue.canonical(kind) for kind in rows["kind"].unique().to_pylist()}
    telling = [kind for kind, known in canonical.items() if known in TELLING]
    kinds = {
        "speaking": [kind for kind, known in canonical.items() if known in tokens.SPEAKING],
        "products": [kind for kind, known in canonical.items() if known.startswith("product_")],
    }
    odd = pc.is_in(rows["kind"], pa.array(telling, pa.string()))
    odd = pc.or_(odd, _any(rows["body"], SHAPED))
    special = rows.filter(odd)
    found = _single(special.append_column("seq", pa.nulls(special.num_rows, pa.int64())), setting)
    plain = rows.select(SAID).filter(pc.invert(odd))
    with scratch() as duck:
        duck.register("plain", plain.filter(pc.match_substring(plain["body"], '"traits":')))
        duck.register("telling", plain.filter(_any(plain["body"], MARKS)))
        duck.execute(TRAITS)
        traits = duck.sql(NEWEST).to_arrow_table()
        _append(found, tables.trait, {name: traits[name] for name in traits.column_names})
        duck.execute(TEXTS, kinds)
        words, texts = _words(duck)
        _append(found, search_word, words)
        _append(found, search_text, texts)
    return found


def _any(values: pa.ChunkedArray, marks: Iterable[str]) -> pa.ChunkedArray:
    """Whether a text holds one of the marks."""
    return pc.match_substring_regex(values, "|".join(re.escape(mark) for mark in marks))


def _single(special: pa.Table, setting: Setting) -> dict[str, pa.Table]:
    """The facts of events that tell more, one by one."""
    rows = zip(*(special[name].to_pylist() for name in COLUMNS), strict=True)
    events = [(stored.event, stored.set_key) for stored in map(decode, rows)]
    return tabled(facts.facts_of(events, setting))


def tabled(found: Facts) -> dict[str, pa.Table]:
    """Facts as tables, each row once."""
    made = {}
    for table in TABLES:
        rows = facts.newest(found.of(table)) if table is tables.trait else found.of(table)
        form = schema(table)
        names = ["set_id" if name == "set_key" else name for name in form.names]
        columns = ([row[name] for row in rows] for name in names)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, form, strict=True)]
        made[table.name] = pa.Table.from_arrays(arrays, schema=form)
    return made


def _words(duck: duckdb.DuckDBPyConnection) -> tuple[Columns, Columns]:
    """The words of all texts, each text taken apart once, and whose texts they are."""
    text = duck.sql(WRITTEN, params={"names": list(tokens.NAMES)}).to_arrow_table()
    duck.register("text", text)
    known = {one: words for one in pc.unique(text["text"]).to_pylist() if (words := tokens.of_text(one))}
    named = {"text": list(known), "text_key": list(map(tokens.text_key, known.values()))}
    duck.register("named", pa.table(named, pa.schema([("text", pa.string()), ("text_key", pa.int64())])))
    texts = duck.sql(NAMED).to_arrow_table()
    pairs = [
        (token, key)
        for words, key in dict(zip(known.values(), named["text_key"], strict=True)).items()
        for token in words
    ]
    columns = list(zip(*pairs, strict=True)) or [(), ()]
    return {"token": columns[0], "text_key": columns[1]}, {name: texts[name] for name in texts.column_names}


def _append(found: dict[str, pa.Table], table: sa.Table, columns: Columns) -> None:
    form = schema(table)
    more = pa.table({f.name: pa.chunked_array([_array(columns[f.name], f.type)]) for f in form}, form)
    found[table.name] = pa.concat_tables([found[table.name], more])


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    return values.combine_chunks().cast(kind) if isinstance(values, pa.ChunkedArray) else pa.array(values, kind)
