"""Who writes beside a process that commits without a break, and when the log is taken over into the file."""

import contextlib
import itertools
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import sqlalchemy as sa

from geleit.ledger import ledger as ledger_module
from geleit.ledger import sqlite, tables
from geleit.ledger.ledger import Ledger

WAIT = 120  # seconds
OTHER = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0).execute("DELETE FROM event_key")
except sqlite3.OperationalError as error:
    print(error)
"""


def fill(ledger, keys):
    with ledger.write() as connection:
        connection.execute(sa.insert(tables.event_key), [{"id": key, "content": "x" * 2000} for key in keys])


def test_who_commits_without_a_break_lets_others_write(tmp_path):
    one, other = (Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}") for _ in range(2))
    begun, done = threading.Event(), threading.Event()

    def busy():
        for number in itertools.takewhile(lambda _: not done.is_set(), itertools.count()):
            fill(one, [f"busy {number} {place}" for place in range(20)])
            begun.set()

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        assert begun.wait(WAIT)
        for number in range(5):
            fill(other, [f"other {number}"])
    finally:
        done.set()
        thread.join()
    for ledger in (one, other):
        ledger.close()


def test_who_waits_knocks_so_often_that_a_short_gap_is_enough(tmp_path, monkeypatch):
    one, other = (Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}") for _ in range(2))
    knocks, writing = [], contextlib.ExitStack()

    def pause(seconds):
        knocks.append(seconds)
        if len(knocks) == 5:
            writing.close()

    monkeypatch.setattr(sqlite, "time", SimpleNamespace(**vars(time) | {"sleep": pause}))
    with writing:
        writing.enter_context(one.write())
        fill(other, ["here"])
    assert knocks == [sqlite.KNOCK] * 5
    assert sqlite.KNOCK <= 0.001  # SQLite's own waiting, up to 0.1, let hundreds of commits pass
    for ledger in (one, other):
        ledger.close()


def test_the_log_is_taken_over_once_it_is_worth_it(tmp_path, monkeypatch):
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(f"sqlite:///{path}")
    ledger.relieved()
    fill(ledger, map(str, range(100)))
    _, logged = ledger.store._log()
    assert logged > 50
    ledger.relieve()
    assert ledger.store._taken == 0
    monkeypatch.setattr(sqlite, "WORTH", 50)
    ledger.relieve()
    assert ledger.store._taken == logged
    fill(ledger, ["anew"])  # the log begins anew, because nothing is left in it
    assert 0 < ledger.store._log()[1] < logged
    monkeypatch.setattr(sqlite, "WORTH", 10_000)
    ledger.relieve()
    assert ledger.store._taken == 0
    ledger.close()
    assert ledger.store._log() == (b"", 0)  # the last one to close takes the log away


def test_a_long_log_begins_anew_once_the_writer_finishes(tmp_path, monkeypatch):
    keeper, writer = (Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}") for _ in range(2))
    writer.relieved()
    fill(writer, map(str, range(30)))
    monkeypatch.setattr(sqlite, "FEW", 5)
    assert not keeper.relieve()
    assert keeper.store._taken == 0
    monkeypatch.setattr(sqlite, "LONG", 10)
    with keeper.read() as reading:
        reading.exec_driver_sql("SELECT count(*) FROM event_key").all()
        fill(writer, map(str, range(30, 60)))
        assert not keeper.relieve()  # somebody still reads what was before
    logged = keeper.store._log()[1]
    fill(writer, ["more"])
    assert keeper.store._log()[1] > logged  # something is left, so that it goes on
    writer.finish()
    fill(writer, ["anew"])
    assert 0 < keeper.store._log()[1] < logged
    fill(writer, map(str, range(60, 90)))
    assert keeper.relieve()
    for one in (keeper, writer):
        one.close()


def test_looking_at_the_log_keeps_the_locks(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(f"sqlite:///{path}")
    fill(ledger, ["here"])
    with ledger.write() as connection:
        connection.execute(sa.delete(tables.event_key))
        ledger.relieve()
        ledger.warm()
        ledger.store._page("write", wait=True)
        assert ledger.store._owed == 0  # it has been read and written
        said = subprocess.run([sys.executable, "-c", OTHER, path], capture_output=True, text=True, check=True).stdout
    assert "locked" in said
    ledger.close()


def test_a_program_beside_that_died_is_followed_by_another_and_leaves_nothing_open(tmp_path):
    with contextlib.closing(Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")) as ledger:
        ledger.store._page("write", wait=True)
        died = ledger.store._paging
        died.kill()
        died.wait()
        ledger.store._page("write", wait=True)
        assert ledger.store._paging.poll() is None
        assert (died.stdin.closed, died.stdout.closed) == (True, True)


def test_while_much_is_written_a_thread_takes_the_log_over(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "WORTH", 50)
    monkeypatch.setattr(sqlite, "LONG", 200)
    monkeypatch.setattr(sqlite, "MUCH", 400)
    monkeypatch.setattr(ledger_module, "RELIEF", 0.01)
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(f"sqlite:///{path}")
    longest = 0
    with ledger.relieving():
        begun, number = set(), 0
        while len(begun) < 3:  # the log has begun anew twice: nothing else would let it
            fill(ledger, [f"{number} {place}" for place in range(20)])
            salts, logged = ledger.store._log()
            begun.add(salts)
            longest, number = max(longest, logged), number + 1
    assert longest < sqlite.BESIDE
    assert not [one for one in threading.enumerate() if one.name == "geleit-relief"]
    with ledger.write() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == sqlite.PAGES


def test_who_can_wait_does_while_the_log_grows_too_quickly(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "MUCH", 5)
    monkeypatch.setattr(ledger_module, "RELIEF", 0.01)
    monkeypatch.setattr(ledger_module, "BREATH", 60)
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    written = threading.Event()

    def write():
        with ledger.write(synced=False) as connection:
            connection.execute(sa.insert(tables.event_key), [{"id": "later", "content": ""}])
        written.set()

    with ledger.relieving():
        fill(ledger, map(str, range(30)))
        while ledger._calm.is_set():
            pass
        thread = threading.Thread(target=write)
        thread.start()
        fill(ledger, ["now"])  # whoever wants its commit on the disk does not wait
        assert not written.is_set()
        monkeypatch.setattr(sqlite, "MUCH", 10_000)
        assert written.wait(WAIT)
        thread.join()
    ledger.close()


def test_the_log_begins_anew_while_only_those_wait_who_can(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "WORTH", 5)
    monkeypatch.setattr(sqlite, "LONG", 10)
    monkeypatch.setattr(ledger_module, "RELIEF", 0.01)
    monkeypatch.setattr(ledger_module, "BREATH", 0)
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    finish, begun, ended, written = ledger.store.finish, threading.Event(), threading.Event(), threading.Event()

    def slow(engine):
        if ledger._patient.locked():
            begun.set()
            assert ended.wait(WAIT)
        return finish(engine)

    def write():
        with ledger.write(synced=False):
            written.set()

    monkeypatch.setattr(ledger.store, "finish", slow)
    with ledger.relieving():
        fill(ledger, map(str, range(30)))
        assert begun.wait(WAIT)
        thread = threading.Thread(target=write)
        thread.start()
        fill(ledger, ["now"])  # nobody holds the ledger
        assert not written.is_set()
        ended.set()
        thread.join()
    ledger.close()


def test_only_what_asks_for_it_is_not_synced(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    full, normal = 2, 1
    for synced, level in ((True, full), (False, normal), (True, full), (False, normal)):
        with ledger.write(synced=synced) as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == level
    with ledger.write() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == full


def test_nobody_waits_for_what_was_written_while_the_log_was_taken_over(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "FEW", 20)
    monkeypatch.setattr(sqlite, "LONG", 50)
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.relieved()
    fill(ledger, map(str, range(100)))
    finish, quick = ledger.store.finish, []

    def busy(engine):
        taken = finish(engine)
        if not quick:
            fill(ledger, [f"{len(taken_over)} {place}" for place in range(100)])
        taken_over.append(taken)
        return taken

    taken_over = []
    monkeypatch.setattr(ledger.store, "finish", busy)
    with ledger.read() as reading:  # who reads keeps the log from beginning anew
        reading.exec_driver_sql("SELECT count(*) FROM event_key").all()
        assert not ledger.relieve()  # as much came meanwhile: taking that over would keep everybody waiting
        assert 0 < taken_over[0] == ledger.store._taken < ledger.store._log()[1]
    quick.append(True)
    assert ledger.relieve()
    ledger.close()
