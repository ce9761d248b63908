"""Live events on a disk that is full, read-only or damaged: refused in words, never half taken; then the same goes on."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import bulk_company
import pytest
from disks import limited, read_only, small_disk

from geleit.errors import Retryable, StoreError
from geleit.workspace import open_workspace
from geleit.workspace.recovery import back_up, mend
from geleit.workspace.scaffold import init

MOST = 3_000
LIMIT = 700_000  # bytes of one file, where nobody may mount a disk
# Takes events in until the disk refuses; says how many were acknowledged, and what was said.
UNTIL_FULL = """
import json, sys
sys.path[:0] = [{tests!r}, {stories!r}]
import bulk_company
from geleit.errors import Retryable
from geleit.workspace import open_workspace

number, said = 0, ""
try:
    with open_workspace({folder!r}) as workspace:
        while number < {most}:
            workspace.intake.accept(bulk_company.live(number, 20))
            number += 20
            {step}
except Retryable as error:
    said = str(error)
print(json.dumps([number, said]))
"""


@pytest.fixture
def folder(tmp_path):
    init(tmp_path / "acme", name="Acme")
    for name, text in {"shop": bulk_company.SHOP, "web": bulk_company.WEB}.items():
        (tmp_path / "acme" / "sources" / f"{name}.yaml").write_text(text)
    return tmp_path / "acme"


def until_full(folder, *, limit=None, step=""):
    """Take events in until the disk is full; how many were acknowledged, and what was said then."""
    stories = Path(__file__).parent
    words = {"tests": str(stories.parent), "stories": str(stories), "folder": str(folder), "most": MOST, "step": step}
    command = [sys.executable, "-c", UNTIL_FULL.format(**words)]
    command = limited(command, limit) if limit else command
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def hold(folder, acknowledged):
    """Everything that was acknowledged is there once; the next events find room."""
    with open_workspace(folder) as workspace:
        report = workspace.check()
        assert report.ok, report.text()
        assert acknowledged <= report.events <= acknowledged + 20
        assert workspace.intake.accept(bulk_company.live(0, acknowledged)).new == 0
        workspace.intake.accept(bulk_company.live(0, acknowledged + 40))
        workspace.sync()
        report = workspace.check()
        assert report.ok, report.text()
        assert report.events == acknowledged + 40


def test_a_full_disk_refuses_live_events_and_keeps_the_acknowledged(folder):
    with small_disk(folder / "data", "1500k") as mount:
        acknowledged, said = until_full(folder, limit=None if mount else LIMIT)
        assert 0 < acknowledged < MOST
        assert "what was acknowledged before is safe" in said
        assert "free disk space" in said
        if mount:
            mount("size=100m")
        hold(folder, acknowledged)


@pytest.mark.parametrize("store", ["archive", "journal"])
def test_a_full_disk_of_archive_or_journal_leaves_the_events_in_the_ledger(folder, store):
    step = {"archive": "workspace.archive.drain()", "journal": "workspace.build_generation()"}[store]
    with small_disk(folder / "data" / store, "96k" if store == "archive" else "2200k") as mount:
        if mount is None:
            pytest.skip("nobody may mount a disk here")
        acknowledged, said = until_full(folder, step=step)
        assert 0 < acknowledged < MOST
        assert f"the {store}" in said
        assert "free disk space" in said
        with open_workspace(folder) as workspace:  # the ledger has room: acknowledging goes on
            assert workspace.intake.accept(bulk_company.live(acknowledged, 20)).new == 20
        mount("size=100m")
        hold(folder, acknowledged + 20)


def test_a_read_only_disk_refuses_live_events(folder):
    with read_only(folder / "data") as end:
        with pytest.raises(Retryable, match="cannot be written") as caught, open_workspace(folder) as workspace:
            workspace.intake.accept(bulk_company.live(0, 3))
        assert "rights" in caught.value.hint
        end()
        hold(folder, 0)


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_live_events_go_on_beside_a_lost_segment(folder, tmp_path, how):
    with open_workspace(folder) as workspace:
        workspace.intake.accept(bulk_company.live(0, 30))
        workspace.sync()
        back_up(workspace, tmp_path / "backups")
        segment = next((folder / "data" / "archive").rglob("*.parquet"))
        if how == "missing":
            segment.unlink()
        else:
            segment.write_bytes(b"?" * segment.stat().st_size)
        assert workspace.intake.accept(bulk_company.live(30, 30)).new == 30
        assert workspace.archive.drain() == 30
        with pytest.raises(StoreError, match=segment.name) as caught:
            workspace.journal.build(workspace.catalogue, workspace.definitions.hash())
        assert "geleit repair" in caught.value.hint
        assert [place.split("/")[-1] for place in mend(workspace, tmp_path / "backups").put_back] == [segment.name]
    shutil.rmtree(folder / "data" / "damaged", ignore_errors=True)
    hold(folder, 60)
