"""What ``geleit import`` says: only what is new is read, every record is accounted for, the next command is named."""

import json
import os

import pytest

from geleit.cli.app import main

TILL = """
file: exports/till*.csv
skip: no = '9'
events: [{kind: page_viewed, when: "what = 'V'", key: no, time: day, identifiers: {email: mail}}]
"""
ROWS = ["1,V,2026-03-01,a@x.org", "2,V,2026-31-31,a@x.org", "3,V,,", "6,Z,,", "9,V,,"]


@pytest.fixture
def root(tmp_path, monkeypatch):
    main_quietly(monkeypatch, "init", str(tmp_path / "acme"), "--name", "Acme")
    monkeypatch.chdir(tmp_path / "acme")
    (tmp_path / "acme" / "sources" / "till.yaml").write_text(TILL)
    (tmp_path / "acme" / "exports" / "till.csv").write_text("\n".join(["no,what,day,mail", *ROWS]))
    return tmp_path / "acme"


def main_quietly(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["geleit", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.fixture
def geleit(root, monkeypatch, capsys):
    assert root.exists()

    def run(*arguments):
        capsys.readouterr()
        code = main_quietly(monkeypatch, *arguments)
        return code, capsys.readouterr().out

    return run


def test_a_person_reads_what_became_of_each_record(geleit):
    code, said = geleit("import")
    lines = [line.split() for line in said.splitlines()]
    assert code == 0
    assert " ".join(lines[0]) == "source read new already known left out gave nothing quarantined"
    assert ["till", "5", "1", "0", "1", "1", "2"] in lines
    assert "  1 x bad_time: the time cannot be read\n      exports/till.csv 3: events.0.time:" in said
    assert "1 record gave nothing" in said
    assert "Next: geleit quarantine list -s till" in said
    code, said = geleit("import")
    assert "As at their last import, and not read: till." in said
    assert "geleit import --again" in said
    _, said = geleit("import", "--again")
    assert ["till", "5", "0", "1", "1", "1", "2"] in [line.split() for line in said.splitlines()]


def test_what_cannot_be_read_is_said_and_ends_with_one(geleit, root):
    (root / "exports" / "till2.csv").write_text("na,what,day,mail\n1,V,2026-03-01,a@x.org\n")
    code, said = geleit("import")
    assert code == 1
    assert "till was not read to its end: sources/till: exports/till2.csv has no column 'no'" in said
    assert "Next: Correct what could not be read" in said
    assert "no record has" not in said


def test_programs_read_the_same(geleit):
    _, said = geleit("import", "--json")
    told = json.loads(said)
    (till,) = told["sources"]
    counts = {name: till[name] for name in ("read", "new", "changed", "duplicate", "skipped", "nothing", "quarantined")}
    assert list(counts.values()) == [5, 1, 0, 0, 1, 1, 2]
    assert till["examples"].keys() == {"bad_time", "no_time"}
    assert told["seconds"] >= till["seconds"] > 0
    _, said = geleit("import", "--json", "--again")
    assert json.loads(said)["sources"][0]["duplicate"] == 1


ATTACHING = """
file: exports/heads.csv
attach: {lines: {file: lines.csv, by: no, columns: [what]}}
events: [{kind: contact_made, key: no, time: day, identifiers: {email: mail}, properties: {lines: "lines::json"}}]
"""


def test_rows_that_no_record_takes_along_and_changed_ones_are_told(geleit, root):
    (root / "sources" / "till.yaml").unlink()
    (root / "sources" / "shop.yaml").write_text(ATTACHING)
    (root / "exports" / "heads.csv").write_text("no,day,mail\n1,2026-03-01,a@example.org\n2,2026-03-01,b@example.org\n")
    lines = root / "exports" / "lines.csv"
    lines.write_text("no,what\n1,hose\n7,lost\n8,lost\n2\n")
    code, said = geleit("source", "preview", "shop")
    assert code == 0
    assert "would be left out: 2 rows of exports/lines.csv, which no record takes along" in said
    assert "would go to quarantine: exports/lines.csv:5 wrong_field_count" in said
    assert "would go to quarantine: exports/heads.csv:3 incomplete" in said
    code, said = geleit("import", "--json")
    (summary,) = json.loads(said)["sources"]
    assert (summary["new"], summary["quarantined"], summary["loose"]) == (1, 2, {"exports/lines.csv": 2})
    assert summary["loose_rows"] == {
        "exports/lines.csv": [[3, ""], [4, ""]]
    }  # the key is no column that is taken along
    assert summary["files"] == ["exports/heads.csv"]
    lines.write_text("no,what\n1,hose\n1,clamp\n2,pump\n")
    _, said = geleit("import")
    assert ["shop", "2", "1", "1", "0", "1"] in [
        line.split() for line in said.splitlines()
    ]  # the record that waited for its row, and another content of a known key
    lines.unlink()
    code, said = geleit("import")
    assert "exports/heads.csv takes rows along from 'lines.csv' (attach: lines), which is not there" in said
    code, said = geleit("check")
    assert "takes rows along from 'lines.csv'" in said
    lines.write_text("no,wat\n")
    code, said = geleit("check")
    assert "exports/lines.csv has no column 'what'" in said


def test_the_list_of_what_waits_says_how_many_it_leaves_out(geleit):
    geleit("import")
    _, said = geleit("quarantine", "list", "--limit", "1")
    assert "These are 1 of 2 that wait: --limit 2 lists them all." in said
    _, said = geleit("quarantine", "list")
    assert "These are" not in said


def test_a_repair_that_is_not_enough_says_why_and_leaves_one_entry(geleit, root):
    (root / "exports" / "till.csv").write_bytes(b'no,what,day,mail\n1,V,"2026\x81-03-01,a@x.org\n')
    geleit("import")
    (waiting,) = json.loads(geleit("quarantine", "list", "--json")[1])
    code, said = geleit("quarantine", "repair", str(waiting["id"]), "--set", "what=V")
    assert (code, "it still cannot be mapped: events.0.time" in said) == (1, True)
    (left,) = json.loads(geleit("quarantine", "list", "--json")[1])
    assert (left["file"], left["line"], left["reason"]) == ("exports/till.csv", waiting["line"], "no_time")


def test_a_source_that_was_not_read_to_its_end_is_told_in_the_list(geleit, root):
    (root / "exports" / "till2.csv").write_text("no,what,date,mail\n1,V,2026-03-01,a@x.org\n")
    geleit("import")
    assert (
        "till was not read to its end: sources/till: exports/till2.csv has no column 'day'"
        in geleit("source", "list")[1]
    )


def test_ctrl_c_says_that_nothing_is_lost(root, monkeypatch, capsys):
    assert root.exists()

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("geleit.workspace.workspace.Workspace.import_sources", stopped)
    assert main_quietly(monkeypatch, "import") == 130
    assert "stopped; what was acknowledged is safe" in capsys.readouterr().err


def test_a_line_that_the_corrected_encoding_can_read_waits_no_more(geleit, root):
    def waiting():
        return [one["reason"] for one in json.loads(geleit("quarantine", "list", "--json")[1])]

    till = root / "exports" / "till.csv"
    till.write_bytes("no,what,day,mail\n1,V,2026-03-01,käthe@x.org\n2,V,2026-03-01\n".encode("cp1252"))
    geleit("import")
    assert sorted(waiting()) == ["undecodable", "wrong_field_count"]
    (root / "sources" / "till.yaml").write_text(f"{TILL}csv: {{encoding: cp1252}}\n")
    geleit("import")
    assert waiting() == ["wrong_field_count"]


def test_a_line_of_utf8_in_a_file_of_cp1252_is_taken_in_by_a_replay(geleit, root):
    (root / "sources" / "till.yaml").write_text(f"{TILL}csv: {{encoding: cp1252}}\n")
    (root / "exports" / "till.csv").write_text("no,what,day,mail\n1,V,2026-03-01,käthe@x.org\n", encoding="utf-8")
    geleit("import")
    assert "is utf-8, not cp1252" in geleit("quarantine", "list")[1]
    geleit("quarantine", "replay")
    assert "nothing waits" in geleit("quarantine", "list")[1]
    assert "käthe@x.org" in geleit("customer", "käthe@x.org")[1]


def test_a_line_that_is_gone_from_its_file_still_waits(geleit, root):
    (root / "exports" / "till.csv").write_bytes("no,what,day,mail\n1,V,2026-03-01,käthe@x.org\n".encode("cp1252"))
    geleit("import")
    (root / "exports" / "till.csv").write_text("no,what,day,mail\n2,V,2026-03-02,bo@x.org\n")
    geleit("import")
    assert "undecodable" in geleit("quarantine", "list")[1]


def test_a_line_of_a_file_that_was_only_touched_still_waits(geleit, root):
    till = root / "exports" / "till.csv"
    till.write_bytes("no,what,day,mail\n1,V,2026-03-01,käthe@x.org\n".encode("cp1252"))
    geleit("import")
    os.utime(till, (1_790_000_000, 1_790_000_000))
    geleit("import")
    assert "undecodable" in geleit("quarantine", "list")[1]
