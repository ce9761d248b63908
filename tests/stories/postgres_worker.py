"""A process that takes in events and keeps the stores up beside, until somebody kills it or all is acknowledged."""

import os
import random
import signal
import time
from pathlib import Path

import bulk_company

from geleit.errors import Retryable
from geleit.ledger import lease
from geleit.workspace import open_workspace, upkeep

SPAN = 0.8  # seconds that a lease outlives its holder
PACE = upkeep.Pace(pause=0.01, archived=25, settled=0.1, built=0.4)


def acknowledged(log: Path) -> list[int]:
    """The numbers that were acknowledged to a worker; the last line may have been cut off."""
    text = log.read_text() if log.exists() else ""
    return [int(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def work(folder: str, log: str, first: int, last: int, seed: int) -> None:
    """Take the numbers from ``first`` to ``last`` in, going on behind what the log says was acknowledged."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lease.SPAN = SPAN
    upkeep.LOOK = 0.1
    chance = random.Random(seed)
    done = acknowledged(Path(log))
    place = max(first, max(done, default=first - 1) + 1 - chance.randrange(5))  # a client sends some again
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    with open_workspace(folder) as workspace:
        keeper = upkeep.Upkeep(workspace, PACE)
        for one in (workspace.archive.lease, workspace.journal.lease, keeper._lease):
            one.span = SPAN
        keeper.start()
        while place < last:
            size = min(chance.choice([1, 3, 10, 25]), last - place)
            try:
                workspace.intake.accept(bulk_company.live(place, size))
            except Retryable:  # a client sends the same again
                continue
            os.write(file, "".join(f"{number}\n" for number in range(place, place + size)).encode())
            keeper.committed()
            time.sleep(chance.uniform(0, 0.05))
            place += size
        keeper.stop()
    os.close(file)
