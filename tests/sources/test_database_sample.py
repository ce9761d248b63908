"""A draft for a table: what it is read by, what its columns look like; all tables are listed with their types."""

import sqlite3

import pytest
from database_sources import SQLITE

from geleit.errors import GeleitError
from geleit.sources.database_sample import describe, look
from geleit.sources.definition import load_source
from geleit.sources.guess import guess_table
from servers import PASSWORD

NOW = 1_795_300_000_000_000
SHOP = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, email TEXT, ordered_at DATETIME, total NUMERIC(10,2),
  updated_at DATETIME);
INSERT INTO orders VALUES (1, 7, 'jo@example.com', '2026-03-01 10:00:00', 19.9, '2026-03-02 09:00:00'),
  (2, 8, 'al@example.com', '2026-03-01 11:00:00', 5, '2026-03-02 10:00:00');
CREATE TABLE visits (id INTEGER PRIMARY KEY, email TEXT, at TEXT);
INSERT INTO visits VALUES (1, 'jo@example.com', '2026-03-01');
CREATE TABLE order_lines (order_no INTEGER, product TEXT, amount NUMERIC, email TEXT, order_date TEXT, updated_at TEXT);
INSERT INTO order_lines VALUES (1, 'Pumpe', 5, 'jo@example.com', '2026-03-01', '2026-03-01'),
  (1, 'Schlauch', 2, 'jo@example.com', '2026-03-01', '2026-03-01');
CREATE TABLE empty_one (id INTEGER);
CREATE VIEW broken AS SELECT gone FROM orders;
"""


@pytest.fixture
def shop(tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.sqlite")
    connection.executescript(SHOP)
    connection.close()
    return tmp_path


def drafted(root, table):
    draft = guess_table(SQLITE, table, root=root, zone="Europe/Berlin", now=NOW)
    (root / "sources").mkdir(exist_ok=True)
    path = root / "sources" / f"{draft.name}.yaml"
    path.write_text(draft.yaml, encoding="utf-8")
    return load_source(path, root), draft


def test_tables_are_listed_with_columns_and_keys(shop):
    found = {table.name: table for table in describe(SQLITE, shop)}
    assert sorted(found) == ["broken", "empty_one", "order_lines", "orders", "visits"]
    assert found["visits"].columns == (("id", "integer"), ("email", "text"), ("at", "text"))
    assert (found["visits"].key, found["broken"].columns) == (("id",), ())


def test_a_draft_reads_by_the_time_of_change(shop):
    definition, draft = drafted(shop, "orders")
    assert (definition.database.table, definition.database.key, definition.database.since) == (
        "orders",
        ("id",),
        "updated_at",
    )
    (event,) = definition.events
    assert (event.time, event.identifiers["email"]) == ("ordered_at", "email")
    assert "'updated_at' is new" in draft.notes[0]


def test_a_draft_reads_by_a_growing_key(shop):
    definition, draft = drafted(shop, "visits")
    assert definition.database.since == "id"
    assert "changed rows are not seen again" in draft.notes[0]


def test_a_draft_of_order_lines_groups_and_reads_all(shop):
    definition, draft = drafted(shop, "order_lines")
    assert (definition.group, definition.database.since) == ("order_no", "")
    assert any("all rows are read each time" in note for note in draft.notes)


def test_an_empty_or_missing_table_is_told(shop):
    with pytest.raises(GeleitError, match="empty_one holds no rows"):
        look(SQLITE, "empty_one", shop)
    with pytest.raises(GeleitError, match="no table 'order'") as caught:
        look(SQLITE, "order", shop)
    assert caught.value.hint == "did you mean 'orders'?"
    with pytest.raises(GeleitError, match="outside the workspace"):
        look("sqlite:////etc/shop.sqlite", "orders", shop)


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_tables_of_servers(kind, request, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    server = request.getfixturevalue(kind)
    server.run(
        "DROP TABLE IF EXISTS visits", "CREATE TABLE visits (id INT PRIMARY KEY, mail VARCHAR(50), changed TIMESTAMP)"
    )
    server.run("INSERT INTO visits VALUES (1, 'jo@example.com', '2026-03-01 10:00')")
    found = {table.name: table for table in describe(server.url, tmp_path, secret="SHOP_PASSWORD")}
    assert found["visits"].key == ("id",)
    assert dict(found["visits"].columns)["mail"] == "varchar(50)"
    sample = look(server.url, "visits", tmp_path, secret="SHOP_PASSWORD")
    assert sample.fields["database"]["since"] == "changed"
    assert sample.fields["database"]["password"] == {"secret": "SHOP_PASSWORD"}
