"""The front's side of the processes behind it: starts them, hands events over, starts them anew if they end."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection, wait
from socket import SO_SNDBUF, SOL_SOCKET, socket, socketpair
from typing import Any

from geleit.errors import GeleitError, Retryable
from geleit.events.event import Event
from geleit.intake.collector import STOPPING, Outcome
from geleit.intake.overload import Room
from geleit.intake.ready import Ready
from geleit.intake.tally import Distribution, Tally
from geleit.sources.records import Rejected
from geleit.web.back.messages import Asked, Failure, Keeping, Opened, Opening, Settled, Stop, Take, Told, Wake, pack
from geleit.workspace.upkeep import measures

STARTING = 60.0  # seconds that the processes may take to open the workspace
ASKING = 2.0  # seconds within which the writer tells its counts
REST = 1.0  # seconds before processes that ended are started anew, doubled each time
LONGEST = 30.0
WAKING = 0.1  # seconds between two words to the keeper that something was committed
ENDING = 60.0  # seconds that a slice of the upkeep may take when the server ends
BUFFER = 1_000_000  # bytes that may be under way between two processes

log = logging.getLogger("geleit.back")


class GoneError(Retryable):
    """The writer has ended and is being started anew."""

    def __init__(self) -> None:
        super().__init__(
            "the writer is being started anew; whether these events were taken is not known", hint="send them again"
        )


class Line:
    """One end of a socket to a process behind; many threads send, one receives."""

    def __init__(self) -> None:
        here, there = socketpair()
        for one in (here, there):
            one.setsockopt(SOL_SOCKET, SO_SNDBUF, BUFFER)
        self.link, self.there = Connection(here.detach()), there
        self._lock = threading.Lock()

    def send(self, what: object) -> None:
        """Errors: GoneError if nobody is there."""
        try:
            with self._lock:
                self.link.send(what)
        except OSError:
            raise GoneError from None

    def close(self) -> None:
        """Close what is open of both ends, while nobody sends."""
        with self._lock:
            self.link.close()
            self.there.close()


class Back:
    """Both processes as one: where one ends, both are ended and started anew."""

    def __init__(self, opening: Opening, ready: Callable[[Event], Ready]) -> None:
        self.opening = opening
        self.writer = AwayWriter(ready)
        self.keeper = AwayKeeper()
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._failed: Failure | None = None
        self._process: subprocess.Popen[bytes] | None = None
        # A process is killed with the thread that started it, so that one thread starts all.
        self._thread = threading.Thread(target=self._run, name="geleit-back", daemon=True)

    def start(self) -> None:
        """Begin, and wait until both have opened the workspace. Errors: GeleitError if they cannot."""
        self._thread.start()
        if not self._ready.wait(STARTING) or self._failed is not None:
            self.stop()
            failed = self._failed or Failure("the processes behind the pages do not start", "", temporary=False)
            raise failed.error

    def stop(self) -> None:
        """Commit what waits, end the slice that is being done."""
        self._stopping.set()
        for line in (self.writer.line, self.keeper.line):
            with suppress(GeleitError):
                if line is not None:
                    line.send(Stop())
        self._thread.join(max(STOPPING, ENDING))
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _run(self) -> None:
        rest = REST
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._serve()
            except OSError as error:  # no memory, no further process
                said = f"the processes behind the pages cannot be started: {error.strerror}"
                self._fail(Failure(said, "see how much memory and how many processes are free", temporary=True))
            if self._stopping.is_set():
                return
            rest = REST if time.monotonic() - began > LONGEST else min(2 * rest, LONGEST)
            log.error("the processes behind the pages ended; they are started anew", extra={"fields": {"rest": rest}})
            self._stopping.wait(rest)

    def _serve(self) -> None:
        """Start the processes and hear them out. Errors: OSError if they cannot be started."""
        with ExitStack() as ending:
            lines = []
            for _ in range(2):
                lines.append(Line())
                ending.callback(lines[-1].close)
            self._process = process = _started([line.there for line in lines])
            ending.callback(process.wait)
            ending.callback(process.kill)  # first of all: nobody sends any more to whom it does not listen
            ending.callback(self.keeper.lost)
            ending.callback(self.writer.lost)
            for line in lines:
                line.there.close()
            with suppress(GoneError):
                for line in lines:
                    line.send(self.opening)
            self._hear(*lines)

    def _hear(self, writing: Line, keeping: Line) -> None:
        """Hear both until the writer ends, or the keeper ends though nobody told it to."""
        open_: dict[object, tuple[AwayWriter | AwayKeeper, Line]] = {
            writing.link: (self.writer, writing),
            keeping.link: (self.keeper, keeping),
        }
        while open_:
            for ready in wait([line.link for _, line in open_.values()]):
                away, line = open_[ready]
                try:
                    message = line.link.recv()
                except (EOFError, OSError):
                    del open_[ready]
                    if not self._stopping.is_set():
                        return
                    continue
                if isinstance(message, Opened):
                    away.opened(line, message.pid)
                    if self.writer.alive and self.keeper.alive:
                        self._ready.set()
                elif isinstance(message, Failure):
                    self._fail(message)
                else:
                    away.heard(message)
                    if isinstance(message, Settled):
                        self.keeper.committed()

    def _fail(self, failure: Failure) -> None:
        self._failed = failure
        log.error("a process behind the pages cannot work: %s", failure.message)
        self._ready.set()


def _started(there: Sequence[socket]) -> subprocess.Popen[bytes]:
    """The program behind, with the other ends of both lines. Errors: OSError."""
    ends = [one.fileno() for one in there]
    command = [sys.executable, "-P", "-m", "geleit.web.back.behind", *map(str, ends)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # no threads before the fork
    return subprocess.Popen(command, pass_fds=ends, env=environment)  # noqa: S603 (this interpreter)


class AwayWriter:
    """The writer in its own process, as ``Collector`` would be in this one; what needs no ledger is done here."""

    def __init__(self, ready: Callable[[Event], Ready]) -> None:
        self.ready = ready
        self.room = Room()
        self.line: Line | None = None
        self.pid = -1
        self._open: dict[int, tuple[Future[Outcome], int]] = {}
        self._going: list[Take] = []  # submitted in this turn of the loop
        self._lock = threading.Lock()
        self._number = 0
        self._pace = 0.0
        self._tally = Tally()
        self._told = threading.Condition()

    @property
    def alive(self) -> bool:
        """Whether there is a writer."""
        return self.line is not None

    @property
    def tally(self) -> Tally:
        """What the writer counted until now; as of earlier if it does not answer."""
        line = self.line
        if line is not None:
            with self._told, suppress(GoneError):
                line.send(Asked())
                self._told.wait(ASKING)
        return self._tally

    def submit(self, events: Sequence[Event], rejected: Sequence[Rejected] = ()) -> Future[Outcome]:
        """Hand events over (see ``Collector.submit``). Errors: OverloadedError, GoneError."""
        size = len(events) + len(rejected)
        if self.line is None:
            raise GoneError
        self.room.enter(size, self._pace)
        future: Future[Outcome] = Future()
        future.set_running_or_notify_cancel()  # whoever stops waiting for it changes nothing any more
        with self._lock:
            self._number += 1
            number = self._number
            self._open[number] = (future, size)
        take = Take(number, [pack(self._ready(event)) for event in events], rejected)
        with self._lock:
            self._going.append(take)
            alone = len(self._going) == 1
        if alone:
            _soon(self._send)
        return future

    def _send(self) -> None:
        """Hand over what was submitted since the last time, as one message."""
        with self._lock:
            takes, self._going = self._going, []
        try:
            _there(self.line).send(takes)
        except GoneError as error:
            for take in takes:
                self._end(take.number, error)

    def _ready(self, event: Event) -> Event | Ready:
        """As ready as it can be; what cannot is put aside by the writer, which says why."""
        try:
            return self.ready(event)
        except Exception:  # noqa: BLE001 (it is raised there again, for this event alone)
            return event

    def opened(self, line: Line, pid: int) -> None:
        """It is there now."""
        self.line, self.pid = line, pid

    def heard(self, message: Any) -> None:
        """What the writer says."""
        if isinstance(message, Settled):
            self._pace = message.pace
            for number, outcome in message.outcomes:
                self._end(number, outcome.error if isinstance(outcome, Failure) else outcome)
        elif isinstance(message, Told):
            with self._told:
                self._tally = message.tally
                self._told.notify_all()

    def lost(self) -> None:
        """It is gone: nobody knows what became of what it had."""
        self.line = None
        for number in list(self._open):
            self._end(number, GoneError())

    def _end(self, number: int, outcome: Outcome | Exception) -> None:
        with self._lock:
            future, size = self._open.pop(number, (None, 0))
        if future is None:
            return
        self.room.leave(size)
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _there(line: Line | None) -> Line:
    if line is None:
        raise GoneError
    return line


def _soon(work: Callable[[], None]) -> None:
    """Do it when this turn of the event loop ends: what all ready connections sent is then there; without a loop at once."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        work()
    else:
        loop.call_soon(work)


class AwayKeeper:
    """The upkeep in its own process, as ``Upkeep`` would be in this one."""

    def __init__(self) -> None:
        self.line: Line | None = None
        self.pid = -1
        self.fault = self.remedy = ""
        self.leads = False
        self.seconds: dict[str, Distribution] = measures()
        self._woken = 0.0

    @property
    def alive(self) -> bool:
        """Whether there is somebody who keeps the stores."""
        return self.line is not None

    def committed(self) -> None:
        """Something was taken: needs may wait."""
        now = time.monotonic()
        if self.line is not None and now - self._woken > WAKING:
            self._woken = now
            with suppress(GoneError):
                self.line.send(Wake())

    def opened(self, line: Line, pid: int) -> None:
        """It is there now."""
        self.line, self.pid = line, pid

    def heard(self, message: Any) -> None:
        """What the keeper says."""
        if isinstance(message, Keeping):
            self.fault, self.remedy, self.leads = message.fault, message.remedy, message.leads
            self.seconds = message.seconds

    def lost(self) -> None:
        """It is gone."""
        self.line, self.leads = None, False
