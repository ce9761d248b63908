"""A bulk load that stops between any two of its steps, with live events at others: it goes on, nothing lost, nothing twice."""

import os
import random
import tempfile
from contextlib import contextmanager
from pathlib import Path

import bulk_company
import pytest

import memory
from geleit import files
from geleit.ledger.ledger import Ledger
from geleit.workspace import open_workspace

LEFTOVER = {"files lie in the archive that the ledger's catalog does not list"}


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def stepping(at_step):
    """Call ``at_step(number, alone)`` before every ledger transaction that writes and every sync of a file or folder.

    ``alone``: the ledger is being written, nobody else can.
    """
    count = iter(range(1_000_000))
    inside = alone = False

    def step():
        nonlocal inside
        if not inside:  # what a step does itself has no steps
            inside = True
            try:
                at_step(next(count), alone)
            finally:
                inside = False

    write, sync = Ledger.write, files._sync

    @contextmanager
    def writing(self, **named):
        nonlocal alone
        step()
        with write(self, **named) as connection:
            before, alone = alone, True
            try:
                yield connection
            finally:
                alone = before

    def syncing(path):
        step()
        sync(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "write", writing)
        patch.setattr(files, "_sync", syncing)
        yield


@pytest.fixture(scope="module")
def undisturbed(dump_of):
    """The dump of a run without bulk, without kills; live events 0 to 59 are in."""
    with tempfile.TemporaryDirectory(dir=memory.folder()) as root:
        return bulk_company.expected(Path(root) / "acme", dump_of, bulk_company.live(0, 60))


def disturbed(folder, seed, steps):
    """Stop imports at random steps, live events between others, until one comes through; some stop while they adopt only."""
    chance = random.Random(seed)
    told = stops = 0
    through = False
    while not through:
        last = chance.randrange(steps)
        only_sync = stops > 0 and chance.random() < 0.3
        with open_workspace(folder) as workspace, open_workspace(folder) as beside:

            def at_step(number, alone, last=last, beside=beside):
                nonlocal told
                if number == last:
                    raise Killed
                if chance.random() < 0.1 and not alone:
                    beside.intake.accept(bulk_company.live(told, 3))
                    told = min(told + chance.randint(0, 3), 57)  # some come twice

            try:
                with stepping(at_step):
                    (workspace.sync if only_sync else workspace.import_sources)()
                through = not only_sync
            except Killed:
                stops += 1
        with open_workspace(folder) as workspace:
            report = workspace.check()
            assert {finding.what for finding in report.findings} <= LEFTOVER, report.text()
    return stops


@pytest.mark.parametrize("seed", range(max(2, int(os.environ.get("GELEIT_KILLS", "0")) // 5)))
def test_a_load_that_stops_anywhere_goes_on(undisturbed, dump, seed):
    with tempfile.TemporaryDirectory(dir=memory.folder()) as root, bulk_company.small():
        folder = bulk_company.make(Path(root) / "acme")
        stops = disturbed(folder, seed, 150)
        with open_workspace(folder) as workspace:
            workspace.intake.accept(bulk_company.live(0, 60))
            workspace.import_sources()
            report = workspace.check()
            assert report.ok, report.text()
            assert dump(workspace) == undisturbed
        assert stops
