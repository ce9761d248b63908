"""The processes behind the pages, as `geleit serve` runs them."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from geleit.errors import Retryable
from geleit.events.event import Event, Identifier
from geleit.intake.collector import Collector
from geleit.intake.ready import Ready
from geleit.web.app import create_app
from geleit.web.back import behind as behind_it
from geleit.web.back.front import AwayWriter, Back, GoneError, Line
from geleit.web.back.messages import Opening, Stop, Take, pack, unpack
from geleit.web.serve import behind
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init
from geleit.workspace.upkeep import Pace

PATIENCE = 120


@pytest.fixture
def workspace(tmp_path):
    init(tmp_path / "acme", name="Acme")
    with open_workspace(tmp_path / "acme") as opened:
        yield opened


@contextmanager
def started(workspace, **pace):
    back = Back(Opening(workspace.root, Pace(**pace), "text", "critical"), workspace.intake.ready)
    back.start()
    try:
        yield back
    finally:
        back.stop()


def event(key, person="7"):
    return Event("web", key, "page_viewed", 1_700_000_000_000_000, (Identifier("web.user_id", person),), raw="{}")


def processes(back):
    """The writer and its child, the keeper."""
    writer = back._process.pid
    return [writer, *map(int, Path(f"/proc/{writer}/task/{writer}/children").read_text().split())]


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition):
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def sent(back, *events):
    """As a client does it: again until it is acknowledged."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return back.writer.submit(events).result(PATIENCE)
        except Retryable:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_an_event_is_the_same_on_the_other_side():
    told = Event(
        "web", "k", "order_completed", 5, (Identifier("email", "a@example.org"),), {"a": 1}, {"b": [1.5]}, {"stage": "x"},
        "told", "r", "raw", 7, 8, 9, 10,
    )  # fmt: skip
    assert unpack(pack(told)) == told
    ready = Ready(told, "hash", 20_000, "{}")
    assert unpack(pack(ready)) == ready


def test_an_event_that_cannot_be_stored_costs_only_itself(workspace):
    broken = replace(event("b"), properties={"text": "\ud800"})
    with started(workspace) as back:
        assert back.writer.submit([event("a"), broken, event("c")]).result(PATIENCE).new == 2
        wait_for(lambda: back.writer.tally.quarantined == {"web": 1})


def test_outcomes_and_counts_come_back(workspace):
    with started(workspace) as back:
        one = back.writer.submit([event("a"), event("b")]).result(PATIENCE)
        two = back.writer.submit([event("a"), event("b", person="8")]).result(PATIENCE)
        assert (one.new, two.duplicate, two.contradicting) == (2, 1, ("b",))
        wait_for(lambda: back.writer.tally.new == {"web": 2})
        assert back.writer.room.waiting == 0
        assert back.keeper.leads or back.keeper.fault == ""
    assert back.writer.tally.new == {"web": 2}  # the last word of the writer
    assert workspace.counts().events == 2


class Wire:
    """A line to nobody that keeps what is sent; cut, it is gone."""

    def __init__(self):
        self.sent, self.cut = [], False

    def send(self, takes):
        if self.cut:
            raise GoneError
        self.sent.append([take.number for take in takes])


def test_what_one_turn_of_the_loop_brings_goes_together():
    wire, writer = Wire(), AwayWriter(lambda event: event)
    writer.opened(wire, 1)

    async def turn(*keys):
        futures = [writer.submit([event(key)]) for key in keys]
        assert (len(wire.sent), writer.room.waiting) == (before, len(keys))
        await asyncio.sleep(0)
        return futures

    before = 0
    asyncio.run(turn("a", "b", "c"))
    assert wire.sent == [[1, 2, 3]]
    writer.lost()
    writer.opened(wire, 2)
    writer.submit([event("d")])  # from a thread without a loop
    assert wire.sent == [[1, 2, 3], [4]]
    writer.lost()
    writer.opened(wire, 3)
    before, wire.cut = 2, True
    for future in asyncio.run(turn("e", "f")):
        with pytest.raises(GoneError):
            future.result(0)
    assert writer.room.waiting == 0


