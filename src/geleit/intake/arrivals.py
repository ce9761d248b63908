"""Counts what each source delivers live, by the hour of arrival: how much, how late, how much twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from geleit.clock import DAY, SECOND
from geleit.events.event import Event
from geleit.ledger.ledger import Ledger, given, upsert
from geleit.ledger.live_tables import source_hour
from geleit.ledger.prepared import Prepared

HOUR = 3600 * SECOND
STEPS = 40  # powers of two of a millisecond: the last one is 17 years
MILLISECOND = 1000

_hour = source_hour.c
_KNOWN = Prepared(
    sa.select(_hour.source, _hour.new, _hour.duplicate, _hour.quarantined, _hour.last_t, _hour.lags).where(
        _hour.hour == sa.bindparam("hour"), given(_hour.source)
    )
)
_NOTED = Prepared(upsert(source_hour, ["new", "duplicate", "quarantined", "last_at", "last_t", "lags"]))


@dataclass(slots=True)
class Arrived:
    """What came of one source in one batch. ``lags``: events by their lag, see ``step``; ``late``: its sum in seconds."""

    new: int = 0
    duplicate: int = 0
    quarantined: int = 0
    last_t: int = 0
    lags: list[int] | None = None
    late: float = 0.0

    def add(self, event: Event) -> None:
        """One new event."""
        self.new += 1
        self.last_t = max(self.last_t, event.t)
        self.lags = self.lags or [0] * STEPS
        lag = event.received_at - event.t
        self.lags[step(lag)] += 1
        self.late += max(lag, 0) / SECOND


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What came of one source in some time.

    ``lag_p50``/``lag_p95``: microseconds after which half, and all but a twentieth, of the new events had come since they
    happened (upper bounds by powers of two); None without new events.
    """

    new: int = 0
    duplicate: int = 0
    quarantined: int = 0
    lag_p50: int | None = None
    lag_p95: int | None = None


def step(lag: int) -> int:
    """Place of a lag (microseconds) in the counts: 0 up to a millisecond, then one for each doubling.

    >>> step(-5), step(1000), step(1001), step(3_600_000_000)
    (0, 0, 1, 22)
    """
    return min(max((lag - 1) // MILLISECOND, 0).bit_length(), STEPS - 1)


def note(connection: sa.Connection, arrived: Mapping[str, Arrived], now: int) -> None:
    """Add what came now, in the caller's transaction: one row per source and hour."""
    hour, rows = now // HOUR, []
    known = {source: rest for source, *rest in _KNOWN.all(connection, values=list(arrived), hour=hour)}
    for source, one in arrived.items():
        new, duplicate, quarantined, last_t, lags = known.get(source, (0, 0, 0, 0, "[]"))
        summed = _sum(msgspec.json.decode(lags, type=list[int]), one.lags)
        rows.append(
            {
                "source": source,
                "hour": hour,
                "new": new + one.new,
                "duplicate": duplicate + one.duplicate,
                "quarantined": quarantined + one.quarantined,
                "last_at": now,
                "last_t": max(last_t, one.last_t),
                "lags": msgspec.json.encode(summed).decode(),
            }
        )
    _NOTED.many(connection, rows)


def recent(ledger: Ledger, now: int, span: int = DAY) -> dict[str, Arrivals]:
    """What every source delivered live in the ``span`` (microseconds) until now.

    Counted by hours: of the one in which the span begins, its share counts. Lags are of all these hours.
    """
    since = now - span
    query = sa.select(source_hour).where(_hour.hour >= since // HOUR)
    by_source: dict[str, list[sa.Row[tuple[object, ...]]]] = {}
    with ledger.read() as connection:
        for row in connection.execute(query):
            by_source.setdefault(row.source, []).append(row)
    return {source: _summed(rows, since) for source, rows in by_source.items()}


def _summed(rows: Sequence[sa.Row[tuple[object, ...]]], since: int) -> Arrivals:
    lags = [0] * STEPS
    for row in rows:
        lags = _sum(lags, msgspec.json.decode(row.lags, type=list[int]))
    shares = [min(1.0, ((row.hour + 1) * HOUR - since) / HOUR) for row in rows]
    return Arrivals(
        round(sum(row.new * share for row, share in zip(rows, shares, strict=True))),
        round(sum(row.duplicate * share for row, share in zip(rows, shares, strict=True))),
        round(sum(row.quarantined * share for row, share in zip(rows, shares, strict=True))),
        quantile(lags, 0.5),
        quantile(lags, 0.95),
    )


def latest(ledger: Ledger, sources: Iterable[str]) -> dict[str, tuple[int, int | None]]:
    """Of each source that ever delivered live: when something came last, and the newest time of happening in that hour."""
    found: dict[str, tuple[int, int | None]] = {}
    query = sa.select(_hour.last_at, _hour.last_t).where(_hour.source == sa.bindparam("name"))
    query = query.order_by(_hour.hour.desc()).limit(1)
    with ledger.read() as connection:
        for source in sources:
            if row := connection.execute(query, {"name": source}).first():
                found[source] = (row.last_at, row.last_t or None)
    return found


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
