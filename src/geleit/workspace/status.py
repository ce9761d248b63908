"""Short facts about a workspace for its first page, its sources page and the header of a journey."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from geleit.customers.service import Happened
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger
from geleit.needs.need import ReadEvent
from geleit.sources import left_over, positions, quarantine
from geleit.sources.definition import SourceDefinition
from geleit.sources.records import Loose
from geleit.workspace.live import LiveStatus, Watch


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the workspace holds."""

    customers: int
    events: int
    sources: int
    needs_open: int


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source: its last run (times in microseconds UTC, None before the first) and what waits in quarantine.

    ``error``: why the last run did not read it to its end; ``pulled``: it is read by import; ``live``: how it is doing, if it sends.
    """

    name: str
    label: str
    files: str
    started_at: int | None
    finished_at: int | None
    read: int
    new: int
    duplicate: int
    quarantined: int
    reasons: tuple[tuple[str, int], ...]
    pulled: bool
    error: str = ""
    live: LiveStatus | None = None


def counts(ledger: Ledger, sources: int, now: int) -> Counts:
    """Count without reading any history."""
    need = tables.need.c
    still_open = need.closed_at.is_(None) & ((need.silent_at >= now) | need.silent_at.is_(None))
    with ledger.read() as connection:
        customers = connection.execute(sa.select(sa.func.count()).select_from(tables.customer)).scalar_one()
        archived = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(tables.segment.c.rows), 0))).scalar_one()
        waiting = connection.execute(sa.select(sa.func.count()).select_from(tables.outbox)).scalar_one()
        needs = connection.execute(sa.select(sa.func.count()).where(still_open)).scalar_one()
    return Counts(customers, int(archived) + waiting, sources, needs)


def source_statuses(ledger: Ledger, labels: Mapping[str, str], watch: Watch) -> list[SourceStatus]:
    """Every source of the definitions in their order, with its last run, and how it is doing if it sends."""
    run = tables.import_run.c
    with ledger.read() as connection:
        last = sa.select(sa.func.max(run.id)).group_by(run.source)
        runs = {row.source: row for row in connection.execute(sa.select(tables.import_run).where(run.id.in_(last)))}
    reasons = quarantine.commonest_by_source(ledger)
    live = watch.statuses()
    found = [_status(name, label, runs.get(name), tuple(reasons.get(name, ()))) for name, label in labels.items()]
    return [replace(one, pulled=watch.sources[one.name].pulled, live=live.get(one.name)) for one in found]


def left_rows(ledger: Ledger, definition: SourceDefinition) -> list[Loose]:
    """The rows of attached files that no record of a source took along when its files were read last."""
    if not definition.attach:
        return []
    with ledger.read() as connection:
        return left_over.left_over(left_over.taken(positions.load(connection, definition.name)))


def empty_files(ledger: Ledger, source: str) -> list[str]:
    """The files of a source that held no record when they were read last, the latest first."""
    with ledger.read() as connection:
        return positions.empty_files(connection, source)


def _status(
    name: str, label: str, run: sa.Row[tuple[object, ...]] | None, reasons: tuple[tuple[str, int], ...]
) -> SourceStatus:
    waiting = sum(count for _, count in reasons)
    if run is None:
        return SourceStatus(name, label, "", None, None, 0, 0, 0, waiting, reasons, pulled=True)
    times, read = (run.started_at, run.finished_at), (run.read, run.new, run.duplicate)
    return SourceStatus(name, label, run.file, *times, *read, waiting, reasons, pulled=True, error=run.error or "")


def happened(read: ReadEvent) -> Happened:
    """An event as what service is told by."""
    told = read.event.properties
    return Happened(
        event_id=read.event.id,
        kind=read.touchpoint.kind,
        stage=read.touchpoint.stage,
        contact=read.touchpoint.contact and read.touchpoint.evidence != "gap",
        t=read.event.t,
        reference=str(told.get("complaint_id") or told.get("question_id") or ""),
        topic=str(told.get("topic") or ""),
        channel=read.touchpoint.channel,
    )


def contact_person(events: Sequence[ReadEvent]) -> str:
    """The colleague who accompanied this journey most often; of equals the last one."""
    names = [str(read.event.properties["staff"]) for read in events if read.event.properties.get("staff")]
    times = Counter(names)
    return max(reversed(names), key=lambda name: times[name], default="")
