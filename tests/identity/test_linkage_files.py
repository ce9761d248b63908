"""``geleit identity link FILE``: households, several systems, odd files; the truth is only looked at to measure."""

import csv
import json
import random

import pyarrow as pa
import pytest

from first_names import FIRST
from geleit.errors import GeleitError
from geleit.identity.linkage.linking import link
from geleit.identity.linkage.measure import measure
from geleit.identity.linkage.table import read_records

LAST = [
    "Adler",
    "Brandt",
    "Conrad",
    "Dorn",
    "Ebert",
    "Fuchs",
    "Groß",
    "Huber",
    "Jäger",
    "Köhler",
    "Lehmann",
    "Müller",
    "Neumann",
    "Otto",
    "Pohl",
    "Richter",
    "Schäfer",
    "Vogt",
]
STREETS = [
    "Hauptstraße",
    "Gartenweg",
    "Lindenstraße",
    "Schulstraße",
    "Am",
    "Markt",
    "Ringstraße",
    "Bergweg",
    "Feldstraße",
]


def slip(text, chance):
    at = chance.randrange(len(text))
    return text[:at] + chance.choice("aeinrst") + text[at + 1 :]


def households(count, seed=5):
    """Relatives at one address, a third of the people twice, the second time with slips."""
    chance, rows, person = random.Random(seed), [], 0
    for _ in range(count):
        last, street, number = chance.choice(LAST), chance.choice(STREETS), chance.randint(1, 60)
        for first in chance.sample(FIRST, chance.randint(1, 4)):
            born = f"{chance.randint(1, 28):02}.{chance.randint(1, 12):02}.{chance.randint(1940, 2005)}"
            person += 1
            row = {
                "Vorname": first,
                "Nachname": last,
                "Geburtsdatum": born,
                "Straße": f"{street} {number}",
                "wahr": str(person),
            }
            rows.append(row)
            if chance.random() < 0.35:
                again = row | {"Nachname": slip(last, chance), "Straße": row["Straße"].replace("straße", "str.")}
                rows.append(again if chance.random() < 0.7 else again | {"Vorname": first[0] + "."})
    chance.shuffle(rows)
    return rows


def table_of(rows):
    return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})


def write(file, rows):
    with file.open("w", newline="", encoding="utf-8") as to:
        writer = csv.DictWriter(to, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return file


@pytest.fixture
def run(command):
    """Runs ``geleit identity link``; returns what it printed, or what went wrong."""

    def linked(*arguments):
        _, printed, told = command("identity", "link", *arguments)
        return printed or told

    return linked


def test_relatives_at_one_address_stay_apart():
    rows = households(90)
    table = table_of(rows)
    found = link(table, kept_out=["wahr"])
    quality = measure(found.people.tolist(), table["wahr"].to_pylist())
    assert quality.pair_f1 > 0.93
    assert quality.pair_precision > 0.95
    assert found.model.household > 0


def test_the_truth_is_never_looked_at():
    """The truth looks like a phone number here, which would decide nearly everything."""
    rows = [row | {"Telefon": f"+49 561 {row['wahr']:>07}"} for row in households(40)]
    table = table_of(rows).drop_columns(["wahr"])
    blind = link(table, kept_out=["Telefon"])
    assert "phone" not in {one.name for one in blind.compared}
    assert "phone" in {one.name for one in link(table).compared}
    assert link(table.drop_columns(["Telefon"])).people.tolist() == blind.people.tolist()


def test_rows_in_another_order_make_the_same_people():
    rows = households(40)
    turned = rows[::-1]
    forward, backward = (link(table_of(some), kept_out=["wahr"]).people.tolist() for some in (rows, turned))
    count = len(rows)
    assert measure(forward, [count - 1 - person for person in backward[::-1]]).pair_f1 == 1


@pytest.mark.parametrize("count", [0, 1, 2, 10])
def test_few_rows_are_no_fault(count):
    rows = households(6)[:10]
    found = link(table_of(rows).slice(0, count), kept_out=["wahr"])
    assert len(found.people) == count


def test_columns_without_any_likeness_are_no_fault():
    rows = [{"Vorname": f"Name{n}", "PLZ": f"{n:05}", "leer": "", "fest": "x"} for n in range(50)]
    assert len(set(link(table_of(rows)).people.tolist())) == 50


def test_the_command_measures_and_writes(run, tmp_path):
    rows = households(50)
    file, out = write(tmp_path / "kunden.csv", rows), tmp_path / "people.parquet"
    told = json.loads(run(file, "--truth", "wahr", "--out", out, "--json"))
    assert {"pair_precision", "pair_recall", "pair_f1", "bcubed_f1", "exact_clusters"} <= told.keys()
    assert told["records"] == len(rows)
    assert told["blocking"]["pairs"] <= told["blocking"]["possible"]
    written, _ = read_records([out])
    assert written["Vorname"].to_pylist() == [row["Vorname"] for row in rows]
    assert len(set(written["geleit_person"].to_pylist())) == told["clusters"]
    again = measure(written["geleit_person"].to_pylist(), [row["wahr"] for row in rows])
    assert again.pair_f1 == pytest.approx(told["pair_f1"])


def test_two_files_are_linked_only_with_each_other(run, tmp_path):
    rows = households(40)
    renamed = [
        {"given_name": row["Vorname"], "surname": row["Nachname"], "dob": row["Geburtsdatum"], "address": row["Straße"]}
        for row in rows
    ]
    shop, desk = write(tmp_path / "shop.csv", rows), write(tmp_path / "desk.csv", renamed)
    out = tmp_path / "people.csv"
    told = json.loads(run(shop, desk, "--across", "--out", out, "--json"))
    people = read_records([out])[0]["geleit_person"].to_pylist()
    half = len(rows)
    assert told["records"] == 2 * half
    both = sum(a == b for a, b in zip(people[:half], people[half:], strict=True))
    assert both > 0.95 * half


def test_what_is_wrong_with_a_file_is_said(run, tmp_path):
    assert "no file" in run(tmp_path / "none.csv")
    file = write(tmp_path / "rows.csv", households(3))
    assert "no column 'Wahr'" in run(file, "--truth", "Wahr")
    assert "cannot be written" in run(file, "--out", tmp_path / "people.doc")
    with pytest.raises(GeleitError, match="no known format"):
        read_records([write(tmp_path / "rows.doc", households(3))])


def test_many_who_are_called_alike_stay_apart():
    chance, rows = random.Random(8), []
    for number in range(500):
        first, last = chance.choice(FIRST[:4]), chance.choice(LAST[:4])
        born = f"{chance.randint(1940, 2005)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        row = {
            "first_name": first,
            "last_name": last,
            "dob": born,
            "email": f"{first}.{last}{number}@example.com",
            "wahr": str(number),
        }
        rows += [row, row | {"email": "", "last_name": slip(last, chance)}] if number < 60 else [row]
    table = table_of(rows)
    found = link(table, kept_out=["wahr"])
    quality = measure(found.people.tolist(), table["wahr"].to_pylist())
    assert quality.pair_precision > 0.95
    assert quality.pair_recall > 0.9
    assert found.model.namesake > 0
