"""Files through the whole house: counted, quarantined, repaired, replayed, imported twice, readable again."""

import json

import pytest

from geleit.errors import GeleitError
from geleit.intake import imports
from geleit.intake.imports import Import
from geleit.sources import quarantine
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

SOURCE = """
label: till
file: exports/till*.csv
events:
  - kind: order_completed
    key: no
    time: day
    identifiers: {till.customer_no: customer, email: mail}
    properties: {order_id: no, total: money(amount)}
"""
HEAD = "no,day,customer,mail,amount\n"


@pytest.fixture
def root(tmp_path):
    init(tmp_path / "acme", name="Acme")
    (tmp_path / "acme" / "sources" / "till.yaml").write_text(SOURCE)
    return tmp_path / "acme"


def write(root, text, name="till.csv", encoding="utf-8"):
    (root / "exports" / name).write_bytes((HEAD + text).encode(encoding))


def run(root):
    with open_workspace(root) as workspace:
        (summary,) = workspace.import_sources()
        return summary, workspace.counts()


def test_what_cannot_be_mapped_waits_and_the_rest_is_in(root):
    write(root, "1,2026-03-01,7,a@x.org,12.50\n2,2026-31-31,7,a@x.org,5.00\n3,2026-03-02,,,5.00\n")
    summary, counts = run(root)
    assert (summary.read, summary.new, summary.quarantined, counts.customers) == (3, 1, 2, 1)
    assert dict(summary.reasons) == {"bad_time": 1, "no_identifier": 1}


def test_importing_again_changes_nothing(root, dump):
    write(root, "1,2026-03-01,7,a@x.org,12.50\n2,nonsense,7,a@x.org,5.00\n")
    run(root)
    with open_workspace(root) as workspace:
        before = dump(workspace)
        (summary,) = workspace.import_sources(again=True)
        assert (summary.new, summary.duplicate) == (0, 1)
        assert dump(workspace) == before
        (summary,) = workspace.import_sources()
        assert (summary.read, len(summary.unchanged)) == (0, 1)
        assert dump(workspace) == before


def test_a_repaired_record_is_replayed_once(root):
    write(root, "1,2026-31-31,7,a@x.org,12.50\n")
    run(root)
    with open_workspace(root) as workspace:
        (entry,) = workspace.quarantine()
        quarantine.repair(workspace.ledger, entry.id, {"day": "2026-03-31"}, workspace.clock())
        receipt, clean = workspace.replay_quarantine("till")
        assert (receipt.new, clean) == (1, [entry.id])
        assert workspace.quarantine() == []
        assert len(workspace.profile(workspace.customer("a@x.org")).orders) == 1


def test_a_corrected_definition_replays_what_waited(root):
    write(root, "1,31/03/2026,7,a@x.org,12.50\n")
    assert run(root)[0].new == 0
    path = root / "sources" / "till.yaml"
    path.write_text(path.read_text().replace("time: day", "time: day\n    time_format: '%d/%m/%Y'"))
    with open_workspace(root) as workspace:
        receipt, clean = workspace.replay_quarantine("till")
        assert (receipt.new, len(clean)) == (1, 1)


def test_a_missing_column_is_named_and_the_other_sources_are_read(root):
    (root / "sources" / "desk.yaml").write_text(SOURCE.replace("till*.csv", "desk.csv").replace("amount", "amout"))
    write(root, "1,2026-03-01,7,a@x.org,12.50\n", name="desk.csv")
    write(root, "1,2026-03-01,7,a@x.org,12.50\n")
    with open_workspace(root) as workspace:
        desk, till = workspace.import_sources()
    assert "amout" in desk.error
    assert "did you mean amount" in desk.error
    assert till.new == 1


def test_a_file_that_can_be_read_again_waits_no_more(root):
    (root / "exports" / "till.csv").write_bytes(b"\xff\xfe\xff" + HEAD.encode())
    summary, _ = run(root)
    assert dict(summary.reasons) == {"unreadable_file": 1}
    write(root, "1,2026-03-01,7,a@x.org,12.50\n")
    summary, _ = run(root)
    assert (summary.new, summary.reasons) == (1, [])


