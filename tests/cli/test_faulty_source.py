"""A source whose definition is faulty costs only itself: others are imported and previewed, and it is told with file and line."""

import json

import pytest
import sqlalchemy as sa

from geleit.ledger import tables
from geleit.workspace import open_workspace

SOURCE = (
    "file: exports/{name}.csv\nevents:\n  - {{kind: page_viewed, key: no, time: day, identifiers: {{email: mail}}}}\n"
)


@pytest.fixture
def root(tmp_path, command, monkeypatch):
    command("init", tmp_path / "acme", "--name", "Acme")
    root = tmp_path / "acme"
    monkeypatch.chdir(root)
    for name in ("shop", "till"):
        (root / "sources" / f"{name}.yaml").write_text(SOURCE.format(name=name))
        (root / "exports" / f"{name}.csv").write_text(f"no,day,mail\n1,2026-03-01,{name}@x.org\n")
    break_(root)
    return root


def break_(root):
    """Misspell a field of till."""
    path = root / "sources" / "till.yaml"
    path.write_text(path.read_text().replace("events:", "evnts:"))


def mend(root):
    (root / "sources" / "till.yaml").write_text(SOURCE.format(name="till"))


def test_all_others_are_taken_in_and_the_faulty_one_is_told(root, command):
    code, out, _ = command("import", "--json")
    shop, till = json.loads(out)["sources"]
    assert (code, shop["source"], shop["new"], shop["error"]) == (1, "shop", 1, "")
    assert (till["source"], till["read"]) == ("till", 0)
    assert till["error"].startswith("sources/till.yaml:2: ")
    assert "Hint: did you mean 'events'?" in till["error"]
    code, out, _ = command("import", "--again")
    assert code == 1
    assert "till was not read to its end: sources/till.yaml:2: " in out
    mend(root)
    code, out, _ = command("import", "--json")
    assert (code, [one["new"] for one in json.loads(out)["sources"]]) == (0, [0, 1])


def test_a_sound_source_by_name_is_imported_and_previewed_with_a_warning(root, command):
    for words in (("import", "shop", "--json"), ("source", "preview", "shop", "--json")):
        code, out, told = command(*words)
        assert (code, "warning: till is left out: sources/till.yaml:2: " in told) == (0, True)
        assert json.loads(out)
    mend(root)
    with open_workspace(root) as workspace:
        assert workspace.counts().events == 1


@pytest.mark.parametrize(
    "words", [("import", "till"), ("source", "preview", "till"), ("import", "--anew"), ("find", "x")]
)
def test_what_needs_the_faulty_source_stops_with_its_error(root, command, words):
    command("import", "shop")
    code, _, told = command(*words)
    assert code == 1
    assert "error: sources/till.yaml:2: " in told
    assert not list(root.glob("data-*"))


def test_a_workspace_of_faulty_sources_says_so(root, command):
    (root / "sources" / "shop.yaml").unlink()
    code, _, told = command("import")
    assert (code, "error: sources/till.yaml:2: " in told) == (1, True)


def test_a_load_that_waits_waits_until_the_definition_is_mended(root, command):
    mend(root)
    with open_workspace(root) as workspace, workspace.ledger.write() as connection:
        connection.execute(sa.insert(tables.load).values(state="loading", started_at=1, parts=0, adopted=0))
    break_(root)
    code, _, told = command("import")
    assert (code, "error: sources/till.yaml:2: " in told) == (1, True)
    mend(root)
    assert command("import")[0] == 0


def test_check_names_every_fault(root, command):
    code, out, _ = command("check", "--definitions", "-w", root)
    assert (code, "sources/till.yaml:2: " in out) == (1, True)
