"""Tables of SQLite, PostgreSQL and MariaDB become records as they are; what cannot be read says why and what to do."""

import sqlite3
import sys
from decimal import Decimal

import pyarrow as pa
import pytest
from database_sources import SQLITE, raws, read, source

from geleit.errors import DefinitionError, GeleitError
from geleit.sources import database_records
from servers import PASSWORD, free_port


@pytest.fixture
def shop(tmp_path):
    """A SQLite shop: run statements in it as its own program does."""
    connection = sqlite3.connect(tmp_path / "shop.sqlite", isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)


def test_a_sqlite_table_becomes_events(bench):
    connection = sqlite3.connect(bench.root / "shop.sqlite")
    connection.executescript(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, mail TEXT, at DATETIME, total NUMERIC(10,2), paid BOOLEAN);"
        "INSERT INTO orders VALUES (1, 'jo@example.com', '2026-03-01 10:15:00', 19.9, 1), (2, '', '2026-03-02', 5, 0)"
    )
    connection.close()
    definition = bench.define(
        """\
        database: {url: sqlite:///shop.sqlite, table: orders, key: id}
        events:
          - kind: order_completed
            key: id
            time: at
            when: paid
            identifiers: {email: mail}
            properties: {order_id: id, total: total * 2}
        """
    )
    (chunk,) = read(definition, bench.root, "id", "mail", "at", "total", "paid")
    assert chunk.columns.schema.field("total").type == pa.decimal128(3, 1)
    assert chunk.columns["total"].to_pylist() == [Decimal("19.9"), Decimal(5)]
    assert raws([chunk])[0] == {
        "id": 1,
        "mail": "jo@example.com",
        "at": "2026-03-01 10:15:00",
        "total": 19.9,
        "paid": True,
    }
    assert (chunk.file, chunk.lines) == ("orders", [1, 2])
    assert len(set(chunk.ids)) == 2


def test_real_sample_shops_are_read(tmp_path):
    path = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        'CREATE TABLE "Order Details" ("OrderID" INTEGER, "Unit Price" NUMERIC, [Quantity] INTEGER, PRIMARY KEY ("OrderID"));'
        'INSERT INTO "Order Details" VALUES (10248, 14, 12), (10249, 18.6, 9);'
    )
    connection.close()
    definition = source(SQLITE, table="Order Details", key="orderid")
    (chunk,) = read(definition, tmp_path, "unit price", "quantity")
    assert chunk.columns.to_pydict() == {"Unit Price": [Decimal(14), Decimal("18.6")], "Quantity": [12, 9]}


def test_a_query_may_join_and_use_colons_and_percents(shop, tmp_path):
    shop.execute("CREATE TABLE a (id INTEGER, at TEXT)")
    shop.execute("INSERT INTO a VALUES (1, '10:30'), (2, '11:00'), (3, '100%')")
    query = "SELECT id, at || ' :x' AS at -- the time\nFROM a WHERE at LIKE '%:%' -- :y"
    (chunk,) = read(source(SQLITE, query=query, key="id"), tmp_path, "at")
    assert chunk.columns["at"].to_pylist() == ["10:30 :x", "11:00 :x"]
    assert chunk.file == "query"


@pytest.mark.usefixtures("secret")
def test_a_query_with_colons_and_percents_on_servers(postgres, mariadb, tmp_path):
    for server in (postgres, mariadb):
        query = "SELECT '10:30 :x' AS at, 'a%b' AS mail WHERE 'a%b' LIKE 'a%'"
        (chunk,) = read(source(server.url, query=query), tmp_path, "at", "mail")
        assert chunk.columns.to_pylist() == [{"at": "10:30 :x", "mail": "a%b"}]


