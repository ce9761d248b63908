"""What a process used up, and how long it waited for the ledger's lock and held it."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bulk_table import quantiles

from geleit.ledger.ledger import Ledger

MEMORY = Path("/proc/self/status")


def spent() -> dict[str, float]:
    """Seconds on the wall, CPU seconds with those of ended children, and the peak of resident memory in MB.

    The kernel hands a parent's peak down to a new program; where /proc says the program's own, that counts.
    """
    used = os.times()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if MEMORY.exists():
        own = next(int(line.split()[1]) for line in MEMORY.read_text().splitlines() if line.startswith("VmHWM"))
    below = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "at": time.time(),
        "wall": time.perf_counter(),
        "cpu": used.user + used.system + used.children_user + used.children_system,
        "peak_mb": (own + below) / 1000,
    }


def between(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What was used from one moment to another; ``peak_mb`` is that of the process until then."""
    used = {name: round(after[name] - before[name], 3) for name in ("wall", "cpu")}
    return used | {"peak_mb": round(after["peak_mb"], 1), "from": before["at"], "until": after["at"]}


class Watch:
    """Takes the times of a ledger's units of work: ``turns`` holds (began at, ms waited for the lock, ms held)."""

    def __init__(self, ledger: Ledger) -> None:
        self.turns: list[tuple[float, float, float]] = []
        self._write = ledger.write
        ledger.write = self.write

    @contextmanager
    def write(self) -> Iterator[Any]:
        """The ledger's own ``write``, timed; the commit counts as held."""
        asked, at = time.perf_counter(), time.time()
        got = asked
        try:
            with self._write() as connection:
                got = time.perf_counter()
                yield connection
        finally:
            self.turns.append((at, (got - asked) * 1000, (time.perf_counter() - got) * 1000))

    def held(self, stage: dict[str, float]) -> dict[str, float]:
        """How long the lock was held at a time, in ms, for the turns of one stage."""
        return quantiles([held for at, _, held in self.turns if stage["from"] <= at < stage["until"]])