def test_what_waits_is_committed_when_the_server_ends(workspace):
    with started(workspace) as back:
        futures = [back.writer.submit([event(f"{number}")]) for number in range(300)]
    assert sum(future.result(0).new for future in futures) == 300


@pytest.mark.parametrize("place", [0, 1])
def test_who_is_killed_is_started_anew_and_nothing_is_lost_or_doubled(workspace, place):
    with started(workspace) as back:
        new = sent(back, event("a")).new
        before = processes(back)
        os.kill(before[place], signal.SIGKILL)
        wait_for(lambda: not any(map(lives, before)))
        new += sent(back, event("a"), event("b")).new
        assert new == 2
        wait_for(lambda: back.keeper.alive)
    assert workspace.counts().events == 2
    assert workspace.check().ok


def test_nobody_stays_when_the_front_is_killed(workspace):
    with started(workspace) as back:
        there = processes(back)
        assert len(there) == 2
    wait_for(lambda: not any(map(lives, there)))
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from geleit.web.back.front import Back\n"
        "from geleit.web.back.messages import Opening\n"
        "from geleit.workspace.upkeep import Pace\n"
        "back = Back(Opening(Path(sys.argv[1]), Pace(), 'text', 'critical'), None)\n"
        "back.start()\n"
        "print(back._process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    front = subprocess.Popen([sys.executable, "-c", program, str(workspace.root)], stdout=subprocess.PIPE, text=True)
    with closing(front.stdout):
        try:
            writer = int(front.stdout.readline())
            there = [writer, *map(int, Path(f"/proc/{writer}/task/{writer}/children").read_text().split())]
            assert all(map(lives, there))
        finally:
            front.kill()
            front.wait()
    wait_for(lambda: not any(map(lives, there)))


def test_a_workspace_that_cannot_be_opened_behind_is_told(workspace):
    (workspace.root / "geleit.yaml").write_text("company: [\n", encoding="utf-8")
    with pytest.raises(Exception, match=r"geleit\.yaml"), started(workspace):
        pass


def test_what_cannot_be_started_is_told_at_once_and_leaves_nothing_open(workspace, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(workspace.root / "nothing"))
    with pytest.raises(Retryable, match="cannot be started: No such file"), started(workspace):
        pass
    gc.collect()  # whatever is open still complains now


class Late(Collector):
    """Whose commit is over and told before the thread that handed the events over goes on."""

    def __init__(self, *what, committed, **more):
        self.over = threading.Event()
        super().__init__(*what, committed=lambda: (committed(), self.over.set()), **more)

    def submit(self, *what):
        future = super().submit(*what)
        self.over.wait(PATIENCE)
        return future


def test_an_outcome_is_told_though_its_commit_is_over_before_anybody_listens(workspace, monkeypatch):
    monkeypatch.setattr(behind_it, "Collector", Late)
    with closing(Line()) as line:
        there = Connection(line.there.detach())
        more = {"asked": bytearray(1)}
        writer = threading.Thread(target=behind_it._write, args=[workspace, there, None], kwargs=more)
        writer.start()
        line.send([Take(1, [pack(event("a"))], ())])
        told = [line.link.recv()] if line.link.poll(PATIENCE) else []
        line.send(Stop())
        writer.join(PATIENCE)
        there.close()
    assert [number for one in told for number, _ in one.outcomes] == [1]


def test_the_pages_say_who_is_behind_them(workspace):
    opening = Opening(workspace.root, Pace(), "text", "critical")
    with behind(workspace, create_app(workspace), opening) as app:
        found = {sample.name: sample.value for metric in app.registry.collect() for sample in metric.samples}
    assert (found["geleit_queue_events"], found["geleit_upkeep_fault"], found["geleit_ledger_readable"]) == (0, 0, 1)
    assert min(found[f"geleit_{who}_process_resident_memory_bytes"] for who in ("writer", "keeper")) > 1_000_000
