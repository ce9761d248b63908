"""How many events may wait for their commit: more are told to come again, and the log hears when that begins and ends."""

from __future__ import annotations

import logging
import threading

from geleit.errors import Retryable

WAITING = 20_000  # events that may wait for their commit
CALM = 0.5  # share of the limit below which an overload is over
PACE = 1_000.0  # events per second as long as nothing is known
LONGEST = 30  # seconds until somebody is told to come again, at most

log = logging.getLogger("geleit.collector")


class OverloadedError(Retryable):
    """More waits than can be committed soon; ``seconds`` until it is worth trying again."""

    def __init__(self, seconds: int) -> None:
        super().__init__("more events wait than can be taken now; nothing of these was", hint="send them again later")
        self.seconds = seconds


class Room:
    """The room in which events wait; ``refusals`` counts submissions that found none."""

    def __init__(self, limit: int = WAITING) -> None:
        self.limit = limit
        self.waiting = 0  # events
        self.refusals = 0
        self._refused = 0  # of the overload that is going on; 0 if there is none
        self._lock = threading.Lock()

    def enter(self, size: int, pace: float) -> None:
        """Let so many more wait; ``pace``: events committed per second, 0 if not known.

        Errors: OverloadedError if too many wait already; one submission alone may be larger than the room.
        """
        with self._lock:
            if not self.waiting or self.waiting + size <= self.limit:
                self.waiting += size
                return
            self.refusals += 1
            self._refused += 1
            if self._refused == 1:
                log.warning("overload begins", extra={"fields": {"waiting": self.waiting, "limit": self.limit}})
        raise OverloadedError(self.patience(pace))

    def leave(self, size: int) -> None:
        """So many wait no more."""
        with self._lock:
            self.waiting -= size
            if self._refused and self.waiting <= self.limit * CALM:
                fields = {"refused": self._refused, "waiting": self.waiting}
                self._refused = 0
                log.warning("overload ends", extra={"fields": fields})

    def patience(self, pace: float) -> int:
        """Seconds until half of what waits is committed."""
        return max(1, min(LONGEST, round(self.waiting / 2 / max(pace or PACE, 1))))
