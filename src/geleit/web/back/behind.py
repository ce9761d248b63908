"""The program behind the pages: opens the workspace twice, in one process to commit events, in its child to keep the stores.

Both end with the process that started them, however that one ends.
"""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from geleit.errors import GeleitError
from geleit.intake.collector import Collector, Outcome
from geleit.processes import YOUNG, without_frames
from geleit.web.back.messages import (
    Asked,
    Failure,
    Keeping,
    Opened,
    Opening,
    Settled,
    Stop,
    Take,
    Told,
    unpack,
)
from geleit.web.logs import written
from geleit.workspace import Workspace, open_workspace
from geleit.workspace.upkeep import Upkeep

UNBOUNDED = sys.maxsize  # the front lets no more in than may wait
LOOK = 0.2  # seconds between two looks at how the keeper is doing
RELIEF = 0.25  # seconds between two looks at the ledger's log
DEATH_SIGNAL = 1  # prctl: which signal comes when the parent ends


def run() -> None:
    """Begin: arguments are the numbers of two open sockets, the writer's and the keeper's."""
    writing, keeping = (Connection(int(number)) for number in sys.argv[1:3])
    for ignored in (signal.SIGINT, signal.SIGTERM):  # whoever started us ends us
        signal.signal(ignored, signal.SIG_IGN)
    gc.set_threshold(YOUNG)
    without_frames()
    parent = os.getppid()
    _end_with(parent)
    writer = os.getpid()
    asked = mmap.mmap(-1, 1)  # both see it: whether the keeper asks the writer to finish taking over the log
    if os.fork():  # nothing has been opened, no thread runs yet
        keeping.close()
        _served(writing, partial(_write, asked=asked))
        writing.close()  # that tells the front; it ends us if the keeper does not end by itself
        os.wait()
    else:
        writing.close()
        _end_with(writer)
        _served(keeping, partial(_keep, asked=asked))


def _end_with(parent: int) -> None:
    """Be killed when the parent ends (Linux; elsewhere the end of the socket tells)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _served(link: Connection, work: Callable[[Workspace, Connection, Opening], None]) -> None:
    """Open the workspace that the front names, and work until it says stop or is gone."""
    with suppress(EOFError, OSError):
        opening: Opening = link.recv()
        with written(opening.log_form, opening.log_level):
            try:
                with open_workspace(opening.root) as workspace:
                    link.send(Opened(os.getpid()))
                    work(workspace, link, opening)
            except Exception as error:
                link.send(Failure.of(error))
                raise


class _Answers:
    """Gathers what became of submissions and sends it after each commit."""

    def __init__(self, link: Connection) -> None:
        self.link = link
        self.collector: Collector | None = None
        self._lock = threading.Lock()
        self._finished: deque[tuple[int, Outcome | Failure]] = deque()

    def add(self, number: int, future: Future[Outcome]) -> None:
        """One submission has its outcome."""
        error = future.exception()
        self._finished.append((number, future.result() if error is None else Failure.of(error)))

    def send(self, what: object) -> None:
        """Send one message; nothing if the front is gone."""
        with self._lock, suppress(OSError):
            self.link.send(what)

    def flush(self) -> None:
        """After a commit."""
        outcomes = []
        with suppress(IndexError):
            while True:
                outcomes.append(self._finished.popleft())
        if outcomes and self.collector is not None:
            self.send(Settled(outcomes, self.collector.tally.pace))


def _write(workspace: Workspace, link: Connection, _opening: Opening, *, asked: mmap.mmap) -> None:
    """Commit what comes, until told to stop or the front is gone."""
    workspace.ledger.relieved()
    answers = _Answers(link)

    def committed() -> None:
        answers.flush()
        if asked[0]:
            asked[0] = 0
            with suppress(GeleitError):
                workspace.ledger.finish()

    collector = answers.collector = Collector(workspace.intake, committed=committed, limit=UNBOUNDED)
    collector.start()
    try:
        while not isinstance(message := link.recv(), Stop):
            if isinstance(message, list):
                for take in message:
                    _submit(collector, answers, take)
            elif isinstance(message, Asked):
                answers.send(Told(collector.tally))
    finally:
        collector.stop()
        answers.flush()
        answers.send(Told(collector.tally))


def _submit(collector: Collector, answers: _Answers, message: Take) -> None:
    future = collector.submit([unpack(packed) for packed in message.events], message.rejected)
    future.add_done_callback(lambda done: answers.add(message.number, done))
    if future.done():  # its commit may have told all others already
        answers.flush()


def _keep(workspace: Workspace, link: Connection, opening: Opening, *, asked: mmap.mmap) -> None:
    """Keep the stores, until told to stop or the front is gone; tell how that goes."""
    workspace.ledger.warm()
    upkeep = Upkeep(workspace, opening.pace)
    upkeep.resume()
    upkeep.start()
    threading.Thread(target=_relieve, args=[workspace, asked], name="geleit-relief", daemon=True).start()
    told: Any = None
    try:
        while upkeep.alive:
            said = Keeping(upkeep.fault, upkeep.remedy, upkeep.leads, upkeep.seconds)
            now = (said.fault, said.leads, [sum(one.counts) for one in said.seconds.values()])
            if now != told:
                told = now
                link.send(said)
            while link.poll(LOOK):
                if isinstance(link.recv(), Stop):
                    return
                upkeep.committed()
    finally:
        upkeep.stop()


def _relieve(workspace: Workspace, asked: mmap.mmap) -> None:
    """Do for the writer what it leaves to us, as long as this process lives."""
    while True:
        time.sleep(RELIEF)
        with suppress(GeleitError):
            if workspace.ledger.relieve():
                asked[0] = 1


if __name__ == "__main__":
    run()
