"""One process at a time, by a lease: whoever dies is replaced, whoever stood still and wakes up too late is refused."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa

from geleit.errors import Retryable
from geleit.events.event import Event, Identifier
from geleit.history import turn
from geleit.ledger import lease as leases
from geleit.ledger import tables
from geleit.ledger.lease import Lease, LeaseLostError
from geleit.ledger.ledger import Ledger
from geleit.ledger.live_tables import lease as table
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init
from postgres_ledgers import move

SPAN = 0.6
LONG = 60.0  # seconds of a span that does not pass, however busy the machine is
PATIENCE = 120  # seconds
# A process that archives (or builds a generation) and says when it is about to write what counts; then it is stopped. It
# renews nothing: stopped in the middle of that, it would keep SQLite's own lock, and nobody could take over.
WORKER = """
import sys
from geleit.history import archive, journal
from geleit.ledger import lease
from geleit.workspace import open_workspace
lease.Lease._renew = lambda *_: None
room, step = sys.argv[2].split(".")
kind = archive.Archive if room == "archive" else journal.Journal
before = getattr(kind, step)
def halting(self, *values, **named):
    print("about to", flush=True)
    sys.stdin.readline()
    return before(self, *values, **named)
setattr(kind, step, halting)
with open_workspace(sys.argv[1]) as workspace:
    for one in (workspace.archive, workspace.journal):
        one.lease.span = {span}
    try:
        workspace.archive.drain() if room == "archive" else workspace.build_generation()
    except lease.LeaseLostError as error:
        print("refused:", error.message, flush=True)
    except Exception as error:
        print("failed:", type(error).__name__, error, flush=True)
    else:
        print("done", flush=True)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path, monkeypatch):
    """A workspace on either kind of ledger."""
    init(tmp_path / "acme", name="Acme")
    if request.param == "postgresql":
        move(tmp_path / "acme", request.getfixturevalue("new_ledger")(), monkeypatch)
    return tmp_path / "acme"


@pytest.fixture
def space(place, monkeypatch):
    monkeypatch.setattr(turn, "PATIENCE", 1.5)
    with open_workspace(place) as opened:
        for one in (opened.archive, opened.journal):
            one.lease.span = SPAN
        yield opened


@pytest.fixture
def other(space):
    """The same lease, as another process would have it."""
    with contextlib.closing(Ledger(space.ledger.engine.url.render_as_string(hide_password=False))) as ledger:
        yield Lease(ledger, "upkeep", span=LONG)


def events(start, count):
    return [
        Event("app", str(n), "page_viewed", n * 1_000_000, (Identifier("email", f"p{n % 7}@example.org"),), raw="{}")
        for n in range(start, start + count)
    ]


