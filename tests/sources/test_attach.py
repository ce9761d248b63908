"""Records take rows of other files along: whatever the format and the place, in their order, none lost silently."""

import gzip
import json
import os
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from reading import chunks, faults, read, source

from geleit.errors import DefinitionError, GeleitError
from geleit.sources import reading
from geleit.sources.attached_rows import AttachedRows, key_hashes
from geleit.sources.preview import preview
from geleit.sources.records import RECORD_CHARACTERS, Loose

ORDERS = "order;day;mail\n1;2026-01-01;a@example.com\n2;2026-01-02;b@example.com\n3;2026-01-03;c@example.com\n"
LINES = "order;article;price\n2;Hose;1,50\n1;Pump;9,00\n2;Clamp;0,50\n"
ATTACH = {"lines": {"file": "lines.csv", "by": "order"}}
YAML = """
file: in/orders.csv
attach:
  lines: {file: lines.csv, by: order}
events:
  - kind: order_completed
    time: day
    identifiers: {email: mail}
    properties:
      order_id: order
      total: "list_sum(list_transform(CAST(lines AS JSON[]), lambda x: money(x->>'price')))"
      products: lines::json
  - kind: contact_made
    each: lines
    key: order || '-' || (item->>'article')
    time: day
    identifiers: {email: mail}
    properties: {words: item->>'article'}
"""


def put(root, name, content):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def articles(records):
    return {r["order"]: [line["article"] for line in r["lines"]] for r in records}


EXPECTED = {"1": ["Pump"], "2": ["Hose", "Clamp"], "3": []}


@pytest.fixture
def orders(tmp_path):
    put(tmp_path, "in/orders.csv", ORDERS)
    put(tmp_path, "in/lines.csv", LINES)
    return tmp_path


def test_expressions_see_the_rows_and_both_ways_of_mapping_agree(bench):
    bench.write("in/orders.csv", ORDERS)
    bench.write("in/lines.csv", LINES)
    result = bench.map(YAML)  # compares the columns with single mapping
    completed = {e.properties["order_id"]: e.properties for e in result.events if e.kind == "order_completed"}
    assert completed["2"]["total"] == 2
    assert completed["2"]["products"] == [
        {"order": "2", "article": "Hose", "price": "1,50"},
        {"order": "2", "article": "Clamp", "price": "0,50"},
    ]
    assert sorted(e.key for e in result.events if e.kind == "contact_made") == ["1-Pump", "2-Clamp", "2-Hose"]
    assert result.rejected == []


def test_the_raw_record_maps_to_the_same_events(bench):
    bench.write("in/orders.csv", ORDERS)
    bench.write("in/lines.csv", LINES)
    events = [e for e in bench.map(YAML).events if e.properties.get("order_id") == "2"]
    again, rejected = bench.map_record(bench.define(YAML), events[0].raw, record_id=events[0].record)
    assert (again[0].properties, rejected) == (events[0].properties, [])
    assert again[0].id == events[0].id


def test_another_dialect_and_encoding_is_found_as_ever(tmp_path):
    put(tmp_path, "in/orders.csv", ORDERS)
    put(tmp_path, "in/lines.csv", '"order",article\n2,"Schläuche, 3 m"\n1,Pümpe\n'.encode("utf-16"))
    records, rejected = read(tmp_path, file="in/orders.csv", attach=ATTACH)
    assert (articles(records), rejected) == ({"1": ["Pümpe"], "2": ["Schläuche, 3 m"], "3": []}, [])


def test_the_sources_csv_holds_for_both_unless_there_is_another(tmp_path):
    put(tmp_path, "in/orders.csv", "1|2026|ö\n".encode("cp1252"))
    put(tmp_path, "in/lines.csv", "order|article\n1|Pümpe\n".encode("cp1252"))
    both = {"encoding": "cp1252", "header": ["order", "day", "mail"]}
    records, _ = read(tmp_path, file="in/orders.csv", csv=both, attach=ATTACH)
    assert articles(records) == {"1": ["Pümpe"]}
    put(tmp_path, "in/lines.csv", "Report\n1#Pümpe\n")
    own = {"lines": ATTACH["lines"] | {"csv": {"delimiter": "#", "skip_lines": 1, "header": ["order", "article"]}}}
    records, _ = read(tmp_path, file="in/orders.csv", csv=both, attach=own)
    assert articles(records) == {"1": ["Pümpe"]}


