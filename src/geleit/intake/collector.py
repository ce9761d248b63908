"""Takes what many clients send at once: what waits is committed together, and everyone hears after the commit."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from geleit.errors import GeleitError, Retryable
from geleit.events.event import Event
from geleit.intake import arrivals
from geleit.intake.live import BATCH, Intake, Taken
from geleit.intake.overload import WAITING, OverloadedError, Room
from geleit.intake.ready import Ready, plain
from geleit.intake.tally import Seldom, Tally
from geleit.sources.records import Rejected

STOPPING = 30  # seconds that what waits has to be committed when the server ends
EVERY = 0.01  # seconds between the beginnings of two commits, at least: each costs as much as several events
SLOW = 1.0  # seconds from which a commit is worth a line of the log

log = logging.getLogger("geleit.collector")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one submission: counts, and the events whose key was taken in before with another content."""

    new: int
    duplicate: int
    contradicting: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Submission:
    """What one request brings: events, and what of it goes to the quarantine."""

    events: Sequence[Event | Ready]
    rejected: Sequence[Rejected]
    done: Future[Outcome] = field(default_factory=Future)

    @property
    def size(self) -> int:
        return len(self.events) + len(self.rejected)


Committed = Callable[[], None]


class Writer(Protocol):
    """Who commits what is submitted, in this process or in another one; ``room`` is where it waits."""

    room: Room

    @property
    def tally(self) -> Tally:
        """What it did since it began."""

    @property
    def alive(self) -> bool:
        """Whether it is there."""

    def submit(self, events: Sequence[Event], rejected: Sequence[Rejected] = ()) -> Future[Outcome]:
        """Hand events over (see ``Collector.submit``)."""


def _nothing() -> None:
    """What is done after a commit if nobody asked for it."""


