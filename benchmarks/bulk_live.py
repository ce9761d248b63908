"""Live events beside a bulk load: a process of its own that accepts batches until its standard input is closed."""

from __future__ import annotations

import json
import random
import select
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bulk_watch import Watch

from geleit.events.event import Event, Identifier
from geleit.processes import seldom_searched
from geleit.workspace import open_workspace

BATCH = 20  # events that are acknowledged together


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One batch: when it was handed over, ms until it was acknowledged, ms of waiting for the ledger's lock."""

    at: float
    took: float
    waited: float


def batch(number: int, people: int) -> list[Event]:
    """Half of the events are of people whom the file knows, half of people nobody has heard of."""
    chance = random.Random(number)
    now = time.time_ns() // 1000
    return [
        Event(
            source="live",
            key=f"{number}-{place}",
            kind="page_viewed",
            t=now + place,
            identifiers=(
                Identifier("shop.user_id", f"u{10_000_000 + chance.randrange(people)}")
                if place % 2
                else Identifier("anonymous_id", f"{chance.getrandbits(128):032x}"),
            ),
            properties={"page": f"/c/{chance.randrange(40)}"},
        )
        for place in range(BATCH)
    ]


def accept(root: Path, people: int, every: float) -> list[Acknowledged]:
    """A batch every so many seconds (later if the last one is not in yet), until standard input ends; says when it began."""
    found = []
    with open_workspace(root) as workspace, workspace.ledger.relieving(), seldom_searched():  # as the server does
        watch = Watch(workspace.ledger)
        workspace.intake.accept(batch(0, people))  # the first one builds what later ones find
        number, due = 1, time.monotonic()
        while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            events = batch(number, people)
            at, began = time.time(), time.perf_counter()
            workspace.intake.accept(events)
            found.append(Acknowledged(at, (time.perf_counter() - began) * 1000, watch.turns[-1][1]))
            if number == 1:
                print("begun", flush=True)
            number, due = number + 1, max(due + every, time.monotonic())
    return found


if __name__ == "__main__":
    told = accept(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    print(json.dumps([(one.at, one.took, one.waited) for one in told]))
