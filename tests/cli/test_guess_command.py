"""``geleit source guess`` of folders and stores: what it writes, shows and refuses."""

import json

from typer.testing import CliRunner

from geleit.cli.app import app
from geleit.workspace.scaffold import init

ORDERS = "order_id,date,email\n1,2026-03-01,a@example.org\n2,2026-03-02,b@example.org\n"
ITEMS = "order_id,sku,price\n1,hose,1.50\n1,pump,9.00\n2,hose,1.50\n"


def asked(*words, code=0):
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == code, done.output
    return " ".join(f"{done.output} {done.exception or ''}".split())


def test_a_folder_is_drafted_shown_and_imported(tmp_path):
    root, folder = tmp_path / "acme", tmp_path / "shop"
    init(root, name="Acme")
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "items.csv").write_text(ITEMS)
    made = json.loads(asked("source", "guess", folder, "-w", root, "--json"))
    assert "items: {file: items.csv, by: order_id}" in made["yaml"]
    assert "they are taken along as 'items'" in made["notes"][0]
    shown = made["sample"]["mapped"]["events"]
    assert [len(event["properties"]["products"]) for event in shown] == [2, 1]
    assert "2 customers, 2 events in all" in asked("import", "-w", root)
    said = asked("source", "guess", folder, "-w", root, "--name", "again", code=1)
    assert "exports/shop exists already; nothing was changed" in said


def test_how_a_store_is_reached_is_checked(tmp_path):
    init(tmp_path / "acme", name="Acme")
    for wrong in ("colour=blue", "endpoint", "options=x"):
        said = asked("source", "guess", "s3://exports/x.csv", "--storage", wrong, "-w", tmp_path / "acme", code=1)
        assert f"'{wrong}' says nothing of a store" in said


def test_a_row_that_stands_twice_is_no_line_of_an_order(tmp_path):
    root = tmp_path / "acme"
    init(root, name="Acme")
    rows = [f"B-{n};K-{n};2026-03-0{n};{n},50" for n in range(1, 7)]
    (tmp_path / "till.csv").write_text("\n".join(["bestellnr;kundennr;datum;betrag", *rows, rows[2]]) + "\n")
    made = json.loads(asked("source", "guess", tmp_path / "till.csv", "-w", root, "--json"))
    assert "group:" not in made["yaml"]
    assert made["notes"] == ["1 of the first 7 records wholly equal another: they count once"]
    shown = {event["key"]: event["properties"]["total"] for event in made["sample"]["mapped"]["events"]}
    assert shown == {"B-1": 1.5, "B-2": 2.5, "B-3": 3.5}
    assert "till 7 6 1 0" in asked("import", "-w", root)  # read, new, already known, quarantined


def test_a_preview_says_how_many_of_how_many_records_it_looked_at(tmp_path):
    root = tmp_path / "acme"
    init(root, name="Acme")
    rows = [f"{n},2026-03-{n:02}T10:00Z,p{n}@example.org" for n in range(1, 13)]
    odd = ["13,0202-03-01T10:00Z,p8@example.org", "14,2099-03-01T10:00Z,p9@example.org"]
    (tmp_path / "orders.csv").write_text("\n".join(["order_id,date,email", *rows, *odd]) + "\n")
    asked("source", "guess", tmp_path / "orders.csv", "-w", root)
    said = asked("source", "preview", "orders", "-w", root)
    assert "Looked at 5 of 14 records; geleit source preview orders --all looks at all of them." in said
    assert "Looked at 14 of 14 records." in asked("source", "preview", "orders", "-n", "14", "-w", root)
    said = asked("source", "preview", "orders", "--all", "-w", root)
    assert (
        "Looked at all 14 records: 12 events from 1 Mar 2026, 11:00 to 12 Mar 2026, 11:00 (12 x order_completed)."
        in said
    )
    assert "2 records would go to quarantine: 2 x time_out_of_range" in said
    assert "exports/orders.csv 14: events.0.time: date" in said
    made = json.loads(asked("source", "preview", "orders", "--all", "-w", root, "--json"))
    assert (made["size"]["records"], made["all"]["reasons"]) == (14, [["time_out_of_range", 2]])
    assert "orders 14 12 0 2" in asked("import", "-w", root)  # nothing was taken in before


def test_a_preview_says_what_a_file_further_down_lacks(tmp_path):
    root = tmp_path / "acme"
    init(root, name="Acme")
    (root / "exports").mkdir(exist_ok=True)
    (root / "exports" / "orders_1.csv").write_text(ORDERS)
    (root / "exports" / "orders_2.csv").write_text("order_no,date,email\n3,2026-03-01,c@example.org\n")
    (root / "sources" / "orders.yaml").write_text(
        "file: exports/orders_*.csv\nevents:\n  - {kind: order_completed, key: order_id, time: date, "
        "identifiers: {email: email}, properties: {order_id: order_id}}\n"
    )
    said = asked("source", "preview", "orders", "-w", root)
    assert "Not all records can be read" in said
    assert "Looked at 2 of more than 2 records" in said
    said = asked("source", "preview", "orders", "--all", "-w", root)
    assert "Looked at 2 records: 2 events" in said
    assert "It ended there" in said


def test_a_preview_cuts_long_and_nested_values_and_json_keeps_them(tmp_path):
    root = tmp_path / "acme"
    init(root, name="Acme")
    lines = [{"sku": f"hose {n}", "price": 1.5} for n in range(40)]
    order = {"order_id": "1", "date": "2026-03-01", "email": "a@example.org", "lines": lines, "note": "one\n\ntwo"}
    (tmp_path / "orders.json").write_text(json.dumps([order], indent=4))
    asked("source", "guess", tmp_path / "orders.json", "-w", root)
    shown = CliRunner().invoke(app, ["source", "preview", "orders", "-w", str(root)]).output.splitlines()
    assert len(shown) == 3  # heads, the event, and how much was looked at
    assert "hose 0" in shown[1]
    assert "hose 9" not in shown[1]
    assert "one two" in shown[1]
    assert "hose 39" in asked("source", "preview", "orders", "-w", root, "--json")
