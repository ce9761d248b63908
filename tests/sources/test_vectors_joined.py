"""Texts of many columns are the same whether DuckDB joins and hashes them or machine code does."""

import datetime as dt
import sys
from decimal import Decimal
from types import ModuleType

import duckdb
import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geleit.sources import vectors, vectors_joined, vectors_kernels, vectors_records
from geleit.sources.records import identify
from geleit.sources.vectors_joined import Join, Member

TEXT = st.none() | st.sampled_from(["", "a", "ä'", "x" * 70, '"', "\\", "\n", "\x7f"]) | st.text(max_size=6)
PLAIN = st.none() | st.sampled_from(["", "a", "it's [plain]", "x" * 300])
ROWS = st.lists(st.tuples(PLAIN, TEXT, st.none() | st.integers(-9, 9)), min_size=1, max_size=20)
INNER = Join("[", [Member("'p'=", "a", ";"), Member("", "b")], "|", "]")
MEMBERS = [Member('"in":', INNER), Member("b:", "b", "!", missing="none"), Member("", None, missing="always")]
TREES = {
    "always": Join("{", [*MEMBERS, Member("", "a")], ",", "}", always=True),
    "or null": Join("{", [Member("", INNER), Member("a\0", "a")], "\0", "}"),
    "bare": Join("", [Member("a\0", "a"), Member("b\0", "b")], "\0", "", always=True),
}


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_joins_are_the_same_on_both_ways(tree):
    @settings(deadline=None)
    @given(ROWS, st.integers(0, 3))
    def holds(rows, skipped):
        columns = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate("ab")}
        columns = {name: values.slice(skipped) for name, values in columns.items()}
        found = tree.of(columns)
        found.validate(full=True)
        with duckdb.connect() as duck:
            duck.register("given", pa.table(columns))
            expected = duck.sql(f"SELECT {tree.sql()} FROM given").fetchall()
        assert found.to_pylist() == [one for (one,) in expected]

    holds()


@settings(deadline=None)
@given(ROWS, st.integers(0, 3))
def test_records_and_their_ids_are_the_same_on_both_ways(rows, skipped):
    at = dt.datetime(2026, 11, 23, 1, 2, 3)
    table = pa.table(
        {
            "plain": pa.array([row[0] for row in rows], pa.string()),
            "Gx": pa.array([row[1] for row in rows], pa.string()),
            "n": pa.array([row[2] for row in rows], pa.int32()),
            "t": pa.array(
                [None if row[2] is None else at + dt.timedelta(milliseconds=row[2]) for row in rows], pa.timestamp("us")
            ),
            "d": pa.array([None if row[2] is None else at.date() for row in rows], pa.date32()),
            "m": pa.array([None if row[2] is None else Decimal(row[2]) / 4 for row in rows], pa.decimal128(18, 2)),
            "o": pa.array([None if row[2] is None else row[2] > 0 for row in rows], pa.bool_()),
        }
    ).slice(skipped)
    assert both(table)[0] == both(table)[1]


@pytest.mark.parametrize("names", [("a", "A"), ('a"', "b"), ("ä", "b"), ("a\n", "b")])
def test_columns_of_odd_names_are_told_as_duckdb_tells_them(names):
    quick, slow = both(pa.table([["1"], [2]], names=list(names)))
    assert quick == slow


def both(table):
    """Records and ids by machine code, and by DuckDB."""
    found = []
    for worth in (0, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(vectors_joined, "WORTH", worth)
            found.append([column.to_pylist() for column in vectors_records.identified("shop", table)])
    return found


@settings(deadline=None)
@given(
    st.lists(
        st.none() | st.sampled_from(["", " ", " a", "a ", "a b", "7", "ab"]) | st.sampled_from(["ä", "\\t", '"']),
        max_size=6,
    )
)
def test_texts_of_columns_are_the_same_on_both_ways(values):
    columns = pa.chunked_array([pa.array(["skipped", *values], pa.string()).slice(1)])
    found = []
    for worth in (0, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(vectors_joined, "WORTH", worth)
            json = vectors.json_texts(columns, json=False, localize=str)
            found.append((vectors.texts(columns, json=False).to_pylist(), json.to_pylist()))
    assert found[0] == found[1]


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, PLAIN, PLAIN), min_size=1, max_size=9), st.sampled_from(["abc", "aAb", 'a"b', "abä"]))
def test_records_of_texts_are_the_same_on_both_ways(rows, names):
    columns = [pa.array(["skipped", *column], pa.string()).slice(1) for column in zip(*rows, strict=True)]
    table = pa.table(columns, names=list(names))
    expected = [msgspec.json.encode(dict(zip(names, row, strict=True))) for row in rows]
    for worth in (0, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(vectors_joined, "WORTH", worth)
            raw, ids = vectors_records.identified_texts("shop", table)
        assert raw.to_pylist() == [one.decode() for one in expected]
        assert ids.to_pylist() == [identify("shop", one) for one in expected]


def test_hashes_of_many_texts_are_those_of_each(monkeypatch):
    texts = pa.array(["skipped", "", "ä" * 200, "x" * 64, "y" * 63])
    slow = vectors.hashed("till", texts)
    monkeypatch.setattr(vectors_joined, "WORTH", 0)
    assert vectors_kernels.hashing()
    assert vectors.hashed("till", texts.slice(1)) == slow.slice(1)


@pytest.mark.parametrize("missing", ["ImportError", "AttributeError"])
def test_where_the_hash_cannot_be_called_duckdb_hashes(missing, monkeypatch):
    built_in = None if missing == "ImportError" else ModuleType("_hashlib")
    monkeypatch.setitem(sys.modules, "_hashlib", built_in)
    monkeypatch.setattr(vectors_joined, "WORTH", 0)
    forget()
    assert not vectors_joined.worthwhile(1)
    assert both(pa.table({"a": ["1"]}))[0] == both(pa.table({"a": ["1"]}))[1]
    monkeypatch.undo()
    forget()
    assert vectors_kernels.hashing()


def forget():
    """Look for the hash anew."""
    vectors_kernels.hashing.cache_clear()
    vectors_kernels._functions.cache_clear()


def test_machine_code_is_loaded_once_it_is_worth_it(monkeypatch):
    monkeypatch.setattr(vectors_joined, "_rows", 0)
    monkeypatch.setattr(vectors_joined, "WORTH", 100)
    assert [vectors_joined.worthwhile(rows) for rows in (60, 39, 1, 1)] == [False, False, True, True]


def test_texts_that_are_too_long_for_a_column_are_left_to_duckdb(monkeypatch):
    monkeypatch.setattr(vectors_kernels, "LONGEST", 10)
    table = pa.table({"a": ["x" * 20]})
    with pytest.raises(pa.ArrowCapacityError):
        Join("", [Member("", "a")], "", "").of({"a": table["a"].combine_chunks()})
    quick, slow = both(table)
    assert quick == slow
