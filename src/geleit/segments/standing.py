"""What the ledger knows of segments: how many are in, who came and went of late."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import sqlalchemy as sa

from geleit.clock import local_day
from geleit.ledger.segment_tables import segment_applied, segment_move, segment_standing

_applied, _standing, _move = segment_applied.c, segment_standing.c, segment_move.c


@dataclass(slots=True)
class Standing:
    """One segment: ``live`` once it is counted; ``changed_at``: when somebody last came or went; both numbers of some days."""

    live: bool = False
    people: int = 0
    changed_at: int | None = None
    entered: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """One who came or went."""

    customer: str
    entered: bool
    at: int


@dataclass(slots=True)
class DayOfMoves:
    """How many came and went on one day (since 1970, in the company's zone)."""

    day: int
    entered: int = 0
    left: int = 0


@dataclass(slots=True)
class History:
    """Who came and went, the latest first, and how many by day."""

    latest: list[Moved] = field(default_factory=list)
    days: list[DayOfMoves] = field(default_factory=list)


def standings(connection: sa.Connection, since: int) -> dict[str, Standing]:
    """All segments that were applied, by name; moves counted since then."""
    rows = connection.execute(sa.select(_applied.name, _applied.state))
    found = {name: Standing(live=state == "live") for name, state in rows}
    counts = sa.select(_standing.segment, sa.func.count()).where(_standing.member).group_by(_standing.segment)
    for name, count in connection.execute(counts):
        if name in found:
            found[name].people = count
    latest = sa.select(_move.segment, sa.func.max(_move.at)).group_by(_move.segment)
    for name, at in connection.execute(latest):
        if name in found:
            found[name].changed_at = at
    moves = sa.select(_move.segment, _move.entered, sa.func.count()).where(_move.at >= since)
    for name, entered, count in connection.execute(moves.group_by(_move.segment, _move.entered)):
        if name in found and entered:
            found[name].entered = count
        elif name in found:
            found[name].left = count
    return found


def members(connection: sa.Connection, name: str, limit: int | None = None) -> list[tuple[str, int]]:
    """Who is in, the latest first, with the time since when."""
    query = sa.select(_standing.customer_id, _standing.since_at).where(_standing.segment == name, _standing.member)
    query = query.order_by(sa.func.coalesce(_standing.since_at, 0).desc(), _standing.customer_id).limit(limit)
    return [(row.customer_id, row.since_at or 0) for row in connection.execute(query)]


def history(connection: sa.Connection, name: str, since: int, zone: str, limit: int = 10) -> History:
    """Who came and went since a time."""
    rows = connection.execute(
        sa.select(_move.customer_id, _move.entered, _move.at)
        .where(_move.segment == name, _move.at >= since)
        .order_by(_move.at.desc(), _move.id.desc())
    )
    found = History()
    days: dict[int, DayOfMoves] = defaultdict(lambda: DayOfMoves(0))
    for customer, entered, at in rows:
        if len(found.latest) < limit:
            found.latest.append(Moved(customer, bool(entered), at))
        day = days[local_day(at, zone)]
        day.entered += bool(entered)
        day.left += not entered
    found.days = [DayOfMoves(number, one.entered, one.left) for number, one in sorted(days.items(), reverse=True)]
    return found
