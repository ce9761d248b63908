"""What cannot be mapped waits, once, until it is repaired and replayed, or dismissed."""

import json
from dataclasses import replace

import pytest

from geleit.errors import GeleitError, NotFoundError
from geleit.ledger.ledger import Ledger
from geleit.sources import quarantine
from geleit.sources.records import Rejected

YAML = """\
    file: a.csv
    events:
      - kind: contact_made
        time: zeit
        identifiers: {email: mail}
        properties: {total: money(betrag)}
      - kind: question_asked
        time: zeit
        identifiers: {email: mail}
        properties: {text: frage}
"""
ROWS = "mail,zeit,betrag,frage\na@x,2026-03-01,12.00,wann\nb@x,2026-03-01,viel,wo\nc@x,2026-03-01,5.00\n"


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def filled(bench, ledger):
    """The ledger's quarantine after one import of ROWS, and the definition."""
    bench.write("a.csv", ROWS)
    result = bench.map(YAML)
    with ledger.write() as connection:
        assert quarantine.put(connection, result.rejected, 5) == 2
    return bench.define(YAML)


@pytest.mark.usefixtures("filled")
def test_put_again_changes_nothing(bench, ledger):
    before = quarantine.entries(ledger)
    with ledger.write() as connection:
        assert quarantine.put(connection, bench.map(YAML).rejected, 5) == 2
    assert quarantine.entries(ledger) == before
    assert quarantine.counts(ledger) == {("till", "expression"): 1, ("till", "wrong_field_count"): 1}
    assert quarantine.commonest(ledger, "till") == [("expression", 1), ("wrong_field_count", 1)]
    assert quarantine.entries(ledger, "shop") == []


def by_reason(ledger, reason):
    return next(e for e in quarantine.entries(ledger) if e.reason == reason)


def test_repair_and_replay_give_exactly_the_event_that_failed(bench, ledger, filled):
    whole = bench.map(YAML)
    waiting = by_reason(ledger, "expression")
    assert (waiting.file, waiting.line, waiting.position) == ("a.csv", 3, "0")
    repaired = quarantine.repair(ledger, waiting.id, {"betrag": "99.00"}, 6)
    assert "repaired 1970-01-01T00:00:00.000006Z: betrag 'viel' -> '99.00'" in repaired.message
    events, rejected = bench.map_record(
        filled, repaired.record, record_id=repaired.record_id, position=repaired.position
    )
    assert (rejected, [e.kind for e in events]) == ([], ["contact_made"])
    assert events[0].properties == {"total": 99}
    other = next(e for e in whole.events if e.properties.get("text") == "wo")
    assert events[0].record == other.record
    assert events[0].id not in {e.id for e in whole.events}
    with ledger.write() as connection:
        quarantine.mark_replayed(connection, [repaired.id], 7)
        assert quarantine.put(connection, bench.map(YAML).rejected, 8) == 1
    assert quarantine.entry(ledger, repaired.id).state == "replayed"


def test_a_repair_that_does_not_help_keeps_its_history(bench, ledger, filled):
    waiting = by_reason(ledger, "expression")
    repaired = quarantine.repair(ledger, waiting.id, {"betrag": "zu viel"}, 6)
    _, rejected = bench.map_record(filled, repaired.record, record_id=repaired.record_id, position="0")
    with ledger.write() as connection:
        quarantine.put(connection, rejected, 7)
    now = quarantine.entry(ledger, waiting.id)
    assert "for betrag = 'zu viel'" in now.message
    assert "betrag 'viel' -> 'zu viel'" in now.message
    assert json.loads(now.record)["betrag"] == "zu viel"


def test_a_line_that_could_not_be_split_is_repaired_by_its_columns(bench, ledger, filled):
    waiting = by_reason(ledger, "wrong_field_count")
    assert waiting not in quarantine.candidates(ledger, "till")
    with pytest.raises(GeleitError, match="could not be read"):
        bench.map_record(filled, waiting.record)
    repaired = quarantine.repair(ledger, waiting.id, {"frage": "wie"}, 6)
    assert repaired in quarantine.candidates(ledger, "till")
    events, rejected = bench.map_record(filled, repaired.record, record_id=repaired.record_id)
    assert (len(events), rejected) == (2, [])
    assert "text was 'c@x,2026-03-01,5.00'" in repaired.message


