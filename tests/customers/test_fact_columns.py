"""Facts of many events at once are those of the events one by one, however oddly an order, a word or a name is written."""

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geleit.customers import fact_columns, facts
from geleit.customers.facts import Setting, facts_of
from geleit.events.event import Event
from geleit.events.kinds import Catalogue
from geleit.history import snapshot
from geleit.history.stored import encode
from geleit.ledger import tables
from lengths import examples

STORED = pa.schema([field for field in snapshot.schema(tables.outbox.select()) if field.name != "seq"])
SETTING = Setting(Catalogue(), "Europe/Berlin", "EUR", {"till": "shop"})
WHOLE = st.integers(-3, 10**20)
NUMBERS = st.one_of(
    st.none(),
    WHOLE,
    st.sampled_from([0.1, 0.245, 12.5, 12.0, -3.999, 1e16, 1e-7, 1234567.89, -0.0, 4.35, 1e300]),
    st.floats(-1e10, 1e10).map(lambda value: round(value, 2)),
    st.sampled_from(["", "0", "12.50", " 7,5", "12.345", "1e999999", "٣", "²", "12.", ".5", "-4.20", "NaN", "00012.5"]),
    st.sampled_from([True, False, [], ["1"], {"amount": 3}]),
)
TEXTS = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "x", "Fön", 'O"N', "a\\b", "zwei\nZeilen", "\u0007", "Müller & Söhne", '","words":["x"', "🧺 Korb"]
    ),
    st.text(st.characters(codec="utf-8"), max_size=4),
)
NAMES = ["de", "en", "properties", "products", "traits", "words", "name", "serial", "*", "", "~1", "a/b", "a.b", "#"]
LEAVES = st.one_of(
    TEXTS,
    st.booleans(),
    st.sampled_from([0, 17, 0.0, -0.0, 12.0, 1e15, 123456789012345.67, 0.00012, "\u00a0x\u00a0y", "}", "[", '":false']),
)
PARTED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=3)
    ),
    max_leaves=5,
)
NAMED = st.one_of(TEXTS, st.integers(0, 99), st.booleans(), PARTED)
LINE = st.fixed_dictionaries(
    {},
    optional={
        "product_id": NAMED,
        "sku": NAMED,
        "id": NAMED,
        "name": NAMED,
        "price": NUMBERS,
        "quantity": NUMBERS,
        "serial": TEXTS,
        "color": TEXTS,
    },
)
LINES = st.one_of(st.lists(LINE, max_size=3), st.lists(st.one_of(LINE, st.just("no line"), st.none()), max_size=2))
WRITTEN = LINES.map(lambda lines: json.dumps(lines, ensure_ascii=False))
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "order_id": st.one_of(TEXTS, st.sampled_from(["o1", "o2", 17]), PARTED),
        "total": NUMBERS,
        "revenue": NUMBERS,
        "value": NUMBERS,
        "currency": st.sampled_from(["EUR", "JPY", "KWD", "", None, "eur", "XXX", 3]),
        "state": TEXTS,
        "due_at": st.sampled_from(
            [None, "", "2026-02-27", "27.2.2026", 1_772_146_800_000_000, "soon", True, "²" * 11, 17721468000.0]
        ),
        "products": st.one_of(LINES, WRITTEN, TEXTS, st.just("{}"), st.just("[1")),
        "serial": TEXTS,
        "purpose": TEXTS,
        "account_id": NAMED,
        "account_name": TEXTS,
        "name": NAMED,
        "product_name": NAMED,
        "words": st.one_of(TEXTS, st.dictionaries(st.sampled_from(["de", "en"]), NAMED, max_size=2)),
        "text": st.one_of(TEXTS, st.dictionaries(st.sampled_from(["de", "en"]), NAMED, max_size=2)),
        "criterion": NAMED,
        "properties": NAMED,
        "traits": NAMED,
    },
)
TRAITS = st.dictionaries(
    st.sampled_from(["name", "city", "products", 'a"b', "seit", "$x.y", *NAMES]),
    st.one_of(TEXTS, NUMBERS, PARTED),
    max_size=3,
)
ORDERS = ["order_completed", "order_refunded", "order_progress"]
OTHERS = ["page_viewed", "consent_given", "account_left", "product_registered", "product_viewed", "question_asked"]
KINDS = st.one_of(st.sampled_from(ORDERS), st.sampled_from([*OTHERS, "note_written"]))


