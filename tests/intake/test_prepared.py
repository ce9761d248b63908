"""A process that was started before there was work for it is the one that gets the work, or is ended."""

from geleit import processes
from geleit.needs import parallel
from geleit.processes import let_go, prepared, started, stop


def test_what_was_prepared_is_used_once():
    with prepared(parallel.__name__):
        first = started(parallel.__name__)
        second = started(parallel.__name__)
    assert first.poll() is None  # whoever took it ends it
    assert first.pid != second.pid
    for process in (first, second):
        stop(process)
        let_go(process)


def test_what_nobody_wanted_is_ended(monkeypatch):
    ended = []
    monkeypatch.setattr("geleit.processes.let_go", ended.append)
    with prepared(parallel.__name__):
        pass
    (process,) = ended
    assert process.poll() is not None
    let_go(process)


def test_one_that_died_meanwhile_is_started_anew():
    with prepared(parallel.__name__):
        died = processes._ready[parallel.__name__]
        stop(died)
        after = started(parallel.__name__)
    assert after.poll() is None
    assert after.pid != died.pid
    assert died.stdin.closed
    assert died.stdout.closed
    stop(after)
    let_go(after)
