"""The power goes while events are taken in, archived, built and backed up: what was acknowledged is there, and once."""

import os
import random
import sys
from itertools import accumulate
from pathlib import Path

import bulk_company
import power_cut
import pytest

from geleit.errors import GeleitError, NotFoundError
from geleit.history.backups import Backups
from geleit.ledger import lease
from geleit.workspace import open_workspace
from geleit.workspace.recovery import back_up, restore

CUTS = int(os.environ.get("GELEIT_KILLS", "8"))
EACH = 8  # cuts of one run
ROWS = 60
# Takes events in, three at a time, says so, and now and then archives and brings everything up to date.
LIVE = """
import sys
sys.path[:0] = [{tests!r}, {stories!r}]
import bulk_company
from geleit.workspace import open_workspace

with open_workspace({folder!r}) as workspace:
    for number in range(0, 36, 3):
        workspace.intake.accept(bulk_company.live(number, 3))
        print(number + 3, flush=True)
        if number % 4 == 0:
            workspace.archive.drain(8)
        if number % 15 == 0:
            workspace.sync()
"""
BACKUP = """
from pathlib import Path
from geleit.workspace import open_workspace
from geleit.workspace.recovery import back_up

for _ in range(3):
    with open_workspace({folder!r}) as workspace:
        print(back_up(workspace, Path({target!r}), keep=2).backup.name, flush=True)
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return power_cut.build(tmp_path_factory.mktemp("library"))


@pytest.fixture
def watch(library, tmp_path):
    """A workspace without data, watched."""
    with bulk_company.small():
        yield power_cut.Watch(library, bulk_company.make(tmp_path / "acme", rows=ROWS), tmp_path / "state")


@pytest.fixture(autouse=True)
def later(monkeypatch):
    """Here it is an hour later than where the power went: leases have ended."""
    now = lease.database_time
    monkeypatch.setattr(lease, "database_time", lambda connection: now(connection) + 3_600_000_000)


def live(folder):
    stories = Path(__file__).parent
    text = LIVE.format(tests=str(stories.parent), stories=str(stories), folder=str(folder))
    return [sys.executable, "-c", text]


def stops(chance, calls):
    """Some numbers of calls, all over a run of about so many."""
    return accumulate(chance.randint(1, 2 * calls // EACH) for _ in range(EACH))


def told(printed):
    """Up to which number events were acknowledged."""
    return max((int(word) for word in printed.split() if word.isdecimal()), default=0)


def runs():
    """A seed for each run that there is to be."""
    return range(max(1, CUTS // EACH))


def hold(folder, acknowledged):
    """What was acknowledged is there once; the stores agree, if not at once, then after a sync; and it goes on."""
    with open_workspace(folder) as workspace:
        alike(workspace, acknowledged)
        workspace.sync()
        report = workspace.check()
        assert report.ok, report.text()
        workspace.intake.accept(bulk_company.live(0, acknowledged + 3))
        alike(workspace, acknowledged + 3)
        workspace.sync()
        report = workspace.check()
        assert report.ok, report.text()


def alike(workspace, acknowledged):
    with workspace.history.open_view() as duck:
        found = [row[0] for row in duck.execute("SELECT event_id FROM events").fetchall()]
    lost = {event.id for event in bulk_company.live(0, acknowledged)} - set(found)
    assert not lost, f"{len(lost)} of {acknowledged} acknowledged events are lost"
    assert len(found) == len(set(found))


@pytest.mark.parametrize("seed", runs())
def test_a_power_cut_loses_nothing_that_was_acknowledged(watch, seed, tmp_path):
    chance = random.Random(seed)
    cuts = 0
    for printed in watch.run(live(watch.root), stops(chance, 190)):
        hold(watch.leave(chance, tmp_path / "left"), told(printed))
        cuts += 1
    assert cuts > EACH // 2


def test_without_syncing_this_test_would_fail(watch, tmp_path):
    chance = random.Random(0)
    lost = 0
    for printed in watch.run(live(watch.root), [60, 120, 160], blind=True):
        try:
            hold(watch.leave(chance, tmp_path / "left"), told(printed))
        except (AssertionError, GeleitError):
            lost += 1
    assert lost


@pytest.mark.parametrize("seed", runs())
def test_a_power_cut_in_a_bulk_load_changes_nothing(watch, dump, seed, tmp_path):
    chance = random.Random(seed)
    expected = bulk_company.expected(tmp_path / "undisturbed", dump, [], rows=ROWS)
    cuts = 0
    for _ in watch.run(bulk_company.command(watch.root, "import", "--json"), stops(chance, 110)):
        with open_workspace(watch.leave(chance, tmp_path / "left")) as workspace:
            workspace.import_sources()
            report = workspace.check()
            assert report.ok, report.text()
            assert dump(workspace) == expected
        cuts += 1
    assert cuts > EACH // 2


@pytest.mark.parametrize("seed", runs())
def test_a_power_cut_in_a_backup_leaves_earlier_ones(watch, seed, tmp_path):
    chance = random.Random(seed)
    target = tmp_path / "backups"
    with open_workspace(watch.root) as workspace:
        workspace.import_sources()
        workspace.intake.accept(bulk_company.live(0, 9))
        events = workspace.check().events
    target.mkdir()
    watching = power_cut.Watch(watch.library, target, tmp_path / "state")
    command = [sys.executable, "-c", BACKUP.format(folder=str(watch.root), target=str(target))]
    for printed in watching.run(command, stops(chance, 90)):
        left = watching.leave(chance, tmp_path / "left")
        made = printed.split()
        names = [one.name for one in Backups(left).complete()]
        assert names[-1:] >= made[-1:]
        if names:
            restored = tmp_path / f"restored-{len(list(tmp_path.iterdir()))}"
            assert restore(left, restored).events == events
        else:
            with pytest.raises(NotFoundError):
                restore(left, tmp_path / "none")
        with open_workspace(watch.root) as workspace:
            assert back_up(workspace, left).backup.manifest.events == events