@st.composite
def events(draw):
    made = draw(st.lists(st.tuples(KINDS, PROPERTIES, TRAITS, st.integers(1, 3)), max_size=6))
    return [
        (Event(("shop", "till")[number % 2], f"k{number}", kind, number % 4, (), traits, properties, raw="{}"), owner)
        for number, (kind, properties, traits, owner) in enumerate(made)
    ]


def rows_of(told):
    return pa.Table.from_pylist([encode(event, owner, 0) for event, owner in told], STORED)


def said(found):
    """Every row once, of traits the newest."""
    rows = {name: table.to_pylist() for name, table in found.items()}
    named = [{"set_id": row.pop("set_key"), **row} for row in rows.pop("trait")]
    newest = {tuple(sorted(row.items())) for row in facts.newest(named)}
    return {name: {tuple(row.items()) for row in some} for name, some in rows.items()} | {"trait": newest}


ESCAPED = json.dumps([{"product_id": "p", "name": 'Korb "klein"', "price": "12.50", "quantity": 2}])


@pytest.mark.parametrize(
    ("traits", "properties", "single"),
    [
        ({}, {"order_id": "o1", "products": ESCAPED}, 0),
        ({"name": "Ada"}, {"order_id": "o1", "products": ESCAPED, "total": 25}, 0),
        ({"name": "A\nB"}, {"order_id": "o1", "products": ESCAPED}, 1),
        ({}, {"order_id": "o1", "products": ESCAPED, "words": "a\nb"}, 1),
        ({"products": "\x1d"}, {}, 1),
        ({"products": "\x1d"}, {"order_id": "o1", "products": ESCAPED}, 1),
        ({"of": {"properties": 1}, "products": "\x1d"}, {}, 1),
        ({"of": {"properties": 1}, "products": "\x1d"}, {"order_id": "o1", "products": ESCAPED}, 1),
    ],
)
def test_only_escapes_that_count_are_read_one_by_one(traits, properties, single, monkeypatch):
    read, decode = [], fact_columns.decode
    monkeypatch.setattr(fact_columns, "decode", lambda row: read.append(row) or decode(row))
    told = [(Event("shop", "k", "order_completed", 0, (), traits, properties), 1)]
    assert said(fact_columns.facts_of_rows(rows_of(told), SETTING)) == said(
        fact_columns.tabled(facts_of(told, SETTING))
    )
    assert len(read) == single


@pytest.mark.parametrize(
    ("kind", "traits", "properties"),
    [
        ("page_viewed", {"*": "ja", "~1": "so", "a/b": 1, "": 2, "[0]": 3}, {}),
        ("question_asked", {"words": {"de": "laut"}, "text": {"de": "x"}}, {"words": "leise bitte", "text": "Wann?"}),
        ("question_asked", {}, {"words": {"de": {"x": "laut"}, "en": False}}),
        ("question_asked", {}, {"words": {"de": "laut }", "en": [None]}, "criterion": {"de": "}", "en": False}}),
        ("order_completed", {}, {"order_id": [None, "o\u00a0x"]}),
        ("product_registered", {}, {"name": {"en": "lamp", "de": None}, "product_id": {"no": 4711, "at": "shop"}}),
    ],
)
def test_names_and_texts_in_parts_of_their_own(kind, traits, properties):
    told = [(Event("shop", "k", kind, 0, (), traits, properties), 1)]
    found = fact_columns.facts_of_rows(rows_of(told), SETTING)
    assert said(found) == said(fact_columns.tabled(facts_of(told, SETTING)))
    assert sum(table.num_rows for table in found.values())


@settings(max_examples=examples(150))
@given(events())
def test_facts_of_many_events_are_those_of_each(told):
    assert said(fact_columns.facts_of_rows(rows_of(told), SETTING)) == said(
        fact_columns.tabled(facts_of(told, SETTING))
    )