@pytest.fixture
def start(place):
    """A function that starts a worker and returns it when it has come to its step."""
    with contextlib.ExitStack() as stack:

        def go(step):
            child = subprocess.Popen(
                [sys.executable, "-c", WORKER.format(span=SPAN), str(place), step],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(child)
            stack.callback(child.kill)
            assert child.stdout.readline() == "about to\n"
            return child

        yield go


def finish(child):
    said, _ = child.communicate("go on\n", timeout=PATIENCE)
    return said


def ends_at(ledger):
    """Until when somebody holds the lease, and what the database's clock says."""
    with ledger.read() as connection:
        until = connection.execute(sa.select(table.c.expires_at).where(table.c.name == "upkeep")).scalar_one()
        return until, leases.database_time(connection)


def test_only_one_holds_it_and_every_holder_has_a_higher_number(space, other):
    one, two = Lease(space.ledger, "upkeep", span=LONG), other
    assert (one.take(), two.take()) == (True, False)
    first = one.token
    assert one.take()
    assert one.token == first
    one.release()
    assert (two.take(), one.take()) == (True, False)
    assert two.token > first
    two.release()


def test_it_is_renewed_while_it_is_held(space, other, monkeypatch):
    monkeypatch.setattr(leases, "RENEWALS", 10 * LONG)
    one, stop = Lease(space.ledger, "upkeep", span=LONG), time.monotonic() + PATIENCE
    with one.held():
        first, _ = ends_at(space.ledger)
        while ends_at(space.ledger)[0] < first + 300_000:  # three renewals
            assert time.monotonic() < stop, "nobody renews it"
            time.sleep(0.05)
        assert not other.take()
    assert other.take()
    other.release()


def test_a_renewal_that_comes_after_the_release_keeps_nobody_waiting(space, other):
    class Late(threading.Event):
        def wait(self, _timeout):
            if self.is_set():
                return True
            one.release()
            return False

    one = Lease(space.ledger, "upkeep", span=LONG)
    assert one.take()
    one._ended.set()  # the renewals of its own thread
    one._ended = Late()
    one._renew(one.token, one._ended)
    assert other.take()
    other.release()


def test_threads_of_one_process_take_turns_and_the_holder_may_take_it_again(space):
    one, inside, most = Lease(space.ledger, "upkeep"), [], []

    def work():
        with one.held() as token, one.held() as again:
            assert token == again
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert most == [1, 1, 1, 1]


def test_what_is_written_under_a_lease_that_another_has_is_refused(space, other, monkeypatch):
    monkeypatch.setattr(Lease, "_renew", lambda *_: None)  # it stands still
    one = Lease(space.ledger, "upkeep", span=0.05)

    def late():
        with one.held():
            time.sleep(0.1)
            assert other.take()
            with space.ledger.write() as connection:
                space.ledger.next_change(connection)

    with space.ledger.read() as connection:
        before = Ledger.change(connection)
    with pytest.raises(LeaseLostError, match="taken over"):
        late()
    with space.ledger.read() as connection:
        assert Ledger.change(connection) == before
    with space.ledger.write() as connection:  # outside of the lease everybody writes
        space.ledger.next_change(connection)
    other.release()


def test_a_span_that_passed_does_no_harm_while_nobody_else_came(space, monkeypatch):
    monkeypatch.setattr(Lease, "_renew", lambda *_: None)
    one = Lease(space.ledger, "upkeep", span=0.01)
    with one.held():
        time.sleep(0.05)
        with space.ledger.write() as connection:
            space.ledger.next_change(connection)


def test_it_ends_by_the_clock_of_the_database(space, other):
    space.ledger.clock = lambda: 4_000_000_000_000_000  # this process believes in another century
    one, second = Lease(space.ledger, "upkeep", span=LONG), 1_000_000
    before = time.time_ns() // 1000
    assert one.take()
    assert not other.take()
    until, now = ends_at(space.ledger)
    after = time.time_ns() // 1000
    assert before - second < now < after + second
    assert before - second < until - LONG * second < after + second
    one.release()


def test_a_leader_that_is_killed_is_replaced_once_its_span_has_passed(space, start):
    space.intake.accept(events(0, 30))
    child = start("archive._list")
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert space.archive.drain() == 30
    assert space.check().ok, space.check().text()


def test_a_leader_that_stood_still_cannot_list_its_segment_any_more(space, start):
    space.intake.accept(events(0, 30))
    child = start("archive._list")
    os.kill(child.pid, signal.SIGSTOP)
    space.intake.accept(events(30, 10))
    assert space.archive.drain() == 40
    os.kill(child.pid, signal.SIGCONT)
    assert "refused: another process has taken over the archive" in finish(child)
    with space.ledger.read() as connection:
        assert connection.execute(sa.select(sa.func.sum(tables.segment.c.rows))).scalar_one() == 40
    space.intake.accept(events(40, 5))
    assert space.archive.drain() == 5  # and its file is swept away
    assert space.archive.orphans() == []
    assert space.check().ok, space.check().text()


def test_a_leader_that_stood_still_while_it_swept_removes_nothing_of_its_successor(space, start):
    space.intake.accept(events(0, 30))
    child = start("archive._sweep")
    os.kill(child.pid, signal.SIGSTOP)
    assert space.archive.drain() == 30
    with space.archive.lease.held():  # a file that is not listed yet
        (listed,) = space.archive.folder.rglob("*.parquet")
        name = listed.name.replace(f"-{space.archive.lease.token - 1}.", f"-{space.archive.lease.token}.")
        assert name != listed.name
        ours = listed.with_name(name)
        ours.write_bytes(listed.read_bytes())
        os.kill(child.pid, signal.SIGCONT)
        finish(child)
        assert ours.exists()
    assert space.check().findings[0].what.startswith("files lie in the archive")


def test_a_leader_that_stood_still_publishes_no_generation(space, start):
    space.intake.accept(events(0, 30))
    child = start("journal._publish")
    os.kill(child.pid, signal.SIGSTOP)
    space.intake.accept(events(30, 10))
    newest = space.build_generation()
    os.kill(child.pid, signal.SIGCONT)
    said = finish(child)
    assert said.startswith(("refused", "failed: Retryable"))
    assert space.journal.latest().number == newest.number
    assert space.check().ok, space.check().text()


def test_waiting_for_a_ledger_that_is_gone_ends(space):
    if space.ledger.engine.dialect.name == "sqlite":
        path = space.data / "ledger.sqlite"
        space.ledger.engine.dispose()
        path.rename(path.with_suffix(".gone"))
        path.mkdir()
        with pytest.raises(Retryable):
            Lease(space.ledger, "upkeep").take()
        path.rmdir()
        path.with_suffix(".gone").rename(path)
    else:
        space.ledger.engine.dispose()
        lost = Ledger.__new__(Ledger)
        lost.__dict__.update(space.ledger.__dict__)
        lost.engine = sa.create_engine(space.ledger.engine.url.set(port=1))
        with pytest.raises(Retryable):
            Lease(lost, "upkeep").take()
        lost.engine.dispose()


def test_a_holder_of_this_machine_that_died_is_not_waited_for(tmp_path):
    with contextlib.closing(Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")) as ledger:
        child = subprocess.Popen([sys.executable, "-c", ""])
        child.wait()
        for holder, free in ((child.pid, True), (os.getpid(), False)):
            row = {"name": str(holder), "holder": f"{socket.gethostname()}:{holder}:x", "token": 1, "expires_at": 2**60}
            with ledger.write() as connection:
                connection.execute(sa.insert(table), row)
            taken = Lease(ledger, str(holder))
            assert taken.take() is free
            taken.release()
