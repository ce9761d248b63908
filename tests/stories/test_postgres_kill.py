"""Two processes take in events on one PostgreSQL ledger and are killed at any moment: nothing lost, nothing twice."""

import multiprocessing
import random
import shutil
import time
from contextlib import suppress
from functools import partial

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

PATIENCE = 300  # seconds
EACH = 40  # events for each kill, so that the last ones strike among new events, too


class Pair:
    """Two workers on one workspace; both go on where they were acknowledged, however often they are killed."""

    def __init__(self, processes, folder, logs, count, engine):
        self.processes, self.folder, self.logs, self.count, self.engine = processes, folder, logs, count, engine
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

    def leader(self):
        """The number of whoever kept the stores last; 0 if nobody did yet."""
        with suppress(sa.exc.ProgrammingError), self.engine.connect() as connection:
            return connection.execute(sa.select(lease.c.token).where(lease.c.name == "upkeep")).scalar() or 0
        return 0  # there are no tables yet

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
        before, leader, children = len(pair.acknowledged()), pair.leader(), pair.start()
        if chance.random() < 0.75:
            wait(partial(at_work, pair, children, before + 5, leader))
        for child in chance.sample(children, 2):
            time.sleep(chance.uniform(0, 0.5))
            if child.is_alive():
                child.kill()
                killed += 1
        for child in children:
            child.join()
            child.close()


def at_work(pair, children, taken, leader):
    """Whether they have taken in more than so many events and one of them keeps the stores; or they have ended."""
    going = any(child.is_alive() for child in children)
    return not going or (len(pair.acknowledged()) > taken and pair.leader() > leader)


def wait(happened):
    """Until something happened."""
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def pair(kills, new_ledger, monkeypatch, tmp_path):
    """Two workers on a PostgreSQL ledger, and beside them the same workspace undisturbed, with SQLite."""
    monkeypatch.setattr(turn, "PATIENCE", 2.0)
    init(tmp_path / "undisturbed", name="Acme")
    (tmp_path / "undisturbed" / "needs.yaml").write_text(bulk_company.NEEDS)
    disturbed = tmp_path / "disturbed"
    shutil.copytree(tmp_path / "undisturbed", disturbed)
    url = new_ledger()
    move(disturbed, url, monkeypatch)
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    context = multiprocessing.get_context("forkserver")  # processes begin quickly where everything is loaded
    context.set_forkserver_preload(["geleit.workspace.upkeep", "postgres_worker"])
    return Pair(context, disturbed, [tmp_path / "one.log", tmp_path / "two.log"], EACH * kills, engine)


def test_a_storm_of_kills_on_two_processes_changes_nothing(dump, kills, pair):
    storm(pair, kills)
    told = pair.acknowledged()
    with open_workspace(pair.folder) as found:  # as it is: what was acknowledged is there
        with found.ledger.read() as connection:
            keys = list(connection.execute(sa.select(tables.event_key.c.id)).scalars())
        assert {event.id for number in told for event in bulk_company.live(number, 1)} <= set(keys)
        assert len(keys) == len(set(keys)) > 5 * kills // 4
        assert pair.leader() > kills // 12  # those killed held the lease, too
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