def test_keys_of_several_columns_and_of_other_names(tmp_path):
    put(tmp_path, "in/orders.csv", "till;no;mail\n1:1;1;a\n1;1:1;b\n1; 12 ;c\n;;d\n")
    put(tmp_path, "in/lines.csv", "Till;receipt;article\n1;1:1;B\n1:1;1;A\n1;12;C\n;;nobody\n")
    attach = {"lines": {"file": "lines.csv", "by": {"till": "till", "no": "receipt"}, "columns": ["article"]}}
    found = chunks(tmp_path, file="in/orders.csv", attach=attach)
    records = [json.loads(raw) for c in found for raw in c.raw]
    assert [r["lines"] for r in records] == [[{"article": "A"}], [{"article": "B"}], [{"article": "C"}], []]
    assert [c.loose for c in found if c.loose] == [(Loose("in/lines.csv", 4, 1, ((5, ""),)),)]


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


ROWS = [
    {"order": 2, "article": "Hose", "n": 1},
    {"order": 1, "article": "Pump", "n": 2},
    {"order": 2, "article": "Clamp", "n": 3},
]


@pytest.mark.parametrize("columns", [(), ("article",)])
@pytest.mark.parametrize("form", ["jsonl", "json", "parquet", "csv.gz"])
def test_rows_of_other_formats(tmp_path, form, columns):
    put(tmp_path, "in/orders.csv", ORDERS)
    file = put(tmp_path, f"in/lines.{form}", "")
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), file)
    elif form == "csv.gz":
        file.write_bytes(gzip.compress(b"order,article,n\n2,Hose,1\n1,Pump,2\n2,Clamp,3\n"))
    else:
        file.write_text(jsonl(ROWS) if form == "jsonl" else json.dumps({"data": ROWS}))
    attach = {"file": f"lines.{form}", "by": "order", "columns": columns, "records": "data" if form == "json" else ""}
    records, rejected = read(tmp_path, file="in/orders.csv", attach={"lines": attach})
    assert (articles(records), rejected) == (EXPECTED, [])
    assert set(records[1]["lines"][0]) == ({"article"} if columns else {"order", "article", "n"})


def test_records_of_other_formats_take_rows_along(tmp_path):
    put(tmp_path, "in/orders.jsonl", jsonl([{"order": 1, "mail": "a"}, {"order": 2, "mail": "b"}, {"order": "3"}]))
    put(tmp_path, "in/lines.csv", LINES)
    records, _ = read(tmp_path, file="in/orders.jsonl", attach=ATTACH)
    assert {str(r["order"]): [line["article"] for line in r["lines"]] for r in records} == EXPECTED


@pytest.mark.parametrize("member", ["", "orders.csv", "may/orders*.csv"])
def test_in_a_zip_the_members_beside_are_taken(tmp_path, member):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("may/orders.csv", ORDERS)
        packed.writestr("may/lines.csv", LINES)
        packed.writestr("june/lines.csv", "order;article\n2;Other\n")
    records, rejected = read(tmp_path, file="all.zip", member=member, attach=ATTACH)
    assert (articles(records), rejected) == (EXPECTED, [])


def test_sheets_of_one_workbook(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "shop.xlsx") as workbook:
        for name, text in (("Orders", ORDERS), ("Lines", LINES)):
            sheet = workbook.add_worksheet(name)
            for y, row in enumerate(text.splitlines()):
                sheet.write_row(y, 0, row.split(";"))
    attach = {"lines": {"excel": {"sheet": "Lines"}, "by": "order"}}
    records, _ = read(tmp_path, file="shop.xlsx", excel={"sheet": "Orders"}, attach=attach)
    assert articles(records) == EXPECTED


def test_files_that_are_paired_by_their_names(tmp_path):
    for month, article in (("05", "May"), ("06", "June")):
        put(tmp_path, f"in/orders_{month}.csv", "order;mail\n1;a\n")
        put(tmp_path, f"in/orders_lines_{month}.csv", f"order;article\n1;{article}\n")
    attach = {"lines": {"file": "orders_lines_{*}.csv", "by": "order"}}
    records, rejected = read(tmp_path, file="in/orders_*.csv", attach=attach)
    assert ([r["lines"][0]["article"] for r in records], rejected) == (["May", "June"], [])


