"""The pages of docs/sources/ are true: their examples give what they say, and they name every field and ending."""

import csv
import json
import re
import zipfile
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from geleit.clock import iso
from geleit.sources.attach import Attach
from geleit.sources.formats import ARCHIVE, COMPRESSED, ENDINGS, Csv, Excel
from geleit.sources.inflating import FREE, MOST, TIMES
from geleit.sources.records import RECORD_CHARACTERS

FOLDER = Path(__file__).parent.parent.parent / "docs" / "sources"
NAMES = ("csv", "excel", "json", "parquet", "xes", "archives", "attach")
PAGES = {name: (FOLDER / f"{name}.md").read_text(encoding="utf-8") for name in NAMES}
BLOCK = re.compile(r"<!-- (file|parquet|excel|packed|gives)(?:: (\S+))? -->\n```\w+\n(.*?)```", re.DOTALL)
EXAMPLES = [
    pytest.param(part, id=f"{name}: {part.splitlines()[0]}")
    for name, text in PAGES.items()
    for part in text.split("## Example: ")[1:]
]


def cell(text):
    """A cell of an example as a person would type it into a sheet."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\dT.*", text):
        return datetime.fromisoformat(text)
    return float(text) if re.fullmatch(r"[\d.]+", text) else text


def write_workbook(path, content):
    with xlsxwriter.Workbook(path, {"default_date_format": "dd.mm.yyyy hh:mm"}) as workbook:
        workbook.add_worksheet("Hinweise").write(0, 0, "vertraulich")
        sheet = workbook.add_worksheet("Export")
        for y, row in enumerate(csv.reader(content.splitlines(), delimiter=";")):
            for x, text in enumerate(row):
                sheet.write(y, x, cell(text))


def write_table(path, content):
    row = json.loads(content)
    pq.write_table(pa.Table.from_pylist([row | {"at": datetime.fromisoformat(row["at"])}]), path)


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples(bench, text):
    source, expected = "", None
    for what, name, content in BLOCK.findall(text):
        if what == "gives":
            expected = content.splitlines()
            continue
        archive, _, member = name.partition(".zip/")
        path = bench.write(f"{archive}.zip.made" if what == "packed" else name, content)
        if what == "packed":
            path.unlink()
            with zipfile.ZipFile(path.with_suffix(""), "a") as packed:
                packed.writestr(member, content)
        elif what == "excel":
            write_workbook(path, content)
        elif what == "parquet":
            write_table(path, content)
        source = content if name.startswith("sources/") else source
    result = bench.map(source)
    given = [
        " ".join([iso(e.t), e.kind, "*" if e.record in e.key else e.key, *map(str, e.identifiers)])
        for e in result.events
    ]
    given += [f"quarantine: line {r.line} {r.reason}" for r in result.rejected]
    assert given == expected


def test_every_field_and_ending_is_named():
    missing = [name for name in Csv.model_fields if f"| `{name}` |" not in PAGES["csv"]]
    missing += [name for name in Excel.model_fields if f"| `{name}` |" not in PAGES["excel"]]
    missing += [name for name in Attach.model_fields if f"| `{name}` |" not in PAGES["attach"]]
    every = "".join(PAGES.values())
    missing += [ending for ending in (*ENDINGS, *COMPRESSED, ARCHIVE) if f"`{ending}`" not in every]
    assert missing == []


def test_limits_are_those_of_the_code():
    said = f"{RECORD_CHARACTERS:,}"
    assert said in PAGES["csv"]
    assert said in PAGES["json"]
    assert said in PAGES["attach"]
    assert f"{FREE >> 30} GB, or to {TIMES} times its size" in PAGES["archives"]
    assert f"{MOST >> 30} GB" in PAGES["archives"]


def test_the_entry_page_leads_to_all():
    entry = (FOLDER.parent / "sources.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"](sources/{name}.md)" not in entry] == []
