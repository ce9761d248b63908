"""What the disk alone makes a commit wait, beside a load: a few bytes are written and synced again and again."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SIZE = 32_768  # bytes of a write, as many as a small commit has
EVERY = 0.02  # seconds between two of them
ROUND = 1 << 24  # bytes after which it begins anew, as the ledger's log does


@dataclass
class Floor:
    """The writes: when each began (seconds since 1970), and how long it took (seconds)."""

    turns: list[tuple[float, float]] = field(default_factory=list)

    def ms(self, share: float) -> float:
        """A quantile in milliseconds."""
        ordered = sorted(took for _, took in self.turns)
        return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000, 1) if ordered else 0.0


@contextmanager
def beside(folder: Path, every: float = EVERY) -> Iterator[Floor]:
    """Write and sync in a file of this folder meanwhile, ``every`` so many seconds."""
    floor, ended, path = Floor(), threading.Event(), folder / "floor.bin"

    def run() -> None:
        file, block, place = os.open(path, os.O_CREAT | os.O_RDWR, 0o600), os.urandom(SIZE), 0
        while not ended.wait(every):
            at, began = time.time(), time.monotonic()
            os.pwrite(file, block, place)
            os.fdatasync(file)
            floor.turns.append((at, time.monotonic() - began))
            place = (place + SIZE) % ROUND
        os.close(file)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield floor
    finally:
        ended.set()
        thread.join()
        path.unlink(missing_ok=True)
