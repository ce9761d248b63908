"""A table is previewed, mapped and replayed like a file: its columns keep their types."""

import sqlite3

import pytest

from geleit.clock import iso
from geleit.errors import GeleitError
from geleit.sources.mapping import Mapper
from geleit.sources.preview import preview

ORDERS = """\
    database: {url: sqlite:///shop.sqlite, table: orders, key: id}
    events:
      - kind: order_completed
        key: id
        time: at
        when: paid
        identifiers: {email: mail}
        properties: {order_id: id, total: total * 2}
"""


@pytest.fixture
def shop(bench):
    connection = sqlite3.connect(bench.root / "shop.sqlite")
    connection.executescript(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, mail TEXT, at DATETIME, total NUMERIC(10,2), paid BOOLEAN);"
        "INSERT INTO orders VALUES (1, 'jo@example.com', '2026-03-01 10:15:00', 19.9, 1), (2, '', '2026-03-02', 5, 1),"
        "(3, 'di@example.com', '2026-03-02', 5, 0)"
    )
    connection.close()


@pytest.mark.usefixtures("shop")
def test_a_table_is_mapped_and_previewed(bench, setting):
    result = bench.map(ORDERS)
    assert [(event.key, event.properties["total"]) for event in result.events] == [("1", 39.8)]
    assert result.reasons == ["no_identifier"]
    seen = preview(bench.define(ORDERS), 1, root=bench.root, setting=setting)
    assert seen.columns == ("id", "mail", "at", "total", "paid")
    assert ([event.key for event in seen.mapped.events], seen.mapped.rejected) == (["1"], [])


@pytest.mark.usefixtures("shop")
def test_a_repaired_row_keeps_the_types_of_its_table(bench, setting):
    (refused,) = bench.map(ORDERS).rejected
    mapper = Mapper(bench.define(ORDERS), setting)
    record = refused.record.replace('"mail":""', '"mail":"al@example.com"')
    (event,), rejected = mapper.map_record(record, root=bench.root)
    assert (iso(event.t)[:4], event.properties["total"], rejected) == ("2026", 10, [])
    mapper.close()
    (bench.root / "shop.sqlite").unlink()  # out of reach: its columns are text, and what needs numbers says so
    mapper = Mapper(bench.define(ORDERS), setting)
    with pytest.raises(GeleitError, match="does not fit"):
        mapper.map_record(record, root=bench.root)
    mapper.close()
    mapper = Mapper(
        bench.define(ORDERS.replace("total * 2", "total").replace("when: paid", "when: paid = 'true'")), setting
    )
    (event,), rejected = mapper.map_record(record, root=bench.root)
    assert (event.properties["total"], rejected) == ("5", [])
    mapper.close()
