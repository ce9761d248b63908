"""A turn at a folder that several processes work in: waited for, but not for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geleit.files import only_one

PATIENCE = 20.0  # seconds; longer than a lease holds, so that whoever waits so long waits for somebody who stands still
PAUSE = 0.02


@contextmanager
def turn(path: Path) -> Iterator[bool]:
    """Hold the lock file at ``path``; yields False if its holder did not let go of it in time.

    It spares work and keeps files that are being written from being taken for leftovers. That nothing is lost without
    it is the fencing token's doing (``ledger.lease``).
    Errors: Retryable where no file can be written.
    """
    until = time.monotonic() + PATIENCE
    while True:
        with only_one(path, wait=False) as alone:
            if alone or time.monotonic() >= until:
                yield alone
                return
        time.sleep(PAUSE)
