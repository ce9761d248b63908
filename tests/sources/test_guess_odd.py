"""Odd exports are drafted so that they import as they stand: quotes over lines, merged cells, many files of one form."""

import datetime as dt
import gzip
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from geleit.clock import DAY
from geleit.errors import GeleitError
from geleit.events.kinds import Catalogue
from geleit.sources.definition import load_source
from geleit.sources.guess import guess, guess_table
from geleit.sources.mapping import map_source

NOW = 21_000 * DAY
SETTING = {"zone": "Europe/Berlin", "now": NOW}


@pytest.fixture
def root(tmp_path):
    made = tmp_path / "acme"
    (made / "sources").mkdir(parents=True)
    return made


@pytest.fixture
def events(root, tmp_path):
    """Draft an export and map it; nothing of it may be rejected."""

    def drafted(name, content=b"", draft=None):
        if content:
            (tmp_path / name).write_bytes(content)
        made = draft or guess(tmp_path / name, root=root, **SETTING)
        path = root / "sources" / f"{made.name}.yaml"
        path.write_text(made.yaml)
        chunks = list(map_source(load_source(path, root), root=root, catalogue=Catalogue(), **SETTING))
        assert [one.message for chunk in chunks for one in chunk.rejected] == []
        return [event for chunk in chunks for event in chunk.events]

    return drafted


def test_semicolons_and_line_breaks_within_quotes(events):
    text = (
        '"Auftragsnr.";"Datum";"E-Mail";"Betrag";"Bemerkung"\r\n'
        '"1";"01.03.2026 10:15";"ada@example.org";"1.234,50";"Ja;\nmorgen ""früh"""\r\n'
        '"2";"02.03.2026 11:00";"bo@example.org";"20,00";"nein"\r\n'
    )
    found = events("auftraege.csv", text.encode("utf-8-sig"))
    assert [event.properties["total"] for event in found] == [1234.5, 20]
    assert found[0].properties["words"] == 'Ja;\nmorgen "früh"'


def test_a_list_of_people_in_utf_16(events):
    text = "Kundennr\tName\tE-Mail\tSeit\r\nK1\tAda Ölberg\tada@example.org\t2026-01-05\r\n"
    (found,) = events("kontakte.tsv", text.encode("utf-16"))
    assert found.traits["name"] == "Ada Ölberg"


def test_a_workbook_with_a_cover_and_merged_titles(events, tmp_path):
    with xlsxwriter.Workbook(tmp_path / "bericht.xlsx") as book:
        cover = book.add_worksheet("Deckblatt")
        cover.merge_range("A1:F1", "Export März")
        sheet = book.add_worksheet("Daten")
        sheet.merge_range("A1:E1", "Verkäufe März")
        sheet.merge_range("A3:C3", "Beleg")
        sheet.merge_range("D3:E3", "Kunde")
        sheet.write_row(3, 0, ["Belegnr", "Datum", "Betrag", "Kundennr", "E-Mail"])
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for n in range(3):
            sheet.write_number(4 + n, 0, 1000 + n)
            sheet.write_datetime(4 + n, 1, dt.datetime(2026, 3, 1 + n), day)
            sheet.write_row(4 + n, 2, [19.9 + n, f"K{n}", f"a{n}@example.org"])
    found = events("bericht.xlsx")
    assert [(event.kind, event.properties["total"]) for event in found] == [
        ("order_completed", 19.9 + n) for n in range(3)
    ]


def test_packed_lines_of_json(events):
    rows = [
        {"ts": f"2026-03-01T10:0{n}:00Z", "event": "Page Viewed", "anonymousId": f"anon-{n}-abcdefgh"} for n in (1, 2)
    ]
    content = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
    assert [event.kind for event in events("clicks.jsonl.gz", content)] == ["page_viewed"] * 2


