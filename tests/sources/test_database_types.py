"""What databases hold becomes exact numbers, times, texts and JSON; what is not of its column's type is set aside."""

import json
import sqlite3
from decimal import Decimal

import pyarrow as pa
import pytest
from database_sources import SQLITE, raws, read, source

from servers import PASSWORD


@pytest.fixture
def shop(tmp_path):
    """A SQLite shop: run statements in it as its own program does."""
    connection = sqlite3.connect(tmp_path / "shop.sqlite", isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)


def test_sqlite_columns_hold_anything_and_misfits_are_set_aside(shop, tmp_path):
    shop.execute("CREATE TABLE t (n INTEGER, x DECIMAL, d TEXT, b BLOB, j JSON, free)")
    shop.execute("""INSERT INTO t VALUES (1, '1.10', 'a', x'00ff', '{"a": [1.10]}', 7), ('', '', 1.0, NULL, 'no', 8)""")
    shop.execute(
        "INSERT INTO t VALUES ('viele', 1, 'c', NULL, NULL, 9), (3, 1e40, 'd', NULL, NULL, 'x'), (4, NULL, 'e', NULL, NULL, 'x')"
    )
    (chunk,) = read(source(SQLITE, table="t"), tmp_path, "n", "x", "d", "b", "j", "free")
    assert chunk.columns.select(["n", "d", "b", "j"]).to_pydict() == {
        "n": [1, None, 4],
        "d": ["a", "1.0", "e"],
        "b": [b"\x00\xff", None, None],
        "j": ['{"a": [1.10]}', "no", None],
    }
    assert chunk.columns["x"].to_pylist() == [Decimal("1.10"), None, None]
    assert [(r.reason, r.line) for r in chunk.rejected] == [("bad_value", 3), ("bad_value", 4)]
    assert "the column n holds 'viele', which is no integer" in chunk.rejected[0].message
    assert chunk.columns["free"].to_pylist() == ["7", "8", "x"]
    assert json.loads(chunk.rejected[0].record)["n"] == "viele"
    assert raws([chunk])[0]["j"] == {"a": [1.1]}


def test_bytes_that_are_no_text_cost_only_their_row(shop, tmp_path):
    shop.execute("CREATE TABLE t (id INTEGER, words TEXT)")
    shop.execute("INSERT INTO t VALUES (1, CAST(x'4772fc7365' AS TEXT)), (2, 'Grüße')")
    (chunk,) = read(source(SQLITE, table="t"), tmp_path, "words")
    assert chunk.columns["words"].to_pylist() == ["Grüße"]
    assert [(r.reason, r.line) for r in chunk.rejected] == [("undecodable", 1)]


def test_undeclared_columns_are_what_their_first_rows_are(shop, tmp_path):
    shop.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, free)")
    shop.executemany("INSERT INTO t VALUES (?, ?)", [(i, i) for i in range(600)])
    shop.execute("INSERT INTO t VALUES (1000, 'x')")
    (chunk,) = read(source(SQLITE, table="t", key="id"), tmp_path, "free")
    assert chunk.columns.schema.field("free").type == pa.int64()
    assert [(r.reason, r.line) for r in chunk.rejected] == [("bad_value", 601)]


POSTGRES_KINDS = {  # all others are text
    "id": "int64",
    "small": "int64",
    "paid": "bool",
    "price": "decimal128(4, 2)",
    "exact": "decimal128(29, 9)",
    "ratio": "double",
    "at": "timestamp[us, tz=UTC]",
    "wall": "timestamp[us]",
    "day": "date32[day]",
    "bytes": "binary",
}
POSTGRES_TYPES = (
    "DROP TABLE IF EXISTS types",
    "DROP TYPE IF EXISTS mood",
    "CREATE TYPE mood AS ENUM ('glad', 'sad')",
    """CREATE TABLE types (id bigint, small smallint, paid boolean, price numeric(10,2), exact numeric, ratio float8,
    at timestamptz, wall timestamp, day date, clock time, span interval, words text, mood mood, uid uuid,
    doc jsonb, plain json, tags text[], bytes bytea, ip inet, nothing text)""",
    """INSERT INTO types VALUES (9007199254740993, 1, true, 19.90, 12345678901234567890.123456789, 0.5,
    '2026-03-29 03:30+02', '2026-03-29 02:30', '2026-03-29', '10:15', '1 mon 2 days', 'Grüße', 'glad',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1.10]}', '{"b": 1}', ARRAY['x', 'y'], '\\x00ff', '10.0.0.1')""",
    "INSERT INTO types (id, at, day, exact) VALUES (2, 'infinity', '-infinity', 'NaN')",
)


