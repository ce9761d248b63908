"""Heads and lines that belong together are drafted as one source that takes the lines along; anything unsure is left alone."""

import json
import os
import zipfile

import pytest
import xlsxwriter

from geleit.clock import DAY
from geleit.errors import GeleitError
from geleit.events.kinds import Catalogue
from geleit.sources import guess as guessing
from geleit.sources import related
from geleit.sources.definition import load_source
from geleit.sources.mapping import Setting, map_source
from geleit.sources.preview import preview

NOW = 21_000 * DAY
ORDERS = [
    ("Bestell-Nr", "Datum", "E-Mail", "Status"),
    ("1001", "01.03.2026", "ada@example.org", "offen"),
    ("1002", "02.03.2026", "bob@example.org", "offen"),
    ("1003", "03.03.2026", "cy@example.org", "offen"),
]
LINES = [
    ("Bestell-Nr", "Artikel", "Menge", "Einzelpreis", "Summe"),
    ("1001", "Pumpe", "1", "89,90", "89,90"),
    ("1001", "Schlauch", "2", "4,50", "9,00"),
    ("1003", "Filter", "1", "5,00", "5,00"),
]


def text(rows, delimiter=";"):
    return "".join(delimiter.join(row) + "\n" for row in rows)


@pytest.fixture
def root(tmp_path):
    made = tmp_path / "acme"
    (made / "sources").mkdir(parents=True)
    (made / "exports").mkdir()
    return made


class Drafted:
    """A draft, the events it gives and the rows it leaves."""

    def __init__(self, root, draft):
        self.yaml, self.notes = draft.yaml, " ".join(draft.notes)
        path = root / "sources" / f"{draft.name}.yaml"
        path.write_text(draft.yaml)
        self.source = load_source(path, root)
        chunks = list(map_source(self.source, root=root, catalogue=Catalogue(), zone="Europe/Berlin", now=NOW))
        self.events = [event for chunk in chunks for event in chunk.events]
        self.rejected = [one for chunk in chunks for one in chunk.rejected]
        self.shown = preview(self.source, 3, root=root, setting=Setting(Catalogue(), "Europe/Berlin", NOW))


def drafted(root, file, name="orders"):
    return Drafted(root, guessing.guess(file, root=root, zone="Europe/Berlin", now=NOW, name=name))


def require_orders(found):
    assert found.rejected == []
    assert [event.kind for event in found.events] == ["order_completed"] * 3
    assert [event.properties.get("total") for event in found.events] == [98.9, None, 5]
    assert [one["name"] for one in found.events[0].properties["products"]] == ["Pumpe", "Schlauch"]
    assert found.events[0].properties["products"][1] == {"name": "Schlauch", "price": 4.5, "quantity": 2}
    assert found.shown.mapped.loose == ()


def test_a_folder_with_heads_and_lines(root, tmp_path):
    folder = tmp_path / "Shop Export"
    folder.mkdir()
    (folder / "Bestellungen.csv").write_text(text(ORDERS))
    (folder / "Positionen.csv").write_text(text(LINES))
    (folder / "readme.pdf").write_text("x")
    found = drafted(root, folder)
    require_orders(found)
    assert "  positionen: {file: Positionen.csv, by: Bestell-Nr}" in found.yaml
    assert (
        "each of 3 rows of Positionen.csv name in 'Bestell-Nr' one record of Bestellungen.csv, and several name the same: "
        "they are taken along as 'positionen'"
    ) in found.notes
    assert sorted(one.name for one in (root / "exports" / "Shop Export").iterdir()) == [
        "Bestellungen.csv",
        "Positionen.csv",
    ]


def test_a_folder_with_files_of_each_day(root):
    folder = root / "exports" / "shop"
    folder.mkdir()
    for day in ("2026-03-01", "2026-03-02"):
        (folder / f"orders_{day}.csv").write_text(text(ORDERS))
        (folder / f"lines_{day}.csv").write_text(text(LINES))
    found = drafted(root, folder)
    assert found.source.file == ("exports/shop/orders_*.csv",)
    assert "lines: {file: lines_{*}.csv, by: Bestell-Nr}" in found.yaml.replace('"', "")
    assert len(found.events) == 6
    assert found.rejected == []


@pytest.mark.parametrize("format_", ["zip", "xlsx"])
def test_files_of_a_zip_and_sheets_of_a_workbook(root, tmp_path, format_):
    file = tmp_path / f"shop.{format_}"
    if format_ == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("daten/Bestellungen.csv", text(ORDERS))
            archive.writestr("daten/Positionen.csv", text(LINES) + "1003;Ersatz;1;0,00;0,00\n" * 9)
            archive.writestr("daten/Lager.csv", "Regal;Platz\nA;1\nB;2\n")
    else:
        with xlsxwriter.Workbook(file) as book:
            for name, rows in (("Hinweise", [("Export vom Shop",)]), ("Bestellungen", ORDERS), ("Positionen", LINES)):
                sheet = book.add_worksheet(name)
                for number, row in enumerate(rows):
                    sheet.write_row(number, 0, row)
    found = drafted(root, file)
    assert found.source.attach["positionen"].by == {"Bestell-Nr": "Bestell-Nr"}
    assert [event.kind for event in found.events] == ["order_completed"] * 3
    assert found.rejected == []
    assert ("Lager.csv" if format_ == "zip" else "Hinweise") in found.notes
    if format_ == "xlsx":
        require_orders(found)