def test_a_table_of_orders_is_no_list_of_people(events, root):
    connection = sqlite3.connect(root / "shop.sqlite")
    connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, created_at TEXT, email TEXT, total REAL)")
    rows = [(1, "2026-03-01 10:00:00", "a@example.org", 10.5), (2, "2026-03-02 10:00:00", "b@example.org", 3)]
    connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    draft = guess_table("sqlite:///shop.sqlite", "orders", root=root, **SETTING)
    found = events("", draft=draft)
    assert [(event.kind, event.key, event.properties["total"]) for event in found] == [
        ("order_completed", "1", 10.5),
        ("order_completed", "2", 3),
    ]
    with pytest.raises(GeleitError, match="is a database") as told:
        guess(root / "shop.sqlite", root=root, **SETTING)
    assert "geleit source guess sqlite:///shop.sqlite" in str(told.value.hint)


@pytest.mark.parametrize(
    ("names", "member"),
    [
        (("2026/bestellungen/b1.csv", "2026/bestellungen/b2.csv"), "b*.csv"),
        (("03-01/orders.csv", "03-02/orders.csv"), "orders.csv"),
    ],
)
def test_many_files_of_one_form_in_a_zip(events, tmp_path, root, names, member):
    with zipfile.ZipFile(tmp_path / "lieferung.zip", "w") as archive:
        for number, name in enumerate(names, 1):
            archive.writestr(name, f"order_id;date;email;total\n{number};2026-03-01;a@example.org;10,00\n")
        archive.writestr("liesmich.txt", "x\n")
    assert [event.key for event in events("lieferung.zip")] == ["1", "2"]
    assert load_source(root / "sources" / "lieferung.yaml", root).member == member


def test_sales_without_a_number(events):
    text = "Datum;Uhrzeit;Karte;Umsatz\n01.03.26;10:15;28001234;12,50\n01.03.26;10:15;28001235;3,00\n"
    found = events("umsatz.csv", text.encode())
    assert [(event.kind, event.key) for event in found] == [
        ("order_completed", "01.03.26 10:15 28001234"),
        ("order_completed", "01.03.26 10:15 28001235"),
    ]


def test_objects_in_a_column_of_kinds_are_not_told(root, tmp_path):
    (tmp_path / "x.jsonl").write_text('{"email": "a@example.org", "activity": [{"to": "b@example.org"}]}\n' * 3)
    assert "b@example.org" not in guess(tmp_path / "x.jsonl", root=root, **SETTING).yaml


@pytest.fixture
def days(tmp_path):
    folder = tmp_path / "exports" / "till"
    folder.mkdir(parents=True)
    text = "Bon-Nr;Datum;Kundennr;Summe\n1;01.03.2026;K-7;5,00\n"
    for name in ("till_2026-03-01.csv", "till_2026-03-02.csv", "list.csv"):
        (folder / name).write_text(text)
    return tmp_path


def test_a_pattern_is_drafted_as_it_was_given(days):
    found = guess(days / "exports" / "till" / "till_2026*.csv", root=days, **SETTING)
    assert 'file: "exports/till/till_2026*.csv"' in found.yaml
    assert found.name == "till_2026"


def test_a_file_is_found_in_the_workspace_from_wherever_the_command_is_started(days, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert "file: exports/till/list.csv" in guess(Path("exports/till/list.csv"), root=days, **SETTING).yaml
    with pytest.raises(GeleitError, match="does not exist"):
        guess(Path("exports/till/lost.csv"), root=days, **SETTING)


def test_packed_files_of_a_folder_are_of_the_same_form(days):
    (days / "exports" / "till" / "list.csv").unlink()
    (days / "exports" / "till" / "till_2026-03-03.csv.gz").write_bytes(b"cut off")
    assert 'file: "exports/till/till_*.csv*"' in guess(days / "exports" / "till", root=days, **SETTING).yaml


def test_a_database_in_a_folder_is_named_by_its_whole_path(days):
    (days / "exports" / "shop.sqlite").touch()
    with pytest.raises(GeleitError, match="is a database") as told:
        guess(days / "exports" / "shop.sqlite", root=days, **SETTING)
    assert str(told.value.hint).endswith("geleit source guess sqlite:///exports/shop.sqlite")
