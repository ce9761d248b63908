"""What a running server counts, as Prometheus reads it: nothing of a person, no keys, no scan of a large table."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Final, Protocol

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector as Registered

from geleit import __version__
from geleit.clock import SECOND
from geleit.errors import GeleitError
from geleit.history.journal import CURRENT
from geleit.intake.arrivals import MILLISECOND
from geleit.intake.collector import Writer
from geleit.intake.tally import Distribution
from geleit.ledger import tables
from geleit.ledger.sqlite import Sqlite
from geleit.web.collector.hooks import Hooks
from geleit.web.traffic import Traffic
from geleit.workspace import Workspace

# Places of arrivals' lags that become bounds: 16 ms, 128 ms, 1 s, 8 s, 1 min, 9 min, 70 min, 9 h, 3 days, 25 days.
LAGS: Final = (4, 7, 10, 13, 16, 19, 22, 25, 28, 31)


class Keeper(Protocol):
    """Who keeps the stores, in this process or in another one; how it is doing (see ``Upkeep``)."""

    fault: str
    remedy: str
    seconds: dict[str, Distribution]

    @property
    def alive(self) -> bool:
        """Whether it is there."""

    @property
    def leads(self) -> bool:
        """Whether it holds the lease."""


@dataclass(frozen=True, slots=True)
class Server:
    """The parts of a running server that are measured."""

    workspace: Workspace
    collector: Writer
    upkeep: Keeper
    hooks: Hooks
    traffic: Traffic
    others: Mapping[str, Callable[[], int]] = field(default_factory=dict)  # further processes: name and where its id is


def registry_of(server: Server) -> CollectorRegistry:
    """A registry with everything of this server and its process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Measures(server))
    ProcessCollector(registry=registry)
    for name, pid in server.others.items():
        ProcessCollector(f"geleit_{name}", pid, registry=registry)
    return registry


