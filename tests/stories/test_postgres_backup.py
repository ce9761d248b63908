"""A ledger in PostgreSQL is backed up by pg_dump in the very view that its segments were listed in, and put back whole."""

import shutil
import subprocess
import sys
from pathlib import Path

import bulk_company
import pytest
import sqlalchemy as sa

from geleit.errors import GeleitError, Retryable, StoreError
from geleit.events.event import Event, Identifier
from geleit.workspace import open_workspace
from geleit.workspace.recovery import back_up, restore
from postgres_ledgers import create, move

ROWS = 60
# Takes events in, says so, and archives them at once, until its standard input closes.
WRITER = """
import select, sys
sys.path[:0] = [{tests!r}, {stories!r}]
import bulk_company
from geleit.workspace import open_workspace

number = 0
with open_workspace({folder!r}) as workspace:
    while not select.select([sys.stdin], [], [], 0)[0]:
        workspace.intake.accept(bulk_company.live(number, 3, {rows}))
        number += 3
        print(number, flush=True)
        workspace.archive.drain(5)
"""


@pytest.fixture(scope="module")
def made(postgres, tmp_path_factory):
    """A workspace that was imported, and the name of its database."""
    url = create(postgres)
    with bulk_company.small(), pytest.MonkeyPatch.context() as patch:
        root = move(bulk_company.make(tmp_path_factory.mktemp("made") / "acme", rows=ROWS), url, patch)
        with open_workspace(root) as workspace:
            workspace.import_sources()
    return root, sa.make_url(url).database


@pytest.fixture
def folder(made, tmp_path, new_ledger, monkeypatch):
    """A copy of it, on a copy of its database."""
    root, database = made
    shutil.copytree(root, tmp_path / "acme")
    monkeypatch.setenv("LEDGER_URL", new_ledger("TEMPLATE", database))
    with bulk_company.small():
        yield tmp_path / "acme"


def backup(folder, target):
    with open_workspace(folder) as workspace:
        return back_up(workspace, target).backup


def new_events(count):
    return [
        Event("later", str(n), "page_viewed", 1_700_000_000_000_000 + n, (Identifier("shop.user_id", f"u{n % 50}"),))
        for n in range(count)
    ]


def test_it_comes_back_into_an_empty_database_and_goes_on(folder, dump, new_ledger, tmp_path, monkeypatch):
    with open_workspace(folder) as workspace:
        workspace.intake.accept(bulk_company.live(0, 9, ROWS))
        workspace.sync()
        expected = dump(workspace)
    backup(folder, tmp_path / "backups")
    with pytest.raises(GeleitError, match="is not empty"):
        restore(tmp_path / "backups", tmp_path / "restored")
    assert list((tmp_path / "restored").iterdir()) == []
    monkeypatch.setenv("OTHER_LEDGER", new_ledger())
    done = restore(tmp_path / "backups", tmp_path / "restored", ledger="secret:OTHER_LEDGER")
    assert done.report.ok, done.report.text()
    with open_workspace(tmp_path / "restored") as workspace:
        assert dump(workspace) == expected
        assert workspace.intake.accept(bulk_company.live(0, 9, ROWS)).new == 0
        assert workspace.intake.accept(new_events(1000)).new == 1000
        workspace.sync()
        report = workspace.check()
        assert (report.findings, report.events) == ((), 2 * ROWS + 9 + 1000)
    with pytest.raises(StoreError, match="ledger is of postgresql"):
        restore(tmp_path / "backups", tmp_path / "other", ledger=f"sqlite:///{tmp_path / 'x.sqlite'}")


def test_backups_while_another_process_archives_agree_with_their_segments(folder, new_ledger, tmp_path, monkeypatch):
    stories = Path(__file__).parent
    text = WRITER.format(tests=str(stories.parent), stories=str(stories), folder=str(folder), rows=ROWS)
    pipes, told = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE), []
    with subprocess.Popen([sys.executable, "-c", text], **pipes, text=True) as writer:
        for _ in range(2):
            before = int(writer.stdout.readline())
            told.append((backup(folder, tmp_path / "backups"), before))
        _, errors = writer.communicate("")
        assert writer.returncode == 0, errors
    for number, (made, before) in enumerate(told):
        monkeypatch.setenv(f"LEDGER_{number}", new_ledger())
        done = restore(made.folder, tmp_path / f"restored-{number}", ledger=f"secret:LEDGER_{number}")
        assert done.report.ok, done.report.text()
        with open_workspace(tmp_path / f"restored-{number}") as workspace:
            assert workspace.intake.accept(bulk_company.live(0, before, ROWS)).new == 0


def test_without_pg_dump_it_says_what_to_install(folder, tmp_path, monkeypatch):
    with open_workspace(folder) as workspace, monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        with pytest.raises(GeleitError, match="pg_dump is missing") as caught:
            back_up(workspace, tmp_path / "backups")
    assert "postgresql-client" in caught.value.hint


def test_a_failing_pg_dump_shows_no_password(folder, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "pg_dump"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "cannot reach postgresql://geleit:hidden@host/x: $@" >&2; exit 1\n')
    program.chmod(0o700)
    with open_workspace(folder) as workspace, monkeypatch.context() as patch:
        patch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
        with pytest.raises(Retryable, match="pg_dump failed") as caught:
            back_up(workspace, tmp_path / "backups")
        password = sa.make_url(workspace.ledger.engine.url).password
    assert password
    assert "hidden" not in str(caught.value)
    assert password not in str(caught.value)