class Collector:
    """One writer: ``submit`` from any thread, the future is done when the events are committed."""

    def __init__(self, intake: Intake, *, committed: Committed = _nothing, limit: int = WAITING) -> None:
        self.intake, self.committed = intake, committed
        self.tally = Tally()
        self.room = Room(limit)
        self._queue: deque[Submission] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._began = float("-inf")  # of the last commit
        self._seldom = Seldom()
        self._writer = threading.Thread(target=self._run, name="geleit-writer", daemon=True)

    def start(self) -> None:
        """Begin to commit."""
        self._writer.start()

    def stop(self) -> None:
        """Commit what waits, take nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._writer.is_alive():
            self._writer.join(STOPPING)

    @property
    def alive(self) -> bool:
        """Whether there is a writer."""
        return self._writer.is_alive()

    def submit(self, events: Sequence[Event | Ready], rejected: Sequence[Rejected] = ()) -> Future[Outcome]:
        """Hand events over.

        The future's errors: Retryable if the ledger is busy or its disk full (nothing was taken). Errors:
        OverloadedError if too much waits, or the server is ending.
        """
        submission = Submission(events, rejected)
        submission.done.set_running_or_notify_cancel()  # whoever stops waiting for it changes nothing any more
        with self._changed:
            if self._stopping:
                raise OverloadedError(self.room.patience(self.tally.pace))
            self.room.enter(submission.size, self.tally.pace)
            self._queue.append(submission)
            if len(self._queue) == 1 or self.room.waiting >= BATCH:
                self._changed.notify()
        return submission.done

    def _run(self) -> None:
        while batch := self._next():
            began = time.monotonic()
            self._commit(batch)
            self._measure(sum(one.size for one in batch), time.monotonic() - began)
            self.committed()

    def _measure(self, size: int, seconds: float) -> None:
        self.tally.committing += seconds
        if not size:  # only asked whether a commit is possible
            return
        self.tally.seconds.add(seconds)
        self.tally.sizes.add(size)
        if seconds >= SLOW and (times := self._seldom.due("slow")):
            fields = {"seconds": round(seconds, 3), "events": size, "times": times, "waiting": self.room.waiting}
            log.warning("slow commit", extra={"fields": fields})

    def _next(self) -> list[Submission]:
        """What waits, as many whole submissions as fit one transaction; empty at the end.

        Nobody waits who comes alone. Where one comes after the other they wait a moment for each other.
        """
        with self._changed:
            while not self._queue:
                if self._stopping:
                    return []
                self._changed.wait()
            soon = self._began + EVERY
            while not self._stopping and self.room.waiting < BATCH and (left := soon - time.monotonic()) > 0:
                self._changed.wait(left)
            self._began = time.monotonic()
            batch = [self._queue.popleft()]
            size = batch[0].size
            while self._queue and size + self._queue[0].size <= BATCH:
                batch.append(self._queue.popleft())
                size += batch[-1].size
            return batch

    def _commit(self, batch: list[Submission]) -> None:
        try:
            taken = self._take(batch)
        except Retryable as error:
            self._fail(batch, error)
        except Exception as error:  # noqa: BLE001 (one bad event must not cost the others)
            self._one_by_one(batch, error)
        else:
            self._settle(batch, taken)

    def _take(self, batch: Sequence[Submission]) -> Taken:
        """One transaction for all, but one that is larger than a transaction may be."""
        events = [event for one in batch for event in one.events]
        rejected = [refused for one in batch for refused in one.rejected]
        taken = Taken([], [], [], 0)
        for start in range(0, max(len(events), 1), BATCH):
            with self.intake.ledger.write() as connection:
                part = self.intake.take(connection, events[start : start + BATCH], () if start else rejected)
                arrived = self._arrived(part, () if start else rejected)
                if arrived:
                    arrivals.note(connection, arrived, self.intake.ledger.clock())
            self._count(arrived)
            taken += part
        return taken

    @staticmethod
    def _arrived(taken: Taken, rejected: Sequence[Rejected]) -> dict[str, arrivals.Arrived]:
        arrived: dict[str, arrivals.Arrived] = {}
        for event in taken.new:
            arrived.setdefault(event.source, arrivals.Arrived()).add(event)
        for event in taken.again:
            arrived.setdefault(event.source, arrivals.Arrived()).duplicate += 1
        for source in [event.source for event in taken.contradicting] + [one.source for one in rejected]:
            arrived.setdefault(source, arrivals.Arrived()).quarantined += 1
        return arrived

    def _count(self, arrived: dict[str, arrivals.Arrived]) -> None:
        self.tally.count(arrived)
        for source, one in arrived.items():
            if one.quarantined and (count := self._seldom.due(f"quarantined {source}", one.quarantined)):
                log.warning("records went to the quarantine", extra={"fields": {"source": source, "records": count}})

    def _one_by_one(self, batch: list[Submission], error: Exception) -> None:
        """Find what cannot be stored: it goes to the quarantine, the others are taken."""
        if len(batch) > 1:
            for one in batch:
                self._commit([one])
            return
        submission = batch[0]
        if not submission.events:
            self._fail(batch, error)
            return
        if count := self._seldom.due("unstorable"):
            fields = {"error": type(error).__name__, "times": count}
            log.warning("an event cannot be stored", exc_info=error, extra={"fields": fields})
        try:
            self._settle(batch, self._each(submission))
        except Exception as fault:  # noqa: BLE001 (told to whoever waits)
            self._fail(batch, fault)

    def _each(self, submission: Submission) -> Taken:
        """The submission's events, each in a transaction of its own; one that fails goes to the quarantine."""
        taken = Taken([], [], [], 0)
        rejected = list(submission.rejected)
        for one in submission.events:
            event = plain(one)
            try:
                taken += self._take([Submission([one], ())])
            except Retryable:
                raise
            except Exception as error:  # noqa: BLE001 (whatever it is, the event waits for a person)
                said = error.message if isinstance(error, GeleitError) else type(error).__name__
                message = f"the event could not be stored: {said}"
                rejected.append(Rejected(event.source, "", 0, "bad_value", message, _raw(event), event.id))
        if rejected:
            taken += self._take([Submission([], rejected)])
        return taken

    def _settle(self, batch: Sequence[Submission], taken: Taken) -> None:
        self._forget(batch)
        fresh = {event.id for event in taken.new}
        contradicting = Counter(event.id for event in taken.contradicting)
        for one in batch:
            count, keys = 0, []
            for event in map(plain, one.events):
                if event.id in fresh:  # only the first of a key is new
                    fresh.remove(event.id)
                    count += 1
                elif contradicting[event.id] > 0:
                    contradicting[event.id] -= 1
                    keys.append(event.key)
            one.done.set_result(Outcome(count, len(one.events) - count - len(keys), tuple(keys)))

    def _fail(self, batch: Sequence[Submission], error: Exception) -> None:
        self._forget(batch)
        self.tally.failed += len(batch)
        if count := self._seldom.due("failed", len(batch)):
            fields = {"error": type(error).__name__, "times": count}
            log.error("a commit failed", exc_info=error, extra={"fields": fields})
        for one in batch:
            one.done.set_exception(error)

    def _forget(self, batch: Sequence[Submission]) -> None:
        self.room.leave(sum(one.size for one in batch))


def _raw(event: Event) -> str:
    """The record of an event as text that can be stored."""
    return event.raw.encode("utf-8", "replace").decode()
