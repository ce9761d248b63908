"""Facts of many events at once: plain ones by SQL, all others as ``facts.facts_of`` makes them of single events."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import repeat
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from geleit.customers import facts, tokens
from geleit.customers.facts import Facts, Setting
from geleit.customers.order_columns import facts_of_orders
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
# Kinds that give more than traits and words; so does whatever names a serial number.
TELLING = frozenset((*facts.CONSENTS, *facts.MEMBERSHIPS, *facts.ORDERS, "product_registered"))
SERIAL = '"serial":'
TRAITED = '"traits":'
QUOTED = r'"(?:[^"\\]|\\.)*"'
# Words and names in parts of their own, what is false instead of empty, and numbers that are not written alike everywhere.
SHAPED = (
    rf'"(?:words|text|criterion)":(?:false|\[|\{{(?:{QUOTED}|[^"\[{{}}])*(?:[\[{{]|:false))'
    r'|"(?:first_name|last_name|name|company|city|order_id|product_name)":(?:false|[\[{])'
    r"|[:,\[]-?(?:\d+(?:\.\d+)?[eE]|\d{19}|\d{16,}\.|0\.0000)"
)
ESCAPED = "\\"  # but for what nobody looks for: products as a text, behind identifiers and traits without
UNSOUGHT = rf'"products":{QUOTED}'
PLAINLY = r'^\{[^\\{}]*(?:\{[^\\{}]*\},)?"properties":'

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
  CASE WHEN contains(body, '"words":{') AND json_type(body, '$.properties.words') = 'OBJECT'
    THEN json_extract_string(body, '$.properties.words.*') END AS words,
  CASE WHEN contains(body, '"text":{') AND json_type(body, '$.properties.text') = 'OBJECT'
    THEN json_extract_string(body, '$.properties.text.*') END AS texts,
  CASE WHEN speaking AND contains(body, '"criterion":{') AND json_type(body, '$.properties.criterion') = 'OBJECT'
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
MARKS = r'"(?:order_id|words|text|criterion|product_name|name)":|"products":\['
SAYING = f"{MARKS}|{SERIAL}|{TRAITED}"
NAMED = "SELECT DISTINCT text.set_key, named.text_key, text.field FROM text INNER JOIN named ON named.text = text.text"

Columns = Mapping[str, Any]
SAID = ["set_key", "source", "kind", "t", "ord", "event_id", "body"]
PLACE = ("set_key", "source", "t", "ord", "event_id")
PLACED = ("set_id", *PLACE[1:])
READ = (*SAID, "key")  # columns of stored rows of which facts are made
UNREAD = {"seq": None, "record": "", "local_day": 0, "evidence": "log", "received_at": 0, "raw": ""}
# Traits as they stand in the bodies, the newest of each set, name and source; and every text of a name.
TRAITS = """
CREATE TEMP TABLE said AS
SELECT *
FROM (
  SELECT
    set_key, source, t, ord, event_id, name,
    json_extract(traits, '/' || replace(replace(name, '~', '~0'), '/', '~1')) AS value
  FROM (
    SELECT *, unnest(json_keys(traits)) AS name
    FROM (SELECT set_key, source, t, ord, event_id, body -> '$.traits' AS traits FROM plain)
  )
)
WHERE value::VARCHAR NOT IN ('null', '""')
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
    """The facts of stored rows (the columns ``READ``), by table; sets are named by their key.

    Words of identifiers are left out: they hang on the identifiers themselves.
    """
    rows, canonical = saying(rows, setting), _canonical(rows, setting)
    kinds = {
        "speaking": [kind for kind, known in canonical.items() if known in tokens.SPEAKING],
        "products": [kind for kind, known in canonical.items() if known.startswith("product_")],
    }
    odd = pc.or_(pc.match_substring_regex(rows["body"], SHAPED), _escaped(rows["body"]))
    found = _single(rows.filter(odd), setting)
    plain = rows.select(SAID).filter(pc.invert(odd))
    _tell(found, plain, canonical, setting)
    with scratch() as duck:
        duck.register("plain", plain.filter(pc.match_substring(plain["body"], TRAITED)))
        duck.register("telling", plain.filter(pc.match_substring_regex(plain["body"], MARKS)))
        duck.execute(TRAITS)
        traits = duck.sql(NEWEST).to_arrow_table()
        _append(found, tables.trait, {name: traits[name] for name in traits.column_names})
        duck.execute(TEXTS, kinds)
        words, texts = _words(duck)
        _append(found, search_word, words)
        _append(found, search_text, texts)
    return found


def saying(rows: pa.Table, setting: Setting) -> pa.Table:
    """The rows that may give facts, a few among many."""
    telling = pc.is_in(rows["kind"], _named(_canonical(rows, setting), TELLING))
    return rows.select(READ).filter(pc.or_(telling, pc.match_substring_regex(rows["body"], SAYING)))


def _canonical(rows: pa.Table, setting: Setting) -> dict[str, str]:
    return {kind: setting.catalogue.canonical(kind) for kind in rows["kind"].unique().to_pylist()}


def _named(canonical: Mapping[str, str], wanted: Collection[str]) -> pa.Array:
    """The kinds, as sources name them, that mean one of those wanted."""
    return pa.array([kind for kind, known in canonical.items() if known in wanted], pa.string())


def _escaped(bodies: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whether a body has escapes in a text that counts."""
    found = pc.match_substring(bodies, ESCAPED).combine_chunks()
    texts = bodies.filter(found)
    left = pc.match_substring(pc.replace_substring_regex(texts, UNSOUGHT, ""), ESCAPED)
    before = pc.invert(pc.match_substring_regex(texts, PLAINLY))
    return pc.replace_with_mask(found, found, pc.or_(left, before).combine_chunks())


def _single(special: pa.Table, setting: Setting) -> dict[str, pa.Table]:
    """The facts of events that tell more, one by one."""
    columns = {name: special[name].to_pylist() if name in READ else repeat(UNREAD[name]) for name in COLUMNS}
    rows = zip(*columns.values(), strict=False)  # what nobody reads of them is endless
    events = [(stored.event, stored.set_key) for stored in map(decode, rows)]
    return tabled(facts.facts_of(events, setting))


class _Body(msgspec.Struct):
    properties: dict[str, Any] = {}


_body = msgspec.json.Decoder(_Body)


def _tell(found: dict[str, pa.Table], plain: pa.Table, canonical: Mapping[str, str], setting: Setting) -> None:
    """Append the facts that stand in the properties of events that tell more: of plain orders together, of others one by one."""
    ordering = pc.is_in(plain["kind"], _named(canonical, facts.ORDERS))
    tells = pc.or_(pc.is_in(plain["kind"], _named(canonical, TELLING)), pc.match_substring(plain["body"], SERIAL))
    orders = plain.filter(ordering)
    columns, odd = facts_of_orders(orders, canonical, setting)
    special = pa.concat_tables([plain.filter(pc.and_not(tells, ordering)), orders.filter(odd)])
    told = Facts()
    for kind, body, *values in zip(*(special[name].to_pylist() for name in ("kind", "body", *PLACE)), strict=True):
        place = dict(zip(PLACED, values, strict=True))
        facts.told(told, canonical[kind], _body.decode(body).properties, place, setting)
    for table, more in columns.items():
        _append(found, table, more)
    for name, rows in tabled(told).items():
        found[name] = pa.concat_tables([found[name], rows])


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
