"""Reads and maps sources in a second process while this one takes in what is mapped already.

The other process gets jobs and gives chunks through pipes, so nothing lies on a disk and a kill leaves nothing. Where it
cannot be started, or ends early, everything is mapped here instead, with the same result.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from itertools import islice

from geleit.errors import GeleitError, Retryable
from geleit.intake.ahead import ahead
from geleit.intake.mapped import Chunk, Job, mapped
from geleit.processes import give_back, let_go, receive, send, serving, started, stop
from geleit.sources import files
from geleit.sources.formats import ARCHIVE, COMPRESSED
from geleit.sources.meter import Progress, Reached
from geleit.sources.storage import is_remote

WORTH = 4_000_000  # bytes to read (unpacked, roughly) from which another process is worth its start
PACKED = 6  # bytes that one byte of a dense file stands for, roughly
DENSE = (*COMPRESSED, ARCHIVE, ".xlsx", ".parquet")
HELD = 128_000_000  # bytes of chunks that wait here; then the other process waits, too

Given = tuple[int, Chunk | GeleitError | None]
"""The number of a job with one of its chunks, with the error that ended it, or with None at its end."""


def all_mapped(jobs: Sequence[Job], progress: Progress) -> Generator[Given, None, None]:
    """The chunks of all sources: in the order of the jobs, or of several at a time where two processes map."""
    if sum(map(_weight, jobs)) < WORTH or (os.cpu_count() or 1) < 2:  # noqa: PLR2004 (this process and another one)
        yield from _here(jobs, progress)
        return
    helper = Helper(jobs, progress)
    try:
        yield from helper.chunks()
    finally:
        helper.close()


def _here(jobs: Sequence[Job], progress: Progress) -> Iterator[Given]:
    for number, job in enumerate(jobs):
        yield from _one(number, ahead(mapped(job, progress)))


def _one(number: int, chunks: Generator[Chunk, None, None] | Iterator[Chunk]) -> Iterator[Given]:
    """The chunks of one job, then how it ended."""
    try:
        for chunk in chunks:
            yield number, chunk
    except GeleitError as error:
        yield number, error
    else:
        yield number, None
    finally:
        if isinstance(chunks, Generator):
            chunks.close()


def _weight(job: Job) -> int:
    """About how many bytes of files are to be read; 0 for what lies elsewhere."""
    if any(is_remote(pattern) for pattern in job.definition.file):
        return 0
    known = set() if job.again else set(job.positions)
    fresh = [one for one in files.look(job.definition, job.root)[0] if one.name not in known]
    return sum(one.size * (PACKED if one.name.lower().endswith(DENSE) else 1) for one in fresh)


class Helper:
    """The other process, and what this one maps meanwhile: whoever has nothing to do takes the next job."""

    def __init__(self, jobs: Sequence[Job], progress: Progress) -> None:
        self.jobs, self.progress = jobs, progress
        self.lock = threading.Lock()
        self.open = sorted(range(len(jobs)), key=lambda number: _weight(jobs[number]))  # the largest goes there first
        self.there: int | None = None  # the job that the other process works on
        self.got = 0  # its chunks that came
        self.waiting: queue.Queue[tuple[int, Given | None]] = queue.Queue()
        self.held = threading.Condition()
        self.bytes = 0
        self.closed = self.ended = False  # ended: the other process has done all it was asked
        self.process = started(__name__)
        self.reader = threading.Thread(target=self._read, name="geleit-beside", daemon=True)
        self.reader.start()

    def chunks(self) -> Iterator[Given]:
        """Whatever is mapped, by either process."""
        mine: Iterator[Given] = iter(())
        alive = True
        while True:
            try:
                size, given = self.waiting.get(block=False)
            except queue.Empty:
                found = next(mine, None)
                if found is None and (number := self._claim(0)) is not None:
                    mine = _one(number, mapped(self.jobs[number], self.progress))
                    continue
                if found is not None:
                    yield found
                    continue
                if not alive:
                    return
                size, given = self.waiting.get()
            self._release(size)
            if given is None:  # the other process is gone
                alive = False
                if self.there is not None:
                    yield from self._again(self.there)
            else:
                yield given

    def _again(self, number: int) -> Iterator[Given]:
        """Map here what the other process did not get done."""
        yield from _one(number, islice(mapped(self.jobs[number], self.progress), self.got, None))

    def _claim(self, place: int) -> int | None:
        with self.lock:
            return self.open.pop(place) if self.open else None

    def close(self) -> None:
        """End the other process."""
        with self.held:
            self.closed = True
            self.held.notify_all()
        if self.ended and self.process is not None:
            self.reader.join()
            give_back(self.process)
            return
        stop(self.process)
        self.reader.join()
        let_go(self.process)

    def _release(self, size: int) -> None:
        with self.held:
            self.bytes -= size
            self.held.notify_all()

    def _read(self) -> None:
        """Give jobs and gather chunks until there is none left, or the other process ends."""
        try:
            self._converse()
        except Exception:  # noqa: BLE001, S110 (it is gone, whatever the reason: what it did not get done is mapped here)
            pass
        finally:
            self.waiting.put((0, None))

    def _converse(self) -> None:
        if self.process is None or self.process.stdin is None or self.process.stdout is None:
            return
        while (number := self._claim(-1)) is not None:
            self.there, self.got = number, 0
            send(self.process.stdin, self.jobs[number])
            while self.there is not None:
                size, said = receive(self.process.stdout)
                if isinstance(said, Reached):
                    self.progress(said)
                    continue
                with self.held:
                    self.held.wait_for(lambda: self.closed or self.bytes < HELD)
                    self.bytes += size
                self.waiting.put((size, (number, said)))
                if isinstance(said, Chunk):
                    self.got += 1
                else:
                    self.there = None
        self.ended = True


def serve() -> None:
    """Map jobs until there are none; the other process's whole work."""
    take, give = serving()
    while True:
        try:
            job = take()
        except EOFError:
            return
        for _, said in _one(0, mapped(job, give)):
            give(_plain(said) if isinstance(said, GeleitError) else said)


def _plain(error: GeleitError) -> GeleitError:
    """An error that can be sent: what it says, and whether trying again may help."""
    kind = Retryable if isinstance(error, Retryable) else GeleitError
    return kind(error.message, hint=error.hint)
