"""Columns at once equal the functions of one value, whatever stands in them."""

import datetime as dt
from decimal import Decimal

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geleit.clock import local_day, micros
from geleit.sources import vectors
from geleit.sources.times import TimeError, TimeReader
from geleit.sources.values import as_json, as_text

NOW = micros(dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
ODD = [
    "",
    " ",
    "a",
    " a ",
    "ä",
    "\u00a0",
    '"',
    "\\",
    "\n",
    "\x7f",
    "\u2028",
    "a\tb",
    "7",
    "-0",
    "NaN",
    "x" * 50,
    "\x1c",
    "👍",
]
TEXT = st.lists(st.none() | st.sampled_from(ODD) | st.text(max_size=6), max_size=8)
READER = TimeReader("Europe/Berlin", "earlier", NOW)
WALL = st.datetimes(dt.datetime(1890, 1, 1), dt.datetime(2031, 1, 1))
NIGHTS = st.sampled_from([dt.datetime(2026, 3, 29, 1, 59), dt.datetime(2026, 10, 25, 1, 59)])
NIGHT = st.builds(lambda night, minutes: night + dt.timedelta(minutes=minutes), NIGHTS, st.integers(0, 130))
SHAPES = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d", "%d.%m.%Y %H:%M", "%d.%m.%Y"]
SHAPES += ["%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S+02:00", "%Y%m%d", "%-d.%-m.%Y", " %Y-%m-%d %H:%M:%S "]
WRITTEN = st.builds(lambda moment, shape: moment.strftime(shape), WALL | NIGHT, st.sampled_from(SHAPES))
JUNK = st.sampled_from(
    ["", "0202-01-01", "2099-12-31", "31.02.2026", "2026-13-01 10:00", "1760000000", "17e3", "morgen"]
)


def chunked(values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


def moment_or_none(value, reader=READER):
    try:
        return reader.micros(value)
    except TimeError:
        return None


@given(TEXT)
def test_texts_equal_the_function_of_one(values):
    assert vectors.texts(chunked(values, pa.string()), json=False).to_pylist() == [as_text(v) or None for v in values]


@given(TEXT)
def test_json_texts_equal_the_function_of_one(values):
    found = vectors.json_texts(chunked(values, pa.string()), json=False, localize=READER.iso).to_pylist()
    assert found == [vectors.json_text(value, READER.iso) for value in values]


@pytest.mark.parametrize(
    ("strategy", "kind"),
    [
        (st.integers(-(2**63), 2**63 - 1), pa.int64()),
        (st.booleans(), pa.bool_()),
        (st.floats(), pa.float64()),
        (st.decimals(-(10**9), 10**9, places=2), pa.decimal128(15, 2)),
        (st.decimals(-(10**3), 10**3, places=6), pa.decimal128(12, 6)),
        (st.decimals(-(10**15), 10**15, places=2), pa.decimal128(18, 2)),
        (st.decimals(-(10**20), 10**20, places=0), pa.decimal128(22, 0)),
        (st.dates(), pa.date32()),
        (st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)), pa.timestamp("us")),
        (st.lists(st.text(max_size=3), max_size=2), pa.list_(pa.string())),
    ],
)
def test_values_of_every_type_equal_the_function_of_one(strategy, kind):
    @given(st.lists(st.none() | strategy, max_size=5))
    def holds(values):
        column = chunked(values, kind)
        given_ = column.to_pylist()
        assert vectors.texts(column, json=False).to_pylist() == [as_text(v) or None for v in given_]
        found = vectors.json_texts(column, json=False, localize=READER.iso).to_pylist()
        assert found == [vectors.json_text(v, READER.iso) for v in given_]

    holds()


def test_json_columns_are_opened():
    column = chunked(['"a "', "1.50", '{"b":1,"a":[2.0]}', "null", '" "', None], pa.string())
    assert vectors.json_texts(column, json=True, localize=str).to_pylist() == [
        '"a "',
        "1.5",
        '{"a":[2],"b":1}',
        None,
        None,
        None,
    ]
    assert vectors.texts(column, json=True).to_pylist()[:2] == ["a", "1.5"]


