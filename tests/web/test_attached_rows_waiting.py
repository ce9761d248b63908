"""A broken row of an attached file waits for its file: it is never mapped as a record, and rows left over are shown."""

import json

import httpx
import pytest
from listening import SECONDS
from typer.testing import CliRunner

from conftest import running
from geleit.cli.app import app
from geleit.errors import GeleitError
from geleit.sources import quarantine
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

SOURCE = """\
file: exports/{heads}.csv
attach: {{lines: {{file: lines.csv, by: no}}}}
events: [{{kind: contact_made, key: no, time: day, identifiers: {{email: mail}}, properties: {{lines: "lines::json"}}}}]
"""
HEADS = "no,day,mail\n1,2026-03-01,a@example.org\n2,2026-03-01,b@example.org\n"
LINES = "no,what\n1,hose\n7,lost\n2\n"


@pytest.fixture
def space(tmp_path):
    root = tmp_path / "acme"
    init(root, name="Acme")
    (root / "exports").mkdir(exist_ok=True)
    (root / "sources" / "shop.yaml").write_text(SOURCE.format(heads="heads"))
    (root / "exports" / "heads.csv").write_text(HEADS)
    (root / "exports" / "lines.csv").write_text(LINES)
    return root


def asked(*words, code=0):
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == code, done.output
    return done.output


def waiting(space):
    return json.loads(asked("quarantine", "list", "-w", space, "--json"))


def test_it_is_never_replayed_as_a_record(space):
    said = asked("import", "-w", space)
    assert "a row that the record takes along cannot be read" in said
    entry, record = sorted(waiting(space), key=lambda one: one["reason"], reverse=True)
    assert (record["file"], record["line"], record["reason"]) == ("exports/heads.csv", 3, "incomplete")
    assert (entry["file"], entry["line"], entry["position"]) == ("exports/lines.csv", 4, "attached")
    said = asked("quarantine", "replay", "-w", space)
    assert "1 row that records take along waits: mend exports/lines.csv, then geleit import shop" in said
    with open_workspace(space) as workspace:
        with pytest.raises(GeleitError, match=r"is a row of exports/lines.csv that records of shop take along") as told:
            quarantine.repair(workspace.ledger, entry["id"], {"_unread": '{"no": "2", "what": "pump"}'}, 5)
        assert "mend line 4 of that file" in str(told.value.hint)
        assert not quarantine.candidates(workspace.ledger, "shop")
        assert workspace.counts().events == 1
        with running(workspace) as address:
            page = httpx.get(f"{address}/sources/quarantine?lang=de", timeout=SECONDS).text
    assert "Eine Zeile, die andere Datensätze mitnehmen" in page
    assert "geleit quarantine repair" not in page  # it would be refused
    assert "Eine Zeile, die zu ihm gehört, ist nicht lesbar" in page
    assert "exports/heads.csv: line 3 waits for line 4 of exports/lines.csv" in page
    assert sorted(waiting(space), key=lambda one: one["reason"], reverse=True) == [entry, record]


def test_a_file_that_was_mended_settles_its_rows(space):
    asked("import", "-w", space)
    (space / "exports" / "lines.csv").write_text(LINES + "3\n")
    asked("import", "-w", space)
    assert [(entry["line"], entry["reason"]) for entry in waiting(space) if "heads" not in entry["file"]] == [
        (4, "wrong_field_count"),
        (5, "wrong_field_count"),
    ]
    (space / "exports" / "lines.csv").write_text(LINES.replace("2\n", "1,pump\n") + "3\n")
    asked("import", "-w", space)
    assert [(entry["line"], entry["reason"]) for entry in waiting(space)] == [
        (5, "wrong_field_count"),
        (2, "changed_content"),
    ]


def test_rows_without_a_record_stand_on_the_page_until_it_comes(space):
    (space / "sources" / "shop.yaml").write_text(SOURCE.format(heads="heads_*"))
    (space / "exports" / "heads.csv").rename(space / "exports" / "heads_1.csv")
    (space / "exports" / "lines.csv").write_text("no,what\n1,hose\n7,lost\n8,lost\n2,pump\n")
    said = asked("import", "-w", space)
    assert "2 rows of exports/lines.csv left out, for no record takes them along: line 3 (7), line 4 (8)." in said
    with open_workspace(space) as workspace, running(workspace) as address:
        pages = {one: httpx.get(f"{address}/sources?lang={one}", timeout=SECONDS).text for one in ("de", "en")}
    assert "Zeile 3 (7), Zeile 4 (8)" in pages["de"]
    assert "line 3 (7), line 4 (8)" in pages["en"]
    (space / "exports" / "heads_2.csv").write_text("no,day,mail\n7,2026-03-01,c@example.org\n")
    said = asked("import", "-w", space)
    assert "1 row of exports/lines.csv left out, for no record takes them along" in said
    (space / "exports" / "heads_3.csv").write_text("no,day,mail\n8,2026-03-01,c@example.org\n")
    assert "left out" not in asked("import", "-w", space)
    with open_workspace(space) as workspace, running(workspace) as address:
        page = httpx.get(f"{address}/sources?lang=en", timeout=SECONDS).text
        assert "exports/lines.csv" not in page.split("</table>")[-1]
        assert "Rows that no record takes along" not in page