def test_a_workspace_without_its_journal_answers_and_makes_it_anew(root):
    write(root, "1,2026-03-01,7,a@x.org,12.50\n")
    run(root)
    for path in (root / "data" / "journal").rglob("*"):
        if path.is_file():
            path.write_bytes(b"rubbish")
    with open_workspace(root) as workspace:
        customer = workspace.customer("a@x.org")
        assert len(workspace.read_events(customer)) == 1
        workspace.sync()
        assert workspace.check().ok


def test_unknown_sources_are_named_with_those_there_are(root):
    write(root, "")
    with open_workspace(root) as workspace, pytest.raises(GeleitError) as caught:
        workspace.import_sources(["tills"])
    assert "till" in caught.value.hint


def test_changed_needs_read_the_past_anew(root):
    write(root, "1,2026-03-01,7,a@x.org,12.50\n")
    run(root)
    (root / "needs.yaml").write_text(
        "needs:\n  - topic: buying\n    label: {en: buying, de: Kauf}\n    opens: [{kind: order_completed}]\n"
    )
    with open_workspace(root) as workspace:
        workspace.sync()
        (need,) = workspace.needs(workspace.customer("a@x.org"))
        assert need.topic == "buying"
        assert workspace.check().ok


def test_a_contradiction_is_none_any_more_when_the_mapping_is_put_back(root):
    write(root, "1,2026-03-01,7,a@x.org,12.50\n")
    run(root)
    path = root / "sources" / "till.yaml"
    path.write_text(SOURCE.replace("order_id: no,", "order_id: upper(no || 'x'),"))
    assert dict(run(root)[0].reasons) == {"changed_content": 1}
    path.write_text(SOURCE)
    assert run(root)[0].reasons == []


def test_what_waited_is_settled_when_the_corrected_source_is_imported_again(root):
    write(root, "1,31/03/2026,7,a@x.org,12.50\n")
    assert run(root)[0].reasons == [("bad_time", 1)]
    path = root / "sources" / "till.yaml"
    path.write_text(SOURCE.replace("time: day", "time: day\n    time_format: '%d/%m/%Y'"))
    summary, _ = run(root)
    assert (summary.new, summary.reasons) == (1, [])


def test_an_event_that_names_nobody_is_kept_and_no_fault(root):
    write(root, "1,2026-03-01,unbekannt,,12.50\n")
    summary, counts = run(root)
    assert (summary.new, counts.customers, counts.events) == (1, 0, 1)
    with open_workspace(root) as workspace:
        report = workspace.check()
    assert report.ok, report.text()


def test_a_repair_that_did_not_help_is_told_as_it_stands_after_the_next_import(root):
    write(root, "1,2026-31-31,7,a@x.org,12.50\n")
    run(root)
    with open_workspace(root) as workspace:
        (entry,) = workspace.quarantine()
        quarantine.repair(workspace.ledger, entry.id, {"day": "2026-02-30"}, workspace.clock())
        workspace.replay_quarantine("till")
        workspace.import_sources()
        (entry,) = workspace.quarantine()
    assert "2026-02-30" in entry.message
    assert "2026-02-30" in entry.record


CONTACTS = """
file: exports/contacts.csv
changed: add
events: [{kind: contact_made, key: no, time: edited, identifiers: {email: mail}, traits: {city: city}}]
"""
FEW, MANY = 3, 2_500  # live, in bulk


@pytest.mark.parametrize("count", [FEW, MANY])
def test_each_state_of_a_list_is_an_event_of_its_own(root, count):
    """Snapshots A, B, A: two states; the third is a repetition of the first."""
    (root / "sources" / "till.yaml").unlink()
    (root / "sources" / "contacts.yaml").write_text(CONTACTS)

    def snapshot(city, day):
        rows = [f"{no},2026-03-{day},p{no}@x.org,{city if no < FEW else 'Bonn'}" for no in range(count)]
        (root / "exports" / "contacts.csv").write_text("\n".join(["no,edited,mail,city", *rows]))
        summary, _ = run(root)
        return summary.new, summary.duplicate, summary.changed, summary.reasons

    assert snapshot("Ulm", "01") == (count, 0, 0, [])
    assert snapshot("Köln", "01") == (FEW, count - FEW, 0, [])
    assert snapshot("Ulm", "01") == (0, count, 0, [])


