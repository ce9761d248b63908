"""Workbooks as Excel and others write them: cells as people see them, rows by their number, nothing brings geleit down."""

import datetime as dt
import json
import shutil
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from reading import chunks, faults, good, read

from geleit.errors import GeleitError
from geleit.sources import inflating

DATA = Path(__file__).parent / "data"


@pytest.fixture
def write(tmp_path):
    """Write a workbook: sheets as lists of rows, put at a row and column."""

    def make(name="a.xlsx", *, at=(0, 0), hide=(), **sheets):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        workbook = xlsxwriter.Workbook(tmp_path / name, {"default_date_format": "dd.mm.yyyy hh:mm"})
        forms = {
            dt.date: workbook.add_format({"num_format": "dd.mm.yyyy"}),
            dt.time: workbook.add_format({"num_format": "hh:mm"}),
            dt.timedelta: workbook.add_format({"num_format": "[h]:mm:ss"}),
        }
        for title, rows in sheets.items():
            sheet = workbook.add_worksheet(title)
            if title in hide:
                sheet.hide()
            for y, row in enumerate(rows, at[0]):
                for x, value in enumerate(row, at[1]):
                    if isinstance(value, tuple):
                        sheet.write_formula(y, x, value[0], None, value[1])
                    elif value is not None:
                        sheet.write(y, x, value, *([forms[type(value)]] if type(value) in forms else []))
        workbook.close()
        return tmp_path / name

    return make


def test_cells_are_read_as_people_see_them(tmp_path, write):
    write(
        Kasse=[
            ["Nr", "Tag", "Zeit", "Wann", "Betrag", "Ok", "Summe", "Dauer", "Text"],
            [
                4711,
                dt.date(2026, 3, 1),
                dt.time(10, 15),
                dt.datetime(2026, 3, 1, 10, 15, 30),
                0.1 + 0.2,
                True,
                ("=E2*2", 0.6),
                dt.timedelta(hours=36, minutes=15),
                "007",
            ],
            [1234567890123, None, None, dt.datetime(2026, 3, 2), 1e-7, False, ("=1/0", "#DIV/0!"), None, " ä;\n"],
        ]
    )
    first, second = good(tmp_path, file="a.xlsx")
    assert list(first.values()) == [
        "4711",
        "2026-03-01",
        "10:15:00",
        "2026-03-01T10:15:30",
        "0.3",
        "true",
        "0.6",
        "36:15:00",
        "007",
    ]
    assert list(second.values()) == ["1234567890123", "", "", "2026-03-02", "0.0000001", "false", "", "", " ä;\n"]


def test_lines_are_row_numbers_and_empty_rows_and_columns_are_left_out(tmp_path, write):
    write(at=(3, 2), Blatt1=[["id", None, "name", None], [1, None, "Ada"], [None], [2, None, "Bob"]])
    (chunk,) = chunks(tmp_path, ["id"], file="a.xlsx")
    assert (chunk.lines, chunk.columns["id"].to_pylist()) == ([5, 7], ["1", "2"])
    assert json.loads(chunk.raw[0]) == {"id": "1", "name": "Ada"}


def test_sheets_by_name_and_number_the_first_filled_one_by_default(tmp_path, write):
    rows = {"Deckblatt": [], "Alt": [["id"], [1]], "Kasse": [["id"], [2]], "2026": [["id"], [3]]}
    write(hide=["Alt"], **rows)
    ids = {
        str(sheet): good(tmp_path, file="a.xlsx", excel={"sheet": sheet})[0]["id"]
        for sheet in (None, 2, "kasse", "2026", 2026)
    }
    assert ids == {"None": "2", "2": "1", "kasse": "2", "2026": "3"}


@pytest.mark.parametrize(("sheet", "hint"), [("Kase", "did you mean Kasse? it has: Kasse, Plan"), (3, "it has: Kasse")])
def test_a_missing_sheet_names_those_there_are(tmp_path, write, sheet, hint):
    write(Kasse=[["id"], [1]], Plan=[])
    with pytest.raises(GeleitError, match="has no sheet") as caught:
        read(tmp_path, file="a.xlsx", excel={"sheet": sheet})
    assert hint in caught.value.hint


def test_the_header_stands_in_the_row_that_is_named(tmp_path, write):
    write(Kasse=[["Kassenbericht"], [], ["id", "name"], [1, "Ada"]])
    assert good(tmp_path, file="a.xlsx", excel={"header_row": 3}) == [{"id": "1", "name": "Ada"}]
    with pytest.raises(GeleitError, match=r"row 2 of a\.xlsx is empty") as caught:
        read(tmp_path, file="a.xlsx", excel={"header_row": 2})
    assert "is 3" in caught.value.hint


