"""What the collector did since it began: counts per source, and how long and how large its commits were."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

from geleit.intake.arrivals import STEPS, Arrived

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
RARELY = 60.0  # seconds between two lines of the log that say the same


@dataclass(slots=True)
class Distribution:
    """How often a measure stayed within each of some bounds; ``counts`` has one place more, for what exceeds all."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """One measure."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True)
class Lags:
    """How late one source's new events came: ``counts`` by ``arrivals.step``, ``seconds`` of all together."""

    counts: list[int] = field(default_factory=lambda: [0] * STEPS)
    seconds: float = 0.0


@dataclass(slots=True)
class Tally:
    """Counts since the start, by source where they have one. ``committing``: seconds of wall time."""

    committing: float = 0.0
    new: dict[str, int] = field(default_factory=dict)
    duplicate: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    lags: dict[str, Lags] = field(default_factory=dict)
    failed: int = 0
    seconds: Distribution = field(default_factory=lambda: Distribution(SECONDS))
    sizes: Distribution = field(default_factory=lambda: Distribution(SIZES))

    @property
    def pace(self) -> float:
        """Events committed per second of committing; 0 if nothing was."""
        done = sum(self.new.values()) + sum(self.duplicate.values())
        return done / self.committing if self.committing else 0.0

    def count(self, arrived: Mapping[str, Arrived]) -> None:
        """What one commit held."""
        for source, one in arrived.items():
            for counted, more in (
                (self.new, one.new),
                (self.duplicate, one.duplicate),
                (self.quarantined, one.quarantined),
            ):
                counted[source] = counted.get(source, 0) + more
            if one.lags:
                lags = self.lags.setdefault(source, Lags())
                lags.counts = [a + b for a, b in zip(lags.counts, one.lags, strict=True)]
                lags.seconds += one.late


@dataclass(slots=True)
class Seldom:
    """Lets one line of the log through per key and ``pause`` (seconds), and counts what it holds back."""

    pause: float = RARELY
    _since: dict[str, float] = field(default_factory=dict)
    _held: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def due(self, key: str, count: int = 1) -> int:
        """How many to tell of now; 0 to say nothing yet."""
        now = time.monotonic()
        with self._lock:
            held = self._held.get(key, 0) + count
            if now - self._since.get(key, float("-inf")) < self.pause:
                self._held[key] = held
                return 0
            self._since[key], self._held[key] = now, 0
            return held
