"""What a running server does beside taking events: cut waiting needs, archive, build generations.

Of several processes on one ledger the holder of the lease ``upkeep`` does it; if it dies, another one takes over.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.clock import SECOND
from geleit.errors import GeleitError, StoreError
from geleit.intake import slicing
from geleit.intake.adoption import adopt_all
from geleit.intake.following import keep_segments
from geleit.intake.tally import Distribution
from geleit.ledger import tables
from geleit.ledger.lease import SPAN, Lease, LeaseLostError
from geleit.needs import recut
from geleit.workspace.workspace import Workspace

LOOK = 1.0  # seconds between two looks for what other processes took, or whether the lease is free
PAUSE = 0.2  # seconds between two looks for needs that wait
ARCHIVED = 20_000  # events in the outbox from which they are archived without waiting
SLICE = 5_000  # events archived together: listing them holds the ledger for less than 50 ms; fewer are left for later
TURN = 0.05  # seconds that others have the ledger between two slices
SETTLED = 300.0  # seconds after which the outbox is archived, however little it holds; small segments cost readers
BUILT = 300.0  # seconds between two generations; a question reads what is newer from archive and ledger
FAULTS = 60.0  # seconds of rest after a fault
SECONDS = (0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)  # of a step
YIELDING = (
    10  # niceness: beside a process that wants all it gets a tenth of a processor, and a whole one if nobody does
)
TOLD = 1.0  # seconds from which cutting needs is worth a line of the log

log = logging.getLogger("geleit.upkeep")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the steps are done, in seconds and events."""

    pause: float = PAUSE
    archived: int = ARCHIVED
    settled: float = SETTLED
    built: float = BUILT
    span: float = SPAN  # of the lease


def measures() -> dict[str, Distribution]:
    """How long the steps took, by name; nothing yet."""
    return {name: Distribution(SECONDS) for name in ("needs", "segments", "archive", "generation")}


def beside(work: Callable[[], object]) -> None:
    """Do long work that holds no lock in a thread that yields the processors to whoever else wants them (Linux)."""
    failed: list[BaseException] = []

    def run() -> None:
        with suppress(OSError, AttributeError):  # threads that the engine starts from here yield as well
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), YIELDING)
        try:
            context.run(work)
        except BaseException as error:  # noqa: BLE001 (raised where it is waited for)
            failed.append(error)

    context = copy_context()  # with it the fence of the lease
    thread = threading.Thread(target=run, name="geleit-beside", daemon=True)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


class Upkeep:
    """One thread beside the server; every step is a slice that may be cut off at any time."""

    def __init__(self, workspace: Workspace, pace: Pace | None = None) -> None:
        self.workspace, self.pace = workspace, pace or Pace()
        self.fault = self.remedy = ""  # what went wrong last and what helps, for /ready; empty when all is well
        self.seconds = measures()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="geleit-upkeep", daemon=True)
        self._archived = self._built = time.monotonic()
        self._lease = Lease(workspace.ledger, "upkeep", span=self.pace.span)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def resume(self) -> None:
        """Count the time from what the stores hold, not from now: a server that is started again and again archives, too.

        Nobody has to wait for the first minute of a start: what was done just before is not done again.
        """
        now, space = time.monotonic(), self.workspace
        with space.ledger.read() as connection:
            archived = connection.execute(sa.select(sa.func.max(tables.segment.c.created_at))).scalar()
        try:
            latest = space.journal.latest()
        except StoreError:  # damaged: made anew at once
            latest = None
        self._archived = now - self._since(archived)
        self._built = now - self._since(latest.at if latest else None)
        self._wake.set()

    def _since(self, at: int | None) -> float:
        """Seconds since a time of the ledger's clock; endless for never, and for a clock that was set back."""
        seconds = float("inf") if at is None else (self.workspace.clock() - at) / SECOND
        return seconds if seconds >= 0 else float("inf")

    def stop(self) -> None:
        """End after the slice that is being done."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(GeleitError):  # its span ends it as well
            self._lease.release()

    @property
    def alive(self) -> bool:
        """Whether there is somebody who keeps the stores."""
        return self._thread.is_alive()

    @property
    def leads(self) -> bool:
        """Whether this process holds the lease."""
        return bool(self._lease.token)

    def committed(self) -> None:
        """Something was taken: needs may wait."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(min(self.pace.settled, LOOK))
            self._wake.clear()
            try:
                if self._lease.take():
                    with self._lease.fenced():
                        self._steps()
                self.fault = self.remedy = ""
            except LeaseLostError as error:
                log.warning("%s", error.message)
            except GeleitError as error:
                self.fault, self.remedy = error.message, error.hint
                log.warning("upkeep rests: %s", error.message, extra={"fields": {"seconds": FAULTS}})
                self._stopping.wait(FAULTS)
            except Exception as error:
                self.fault, self.remedy = f"the upkeep failed: {type(error).__name__}", "the server's log says where"
                log.exception("upkeep rests after a fault", extra={"fields": {"seconds": FAULTS}})
                self._stopping.wait(FAULTS)
            self._stopping.wait(self.pace.pause)

    def _steps(self) -> None:
        space, now = self.workspace, time.monotonic()
        with self._timed("needs", TOLD):
            for _ in slicing.cut_waiting(space.intake, space.history):
                if self._stopping.is_set():
                    return
            for _ in recut.slices(space.ledger, space.history, space.catalogue, space.definitions.needs):
                if self._stopping.is_set():
                    return
        with self._timed("segments", TOLD):
            keep_segments(space.intake, space.history, space.segment_files.now, self._stopping.is_set)
        if now - self._archived >= self.pace.settled or self._waiting() >= self.pace.archived:
            with self._timed("archive"):
                # What an import left that was cut off.
                adopt_all(space.intake, space.archive, known=lambda: beside(space.build_generation))
                # Under load there is always a little more: it waits until it is worth a segment.
                while not self._stopping.is_set() and space.archive.drain(SLICE) == SLICE:
                    self._stopping.wait(TURN)
            self._archived = time.monotonic()
        if now - self._built >= self.pace.built and not self._stopping.is_set():
            with self._timed("generation"):
                beside(space.build_generation)
            self._built = time.monotonic()

    @contextmanager
    def _timed(self, step: str, told: float = 0.0) -> Iterator[None]:
        """Measure a step that was done to its end; from ``told`` seconds on it is worth a line of the log."""
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        self.seconds[step].add(seconds)
        if seconds >= told:
            log.info("upkeep step done", extra={"fields": {"step": step, "seconds": round(seconds, 3)}})

    def _waiting(self) -> int:
        """Events in the outbox."""
        bounds = sa.select(sa.func.min(tables.outbox.c.seq), sa.func.max(tables.outbox.c.seq))
        with self.workspace.ledger.read() as connection:
            first, last = connection.execute(bounds).one()
        return 0 if first is None else int(last - first + 1)
