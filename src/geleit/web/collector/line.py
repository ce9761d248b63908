"""Maps what is posted to one source, beside the loop, one batch after the other; what waits is bounded."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from geleit.intake.overload import OverloadedError
from geleit.sources.collected import Posted, Reader, Taken

WAITING = 2_000  # records that may wait to be mapped; more are told to come again
BYTES = 32 * 1024 * 1024  # of them
TOGETHER = 200  # records of one batch
PATIENCE = 30  # seconds until somebody is told to come again, at most


@dataclass(slots=True, eq=False)
class _Request:
    records: Sequence[Posted]
    size: int
    done: asyncio.Future[list[Taken]]


@dataclass(slots=True)
class Line:
    """The records of one source that wait to be mapped. All methods are called on the loop."""

    reader: Reader
    waiting: int = 0
    size: int = 0
    pace: float = 0.02  # seconds that a record takes
    _queue: deque[_Request] = field(default_factory=deque)
    _task: asyncio.Task[None] | None = None

    async def mapped(self, records: Sequence[Posted]) -> list[Taken]:
        """What each record gives.

        Errors: OverloadedError if too much waits already.
        """
        size = sum(len(one.raw) for one in records)
        if self.waiting and (self.waiting + len(records) > WAITING or self.size + size > BYTES):
            raise OverloadedError(max(1, min(PATIENCE, round(self.waiting * self.pace / 2))))
        request = _Request(records, size, asyncio.get_running_loop().create_future())
        self._queue.append(request)
        self.waiting += len(records)
        self.size += size
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        return await request.done

    async def _work(self) -> None:
        while self._queue:
            batch = self._next()
            began = time.monotonic()
            try:
                taken = await asyncio.to_thread(self._map, batch)
            except Exception as error:  # noqa: BLE001 (told to whoever waits)
                self._settle(batch, error)
                continue
            count = sum(len(one.records) for one in batch)
            self.pace += ((time.monotonic() - began) / max(count, 1) - self.pace) / 10
            self._settle(batch, taken)

    def _next(self) -> list[_Request]:
        """Whole requests that are mapped together; those of a grouped source each alone."""
        batch = [self._queue.popleft()]
        count = len(batch[0].records)
        while self._queue and not self.reader.definition.group and count + len(self._queue[0].records) <= TOGETHER:
            batch.append(self._queue.popleft())
            count += len(batch[-1].records)
        return batch

    def _map(self, batch: Sequence[_Request]) -> list[Taken]:
        return self.reader.posted([record for one in batch for record in one.records])

    def _settle(self, batch: Sequence[_Request], taken: list[Taken] | Exception) -> None:
        start = 0
        for one in batch:
            self.waiting -= len(one.records)
            self.size -= one.size
            if one.done.done():  # whoever asked has gone
                continue
            if isinstance(taken, Exception):
                one.done.set_exception(taken)
            else:
                one.done.set_result(taken[start : start + len(one.records)])
            start += len(one.records)
