"""What ten segments cost: asked of everybody at once, and live with every event: ``python benchmarks/segments.py 1000000``.

CPU seconds of this process; the events are those of the bulk benchmark. Live, rounds with and without segments take turns,
so that a busy machine weighs on both.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from bulk_data import invent
from bulk_run import prepare

from geleit.events.event import Event, Identifier
from geleit.ledger import tables
from geleit.segments import applying
from geleit.segments.definition import Segment
from geleit.segments.keeping import look_again
from geleit.segments.live import Live
from geleit.segments.matching import Matching
from geleit.workspace import Workspace, open_workspace
from geleit.workspace.segments import Segments

WHOS = {
    "visitors": {"did": "page_viewed", "at_least": 3, "within": "1 year"},
    "lookers": {"did": "product_viewed", "where": {"price": {"above": 100}}},
    "lost_carts": {
        "sequence": [{"did": "product_added"}],
        "not_followed_by": {"did": "order_completed", "within": "3 days"},
    },
    "quick": {"sequence": [{"did": "product_viewed"}, {"did": "order_completed"}], "within": "2 days"},
    "buyers": {"orders": "any", "at_least": 2},
    "big": {"orders": "any", "spent_at_least": "500", "within": "1 year"},
    "gone": {"did": "order_completed", "not_since": "90 days"},
    "open": {"need": "any", "open_for": "7 days"},
    "asked": {"all": [{"did": "question_asked"}, {"not": {"did": "question_answered"}}]},
    "both": {"all": [{"segment": "buyers"}, {"not": {"segment": "gone"}}]},
}
EACH: dict[str, Any] = {"batch": (1, 20, 100), "events": 1_000, "rounds": 8}


@contextmanager
def measured(what: str, count: int = 0) -> Iterator[None]:
    """Print the CPU seconds of the block, or microseconds of each of ``count``."""
    began = time.process_time()
    yield
    spent = time.process_time() - began
    print(
        f"{what:<58} {spent / count * 1e6:9.0f} CPU us each" if count else f"{what:<58} {spent:9.2f} CPU s", flush=True
    )


def known(space: Workspace) -> list[str]:
    """User ids that are there."""
    ids = sa.select(tables.identifier.c.value).where(tables.identifier.c.type == "shop.user_id").limit(2_000)
    with space.ledger.read() as connection:
        return list(connection.execute(ids).scalars())


def arriving(space: Workspace, size: int, first: int) -> None:
    """Take a thousand events in batches; of ten people nine are known."""
    chance = random.Random(first)
    people = [*known(space), *(f"new-{first}-{number}" for number in range(200))]
    kinds = ("page_viewed", "product_viewed", "product_added", "order_completed", "question_asked")
    for start in range(first, first + EACH["events"], size):
        batch = [
            Event(
                "shop", f"live-{number}", chance.choices(kinds, (50, 30, 10, 7, 3))[0], space.clock() - 1_000,
                (Identifier("shop.user_id", chance.choice(people)),), properties={"order_id": str(number), "total": 30},
            )
            for number in range(start, start + size)
        ]  # fmt: skip
        space.intake.accept(batch)


class Nothing(Live):
    """An evaluator that knows of no segments."""

    def known(self, _connection: sa.Connection) -> Matching | None:
        """None."""
        return None


def in_turns(space: Workspace, size: int) -> None:
    """Print what an event costs without and with segments: the least and the median of some rounds each."""
    spent: dict[str, list[float]] = {"without segments": [], "with ten segments": []}
    evaluators = dict(zip(spent, (Nothing(space.intake.setting), space.intake.segments), strict=True))
    for number in range(EACH["rounds"] * len(spent)):
        name = list(spent)[number % len(spent)]
        object.__setattr__(space.intake, "segments", evaluators[name])
        began = time.process_time()
        arriving(space, size, (size * 100 + number) * EACH["events"])
        spent[name].append((time.process_time() - began) / EACH["events"] * 1e6)
    for name, found in spent.items():
        what = f"live, batches of {size}, {name}"
        print(f"{what:<58} {min(found):9.0f} CPU us each, median {statistics.median(found):.0f}", flush=True)


def main(events: int) -> None:
    """Load, ask, apply, and take events with and without segments."""
    segments = {name: Segment.model_validate({"who": who}) for name, who in WHOS.items()}
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").exists() else None) as folder:  # noqa: S108 (no disk's speed)
        file = Path(folder) / "export.parquet"
        invent(Path(folder), events, 0)
        file = next(Path(folder).glob("*.parquet"))
        prepare(Path(folder) / "shop", file)
        with open_workspace(Path(folder) / "shop") as space:
            with measured(f"import of {events:,} events, needs, journal"):
                space.import_sources()
            asking = Segments(space, segments)
            whos = [one.who for one in segments.values()]
            with measured("open the state for ten segments"), asking.census(whos):
                pass
            with asking.census(whos) as census:
                for name, one in segments.items():
                    with measured(f"bulk: {name}"):
                        count = census.count(one.who)
                    print(f"  {count:,} of {census.everybody:,}")
            with measured("apply ten segments (gather events, who is in)"):
                applying.apply(space.ledger, space.history, segments, space.intake.setting)
            with measured("look again at whom time may move"):
                looked = sum(look_again(space.ledger, space.intake.segments))
            print(f"  {looked:,} looks")
            for size in EACH["batch"]:
                in_turns(space, size)


if __name__ == "__main__":
    main(int(sys.argv[1]))
