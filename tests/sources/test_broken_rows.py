"""A record waits for its rows: if one of them cannot be read, neither comes until the row is mended or gone."""

import json
import shutil

import pytest
from reading import faults, read

from geleit.intake import imports
from geleit.sources import quarantine
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

ORDERS = "order;shop;mail\n1;A;a@example.com\n2;A;b@example.com\n2;B;c@example.com\n3;A;d@example.com\n"
ATTACH = {"lines": {"file": "lines.csv", "by": ["order", "shop"]}}
HEADER = "order;shop;article;price\n"
GOOD = "1;A;Pump;9,00\n2;A;Hose;1,50\n2;B;Hose;1,50\n"


def waiting(folder, lines, *, header=HEADER, attach=ATTACH, name="lines.csv"):
    """Lines of orders.csv that wait for a row, and the faults of the attached file."""
    folder.mkdir(exist_ok=True)
    (folder / "orders.csv").write_text(ORDERS)
    (folder / name).write_bytes((header + lines).encode("utf-8", "surrogateescape"))
    records, rejected = read(folder.parent, file="in/orders.csv", attach=attach)
    held = [line for file, line, reason in faults(rejected) if (file, reason) == ("in/orders.csv", "incomplete")]
    assert len(records) + len(held) == 4
    return held, [(line, reason) for file, line, reason in faults(rejected) if file != "in/orders.csv"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("2;A;Clamp; small;0,50", "wrong_field_count"),
        ("2;A;Clamp", "wrong_field_count"),
        (" 2 ;A;Clamp;0;50;x", "wrong_field_count"),
        ('2;A;"Clamp;0,50', "bad_csv"),
        ("2;A;Cl\udcff;0,50", "undecodable"),
    ],
)
def test_the_record_of_a_broken_row_waits_for_it(tmp_path, broken, reason):
    assert waiting(tmp_path / "in", f"{GOOD}{broken}\n") == ([3], [(5, reason)])


def test_a_row_is_counted_from_the_end_where_its_key_stands(tmp_path):
    lines = "Pump;9,00;1;A\nHose;1,50;2;A\nClamp; small;0,50;2;B\n"
    assert waiting(tmp_path / "in", lines, header="article;price;order;shop\n")[0] == [4]


def test_a_row_of_which_the_key_cannot_be_read_holds_nobody_back(tmp_path):
    assert waiting(tmp_path / "in", GOOD + "2\n7;A;Lost\n") == (
        [],
        [(5, "wrong_field_count"), (6, "wrong_field_count")],
    )


@pytest.mark.parametrize("broken", ['{"order": "2", "shop": "A", "article": }', '{"shop":"A","order":2,"article":"Cl'])
def test_a_broken_row_of_json(tmp_path, broken):
    attach = {"lines": {"file": "lines.jsonl", "by": ["order", "shop"]}}
    lines = f'{{"order": "1", "shop": "A", "article": "Pump"}}\n{broken}\n'
    found = waiting(tmp_path / "in", lines, header="", attach=attach, name="lines.jsonl")
    assert found == ([3], [(2, "bad_json")])


def test_the_message_names_the_row(tmp_path):
    waiting(tmp_path / "in", GOOD + "2;B;Clamp\n")
    _, rejected = read(tmp_path, file="in/orders.csv", attach=ATTACH)
    (message,) = [one.message for one in rejected if one.reason == "incomplete"]
    assert message == (
        "in/orders.csv: line 4 waits for line 5 of in/lines.csv, which it takes along and which cannot be read; mend or "
        "remove that line and import again"
    )


SOURCE = """\
file: exports/orders.csv
csv: {decimal: ","}
attach: {lines: {file: lines.csv, by: [order, shop]}}
events:
  - kind: order_completed
    key: order || shop
    time: "'2026-03-01'"
    identifiers: {email: mail}
    properties: {order_id: order || shop, currency: "'EUR'", products: "lines::json"}
"""


@pytest.fixture
def space(tmp_path):
    root = tmp_path / "acme"
    init(root, name="Acme")
    (root / "exports").mkdir(exist_ok=True)
    (root / "sources" / "shop.yaml").write_text(SOURCE)
    (root / "exports" / "orders.csv").write_text(ORDERS)
    return root


