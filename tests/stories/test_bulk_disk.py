"""A disk that is full or read-only while a bulk load goes on: a clear error, nothing acknowledged lost, then it goes on."""

import errno
import json
import subprocess

import bulk_company
import pytest
from disks import limited, read_only, small_disk

from geleit import files
from geleit.errors import Retryable
from geleit.workspace import open_workspace

ROWS = 90
# How much each store may hold before the disk is full: some chunks go in, not all.
ROOM = {"archive": "26k", "keys": "8k", "loads": "8k", "": "620k"}
LIMIT = 330_000  # bytes of one file, where nobody may mount a disk
FULL = ("No space left", "full", "too large", "disk I/O")
LEFTOVER = {"files lie in the archive that the ledger's catalog does not list"}


def run(folder, *words, limit):
    """A command in a process that may write no file of more than ``limit`` bytes, and what it answers."""
    command = limited(bulk_company.command(folder, *words, "--json"), limit)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr + done.stdout
    assert done.returncode == 1, done.stdout
    return done.stdout


def attempt(folder, what="import_sources"):
    """The errors that a person sees; anything that is not made for people fails the test."""
    try:
        with open_workspace(folder) as workspace:
            done = getattr(workspace, what)()
    except Retryable as error:
        return str(error)
    return "".join(one.error for one in done) if what == "import_sources" else ""


@pytest.fixture(scope="module")
def undisturbed(dump_of, tmp_path_factory):
    return bulk_company.expected(tmp_path_factory.mktemp("bulk") / "acme", dump_of, [], rows=ROWS)


@pytest.fixture
def folder(tmp_path):
    with bulk_company.small():
        yield bulk_company.make(tmp_path / "acme", rows=ROWS)


def acknowledged(folder):
    """How many events are in; ledger, archive and journal agree on them."""
    with open_workspace(folder) as workspace:
        report = workspace.check()
        assert {one.what for one in report.findings} <= LEFTOVER, report.text()
        return report.events


def goes_on(folder, dump, undisturbed):
    """The same command once more, with room: now everything is in."""
    assert attempt(folder) == ""
    assert acknowledged(folder) == 2 * ROWS
    with open_workspace(folder) as workspace:
        assert dump(workspace) == undisturbed


@pytest.mark.parametrize("store", ["archive", "keys", "loads", ""])
def test_a_full_disk_says_so_and_the_same_command_goes_on(folder, dump, undisturbed, store):
    with small_disk(folder / "data" / store, ROOM[store]) as mount:
        said = attempt(folder) if mount else run(folder, "import", limit=LIMIT)
        assert any(word in said for word in FULL), said
        assert "free disk space" in said, said
        if mount:
            mount("size=100m")
        assert (0 if mount else -1) < acknowledged(folder) < 2 * ROWS
        goes_on(folder, dump, undisturbed)


@pytest.mark.parametrize("store", ["keys", "loads"])
def test_what_cannot_be_made_durable_beside_a_segment_takes_it_along(folder, dump, undisturbed, store, monkeypatch):
    def full(path):
        if store in path.parts:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(path)

    sync = files._sync
    with monkeypatch.context() as patch:
        patch.setattr(files, "_sync", full)
        (folder / "data" / "keys").mkdir(parents=True, exist_ok=True)
        assert "No space left" in attempt(folder)
        with open_workspace(folder) as workspace:
            report = workspace.check()
            assert report.ok, report.text()
            assert report.events == 0
        assert not list((folder / "data" / "archive").rglob("*.parquet"))
    goes_on(folder, dump, undisturbed)


def test_a_full_disk_while_a_load_is_adopted(folder, dump, undisturbed, monkeypatch):
    with open_workspace(folder) as workspace, monkeypatch.context() as patch:
        patch.setattr(workspace, "sync", lambda **_: None)
        workspace.import_sources()
    held = (folder / "data" / "ledger.sqlite").stat().st_size
    said = run(folder, "sync", limit=held + 20_000)
    assert json.loads(said)["error"].startswith("the ledger")
    assert acknowledged(folder) == 2 * ROWS
    goes_on(folder, dump, undisturbed)


@pytest.mark.parametrize("store", ["", "keys", "loads"])
def test_a_read_only_folder_says_so_and_the_same_command_goes_on(folder, dump, undisturbed, store):
    with read_only(folder / "data" / store) as end:
        assert "rights" in attempt(folder)
        if not store:
            assert "rights" in attempt(folder, "sync")
            assert "rights" in attempt(folder, "rebuild_keys")
        end()
        goes_on(folder, dump, undisturbed)