def test_several_files_and_other_folders(tmp_path):
    put(tmp_path, "heads/orders.csv", ORDERS)
    put(tmp_path, "lines/a.csv", "order;article\n1;Pump\n2;Hose\n")
    put(tmp_path, "lines/b.csv", "order;article\n2;Clamp\n")
    records, _ = read(tmp_path, file="heads/*.csv", attach={"lines": {"file": "../lines/*.csv", "by": "order"}})
    assert articles(records) == EXPECTED


def test_nothing_outside_the_workspace_is_taken(tmp_path):
    put(tmp_path, "lines.csv", LINES)
    root = tmp_path / "workspace"
    put(root, "orders.csv", ORDERS)
    with pytest.raises(GeleitError, match="is not there"):
        read(root, file="orders.csv", attach={"lines": {"file": "../lines.csv", "by": "order"}})


def test_a_missing_file_costs_only_the_file_that_takes_rows_from_it(tmp_path):
    put(tmp_path, "a/orders.csv", ORDERS)
    put(tmp_path, "b/orders.csv", ORDERS)
    put(tmp_path, "b/lines.csv", LINES)
    found, read_to_end = reading.read(source(file="*/orders.csv", attach=ATTACH), tmp_path, frozenset(), {}), []
    said = r"a/orders\.csv takes rows along from 'lines\.csv' \(attach: lines\), which is not there"
    with pytest.raises(GeleitError, match=said) as caught:
        read_to_end.extend(found)
    assert "optional: true" in caught.value.hint
    assert [chunk.position[0] for chunk in read_to_end if chunk.position] == ["b/orders.csv"]
    assert sum(len(chunk.raw) for chunk in read_to_end) == 3


def test_an_optional_file_may_be_missing(tmp_path):
    put(tmp_path, "in/orders.csv", ORDERS)
    attach = {"lines": ATTACH["lines"] | {"optional": True}}
    records, rejected = read(tmp_path, file="in/orders.csv", attach=attach)
    assert (articles(records), rejected) == ({"1": [], "2": [], "3": []}, [])


@pytest.mark.parametrize(
    ("orders", "lines", "columns", "said"),
    [
        (ORDERS, "Order_no;article\n1;x\n", (), "in/lines.csv has no column 'order'"),
        ("id;mail\n1;x\n", LINES, (), "in/orders.csv has no column 'order'"),
        (ORDERS, LINES, ("prize",), "in/lines.csv has no column 'prize'"),
        ("order;Lines\n1;x\n", LINES, (), "has itself a column 'lines'"),
    ],
)
def test_columns_that_are_missing_or_twice_there(tmp_path, orders, lines, columns, said):
    put(tmp_path, "in/orders.csv", orders)
    put(tmp_path, "in/lines.csv", lines)
    attach = {"lines": ATTACH["lines"] | {"columns": columns}}
    with pytest.raises(GeleitError, match=said):
        read(tmp_path, file="in/orders.csv", attach=attach)


def test_a_damaged_attached_file_costs_the_whole_file(tmp_path):
    put(tmp_path, "in/orders.csv", ORDERS)
    put(tmp_path, "in/lines.csv.gz", gzip.compress(LINES.encode() * 9000)[:-400])
    attach = {"lines": {"file": "lines.csv.gz", "by": "order"}}
    records, rejected = read(tmp_path, file="in/orders.csv", attach=attach)
    assert (records, faults(rejected)[-1:]) == ([], [("in/orders.csv", 0, "unreadable_file")])
    assert "in/lines.csv.gz, whose rows it takes along, cannot be read" in rejected[-1].message


def test_rows_that_belong_to_no_record_are_counted(orders, setting):
    put(orders, "in/lines.csv", LINES + "7;Lost;1\n8;Lost;1\n")
    expected = (Loose("in/lines.csv", 5, 2, ((5, "7"), (6, "8"))),)
    assert [c.loose for c in chunks(orders, file="in/orders.csv", attach=ATTACH) if c.loose] == [expected]
    shown = preview(source(file="in/orders.csv", attach=ATTACH), 1, root=orders, setting=setting)
    assert (shown.mapped.loose, len(shown.records)) == (expected, 1)