def imported(root, lines):
    """A run over the orders with these lines; what waits afterwards."""
    (root / "exports" / "lines.csv").write_text(HEADER + lines)
    with open_workspace(root) as workspace:
        (summary,) = workspace.import_sources()
        left = quarantine.entries(workspace.ledger)
    assert summary.error == ""
    return summary, sorted((one.file, one.line, one.reason) for one in left)


BROKEN = [("exports/lines.csv", 5, "wrong_field_count"), ("exports/orders.csv", 4, "incomplete")]


def test_a_mended_row_brings_its_record_whole_in_bulk_and_alone(space, monkeypatch, dump_of):
    whole, other = space.parent / "whole", space.parent / "other"
    shutil.copytree(space, whole)
    shutil.copytree(space, other)
    dumps = []
    for root, bulk in ((space, 0), (other, imports.BULK)):
        monkeypatch.setattr(imports, "BULK", bulk)
        first, left = imported(root, GOOD + "2;B;Clamp\n")
        assert (first.new, first.quarantined, left) == (3, 2, BROKEN)
        again, left = imported(root, GOOD + "2;B;Clamp\n1;B;Lost;1\n")  # the file changed, the row did not
        assert (again.new, again.changed, left) == (0, 0, BROKEN)
        mended, left = imported(root, GOOD + "2;B;Clamp;0,50\n")
        assert (mended.new, mended.changed, left) == (1, 0, [])
        once_more, left = imported(root, GOOD + "2;B;Clamp;0,50\n")
        assert (once_more.new, once_more.changed, left) == (0, 0, [])
        dumps.append(_told(root, dump_of))
    assert dumps[0] == dumps[1]
    imported(whole, GOOD + "2;B;Clamp;0,50\n")
    settled = [state for *_, state in dumps[0].pop("quarantine")]
    assert settled == ["replayed", "replayed"]
    assert dumps[0] == {name: found for name, found in _told(whole, dump_of).items() if name != "quarantine"}


def _told(root, dump_of):
    with open_workspace(root) as workspace:
        return json.loads(dump_of(workspace))


def test_a_row_that_is_removed_lets_its_record_come(space):
    imported(space, GOOD + "2;B;Clamp\n")
    summary, left = imported(space, GOOD)
    assert (summary.new, left) == (1, [])


def test_a_row_that_breaks_again_is_seen_again(space):
    imported(space, GOOD + "2;B;Clamp\n")
    imported(space, GOOD + "2;B;Clamp;0,50\n")
    _, left = imported(space, GOOD + "2;B;Clamp\n")
    assert left == BROKEN
    assert imported(space, GOOD + "2;B;Clamp;0,50\n")[1] == []


def test_a_kill_before_the_file_counts_as_read_changes_nothing(space, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(imports.read_positions, "store", killed)
        with pytest.raises(KeyboardInterrupt):
            imported(space, GOOD + "2;B;Clamp\n")
    summary, left = imported(space, GOOD + "2;B;Clamp\n")
    assert (summary.new, summary.duplicate, left) == (0, 3, BROKEN)
    with monkeypatch.context() as patched:
        patched.setattr(imports.read_positions, "store", killed)
        with pytest.raises(KeyboardInterrupt):
            imported(space, GOOD + "2;B;Clamp;0,50\n")
    summary, left = imported(space, GOOD + "2;B;Clamp;0,50\n")
    assert (summary.new, summary.duplicate, left) == (0, 4, [])


def test_it_can_be_dismissed_but_not_repaired(space, command):
    imported(space, GOOD + "2;B;Clamp\n")
    with open_workspace(space) as workspace:
        (number,) = [one.id for one in quarantine.entries(workspace.ledger) if one.reason == "incomplete"]
    code, _, told = command("quarantine", "repair", number, "--set", "mail=x@example.com", "-w", space)
    assert (code, "waits for a row that it takes along" in told) == (1, True)
    code, said, _ = command("quarantine", "replay", "-w", space)
    assert "mend exports/lines.csv, then geleit import shop" in " ".join(said.split())
    assert command("quarantine", "dismiss", number, "--reason", "a test order", "-w", space)[0] == 0
    assert imported(space, GOOD + "2;B;Clamp\n")[1] == [BROKEN[0]]
