"""Numbers that a workbook shows with leading zeros are read with them; all others as ever."""

import zipfile

import pytest
import xlsxwriter
from reading import good

NUMBERS = {
    "plain": 1067,
    "german": 1067,
    "both": 42,
    "money": 1067,
    "text": "1067",
    "sum": 67,
    "long": 123456,
    "broken": 7.5,
}
FORMS = {
    "plain": "00000",
    "german": "[$-407]00000",
    "both": "0000;-0000",
    "money": "#,##0.00",
    "text": "00000",
    "sum": "00000",
    "long": "00000",
    "broken": "000",
}
SHOWN = ["01067", "01067", "0042", "1067", "1067", "00067", "123456", "7.5"]


@pytest.fixture
def book(tmp_path):
    """A workbook with the numbers on its second sheet, away from the corner, between empty rows."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        cover = workbook.add_worksheet("Deckblatt")
        cover.write(0, 0, 1, workbook.add_format({"num_format": "0000000"}))
        sheet = workbook.add_worksheet("Kunden")
        for column, (name, value) in enumerate(NUMBERS.items(), 2):
            form = workbook.add_format({"num_format": FORMS[name]})
            sheet.write(3, column, name)
            for row in (5, 7):
                if name == "sum":
                    sheet.write_formula(row, column, "=60+7", form, value)
                else:
                    sheet.write(row, column, value, form)
            sheet.write(8, column, value)
    return path


@pytest.mark.usefixtures("book")
def test_what_is_shown_with_zeros_has_them(tmp_path):
    first, second, plain = good(tmp_path, file="a.xlsx", excel={"sheet": "Kunden"})
    assert list(first.values()) == list(second.values()) == SHOWN
    assert list(plain.values()) == [str(value) for value in NUMBERS.values()]


def test_styles_of_another_form_leave_numbers_as_they_are(tmp_path, book):
    with zipfile.ZipFile(book) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["xl/styles.xml"] = content["xl/styles.xml"].replace(b"openxmlformats.org", b"openxmlformats.example")
    with zipfile.ZipFile(book, "w") as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    assert good(tmp_path, file="a.xlsx", excel={"sheet": "Kunden"})[0]["plain"] == "1067"
