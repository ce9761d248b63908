"""Two processes take in events on one PostgreSQL ledger and are killed at any moment: nothing lost, nothing twice."""

import multiprocessing
import random
import shutil
import time

import bulk_company
import postgres_worker
import pytest
import sqlalchemy as sa

from geleit.history import turn
from geleit.ledger import tables
from geleit.ledger.live_tables import lease
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init
from postgres_ledgers import move

EACH = 40  # events for each kill, so that the last ones strike among new events, too


class Pair:
    """Two workers on one workspace; both go on where they were acknowledged, however often they are killed."""

    def __init__(self, processes, folder, logs, count):
        self.processes, self.folder, self.logs, self.count = processes, folder, logs, count
        self.seed = 0

    def start(self):
        """Begin again. The middle third is sent by both."""
        self.seed += 1
        found, third = [], self.count // 3
        for log, (first, last) in zip(self.logs, ((0, 2 * third), (third, self.count)), strict=True):
            words = (str(self.folder), str(log), first, last, self.seed)
            child = self.processes.Process(target=postgres_worker.work, args=words)
            child.start()
            found.append(child)
        return found

    def acknowledged(self):
        """All numbers that anybody was told to be taken."""
        return {number for log in self.logs for number in postgres_worker.acknowledged(log)}

    def finished(self):
        """Whether both have acknowledged all of theirs."""
        return len(self.acknowledged()) == self.count


def storm(pair, kills):
    """Kill one of them or both, again and again: some while they begin, most while they work."""
    chance, killed = random.Random(4711), 0
    while killed < kills:
        if pair.finished():  # all is in: let them send everything once more
            for log in pair.logs:
                log.write_text("")
        before, children = len(pair.acknowledged()), pair.start()
        if chance.random() < 0.75:
            wait(lambda before=before: len(pair.acknowledged()) > before + 5 or pair.finished())
        for child in chance.sample(children, 2):
            time.sleep(chance.uniform(0, 0.5))
            if child.is_alive():
                child.kill()
                killed += 1
        for child in children:
            child.join()
            child.close()


def wait(happened):
    """Until something happened, or was long in coming."""
    until = time.monotonic() + 30
    while not happened() and time.monotonic() < until:
        time.sleep(0.02)


@pytest.fixture
def pair(kills, new_ledger, monkeypatch, tmp_path):
    """Two workers on a PostgreSQL ledger, and beside them the same workspace undisturbed, with SQLite."""
    monkeypatch.setattr(turn, "PATIENCE", 2.0)
    init(tmp_path / "undisturbed", name="Acme")
    (tmp_path / "undisturbed" / "needs.yaml").write_text(bulk_company.NEEDS)
    disturbed = tmp_path / "disturbed"
    shutil.copytree(tmp_path / "undisturbed", disturbed)
    move(disturbed, new_ledger(), monkeypatch)
    context = multiprocessing.get_context("forkserver")  # processes begin quickly where everything is loaded
    context.set_forkserver_preload(["geleit.workspace.upkeep", "postgres_worker"])
    return Pair(context, disturbed, [tmp_path / "one.log", tmp_path / "two.log"], EACH * kills)


def test_a_storm_of_kills_on_two_processes_changes_nothing(dump, kills, pair):
    storm(pair, kills)
    told = pair.acknowledged()
    with open_workspace(pair.folder) as found:  # as it is: what was acknowledged is there
        with found.ledger.read() as connection:
            keys = list(connection.execute(sa.select(tables.event_key.c.id)).scalars())
            tokens = connection.execute(sa.select(lease.c.token).where(lease.c.name == "upkeep")).scalar_one()
        assert {event.id for number in told for event in bulk_company.live(number, 1)} <= set(keys)
        assert len(keys) == len(set(keys)) > 5 * kills // 4
        assert tokens > kills // 12  # those killed held the lease, too
    for child in pair.start():
        child.join()
        assert child.exitcode == 0
    assert pair.finished()
    undisturbed = pair.folder.with_name("undisturbed")
    with open_workspace(undisturbed) as expected, open_workspace(pair.folder) as found:
        expected.intake.accept(bulk_company.live(0, pair.count))
        for workspace in (expected, found):
            workspace.sync()
            assert workspace.check().ok, workspace.check().text()
        assert dump(found) == dump(expected)
        assert found.counts() == expected.counts()
        assert found.archive.orphans() == []
