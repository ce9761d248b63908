"""What of a bulk load is lost or damaged is named with its remedy, and made from the archive again."""

import json
import shutil

import bulk_company
import pytest
from typer.testing import CliRunner

from geleit.cli.app import app
from geleit.errors import StoreError
from geleit.workspace import open_workspace


@pytest.fixture
def folder(tmp_path):
    with bulk_company.small():
        yield bulk_company.make(tmp_path / "acme", rows=120)


@pytest.fixture(scope="module")
def undisturbed(dump_of, tmp_path_factory):
    return bulk_company.expected(
        tmp_path_factory.mktemp("bulk") / "acme", dump_of, bulk_company.live(0, 9, 120), rows=120
    )


def load_only(folder, monkeypatch):
    """Import without adopting: the load waits with its parts."""
    with open_workspace(folder) as workspace, monkeypatch.context() as patch:
        patch.setattr(workspace, "sync", lambda **_: None)
        summaries = workspace.import_sources()
        assert sum(one.new for one in summaries) == 240
    parts = sorted((folder / "data" / "loads").glob("*/*"))
    assert len(parts) > 2
    return parts


def damage(parts, how):
    if how == "gone":
        shutil.rmtree(parts[0].parent)
    elif how == "one missing":
        shutil.rmtree(parts[1])
    else:
        for path in parts[0].glob("*.parquet"):
            path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("how", ["gone", "one missing", "truncated"])
def test_parts_that_were_lost_while_a_load_waits_are_made_again(folder, undisturbed, dump, monkeypatch, how):
    damage(load_only(folder, monkeypatch), how)
    with open_workspace(folder) as workspace:
        workspace.sync()
        workspace.intake.accept(bulk_company.live(0, 9, 120))
        workspace.sync()
        assert workspace.check().ok, workspace.check().text()
        assert dump(workspace) == undisturbed


def test_parts_whose_segment_is_gone_too_are_named(folder, monkeypatch):
    parts = load_only(folder, monkeypatch)
    shutil.rmtree(parts[0].parent)
    next((folder / "data" / "archive").rglob("*.parquet")).unlink()
    with open_workspace(folder) as workspace, pytest.raises(StoreError, match=r"segment .* is missing"):
        workspace.sync()


def test_a_part_that_is_rubbish_inside_is_named_with_its_remedy(folder, undisturbed, dump, monkeypatch):
    parts = load_only(folder, monkeypatch)
    path = parts[0] / "members.parquet"
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4)
    path.write_bytes(content)
    with open_workspace(folder) as workspace:
        with pytest.raises(StoreError) as caught:
            workspace.sync()
        assert "data/loads" in caught.value.hint
        shutil.rmtree(folder / "data" / "loads")  # what the hint says
        workspace.sync()
        workspace.intake.accept(bulk_company.live(0, 9, 120))
        workspace.sync()
        assert dump(workspace) == undisturbed


@pytest.mark.parametrize("how", ["missing", "rubbish"])
def test_lost_keys_are_named_and_made_from_the_archive(folder, undisturbed, dump, how):
    with open_workspace(folder) as workspace:
        workspace.import_sources()
        workspace.intake.accept(bulk_company.live(0, 9, 120))
        workspace.sync()
    for path in (folder / "data" / "keys").iterdir():
        if how == "missing":
            path.unlink()
        else:
            path.write_bytes(b"rubbish")
    with open_workspace(folder) as workspace:
        with pytest.raises(StoreError, match="none can be taken in"):
            workspace.intake.accept(bulk_company.live(9, 3, 120))
        for summary in workspace.import_sources(again=True):
            assert "geleit keys rebuild" in summary.error
        findings = workspace.check().findings
        assert {finding.store for finding in findings} == {"keys"}
        assert {finding.remedy for finding in findings} == {"run 'geleit keys rebuild': it makes them from the archive"}
    done = CliRunner().invoke(app, ["keys", "rebuild", "--json", "-w", str(folder)])
    assert json.loads(done.output) == {"keys": 240}
    with open_workspace(folder) as workspace:
        shop, web = workspace.import_sources(again=True)
        assert (shop.new, shop.duplicate, shop.changed) == (0, 120, 1)
        assert (web.new, web.duplicate) == (0, 120)
        assert workspace.check().ok, workspace.check().text()
        assert dump(workspace) == undisturbed
