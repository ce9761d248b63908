"""Imports the files of sources: map, take in batches, account for every record; running it twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from geleit.errors import GeleitError
from geleit.intake.live import Intake, Receipt
from geleit.ledger import tables
from geleit.sources import quarantine
from geleit.sources.definition import SourceDefinition
from geleit.sources.mapping import Mapper, Setting, map_source
from geleit.sources.records import Mapped


@dataclass(slots=True)
class ImportSummary:
    """What one run over one source did.

    ``reasons``: reasons for quarantine with their counts, commonest first; ``unseen``: names that no record had.
    """

    source: str
    files: list[str] = field(default_factory=list)
    read: int = 0
    skipped: int = 0
    new: int = 0
    duplicate: int = 0
    quarantined: int = 0
    reasons: list[tuple[str, int]] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    error: str = ""


Progress = Callable[[str, int], None]


def silent(_source: str, _read: int) -> None:
    """Say nothing."""


def import_source(
    intake: Intake, definition: SourceDefinition, root: Path, *, progress: Progress = silent
) -> ImportSummary:
    """Import one source. Records already taken count as duplicates; a kill loses nothing that was acknowledged.

    A source that cannot be read further (missing file, unknown column) says so in ``error``; what came before is in.
    """
    summary = ImportSummary(definition.name)
    run = _begin(intake, definition.name)
    damaged: set[str] = set()
    try:
        for mapped in map_source(
            definition, root=root, catalogue=intake.catalogue, zone=intake.zone, now=intake.ledger.clock()
        ):
            receipt = intake.accept(mapped.events, mapped.rejected)
            _count(summary, mapped, receipt)
            _settle_records(intake, definition.name, mapped)
            summary.unseen = sorted({*summary.unseen, *mapped.unseen})
            damaged |= {one.file for one in mapped.rejected if one.reason == "unreadable_file"}
            progress(definition.name, summary.read)
        _settle(intake, summary, damaged)
    except GeleitError as error:
        summary.error = str(error)
    finally:
        summary.reasons = quarantine.commonest(intake.ledger, definition.name)
        _end(intake, run, summary)
    return summary


def import_all(
    intake: Intake, definitions: Iterable[SourceDefinition], root: Path, *, progress: Progress = silent
) -> list[ImportSummary]:
    """Import several sources; one that cannot be read does not keep the others from being read."""
    return [import_source(intake, definition, root, progress=progress) for definition in definitions]


def replay(
    intake: Intake, definition: SourceDefinition, entries: Sequence[quarantine.Entry], root: Path
) -> tuple[Receipt, list[int]]:
    """Map records of the quarantine anew, after they were repaired or their source was.

    Returns what was taken and the ids that came out clean; the others stay, with their newest reason.
    """
    total, clean = Receipt(), []
    now = intake.ledger.clock()
    setting = Setting(intake.catalogue, intake.zone, now)
    with closing(Mapper(definition, setting)) as mapper:
        for entry in entries:
            events, rejected = mapper.map_record(
                entry.record, root=root, record_id=entry.record_id, position=entry.position
            )
            total += intake.accept(events, rejected)
            if not rejected:
                clean.append(entry.id)
    with intake.ledger.write() as connection:
        quarantine.mark_replayed(connection, clean, now)
    return total, clean


def _begin(intake: Intake, source: str) -> int:
    values = {"source": source, "file": "", "started_at": intake.ledger.clock()}
    with intake.ledger.write() as connection:
        done = connection.execute(
            sa.insert(tables.import_run).values(**values, read=0, new=0, duplicate=0, quarantined=0)
        )
    return int(done.inserted_primary_key[0]) if done.inserted_primary_key else 0


def _end(intake: Intake, run: int, summary: ImportSummary) -> None:
    with intake.ledger.write() as connection:
        connection.execute(
            sa.update(tables.import_run)
            .where(tables.import_run.c.id == run)
            .values(
                file=", ".join(summary.files),
                finished_at=intake.ledger.clock(),
                read=summary.read,
                new=summary.new,
                duplicate=summary.duplicate,
                quarantined=summary.quarantined,
            )
        )


def _settle_records(intake: Intake, source: str, mapped: Mapped) -> None:
    """Records that were mapped without complaint this time wait no more."""
    sound = {event.record for event in mapped.events} - {one.record_id for one in mapped.rejected}
    with intake.ledger.write() as connection:
        quarantine.settle_records(connection, source, sound, intake.ledger.clock())


def _settle(intake: Intake, summary: ImportSummary, damaged: set[str]) -> None:
    """Files that were read to their end this time are unreadable no more."""
    readable = [file for file in summary.files if file not in damaged]
    with intake.ledger.write() as connection:
        quarantine.settle_files(connection, summary.source, readable, intake.ledger.clock())


def _count(summary: ImportSummary, mapped: Mapped, receipt: Receipt) -> None:
    if mapped.file not in summary.files:
        summary.files.append(mapped.file)
    summary.read += mapped.read
    summary.skipped += mapped.skipped
    summary.new += receipt.new
    summary.duplicate += receipt.duplicate
    summary.quarantined += receipt.rejected
