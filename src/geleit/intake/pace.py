"""How many rows are written while the ledger is held: as many as took some ten milliseconds before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from geleit.ledger.ledger import Ledger

WANTED = 0.015  # seconds of work, the commit among it
CROWDED = 2  # times its work that a turn may take before turns become smaller: others have the processor then
FIRST = 10  # the part of the most rows that is tried first
QUICKER = 1.5  # how much more is tried after a turn that was short


class Pace:
    """Turns at the ledger of at most ``most`` rows; whoever else writes waits for one of them at a time."""

    def __init__(self, ledger: Ledger, most: int) -> None:
        self.ledger, self.most = ledger, most
        self.rows = max(most // FIRST, 1)

    @contextmanager
    def turn(self) -> Iterator[sa.Connection]:
        """One transaction, to be done again after a power cut; how long it took says how many rows the next one shall write."""
        with self.ledger.write(synced=False) as connection:
            began, worked = time.monotonic(), time.thread_time()
            yield connection
        took = max((time.monotonic() - began) / CROWDED, time.thread_time() - worked, WANTED / 1000)
        self.rows = max(1, min(self.most, int(self.rows * min(QUICKER, WANTED / took)) + 1))
