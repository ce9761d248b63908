"""Reads and maps one source to rows that are ready to be taken in; needs no ledger, so any process can do it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from geleit.identity.rules import Identity, Rules
from geleit.intake.places import Places, places
from geleit.intake.staging import Stage
from geleit.sources import reading
from geleit.sources.columnar import Columnar, ColumnarMapper, nothing
from geleit.sources.definition import SourceDefinition
from geleit.sources.mapping import Setting
from geleit.sources.meter import Meter, Progress, Reached
from geleit.sources.records import Mapped, Records, Rejected


@dataclass(frozen=True, slots=True)
class Job:
    """One source to be read and mapped: what is known of it (``positions``), and all that mapping depends on.

    ``country``, ``listing``: as in ``staging.Stage``. ``again``: read what was read already, too.
    """

    definition: SourceDefinition
    root: Path
    positions: Mapping[str, str]
    setting: Setting
    identity: Identity
    country: str
    listing: frozenset[str]
    again: bool = False

    def stage(self) -> Stage:
        """What makes rows of this source's events."""
        return Stage(Rules(self.identity), self.country, self.setting.zone, self.setting.now, self.listing)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some mapped records that wait to be taken in: ``staged`` are their events as rows, ``mapped`` the counts.

    ``told``: records of it were read well, so ``mapped.unseen`` says something. ``reached``: how far reading is with it. ``position`` and ``unchanged``: as in
    ``Records``. ``places``: where the rows stand.
    """

    staged: pa.Table
    mapped: Mapped
    position: tuple[str, str] | None
    unchanged: bool
    told: bool
    reached: Reached
    places: Places

    @property
    def size(self) -> int:
        """How many events and rejections it holds."""
        return int(self.staged.num_rows) + len(self.mapped.rejected)

    @property
    def rejected(self) -> list[Rejected]:
        """What goes to the quarantine."""
        return self.mapped.rejected


def mapped(job: Job, progress: Progress) -> Iterator[Chunk]:
    """All chunks of a source; of a grouped one all records, then each file's position.

    Errors: GeleitError for what cannot be read further; what came before is valid.
    """
    definition, stage = job.definition, job.stage()
    reached = Reached(definition.name, 0)

    def said(now: Reached) -> None:
        nonlocal reached
        reached = now
        progress(now)

    with closing(ColumnarMapper(definition, job.setting)) as mapper:
        meter = Meter(definition.name, said)
        chunks = reading.read(definition, job.root, mapper.plan.reads, job.positions, again=job.again, meter=meter)
        for columnar in _columnar(mapper, chunks):
            yield _chunk(columnar, stage.rows(definition, columnar), reached)


def _columnar(mapper: ColumnarMapper, chunks: Iterator[Records]) -> Iterator[Columnar]:
    if not mapper.definition.group:
        yield from map(mapper.map_columns, chunks)
        return
    later: list[Records] = []  # only a group's last record makes it whole, so no file is done before all are

    def filled() -> Iterator[Records]:
        for one in chunks:
            if one.position or one.unchanged or one.loose:
                later.append(replace(one, columns=pa.table({}), lines=[], raw=[], ids=[], rejected=[]))
            if one.lines or one.rejected:
                yield one

    yield from mapper.map_group_columns(filled())
    yield from (Columnar(one, [], nothing(one)) for one in later)


def _chunk(columnar: Columnar, staged: pa.Table, reached: Reached) -> Chunk:
    records, found = columnar.records, columnar.mapped
    told = found.read > len(records.rejected)
    slim = Mapped(
        found.file,
        0,
        0,
        found.read,
        found.skipped,
        [],
        found.rejected,
        found.unseen if told else (),
        found.nothing,
        records.loose,
    )
    return Chunk(staged, slim, records.position, records.unchanged, told, reached, places(columnar))
