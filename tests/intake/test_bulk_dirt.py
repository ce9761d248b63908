"""Dirt among very many rows: every bad one is counted with its reason, and bulk leaves what one by one leaves."""

import os
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from geleit.intake import imports
from geleit.intake.imports import import_all
from geleit.ledger import tables
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

SOURCE = """
label: till
file: exports/till.{ending}
events:
  - kind: order_completed
    key: no
    time: day
    identifiers: {{till.customer_no: customer, email: mail}}
    properties: {{order_id: no, total: money(amount)}}
"""
NAMES = ("no", "day", "customer", "mail", "amount")
# What may be wrong with a row, and why it waits in quarantine then ('': it does not).
DIRT = {
    "year 0202": "time_out_of_range",
    "year 2099": "time_out_of_range",
    "no key": "missing_property",
    "nobody": "no_identifier",
    "twice": "",
    "changed": "changed_content",
    "fields": "wrong_field_count",
    "bytes": "undecodable",
}
MANY = 200_000 if "GELEIT_KILLS" in os.environ else 40_000  # all of them in ``make long``
IN_CSV = ("fields", "bytes")


def rows(count, kinds):
    """Rows of which one in a hundred is bad, and how many there are of each kind of dirt."""
    made, dirt = [], Counter()
    for number in range(count):
        day = f"{2024 + number % 2}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        person = number * 7919 % (count // 10)
        row = [f"k{number}", day, f"c{person}", f"p{person}@example.org", f"{number % 100}.50"]
        made.append(row)
        if number % 100 == 50:
            kind = kinds[number // 100 % len(kinds)]
            dirt[kind] += 1
            made[-1] = bad(kind, row, made[number - 40])
    return made, dirt


def bad(kind, row, earlier):
    no, day, customer, mail, amount = row
    return {
        "year 0202": [no, "0202" + day[4:], customer, mail, amount],
        "year 2099": [no, "2099" + day[4:], customer, mail, amount],
        "no key": ["", day, customer, mail, amount],
        "nobody": [no, day, "", "", amount],
        "twice": earlier,
        "changed": [earlier[0], earlier[1], earlier[2], earlier[3], "777.00"],
        "fields": [*row, "more"],
        "bytes": [no, day, customer, "b\udcffd" + mail, amount],
    }[kind]


def write(folder, ending, count):
    init(folder, name="Acme")
    (folder / "sources" / "till.yaml").write_text(SOURCE.format(ending=ending))
    kinds = [kind for kind in DIRT if ending == "csv" or kind not in IN_CSV]
    made, dirt = rows(count, kinds)
    path = folder / "exports" / f"till.{ending}"
    if ending == "csv":
        text = "\n".join(",".join(row) for row in [NAMES, *made]) + "\n"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    else:
        pq.write_table(pa.table(dict(zip(NAMES, zip(*made, strict=True), strict=True))), path)
    return dirt


def load(folder):
    """Import without what follows (needs, journal)."""
    with open_workspace(folder) as workspace:
        (summary,) = import_all(workspace.intake, workspace.archive, [workspace.source("till")], workspace.root)
        assert summary.error == ""
        with workspace.ledger.read() as connection:
            query = sa.select(tables.quarantine.c.reason, sa.func.count()).group_by(tables.quarantine.c.reason)
            return summary, dict(connection.execute(query).all())


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_bad_row_is_counted(tmp_path, ending):
    dirt = write(tmp_path / "acme", ending, MANY)
    assert sum(dirt.values()) == MANY // 100
    summary, waiting = load(tmp_path / "acme")
    expected = Counter()
    for kind, number in dirt.items():
        if DIRT[kind]:
            expected[DIRT[kind]] += number
    assert waiting == expected
    assert (summary.read, summary.new) == (MANY, MANY - MANY // 100)
    assert (summary.duplicate, summary.changed) == (dirt["twice"], dirt["changed"])
    assert summary.quarantined == sum(expected.values())
    again, waiting = load(tmp_path / "acme")
    assert (again.read, waiting) == (0, expected)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_dirt_in_bulk_leaves_what_it_leaves_one_by_one(tmp_path, dump, monkeypatch, ending):
    dumps = []
    for name, bulk in (("bulk", 500), ("live", 10**9)):
        monkeypatch.setattr(imports, "BULK", bulk)
        write(tmp_path / name, ending, 2_400)
        with open_workspace(tmp_path / name) as workspace:
            workspace.import_sources()
            with workspace.ledger.read() as connection:
                loads = connection.execute(sa.select(sa.func.count()).select_from(tables.load)).scalar_one()
            assert loads == (name == "bulk")
            assert workspace.check().ok, workspace.check().text()
            dumps.append(dump(workspace))
    assert dumps[0] == dumps[1]