def test_a_missing_column_names_what_there_is(tmp_path, write):
    write(Kasse=[["Kunde", "Betrag"], [1, 2]])
    with pytest.raises(GeleitError, match="no column 'Kunden'") as caught:
        read(tmp_path, ["Kunden"], file="a.xlsx")
    assert caught.value.hint == "did you mean Kunde? it has: Kunde, Betrag"


def test_a_password_is_said(tmp_path):
    shutil.copy(DATA / "locked.xlsx", tmp_path / "a.xlsx")
    _, rejected = read(tmp_path, file="a.xlsx")
    assert faults(rejected) == [("a.xlsx", 0, "unreadable_file")]
    assert "protected by a password" in rejected[0].message


def test_the_old_format(tmp_path):
    shutil.copy(DATA / "till.xls", tmp_path / "a.xls")
    assert good(tmp_path, file="a.xls") == [{"Nr": "4711", "Datum": "2026-03-01T10:15:00", "Betrag": "19.9"}]


def test_open_document(tmp_path):
    cells = (
        '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>',
        '<table:table-cell office:value-type="float" office:value="{0}"><text:p>{0}</text:p></table:table-cell>',
        '<table:table-cell office:value-type="date" office:date-value="{0}"><text:p>{0}</text:p></table:table-cell>',
    )
    rows = [[(0, "Nr"), (0, "Tag")], [(1, "4711"), (2, "2026-03-01T10:15:00")]]
    body = "".join(
        f"<table:table-row>{''.join(cells[kind].format(value) for kind, value in row)}</table:table-row>"
        for row in rows
    )
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" '
        f'xmlns:text="{space}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Kasse">{body}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{space}:manifest:1.0"/>')
    assert good(tmp_path, file="a.ods") == [{"Nr": "4711", "Tag": "2026-03-01T10:15:00"}]


@pytest.mark.parametrize(
    "content", [b"", b"id;name\n1;Ada\n", b"PK\x03\x04half", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 90]
)
def test_what_is_no_workbook_is_set_aside(tmp_path, content, write):
    write("in/b.xlsx", Kasse=[["id"], [1]])
    (tmp_path / "in" / "a.xls").write_bytes(content)
    records, rejected = read(tmp_path, file="in/*")
    assert records == [{"id": "1"}]
    assert faults(rejected) == [("in/a.xls", 0, "unreadable_file")]


def test_half_a_workbook_is_set_aside(tmp_path, write):
    path = write(Kasse=[["id"], *([number] for number in range(5_000))])
    path.write_bytes(path.read_bytes()[:-2_000])
    _, rejected = read(tmp_path, file="a.xlsx")
    assert faults(rejected) == [("a.xlsx", 0, "unreadable_file")]


def test_a_cell_far_outside_does_not_end_geleit(tmp_path):
    workbook = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = workbook.add_worksheet("Kasse")
    sheet.write(0, 0, "id")
    sheet.write(1_048_575, 16_383, "stray")
    workbook.close()
    _, rejected = read(tmp_path, file="a.xlsx")
    assert faults(rejected) == [("a.xlsx", 0, "unreadable_file")]
    assert "stray cell" in rejected[0].message


def test_a_workbook_that_inflates_beyond_measure_is_not_opened(tmp_path, write, monkeypatch):
    write(Kasse=[["id"], *([f"{number}{'x' * 30_000}"] for number in range(50))])
    monkeypatch.setattr(inflating, "FREE", 100_000)
    monkeypatch.setattr(inflating, "TIMES", 10)
    _, rejected = read(tmp_path, file="a.xlsx")
    assert "inflates to more than" in rejected[0].message


def test_many_rows_come_in_chunks(tmp_path, write):
    write(Kasse=[["id", "name"], *([number, f"Kunde {number}"] for number in range(42_000))])
    found = chunks(tmp_path, ["id"], file="a.xlsx")
    assert [len(chunk.lines) for chunk in found] == [20_000, 20_000, 2_000]
    assert found[2].lines[-1] == 42_001


def test_a_workbook_inside_a_zip(tmp_path, write):
    path = write("b.xlsx", Kasse=[["id"], [1]])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "export/b.xlsx")
    assert good(tmp_path, file="a.zip") == [{"id": "1"}]