@given(st.lists(st.none() | WRITTEN | JUNK | st.text(max_size=4), max_size=8))
def test_times_as_text_equal_the_reader(values):
    found = vectors.moments(chunked(values, pa.string()), READER).to_pylist()
    assert found == [moment_or_none(value) for value in values]


@pytest.mark.parametrize("form", ["%d.%m.%Y %H:%M", "%Y%m%d%H%M%S", "%d/%m/%Y", "%d. %B %Y"])
def test_times_of_a_declared_format_equal_the_reader(form):
    reader = TimeReader("Europe/Berlin", "later", NOW, form)

    @given(st.lists(st.none() | (WALL | NIGHT).map(lambda moment: moment.strftime(form)) | JUNK, max_size=6))
    def holds(values):
        found = vectors.moments(chunked(values, pa.string()), reader).to_pylist()
        assert found == [moment_or_none(value, reader) for value in values]

    holds()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/St_Johns"])
def test_timestamps_equal_the_reader(unit, zone):
    @given(st.lists(st.none() | WALL | NIGHT, max_size=6))
    def holds(values):
        whole = [None if value is None else value.replace(microsecond=0) for value in values]
        column = chunked(whole, pa.timestamp(unit, zone))
        given_ = [v.to_pydatetime() if hasattr(v, "to_pydatetime") else v for v in column.to_pylist()]
        assert vectors.moments(column, READER).to_pylist() == [moment_or_none(value) for value in given_]

    holds()


@given(st.lists(st.none() | st.integers(-(2**62), 2**62) | st.integers(10**8, 10**16), max_size=6))
def test_seconds_since_1970_equal_the_reader(values):
    assert vectors.moments(chunked(values, pa.int64()), READER).to_pylist() == [moment_or_none(v) for v in values]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/St_Johns", "Pacific/Apia"])
def test_local_days_equal_the_clock(zone):
    @given(st.lists(st.none() | (WALL | NIGHT).map(lambda wall: micros(wall.replace(tzinfo=dt.UTC))), max_size=8))
    def holds(values):
        found = vectors.local_days(pa.array(values, pa.int64()), zone).to_pylist()
        assert found == [None if value is None else local_day(value, zone) for value in values]

    holds()


def test_hashes_equal_those_of_one_record():
    from geleit.sources.records import identify  # noqa: PLC0415

    texts = ["", "ä", "{}"]
    assert vectors.hashed("till", pa.array(texts)).to_pylist() == [identify("till", text.encode()) for text in texts]


def test_decimals_are_exact():
    column = chunked([Decimal("749.00"), Decimal("19.90"), Decimal("-0.05"), Decimal("100.00")], pa.decimal128(15, 2))
    assert vectors.json_texts(column, json=False, localize=str).to_pylist() == ["749", "19.9", "-0.05", "100"]


@given(st.lists(st.tuples(st.none() | st.sampled_from(ODD), st.none() | WALL, st.none() | st.booleans()), max_size=5))
def test_records_as_text_equal_those_of_one_record(rows):
    table = pa.table(
        {
            'a"b': pa.array([row[0] for row in rows], pa.string()),
            "t": pa.array([row[1] for row in rows], pa.timestamp("us")),
            "u": pa.array([row[1] for row in rows], pa.timestamp("us", "UTC")),
            "d": pa.array([row[1] and row[1].date() for row in rows], pa.date32()),
            "o": pa.array([row[2] for row in rows], pa.bool_()),
            "n": pa.array([{"x": row[0]} for row in rows], pa.struct([("x", pa.string())])),
        }
    )
    expected = [msgspec.json.encode(as_json(row, dt.datetime.isoformat)).decode() for row in table.to_pylist()]
    assert vectors.record_texts(table).to_pylist() == expected
