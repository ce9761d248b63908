"""Counts what each source delivers live, by the hour of arrival: how much, how late, how much twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from geleit.clock import SECOND
from geleit.events.event import Event
from geleit.ledger.ledger import Ledger, upsert
from geleit.ledger.live_tables import source_hour

HOUR = 3600 * SECOND
STEPS = 40  # powers of two of a millisecond: the last one is 17 years
MILLISECOND = 1000

_hour = source_hour.c


@dataclass(slots=True)
class Arrived:
    """What came of one source in one batch. ``lags``: events by their lag, see ``step``."""

    new: int = 0
    duplicate: int = 0
    quarantined: int = 0
    last_t: int = 0
    lags: list[int] | None = None

    def add(self, event: Event) -> None:
        """One new event."""
        self.new += 1
        self.last_t = max(self.last_t, event.t)
        self.lags = self.lags or [0] * STEPS
        self.lags[step(event.received_at - event.t)] += 1


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What came of one source in some hours; times in microseconds, None where nothing came.

    ``lag_p50``/``lag_p95``: how long after it happened half, and all but a twentieth, of the new events came (upper
    bounds by powers of two).
    """

    new: int
    duplicate: int
    quarantined: int
    last_at: int | None
    last_t: int | None
    lag_p50: int | None
    lag_p95: int | None


NONE = Arrivals(0, 0, 0, None, None, None, None)


def step(lag: int) -> int:
    """Place of a lag (microseconds) in the counts: 0 up to a millisecond, then one for each doubling.

    >>> step(-5), step(1000), step(1001), step(3_600_000_000)
    (0, 0, 1, 22)
    """
    return min(max((lag - 1) // MILLISECOND, 0).bit_length(), STEPS - 1)


def note(connection: sa.Connection, arrived: Mapping[str, Arrived], now: int) -> None:
    """Add what came now, in the caller's transaction: one row per source and hour."""
    hour = now // HOUR
    query = sa.select(_hour.source, _hour.lags).where(_hour.hour == hour, _hour.source.in_(list(arrived)))
    known = {row.source: msgspec.json.decode(row.lags, type=list[int]) for row in connection.execute(query)}
    for source, one in arrived.items():
        lags = _sum(known.get(source), one.lags)
        row = {"source": source, "hour": hour, "new": one.new, "duplicate": one.duplicate}
        row |= {"quarantined": one.quarantined, "last_at": now, "last_t": one.last_t}
        row |= {"lags": msgspec.json.encode(lags).decode()}
        if source not in known:
            connection.execute(upsert(source_hour, ["last_at"]), [row])
            continue
        latest = sa.case((_hour.last_t > one.last_t, _hour.last_t), else_=one.last_t)
        statement = sa.update(source_hour).where(_hour.source == source, _hour.hour == hour)
        connection.execute(
            statement.values(
                new=_hour.new + one.new,
                duplicate=_hour.duplicate + one.duplicate,
                quarantined=_hour.quarantined + one.quarantined,
                last_at=now,
                last_t=latest,
                lags=row["lags"],
            )
        )


def arrivals(ledger: Ledger, since: int) -> dict[str, Arrivals]:
    """What every source delivered live since then (microseconds; whole hours)."""
    query = sa.select(source_hour).where(_hour.hour >= since // HOUR)
    by_source: dict[str, list[sa.Row[tuple[object, ...]]]] = {}
    with ledger.read() as connection:
        for row in connection.execute(query):
            by_source.setdefault(row.source, []).append(row)
    return {source: _summed(rows) for source, rows in by_source.items()}


def _summed(rows: Sequence[sa.Row[tuple[object, ...]]]) -> Arrivals:
    lags = [0] * STEPS
    for row in rows:
        lags = _sum(lags, msgspec.json.decode(row.lags, type=list[int]))
    return Arrivals(
        sum(row.new for row in rows),
        sum(row.duplicate for row in rows),
        sum(row.quarantined for row in rows),
        max(row.last_at for row in rows),
        max(row.last_t for row in rows) or None,
        quantile(lags, 0.5),
        quantile(lags, 0.95),
    )


def quantile(lags: Sequence[int], share: float) -> int | None:
    """The lag (microseconds) that this share of the counted events did not exceed; None without events.

    >>> quantile([0, 3, 1], 0.5), quantile([0, 3, 1], 0.95), quantile([0], 0.5)
    (2000, 4000, None)
    """
    wanted, seen = share * sum(lags), 0
    if not wanted:
        return None
    for place, count in enumerate(lags):
        seen += count
        if seen >= wanted:
            return MILLISECOND << place
    return None


def _sum(one: Iterable[int] | None, other: Iterable[int] | None) -> list[int]:
    first, second = list(one or [0] * STEPS), list(other or [0] * STEPS)
    return [a + b for a, b in zip(first, second, strict=True)]