def test_what_lies_beside_a_file_of_the_workspace(root, tmp_path):
    (root / "exports" / "orders.json").write_text(
        json.dumps([{"id": n, "created_at": f"2026-03-0{n}", "email": f"p{n}@example.org"} for n in (1, 2, 3)])
    )
    (root / "exports" / "items.jsonl").write_text(
        "".join(json.dumps({"order_id": n, "sku": f"s{n}", "price": "1.50"}) + "\n" for n in (1, 1, 3))
    )
    found = drafted(root, root / "exports" / "orders.json")
    assert found.source.attach["items"].by == {"id": "order_id"}
    assert "one record of orders.json by its 'id'" in found.notes
    assert [event.kind for event in found.events] == ["order_completed"] * 3
    assert found.events[0].properties["products"] == [{"product_id": "s1", "price": 1.5}] * 2
    lines = guessing.guess(root / "exports" / "items.jsonl", root=root, zone="Europe/Berlin", now=NOW)
    assert "geleit source guess orders.json drafts both together" in " ".join(lines.notes)
    outside = tmp_path / "orders.json"
    os.link(root / "exports" / "orders.json", outside)
    (tmp_path / "items.jsonl").write_text("{}")
    (root / "exports" / "orders.json").unlink()
    assert "attach" not in guessing.guess(outside, root=root, zone="Europe/Berlin", now=NOW).yaml


def test_a_folder_of_a_store(root, store, monkeypatch):
    monkeypatch.setenv("STORE_KEY", store.key)
    monkeypatch.setenv("STORE_SECRET", store.secret)
    store.put("guess/orders.csv", text(ORDERS).encode())
    store.put("guess/lines.csv", text(LINES).encode())
    storage = {"endpoint": store.endpoint, "key": {"secret": "STORE_KEY"}, "secret": {"secret": "STORE_SECRET"}}
    for url in ("s3://exports/guess/", "s3://exports/guess/orders.csv"):
        draft = guessing.guess_stored(
            url, root=root, zone="Europe/Berlin", now=NOW, name="orders", storage=storage | {"region": "eu-central-1"}
        )
        found = Drafted(root, draft)
        require_orders(found)
        assert found.source.file == ("s3://exports/guess/orders.csv",)


@pytest.mark.parametrize(
    "lines",
    [
        "order;article\n7;Pump\n8;Hose\n8;Hose\n",  # of other orders
        "order;article\n1;Pump\n2;Hose\n3;Clamp\n",  # one each
        "order;at;state\n1;2026-05-01;sent\n1;2026-05-02;there\n2;2026-05-01;sent\n",  # happened of their own
        "order;mail;role\n1;x@example.org;buyer\n1;y@example.org;payer\n2;x@example.org;buyer\n",  # people
        "number;article\n1;Pump\n1;Hose\n2;Clamp\n",  # no column of a name that says so
        "order;article\n",  # nothing
    ],
)
def test_nothing_is_proposed_where_it_is_unsure(root, lines):
    folder = root / "exports" / "shop"
    folder.mkdir()
    (folder / "orders.csv").write_text(
        "order;date;email\n" + "".join(f"{n};2026-03-0{n};p{n}@example.org\n" for n in (1, 2, 3))
    )
    (folder / "lines.csv").write_text(lines)
    assert "attach" not in drafted(root, folder / "orders.csv").yaml
    with pytest.raises(GeleitError, match=r"nothing says which belong together: lines\.csv, orders\.csv"):
        guessing.guess(folder, root=root, zone="Europe/Berlin", now=NOW)


def test_what_is_not_compared_is_said(root, monkeypatch):
    folder = root / "exports" / "shop"
    folder.mkdir()
    (folder / "orders.csv").write_text(text(ORDERS))
    (folder / "lines.csv").write_text(text([*LINES, *(("1003", "Filter", "1", "5,00", "5,00") for _ in range(30))]))
    (folder / "empty.csv").write_text("")
    for name in ("mugs", "cups"):
        (folder / f"{name}.csv").write_text("what;size\n" + "mug;large\n" * 200)
    monkeypatch.setattr(related, "MOST", 3)
    monkeypatch.setattr(related, "ROWS", 20)
    found = drafted(root, folder)
    assert "attach:" in found.yaml
    assert "in the 3 smallest of 5; left out: cups.csv, mugs.csv" in found.notes
    assert "empty.csv cannot be read or is empty, and was not compared" in found.notes
    assert "only the first 20 rows of lines.csv were compared with other exports" in found.notes
    monkeypatch.setattr(related, "MOST", 2)
    with pytest.raises(GeleitError, match=r"2 smallest of 5; left out: lines\.csv, cups\.csv, mugs\.csv"):
        guessing.guess(folder, root=root, zone="Europe/Berlin", now=NOW)
    beside = drafted(root, folder / "orders.csv")
    assert "in the 2 smallest of 4; left out: cups.csv, mugs.csv" in beside.notes


def test_an_empty_folder_is_refused(root):
    with pytest.raises(GeleitError, match="holds no exports"):
        guessing.guess(root / "exports", root=root, zone="Europe/Berlin", now=NOW)
