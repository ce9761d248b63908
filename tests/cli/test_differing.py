"""A record that contradicts an earlier one is shown beside it, field by field, in commands and pages."""

import json

import msgspec
import pytest
from typer.testing import CliRunner

from geleit.cli.app import app
from geleit.workspace import open_workspace
from geleit.workspace.differing import compared, contradictions
from geleit.workspace.scaffold import init

SOURCE = """\
file: exports/answers.csv
events:
  - kind: contact_noted
    key: id
    time: at
    identifiers: {email: mail}
    properties: {answer: answer%s}
"""
HEAD = "id;at;mail;answer;by\n"
FIRST = HEAD + "1;2026-03-01 10:00;ada@example.org;ja;Kasse\n2;2026-03-01 11:00;bo@example.org;ja;Kasse\n"


@pytest.fixture
def space(tmp_path):
    root = tmp_path / "acme"
    init(root, name="Acme")
    (root / "exports").mkdir(exist_ok=True)
    tell(root, FIRST)
    return root


def tell(root, text, more=""):
    (root / "sources" / "answers.yaml").write_text(SOURCE % more)
    (root / "exports" / "answers.csv").write_text(text)
    with open_workspace(root) as workspace:
        workspace.import_sources()


def asked(*words):
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("archived", [False, True])
def test_what_changed_is_shown_field_by_field(space, archived):
    if archived:
        with open_workspace(space) as workspace:
            workspace.sync()
    tell(space, FIRST.replace("bo@example.org;ja;Kasse", "bo@example.org;nein;"))
    text = asked("quarantine", "show", 1, "-w", space)
    assert [line.split() for line in text.splitlines()[-3:]] == [
        ["field", "stands", "came"],
        ["answer", "ja", "nein"],
        ["by", "Kasse"],
    ]
    found = json.loads(asked("quarantine", "show", 1, "-w", space, "--json"))
    assert found["reason"] == "changed_content"
    assert [(one["field"], one["stands"], one["came"]) for one in found["differences"]] == [
        ("answer", "ja", "nein"),
        ("by", "Kasse", ""),
    ]
    assert "exports/answers.csv:3" in asked("quarantine", "list", "-w", space)


def test_a_changed_definition_is_named(space):
    tell(space, FIRST, " || '!'")
    assert "the records are equal" in asked("quarantine", "show", 1, "-w", space)


def test_other_reasons_have_none(space):
    tell(space, FIRST + "3;gestern;cy@example.org;ja;Kasse\n")
    assert "differences" not in json.loads(asked("quarantine", "show", 1, "-w", space, "--json"))
    with open_workspace(space) as workspace:
        assert contradictions(workspace, workspace.quarantine(None)) == {}


def test_records_of_any_shape_are_compared():
    one = {"lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}], "note": None}
    other = {"lines": [{"sku": "a", "n": 3}], "note": "x"}
    found = compared(msgspec.json.encode(one).decode(), msgspec.json.encode(other).decode())
    assert [(each.field, each.stands, each.came) for each in found] == [
        ("lines.1.n", "1", "3"),
        ("lines.2.sku", "b", ""),
        ("lines.2.n", "2", ""),
        ("note", "", "x"),
    ]
    assert [each.field for each in compared("no JSON", "[1]")] == ["", "1"]


def test_file_and_line_of_both_are_named(space):
    more = FIRST + "2;2026-03-01 11:00;bo@example.org;nein;Kasse\n"
    (space / "exports" / "more.csv").write_text(HEAD + "1;2026-03-01 10:00;ada@example.org;vielleicht;\n")
    (space / "exports" / "answers.csv").write_text(more)
    source = space / "sources" / "answers.yaml"
    source.write_text((SOURCE % "").replace("answers.csv", "*.csv"))
    with open_workspace(space) as workspace:
        workspace.import_sources()
        found = [(e.file, e.line, e.message) for e in workspace.quarantine(None)]
    stands = "an event with the key '{}' says something else already; the earlier one stands; that one is from {}"
    assert found == [
        ("exports/answers.csv", 4, stands.format(2, "exports/answers.csv:3")),
        ("exports/more.csv", 2, stands.format(1, "exports/answers.csv:2")),
    ]
    text = asked("quarantine", "show", 1, "-w", space)
    assert text.startswith("answers, exports/answers.csv:4: changed_content")
    assert " from exports/answers.csv.\n" in text


@pytest.mark.parametrize("grouped", [False, True])
def test_they_are_named_in_bulk_and_of_groups_too(space, grouped):
    rows = "".join(f"{n};2026-03-01 10:00;p{n}@example.org;ja;\n" for n in range(10, 2500))
    if grouped:
        (space / "sources" / "answers.yaml").write_text((SOURCE % "").replace("events:", "group: id\nevents:"))
    source = (space / "sources" / "answers.yaml").read_text()
    if grouped:
        for name in ("id", "at", "answer"):
            source = source.replace(f": {name}\n", f": any_value({name})\n").replace(
                f"{name}}}", f"any_value({name})}}"
            )
        source = source.replace("email: mail", "email: any_value(mail)").replace("group: any_value(id)", "group: id")
        (space / "sources" / "answers.yaml").write_text(source)
    (space / "exports" / "answers.csv").write_text(FIRST.replace("bo@example.org;ja", "bo@example.org;nein") + rows)
    with open_workspace(space) as workspace:
        (summary,) = workspace.import_sources()
        entries = workspace.quarantine(None)
    assert (summary.new, summary.changed) == (2490, 1)
    assert [(one.file, one.line) for one in entries] == [("exports/answers.csv", 3)]