@pytest.mark.usefixtures("secret")
def test_tables_of_other_schemas_and_names_in_capitals(postgres, tmp_path):
    postgres.run(
        "CREATE SCHEMA IF NOT EXISTS sales",
        'DROP TABLE IF EXISTS sales."Orders"',
        'CREATE TABLE sales."Orders" ("Id" int)',
        'INSERT INTO sales."Orders" VALUES (1)',
    )
    (chunk,) = read(source(postgres.url, table="sales.Orders", key="id", since="ID"), tmp_path, "id")
    assert chunk.columns["Id"].to_pylist() == [1]
    with pytest.raises(GeleitError, match=r"no table 'sales\.orders'") as caught:
        read(source(postgres.url, table="sales.orders"), tmp_path)
    assert caught.value.hint == "did you mean 'sales.Orders'?"


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_what_is_wrong_is_said_in_plain_words(kind, request, tmp_path, monkeypatch):
    server = request.getfixturevalue(kind)
    server.run("DROP TABLE IF EXISTS words", "CREATE TABLE words (id int, spoken text)")
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    slow = {"postgres": "SELECT pg_sleep(300) AS x", "mariadb": "SELECT sleep(300) AS x"}[kind]
    cases = [
        ({"table": "wordz"}, server.url, "there is no table 'wordz'", "did you mean 'words'?"),
        ({"table": "words", "since": "idd"}, server.url, "words has no column 'idd'", "did you mean 'id'?"),
        ({"table": "words", "key": "nr"}, server.url, "database.key: words has no column 'nr'", "it has: id, spoken"),
        ({"query": "SELECT nr FROM words"}, server.url, "nr", "correct 'table:' or 'query:'"),
        ({"table": "words"}, server.url.replace("/shop", "/ship"), "no database of this name", "end of 'url:'"),
        (
            {"table": "words"},
            f"{server.url.partition('://')[0]}://geleit@127.0.0.1:{free_port()}/shop",
            "cannot be reached",
            "host and port",
        ),
        ({"table": "words"}, server.url.replace("127.0.0.1", "nowhere.invalid"), "cannot be reached", "host and port"),
        ({"query": slow, "timeout": 3_000_000}, server.url, "did not answer in time", "timeout: 30 minutes"),
    ]
    for database, url, message, hint in cases:
        with pytest.raises(GeleitError) as caught:
            read(source(url, **database), tmp_path)
        assert message in caught.value.message, database
        assert hint in caught.value.hint, database
    monkeypatch.setenv("SHOP_PASSWORD", "not-this-one")
    with pytest.raises(GeleitError, match="refuses this user or password") as caught:
        read(source(server.url, table="words"), tmp_path)
    assert "not-this-one" not in str(caught.value)


def test_a_user_without_rights_is_told_so(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "guest")
    postgres.run(
        "DROP TABLE IF EXISTS closed",
        "CREATE TABLE closed (id int)",
        "DROP ROLE IF EXISTS guest",
        "CREATE ROLE guest LOGIN PASSWORD 'guest'",
    )
    guest = postgres.url.replace("geleit@", "guest@")
    with pytest.raises(GeleitError, match="this user may not read there"):
        read(source(guest, table="closed"), tmp_path)
    with pytest.raises(GeleitError, match="two columns 'ID'"):
        read(source(guest, query='SELECT 1 AS id, 2 AS "ID"'), tmp_path)


@pytest.mark.usefixtures("secret")
def test_the_connection_cannot_write(postgres, mariadb, tmp_path):
    postgres.run("DROP SEQUENCE IF EXISTS counter", "CREATE SEQUENCE counter")
    with pytest.raises(GeleitError, match="the query writes"):
        read(source(postgres.url, query="SELECT nextval('counter') AS n"), tmp_path)
    mariadb.run("DROP SEQUENCE IF EXISTS counter", "CREATE SEQUENCE counter")
    with pytest.raises(GeleitError, match="the query writes"):
        read(source(mariadb.url, query="SELECT nextval(counter) AS n"), tmp_path)


