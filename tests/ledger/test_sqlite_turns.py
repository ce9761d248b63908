"""Who writes beside a process that commits without a break, and when the log is taken over into the file."""

import threading

import sqlalchemy as sa

from geleit.ledger import sqlite, tables
from geleit.ledger.ledger import Ledger


def fill(ledger, keys):
    with ledger.write() as connection:
        connection.execute(sa.insert(tables.event_key), [{"id": key, "content": "x" * 2000} for key in keys])


def test_who_commits_without_a_break_lets_others_write(tmp_path):
    one, other = (Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}") for _ in range(2))
    written, done = [], threading.Event()

    def busy():
        while not done.is_set():
            fill(one, [f"busy {len(written)} {place}" for place in range(20)])
            written.append("busy")

    thread = threading.Thread(target=busy)
    thread.start()
    while not written:
        pass
    for number in range(5):
        fill(other, [f"other {number}"])
        written.append("other")
    done.set()
    thread.join()
    first, last = written.index("other"), len(written) - written[::-1].index("other")
    assert written[first:last].count("busy") < 100  # SQLite's own waiting let hundreds pass for each


def test_the_log_is_taken_over_once_it_is_worth_it(tmp_path, monkeypatch):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.relieved()
    fill(ledger, map(str, range(100)))
    logged, left = ledger.store._log()
    assert logged == left > 50
    ledger.relieve()
    assert ledger.store._log() == (logged, left)
    monkeypatch.setattr(sqlite, "WORTH", 50)
    ledger.relieve()
    assert ledger.store._log() == (logged, 0)
    ledger.close()
    assert ledger.store._log() == (0, 0)  # the last one to close takes the log away


def test_a_log_that_is_about_to_begin_anew_is_emptied(tmp_path, monkeypatch):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    fill(ledger, map(str, range(30)))
    monkeypatch.setattr(sqlite, "FEW", 5)
    ledger.relieve()
    assert ledger.store._log()[1] > 0
    monkeypatch.setattr(sqlite, "NEARLY", 10)
    ledger.relieve()
    assert ledger.store._log()[1] == 0
    ledger.close()