class Measures(Registered):
    """Reads the parts of a server when it is asked."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        yield InfoMetricFamily("geleit", "Version of this server.", value={"version": __version__})
        yield from self._requests()
        yield from self._events()
        yield from self._commits()
        yield from self._upkeep()
        yield from self._stores()
        yield from self._sources()

    def _requests(self) -> Iterator[Metric]:
        traffic = self.server.traffic
        answered = CounterMetricFamily(
            "geleit_requests", "Answered requests by kind of address and status.", labels=["path", "status"]
        )
        for (path, status), count in sorted(traffic.answered.items()):
            answered.add_metric([path, status], count)
        yield answered
        seconds = HistogramMetricFamily(
            "geleit_request_seconds", "Seconds until a request was answered.", labels=["path"]
        )
        for path, distribution in sorted(traffic.seconds.items()):
            _add(seconds, [path], distribution)
        yield seconds

    def _events(self) -> Iterator[Metric]:
        tally = self.server.collector.tally
        events = CounterMetricFamily(
            "geleit_events", "Events that sources sent, by what became of them.", labels=["source", "outcome"]
        )
        for outcome in ("new", "duplicate", "quarantined"):
            for source, count in sorted(getattr(tally, outcome).items()):
                events.add_metric([source, outcome], count)
        yield events
        lags = HistogramMetricFamily(
            "geleit_lag_seconds", "Seconds between what happened and its arrival, of new events.", labels=["source"]
        )
        for source, found in sorted(tally.lags.items()):
            summed = list(accumulate(found.counts))
            buckets = [(str((MILLISECOND << place) / SECOND), summed[place]) for place in LAGS]
            lags.add_metric([source], [*buckets, ("+Inf", summed[-1])], found.seconds)
        yield lags

    def _commits(self) -> Iterator[Metric]:
        room, tally = self.server.collector.room, self.server.collector.tally
        seconds = HistogramMetricFamily("geleit_commit_seconds", "Seconds that a commit of the collector took.")
        _add(seconds, [], tally.seconds)
        yield seconds
        sizes = HistogramMetricFamily("geleit_commit_events", "Events and refused records that one commit held.")
        _add(sizes, [], tally.sizes)
        yield sizes
        yield GaugeMetricFamily("geleit_queue_events", "Events that wait for their commit.", room.waiting)
        yield GaugeMetricFamily("geleit_queue_limit", "Events that may wait for their commit.", room.limit)
        mapping = GaugeMetricFamily(
            "geleit_mapping_records", "Posted records that wait to be mapped.", labels=["source"]
        )
        for source, line in sorted(self.server.hooks.lines.items()):
            mapping.add_metric([source], line.waiting)
        yield mapping
        yield CounterMetricFamily("geleit_overloads", "Requests told to come again: too much waited.", room.refusals)
        yield CounterMetricFamily("geleit_failures", "Requests whose events could not be committed.", tally.failed)

    def _upkeep(self) -> Iterator[Metric]:
        upkeep = self.server.upkeep
        steps = HistogramMetricFamily(
            "geleit_upkeep_seconds", "Seconds that steps of the upkeep took.", labels=["step"]
        )
        for step, distribution in upkeep.seconds.items():
            _add(steps, [step], distribution)
        yield steps
        yield GaugeMetricFamily("geleit_upkeep_leads", "1 if this process holds the upkeep's lease.", upkeep.leads)
        yield GaugeMetricFamily("geleit_upkeep_fault", "1 while the upkeep rests after a fault.", bool(upkeep.fault))

    def _stores(self) -> Iterator[Metric]:
        space = self.server.workspace
        now = space.clock()
        readable = 1
        try:
            outbox, archived_at = stored(space)
            yield GaugeMetricFamily("geleit_outbox_events", "Events that are not archived yet.", outbox)
            if archived_at is not None:
                age = max(now - archived_at, 0) / SECOND
                yield GaugeMetricFamily("geleit_archive_age_seconds", "Seconds since the last segment was listed.", age)
        except GeleitError:
            readable = 0
        yield GaugeMetricFamily("geleit_ledger_readable", "1 if the ledger could be read just now.", readable)
        with suppress(OSError):
            built = (space.journal.folder / CURRENT).stat().st_mtime
            age = max(now / SECOND - built, 0)
            yield GaugeMetricFamily(
                "geleit_generation_age_seconds", "Seconds since the last generation was built.", age
            )
        if isinstance(space.ledger.store, Sqlite):
            size = sum(_size(Path(space.ledger.name + ending)) for ending in ("", "-wal"))
            yield GaugeMetricFamily("geleit_ledger_bytes", "Size of the ledger's files (SQLite).", size)
        with suppress(OSError):
            free = shutil.disk_usage(space.data).free
            yield GaugeMetricFamily("geleit_disk_free_bytes", "Room on the disk that holds the data.", free)

    def _sources(self) -> Iterator[Metric]:
        with suppress(GeleitError):
            silences = self.server.workspace.watch.silences()
            silent = GaugeMetricFamily(
                "geleit_source_silent", "1 if a source is silent for longer than is usual for it.", labels=["source"]
            )
            last = GaugeMetricFamily(
                "geleit_source_last_timestamp_seconds", "When something of a source came last.", labels=["source"]
            )
            for source, one in sorted(silences.items()):
                silent.add_metric([source], one.state == "silent")
                if one.last_at is not None:
                    last.add_metric([source], one.last_at / SECOND)
            yield silent
            yield last


def stored(space: Workspace) -> tuple[int, int | None]:
    """Rows of the outbox (by its ends, which is quick), and when the last segment was listed. Errors: GeleitError."""
    outbox, segment = tables.outbox.c, tables.segment.c
    ends = sa.select(sa.func.min(outbox.seq), sa.func.max(outbox.seq))
    listed = sa.select(segment.created_at).order_by(segment.id.desc()).limit(1)
    with space.ledger.read() as connection:
        first, last = connection.execute(ends).one()
        return 0 if first is None else int(last - first + 1), connection.execute(listed).scalar()


def _add(family: HistogramMetricFamily, labels: Sequence[str], one: Distribution) -> None:
    summed = list(accumulate(one.counts))
    buckets = [(str(bound), count) for bound, count in zip(one.bounds, summed, strict=False)]
    family.add_metric(labels, [*buckets, ("+Inf", summed[-1])], one.total)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