def test_sqlite_files_that_cannot_be_read(shop, tmp_path):
    with pytest.raises(GeleitError, match="does not exist") as caught:
        read(source("sqlite:///shop.sqlit", table="t"), tmp_path)
    assert caught.value.hint == "did you mean shop.sqlite?"
    (tmp_path / "text.sqlite").write_text("no database" * 200)
    with pytest.raises(GeleitError, match="no SQLite database"):
        read(source("sqlite:///text.sqlite", table="t"), tmp_path)
    shop.execute("CREATE TABLE customers (id)")
    with pytest.raises(GeleitError, match="there is no table 'customer'") as caught:
        read(source(SQLITE, table="customer"), tmp_path)
    assert caught.value.hint == "did you mean 'customers'?"
    assert not list(tmp_path.glob("*-journal"))


@pytest.mark.parametrize(
    ("system", "driver", "extra"), [("postgresql", "psycopg", "postgres"), ("mysql", "pymysql", "mysql")]
)
def test_a_missing_driver_names_the_extra(tmp_path, monkeypatch, system, driver, extra):
    monkeypatch.setenv("SHOP_PASSWORD", "x")
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(GeleitError, match="needs a driver") as caught:
        read(source(f"{system}://geleit@127.0.0.1/shop", table="t"), tmp_path)
    assert caught.value.hint == f"pip install 'geleit[{extra}]'"


def test_columns_that_expressions_read_must_be_there(shop, tmp_path):
    shop.execute("CREATE TABLE t (id, mail)")
    with pytest.raises(GeleitError, match="t has no column 'mial'") as caught:
        read(source(SQLITE, table="t"), tmp_path, "mial")
    assert "did you mean mail?" in caught.value.hint


@pytest.mark.parametrize(
    ("database", "message"),
    [
        ("{url: 'postgresql://geleit:pw@localhost/shop', table: t}", "holds a secret in plain text"),
        ("{url: 'postgresql://localhost/shop?password=pw', table: t}", "holds a secret in plain text"),
        ("{url: 'postgresql://localhost/shop', password: pw, table: t}", "holds a secret in plain text"),
        ("{url: 'oracle://localhost/shop', table: t}", "'oracle' cannot be read"),
        ("{url: 'shop.sqlite', table: t}", "no database URL"),
        ("{url: 'sqlite:////etc/shop.sqlite', table: t}", "outside the workspace"),
        ("{url: 'sqlite:///../shop.sqlite', table: t}", "outside the workspace"),
        ("{url: 'sqlite:///shop.sqlite'}", "give either table or query"),
        ("{url: 'sqlite:///shop.sqlite', query: 'DELETE FROM t'}", "must be one SELECT"),
        ("{url: 'sqlite:///shop.sqlite', query: 'SELECT 1; DROP TABLE t'}", "must be one SELECT"),
        (
            "{url: 'postgresql:///shop', query: 'WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d'}",
            "may only read",
        ),
        ("{url: 'sqlite:///shop.sqlite', table: t, overlap: 5}", "says nothing without since"),
        ("{url: 'sqlite:///shop.sqlite', table: t, since: id, overlap: lang}", "write a number and a unit"),
        ("{url: 'sqlite:///shop.sqlite', table: t, since: id}\n        group: id", "a group needs all its rows"),
        ("{url: 'sqlite:///shop.sqlite', table: t}\n        file: a.csv", "either file .* or database"),
    ],
)
def test_definitions_that_cannot_be_right(bench, database, message):
    yaml = f"""\
        database: {database}
        events: [{{kind: contact_made, time: at, identifiers: {{email: mail}}}}]
        """
    with pytest.raises(DefinitionError, match=message) as caught:
        bench.define(yaml)
    assert "pw" not in str(caught.value)
    with pytest.raises(DefinitionError, match="give either file"):
        bench.define("events: [{kind: contact_made, time: at, identifiers: {email: mail}}]")


def test_kept_records_have_the_types_of_their_table(shop, tmp_path):
    shop.execute("CREATE TABLE t (id INTEGER, at TEXT, total DECIMAL(10,2), free)")
    shop.execute("INSERT INTO t VALUES (1, '2026-03-01', 19.9, 2)")
    kinds = {field.name: str(field.type) for field in database_records.schema(source(SQLITE, table="t"), tmp_path)}
    assert kinds == {"id": "int64", "at": "string", "total": "decimal128(38, 10)", "free": "int64"}
