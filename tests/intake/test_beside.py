"""Mapping in a second process: the same result, also when it cannot start, is killed, or a source is bad."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.stories import bulk_company

from geleit.intake import beside
from geleit.workspace import open_workspace

PATIENCE = 120  # seconds


@pytest.fixture(params=["beside", "nobody", "killed"])
def helper(request, monkeypatch):
    """How the other process fares; holds the processes that were started."""
    started = []
    begin = beside.started

    def start(module):
        process = begin(module)
        started.append(process)
        return process

    def receive(pipe, received=[]):  # noqa: B006 (counts over calls)
        received.append(1)
        if len(received) == 3:
            started[0].kill()
        return real(pipe)

    real = beside.receive
    monkeypatch.setattr(beside, "WORTH", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(beside, "started", (lambda _: None) if request.param == "nobody" else start)
    if request.param == "killed":
        monkeypatch.setattr(beside, "receive", receive)
    return started


def taken(folder, dump, **how):
    with bulk_company.small(), open_workspace(bulk_company.make(folder)) as workspace:
        summaries = workspace.import_sources(**how)
        assert workspace.check().ok
        said = [(s.source, s.read, s.new, s.duplicate, s.changed, s.quarantined, s.files, s.error) for s in summaries]
        return dump(workspace), said


@pytest.fixture(scope="module")
def here(tmp_path_factory, dump_of):
    """What nobody beside leaves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beside, "WORTH", 10**9)
        return taken(tmp_path_factory.mktemp("here") / "acme", dump_of)


def test_the_result_is_the_same_whoever_maps(tmp_path, dump, here, helper):
    reached = []
    there = taken(tmp_path / "there", dump, progress=reached.append)
    assert {one.source for one in reached} == {"shop", "web"}
    assert all(process.poll() is not None for process in helper)
    assert here == there


@pytest.mark.usefixtures("helper")
def test_what_is_wrong_with_a_source_is_said_as_here(tmp_path):
    folder = bulk_company.make(tmp_path / "acme")
    source = folder / "sources" / "shop.yaml"
    source.write_text(source.read_text().replace("amount", "betrag"))
    said = []
    for worth in (0, 10**9):
        beside.WORTH = worth
        with open_workspace(folder) as workspace:
            said.append([(one.source, one.error) for one in workspace.import_sources(again=True)])
    assert said[0] == said[1]
    assert [bool(error) for _, error in said[0]] == [True, False]


def running(process):
    """Whether a process is there and no mere entry that waits to be cleared away."""
    try:
        state = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def test_the_other_process_ends_with_this_one():
    code = "import os; from geleit.processes import started; print(started('geleit.intake.beside').pid, flush=True); os._exit(9)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 9, done.stderr
    until = time.monotonic() + PATIENCE
    while running(int(done.stdout)):
        assert time.monotonic() < until, "it runs on"
        time.sleep(0.1)