def test_a_list_of_states_is_not_read_with_another_definition_unless_told_so(root):
    (root / "sources" / "till.yaml").unlink()
    path = root / "sources" / "contacts.yaml"
    path.write_text(CONTACTS)
    (root / "exports" / "contacts.csv").write_text("no,edited,mail,city\n7,2026-03-01,a@x.org,Ulm\n")
    assert run(root)[0].new == 1
    for other in (CONTACTS.replace("city: city", "town: city"), CONTACTS.replace("changed: add", "changed: keep")):
        path.write_text(other)
        summary, counts = run(root)
        assert "could count twice" in summary.error
        assert counts.events == 1
    path.write_text("label: Contacts\n" + CONTACTS)
    assert run(root)[0].error == ""
    path.write_text(CONTACTS.replace("city: city", "town: city"))
    with open_workspace(root) as workspace:
        assert workspace.import_sources(again=True)[0].new == 1
    assert run(root)[0].error == ""


def test_a_summary_accounts_for_every_record_and_shows_one_of_each_reason(root):
    path = root / "sources" / "till.yaml"
    path.write_text(SOURCE.replace("    key: no", "    when: amount <> ''\n    key: no") + "skip: no = '9'\n")
    write(root, "1,2026-03-01,7,a@x.org,1\n2,2026-31-31,7,,1\n3,nonsense,7,,1\n4,2026-03-01,7,,\n9,2026-03-01,7,,1\n")
    summary, _ = run(root)
    assert (summary.read, summary.new, summary.skipped, summary.nothing, summary.quarantined) == (5, 1, 1, 1, 2)
    assert summary.examples["bad_time"].startswith("exports/till.csv 3: ")
    assert summary.seconds > 0


CLICKS = """
file: exports/clicks*.jsonl
events: [{kind: page_viewed, time: at, key: id, identifiers: {email: mail}, properties: {page: page, ref: ref, x: rare}}]
"""


def test_a_name_that_no_record_has_is_told_only_where_it_matters(root):
    (root / "sources" / "till.yaml").unlink()
    source = root / "sources" / "clicks.yaml"
    source.write_text(CLICKS)
    click = '{"id": %d, "at": "2026-03-01", "mail": "a@x.org", "page": "/"%s}\n'
    (root / "exports" / "clicks1.jsonl").write_text(click % (1, ""))
    (root / "exports" / "clicks2.jsonl").write_text(click % (2, ', "ref": "x"'))
    assert run(root)[0].unseen == []
    source.write_text(CLICKS.replace("key: id", "key: idd"))
    assert run(root)[0].unseen == ["idd"]
    source.write_text(CLICKS.replace("time: at", "time: att"))
    assert run(root)[0].unseen == ["att", "rare"]


def test_progress_tells_what_is_read_and_taken_in(root):
    write(root, "".join(f"{no},2026-03-01,7,a@x.org,1\n" for no in range(2_500)))
    said, steps = [], []
    with open_workspace(root) as workspace:
        workspace.import_sources(progress=said.append, told=steps.append)
    assert (said[-1].source, said[-1].records, said[-1].share, said[-1].taking) == ("till", 2_500, 1.0, 2_500)
    assert {"archive", "needs", "journal"} <= set(steps)
    assert any(step.startswith("customers: ") for step in steps)


LETTERS = """
file: exports/letters.jsonl
events: [{kind: note_written, key: no, time: day, identifiers: {email: mail}, properties: {text: text}}]
"""


def test_long_records_are_taken_in_before_memory_is_full(tmp_path, monkeypatch):
    """Few events may be many bytes: a mailbox of letters, tickets with all that was said."""
    init(tmp_path / "acme", name="Acme")
    (tmp_path / "acme" / "sources" / "letters.yaml").write_text(LETTERS)
    record = {"day": "2026-03-01", "mail": "ada@example.org", "text": "leise " * 150_000}
    with (tmp_path / "acme" / "exports" / "letters.jsonl").open("w") as file:
        for number in range(30):
            file.write(json.dumps(record | {"no": str(number)}) + "\n")
    chunk = 20_000_000  # bytes of records and their bodies
    monkeypatch.setattr(imports, "HEAVY", chunk)
    taken, gathered = [], Import.gathered
    monkeypatch.setattr(Import, "gathered", lambda self: taken.append(self.weight) or gathered(self))
    with open_workspace(tmp_path / "acme") as workspace:
        (summary,) = workspace.import_sources()
        assert (summary.read, summary.new) == (30, 30)
    assert max(taken) < 2 * chunk