def test_a_record_that_grows_too_large_is_set_aside(orders):
    line = f"2;{'x' * 1000};1\n"
    put(orders, "in/lines.csv", LINES + line * (RECORD_CHARACTERS // 1000))
    records, rejected = read(orders, file="in/orders.csv", attach=ATTACH)
    assert [r["order"] for r in records] == ["1", "3"]
    assert faults(rejected) == [("in/orders.csv", 3, "too_large")]


def test_many_large_records_come_in_several_chunks(tmp_path):
    put(tmp_path, "in/orders.csv", "order;mail\n" + "".join(f"{n};a\n" for n in range(40)))
    put(tmp_path, "in/lines.csv", "order;article\n" + "".join(f"{n % 40};{'x' * 999}\n" for n in range(40 * 500)))
    found = [c for c in chunks(tmp_path, file="in/orders.csv", attach=ATTACH) if c.lines]
    assert [row for c in found for row in c.lines] == list(range(2, 42))
    assert len(found) > 1
    assert {len(json.loads(raw)["lines"]) for c in found for raw in c.raw} == {500}


def positions(definition, root, known):
    found = list(reading.read(definition, root, frozenset(), known))
    known |= dict(chunk.position for chunk in found if chunk.position)
    return [raw for chunk in found for raw in chunk.raw], [identity for chunk in found for identity in chunk.ids]


def test_a_change_of_the_attached_file_alone_is_noticed(orders):
    definition, known = source(file="in/orders.csv", attach=ATTACH), {}
    for file in orders.glob("in/*.csv"):
        os.utime(file, (1, 1))
    _, first = positions(definition, orders, known)
    assert positions(definition, orders, known) == ([], [])
    put(orders, "in/lines.csv", LINES.replace("9,00", "8,00"))
    _, second = positions(definition, orders, known)
    assert [a == b for a, b in zip(first, second, strict=True)] == [False, True, True]
    assert positions(definition, orders, known) == ([], [])
    before = dict(known)
    os.utime(orders / "in/lines.csv", (7, 7))
    assert positions(definition, orders, known) == ([], [])
    assert known != before


def test_an_optional_file_that_comes_later_is_noticed(orders):
    (orders / "in/lines.csv").unlink()
    definition = source(file="in/orders.csv", attach={"lines": ATTACH["lines"] | {"optional": True}})
    known = {}
    positions(definition, orders, known)
    assert positions(definition, orders, known) == ([], [])
    put(orders, "in/lines.csv", LINES)
    assert len(positions(definition, orders, known)[0]) == 3


def test_equal_hashes_do_not_mix_rows_up(orders, monkeypatch):
    monkeypatch.setattr("geleit.sources.attached_rows.key_hashes", half_alike)
    records, _ = read(orders, file="in/orders.csv", attach=ATTACH)
    assert articles(records) == EXPECTED


def half_alike(keys):
    high, low = key_hashes(keys)
    return high * 0 + 7, low


def test_many_rows_lie_in_a_file_and_not_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("geleit.sources.attached_rows.IN_MEMORY", 1000)
    kept = []
    end = AttachedRows.__exit__

    def noted(self, *args):
        kept.append(self.store._rolled)
        end(self, *args)

    monkeypatch.setattr(AttachedRows, "__exit__", noted)
    put(tmp_path, "in/orders.csv", "order;mail\n" + "".join(f"{n};a\n" for n in range(100)))
    put(tmp_path, "in/lines.csv", "order;article\n" + "".join(f"{n % 100};{n}\n" for n in range(1000)))
    records, _ = read(tmp_path, file="in/orders.csv", attach=ATTACH)
    assert records[7]["lines"] == [{"order": "7", "article": str(n)} for n in range(7, 1000, 100)]
    assert kept == [True]


@pytest.mark.parametrize(
    ("attach", "said"),
    [
        ("{lines: {by: order}}", "give file: the name of the file whose rows"),
        ("{lines: {file: /etc/x.csv, by: order}}", "does not begin at the folder"),
        ("{lines: {file: 's3://b/x.csv', by: order}}", "does not begin at the folder"),
        ("{lines: {file: x.csv}}", "by"),
        ("{day: {file: x.csv, by: order}}", "'day' is also a name under let"),
        ("{lines: {file: 'x_{*}.csv', by: order}}", "stands for the \\* of the source's file, which has none"),
    ],
)
def test_definitions_that_cannot_be_meant(bench, attach, said):
    event = "{kind: contact_made, time: day, identifiers: {email: mail}}"
    with pytest.raises(DefinitionError, match=said):
        bench.define(f"file: orders.csv\nattach: {attach}\nlet: {{day: \"'2026'\"}}\nevents: [{event}]\n")