def test_broken_json_is_repaired_by_its_text(bench, ledger):
    yaml = "file: a.jsonl\nevents: [{kind: x, time: t, identifiers: {email: m}}]\n"
    bench.write("a.jsonl", '{"t": "2026-03-01", "m": "a@x"\n')
    with ledger.write() as connection:
        quarantine.put(connection, bench.map(yaml).rejected, 5)
    (waiting,) = quarantine.entries(ledger)
    with pytest.raises(GeleitError, match="no JSON object"):
        quarantine.repair(ledger, waiting.id, {"_unread": "{"}, 6)
    repaired = quarantine.repair(ledger, waiting.id, {"_unread": '{"t": "2026-03-01", "m": "a@x"}'}, 6)
    assert len(bench.map_record(bench.define(yaml), repaired.record)[0]) == 1
    with pytest.raises(GeleitError, match="no column 'mm'"):
        quarantine.repair(ledger, waiting.id, {"mm": "b@x"}, 7)


def test_groups_are_repaired_as_one(bench, ledger):
    yaml = """\
        file: a.csv
        group: nr
        events:
          - kind: order_completed
            time: min(t)
            identifiers: {email: max(mail)}
            properties: {order_id: nr, total: sum(money(b))}
        """
    bench.write("a.csv", "nr,t,mail,b\n1,2026-03-01,a@x,x\n1,2026-03-01,a@x,y\n")
    with ledger.write() as connection:
        quarantine.put(connection, bench.map(yaml).rejected, 5)
    (waiting,) = quarantine.entries(ledger)
    repaired = quarantine.repair(ledger, waiting.id, {"b": "2.50"}, 6)
    events, _ = bench.map_record(bench.define(yaml), repaired.record, record_id=repaired.record_id, position="0")
    assert events[0].properties["total"] == 5
    assert events[0].record == waiting.record_id


@pytest.mark.usefixtures("filled")
def test_dismiss_needs_a_reason_and_holds(bench, ledger):
    waiting = by_reason(ledger, "expression")
    with pytest.raises(GeleitError, match="a reason is needed"):
        quarantine.dismiss(ledger, waiting.id, " ", 6)
    quarantine.dismiss(ledger, waiting.id, "test record", 6)
    with pytest.raises(GeleitError, match="dismissed already"):
        quarantine.dismiss(ledger, waiting.id, "again", 7)
    with pytest.raises(GeleitError, match="is dismissed"):
        quarantine.repair(ledger, waiting.id, {"betrag": "1"}, 7)
    with ledger.write() as connection:
        quarantine.put(connection, bench.map(YAML).rejected, 8)
    assert quarantine.entry(ledger, waiting.id).message.endswith("dismissed 1970-01-01T00:00:00.000006Z: test record")
    assert [e.id for e in quarantine.entries(ledger, state="dismissed")] == [waiting.id]


def test_no_such_entry(ledger):
    with pytest.raises(NotFoundError, match="no entry 9"):
        quarantine.entry(ledger, 9)


@pytest.mark.usefixtures("filled")
def test_a_column_that_does_not_exist_cannot_be_changed(ledger):
    with pytest.raises(GeleitError, match="no column 'betrg'") as caught:
        quarantine.repair(ledger, by_reason(ledger, "expression").id, {"betrg": "1"}, 6)
    assert caught.value.hint == "did you mean 'betrag'?"


def test_a_damaged_file_is_settled_once_it_was_read(ledger):
    broken = Rejected("shop", "a.json", 0, "unreadable_file", "cut off", "", "f" * 32)
    with ledger.write() as connection:
        quarantine.put(connection, [broken], 5)
        quarantine.settle_files(connection, "shop", ["a.json"], 6)
    assert quarantine.entries(ledger) == []
    with ledger.write() as connection:
        assert quarantine.put(connection, [replace(broken, message="cut off again")], 7) == 1
    (entry,) = quarantine.entries(ledger)
    assert (entry.message, entry.replayable) == ("cut off again", False)
    with pytest.raises(GeleitError, match="is a file"):
        quarantine.repair(ledger, entry.id, {"a": "1"}, 8)


def test_what_cannot_be_decoded_keeps_its_bytes_in_its_columns(bench):
    bench.write("a.csv", b"mail,zeit,betrag,frage\na@x,2026-03-01,1.00,K\xfcche\n")
    (rejected,) = bench.map(YAML).rejected
    assert json.loads(rejected.record)["frage"] == "K\\xfcche"


def test_an_amount_that_is_none_is_told_without_the_rest_of_its_columns_name(bench):
    bench.write("a.csv", "mail,zeit,netto-betrag\na@x,2026-03-01,auf Anfrage\n")
    mapped = bench.map(
        """\
        file: a.csv
        events: [{kind: contact_made, time: zeit, identifiers: {email: mail}, properties: {total: 'money("netto-betrag")'}}]
        """
    )
    assert mapped.rejected[0].message.endswith("DECIMAL(18,2)")
