"""How far a reading is, in records and in bytes, of plain and packed files, archives and tables."""

import gzip
import sqlite3
import zipfile

import pytest

from geleit.sources import reading
from geleit.sources.meter import Meter

TILL = """\
    file: exports/*
    format: {format}
    events: [{{kind: page_viewed, time: day, identifiers: {{email: mail}}}}]
"""
ROWS = "day,mail\n" + "2026-03-01,a@x.org\n" * 150_000  # several chunks


def followed(bench, definition, positions):
    said = []
    chunks = list(reading.read(definition, bench.root, frozenset({"day"}), positions, meter=Meter("till", said.append)))
    positions |= dict(chunk.position for chunk in chunks if chunk.position)
    return [one.records for one in said], [one.share for one in said]


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_the_share_grows_with_the_bytes_of_all_files(bench, packed):
    text = gzip.compress(ROWS.encode()) if packed else ROWS.encode()
    for name in ("a", "b"):
        bench.write(f"exports/{name}.csv{packed}", text)
    definition, positions = bench.define(TILL.format(format="csv")), {}
    records, shares = followed(bench, definition, positions)
    assert records == sorted(records)
    assert (records[-1], shares) == (300_000, sorted(shares))
    assert shares[records.index(150_000)] == 0.5
    assert (0 < shares[0] <= 0.5, shares[-1]) == (True, 1)
    assert followed(bench, definition, positions) == ([], [])  # what is left out is no work
    bench.write(f"exports/b.csv{packed}", text + (gzip.compress(b"x,y\n") if packed else b"x,y\n"))
    records, shares = followed(bench, definition, positions)
    assert (records[-1], shares[-1]) == (150_001, 1)


def test_an_archive_is_measured_as_it_lies_there(bench):
    with zipfile.ZipFile(bench.write("exports/all.zip", b""), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", ROWS)
        archive.writestr("b.csv", ROWS)
    records, shares = followed(bench, bench.define(TILL.format(format="csv")), {})
    assert (records[-1], all(0 < share <= 1 for share in shares)) == (300_000, True)


def test_of_a_table_nobody_knows_how_long_it_is(bench):
    with sqlite3.connect(bench.root / "shop.sqlite") as connection:
        connection.executescript("CREATE TABLE t (day TEXT, mail TEXT); INSERT INTO t VALUES ('2026-03-01', 'a@x.org')")
    connection.close()
    yaml = TILL.replace("file: exports/*", "database: {{url: sqlite:///shop.sqlite, table: t}}").format(format="csv")
    assert followed(bench, bench.define(yaml), {}) == ([1], [None])