@pytest.mark.usefixtures("secret")
def test_postgres_types(postgres, tmp_path):
    postgres.run(*POSTGRES_TYPES)
    names = [
        "id",
        "small",
        "paid",
        "price",
        "exact",
        "ratio",
        "at",
        "wall",
        "day",
        "clock",
        "span",
        "words",
        "mood",
        "uid",
        "doc",
        "plain",
        "tags",
        "bytes",
        "ip",
        "nothing",
    ]
    (chunk,) = read(source(postgres.url, table="types", key="id"), tmp_path, *names)
    assert not chunk.rejected
    kinds = {field.name: str(field.type) for field in chunk.columns.schema}
    assert kinds == dict.fromkeys(names, "string") | POSTGRES_KINDS
    second, first = chunk.columns.to_pylist()
    assert (first["id"], first["exact"]) == (9007199254740993, Decimal("12345678901234567890.123456789"))
    assert (first["at"].isoformat(), first["wall"].isoformat()) == ("2026-03-29T01:30:00+00:00", "2026-03-29T02:30:00")
    assert (first["doc"], first["tags"], first["mood"]) == ('{"a": [1.10]}', '["x","y"]', "glad")
    assert (first["span"], first["clock"], first["bytes"]) == ("1 mon 2 days", "10:15:00", b"\x00\xff")
    assert (second["at"], second["day"], second["exact"]) == (None, None, None)
    kept, plain = raws([chunk])
    assert (kept["at"], kept["day"]) == ("infinity", "-infinity")
    assert (plain["exact"], plain["doc"], plain["tags"]) == ("12345678901234567890.123456789", {"a": [1.1]}, ["x", "y"])


MARIADB_TYPES = (
    "DROP TABLE IF EXISTS types",
    """CREATE TABLE types (id BIGINT UNSIGNED, tiny TINYINT(1), price DECIMAL(10,2), ratio DOUBLE, at TIMESTAMP NULL,
    wall DATETIME(6), day DATE, span TIME, words VARCHAR(50), mood ENUM('glad', 'sad'), tags SET('x', 'y'),
    doc JSON, bytes VARBINARY(10), big LONGTEXT, born YEAR)""",
    "SET sql_mode = ''",
    "SET time_zone = '+02:00'",
    """INSERT INTO types VALUES (18446744073709551615, 1, 19.90, 0.5, '2026-03-29 03:30', '2026-03-29 02:30:00.25',
    '2026-03-29', '26:30:00', 'Grüße 🙂', 'glad', 'x,y', '{"a": 1}', x'00ff', 'lang', 1980)""",
    "INSERT INTO types (id, wall, day) VALUES (2, '0000-00-00', '0000-00-00')",
)


@pytest.mark.usefixtures("secret")
def test_mariadb_types(mariadb, tmp_path):
    mariadb.run(*MARIADB_TYPES)
    names = [
        "id",
        "tiny",
        "price",
        "ratio",
        "at",
        "wall",
        "day",
        "span",
        "words",
        "mood",
        "tags",
        "doc",
        "bytes",
        "big",
        "born",
    ]
    (chunk,) = read(source(mariadb.url, table="types", key="id"), tmp_path, *names)
    assert not chunk.rejected
    second, first = chunk.columns.to_pylist()
    assert (int(first["id"]), first["tiny"], first["price"]) == (18446744073709551615, 1, Decimal("19.90"))
    assert (first["at"].isoformat(), first["wall"].isoformat()) == (
        "2026-03-29T01:30:00+00:00",
        "2026-03-29T02:30:00.250000",
    )
    assert (first["span"], first["words"], first["mood"], first["tags"]) == ("26:30:00", "Grüße 🙂", "glad", "x,y")
    assert (first["doc"], first["bytes"], first["big"], first["born"]) == ('{"a": 1}', b"\x00\xff", "lang", 1980)
    assert (second["wall"], second["day"]) == (None, None)
    assert raws([chunk])[0]["day"] == "0000-00-00"
