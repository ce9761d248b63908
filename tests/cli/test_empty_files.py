"""A file that holds no record is no error, but it is named: by the import, for programs, and where sources are listed."""

import json
import zipfile

import pytest

from geleit.workspace import open_workspace
from geleit.workspace.status import empty_files

SOURCE = "file: [exports/till*.csv, exports/till*.zip]\n{more}events:\n  - {{kind: page_viewed, key: no, time: day, identifiers: {{email: mail}}}}\n"
HEAD = "no,day,mail\n"


@pytest.fixture(params=["", "group: mail\n"], ids=["plain", "grouped"])
def root(request, tmp_path, command, monkeypatch):
    command("init", tmp_path / "acme", "--name", "Acme")
    root = tmp_path / "acme"
    monkeypatch.chdir(root)
    text = SOURCE.format(more=request.param)
    text = text.replace("key: no", "key: max(no)").replace("day,", "max(day),") if request.param else text
    (root / "sources" / "till.yaml").write_text(text)
    (root / "exports" / "till1.csv").write_text(f"{HEAD}1,2026-03-01,a@x.org\n")
    (root / "exports" / "till2.csv").write_text("")
    (root / "exports" / "till3.csv").write_text(HEAD)
    (root / "exports" / "till4.csv").write_text(f"{HEAD}1,2026\n")
    with zipfile.ZipFile(root / "exports" / "till5.zip", "w") as packed:
        packed.writestr("a.csv", f"{HEAD}5,2026-03-05,e@x.org\n")
    return root


EMPTY = ["exports/till2.csv", "exports/till3.csv"]


def test_files_without_a_record_are_named_until_another_content_comes(root, command):
    code, out, _ = command("import", "--json")
    assert (code, sorted(json.loads(out)["sources"][0]["empty"])) == (0, EMPTY)
    assert json.loads(out)["sources"][0]["new"] == 2
    _, out, _ = command("import", "--again")
    assert "till: 2 files held no record: exports/till2.csv, exports/till3.csv." in out
    (root / "exports" / "till3.csv").write_text(f"{HEAD}3,2026-03-01,c@x.org\n")
    command("import")
    with open_workspace(root) as workspace:
        assert empty_files(workspace.ledger, "till") == EMPTY[:1]
