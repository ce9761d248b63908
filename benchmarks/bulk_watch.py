"""How long units of work waited for the ledger's lock, and held it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bulk_table import quantiles

from geleit.ledger.ledger import Ledger


class Watch:
    """Takes the times of a ledger's units of work: ``turns`` holds (began at, ms waited for the lock, ms held)."""

    def __init__(self, ledger: Ledger) -> None:
        self.turns: list[tuple[float, float, float]] = []
        self._write = ledger.write
        ledger.write = self.write

    @contextmanager
    def write(self, **options: bool) -> Iterator[Any]:
        """The ledger's own ``write``, timed; the commit counts as held."""
        asked, at = time.perf_counter(), time.time()
        got = asked
        try:
            with self._write(**options) as connection:
                got = time.perf_counter()
                yield connection
        finally:
            self.turns.append((at, (got - asked) * 1000, (time.perf_counter() - got) * 1000))

    def held(self, stage: dict[str, float]) -> dict[str, float]:
        """How long the lock was held at a time, in ms, in one stage; ``waited_s``: seconds of waiting for it in all."""
        turns = [(waited, held) for at, waited, held in self.turns if stage["from"] <= at < stage["until"]]
        return quantiles([held for _, held in turns]) | {"waited_s": round(sum(w for w, _ in turns) / 1000, 2)}
