"""Imports the files of sources: map, take in batches, account for every record; running it twice changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from geleit.errors import GeleitError
from geleit.history.archive import Archive
from geleit.intake.ahead import ahead
from geleit.intake.live import Intake, Receipt
from geleit.intake.loading import Load, loading
from geleit.intake.staging import Stage, events_of
from geleit.ledger import tables
from geleit.sources import positions as read_positions
from geleit.sources import quarantine, reading
from geleit.sources.columnar import Columnar, ColumnarMapper, nothing
from geleit.sources.definition import SourceDefinition
from geleit.sources.mapping import Mapper, Setting
from geleit.sources.meter import Meter, Reached
from geleit.sources.plan import Plan
from geleit.sources.records import Records, Rejected

BULK = 2_000  # events from which a source goes in bulk: fewer are in sooner the live way
TOGETHER = 300_000  # events of a bulk load that are acknowledged together


@dataclass(slots=True)
class ImportSummary:
    """What one run over one source did.

    ``new`` + ``duplicate`` + ``changed`` events came of the ``read`` records, but of those that were ``skipped`` on
    purpose or gave ``nothing`` (no event's ``when`` held). ``changed`` ones say something else under a key that was taken
    in before and wait in quarantine like all that is ``quarantined``. ``unchanged``: files left out because they are as
    they were. ``reasons``: reasons for quarantine with their counts, commonest first; ``examples``: what is said of one
    record for each. ``unseen``: names that no record had and that seem to be misspelled. ``seconds`` it took.
    """

    source: str
    files: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    read: int = 0
    skipped: int = 0
    nothing: int = 0
    new: int = 0
    duplicate: int = 0
    changed: int = 0
    quarantined: int = 0
    reasons: list[tuple[str, int]] = field(default_factory=list)
    examples: dict[str, str] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    seconds: float = 0.0
    error: str = ""


Progress = Callable[[Reached], None]


def silent(_reached: Reached) -> None:
    """Say nothing."""


def import_source(
    intake: Intake,
    archive: Archive,
    definition: SourceDefinition,
    root: Path,
    *,
    again: bool = False,
    progress: Progress = silent,
) -> ImportSummary:
    """Import what is new or changed in one source since the last run (``again``: everything).

    Records already taken count as duplicates; a kill loses nothing that was acknowledged. A source that cannot be read
    further (missing file, unknown column) says so in ``error``; what came before is in. What came in bulk waits to be
    adopted (``adoption.adopt_all``).
    """
    summary = ImportSummary(definition.name)
    run, began = _begin(intake, definition.name), time.monotonic()
    try:
        Import(intake, archive, definition, summary, progress).run(root, again=again)
    except GeleitError as error:
        summary.error = str(error)
    finally:
        summary.reasons = quarantine.commonest(intake.ledger, definition.name)
        summary.examples = quarantine.examples(intake.ledger, definition.name)
        summary.seconds = round(time.monotonic() - began, 3)
        _end(intake, run, summary)
    return summary


class Import:
    """One run over one source: few records go the way of live events, many go in bulk."""

    def __init__(
        self,
        intake: Intake,
        archive: Archive,
        definition: SourceDefinition,
        summary: ImportSummary,
        progress: Progress = silent,
    ) -> None:
        self.intake, self.archive, self.definition = intake, archive, definition
        self.summary, self.meter = summary, Meter(definition.name, progress)
        self.now = intake.ledger.clock()
        listing = intake.listing | ({definition.name} if definition.changed == "add" else set())
        self.stage = Stage(intake.rules, intake.country, intake.zone, self.now, listing)
        self.waiting: list[Chunk] = []
        self.unseen: set[str] | None = None  # by no record until now; None before the first one
        self.load: Load | None = None

    def run(self, root: Path, *, again: bool = False) -> None:
        """Read, map and take in everything.

        Errors: GeleitError for what cannot be read; what came before is in.
        """
        setting = Setting(self.intake.catalogue, self.intake.zone, self.now)
        with self.intake.ledger.read() as connection:
            positions = {} if again else read_positions.load(connection, self.definition.name)
        read_positions.require_same_states(self.definition, positions)
        with ExitStack() as stack:
            mapper = stack.enter_context(closing(ColumnarMapper(self.definition, setting)))
            reads = mapper.plan.reads
            chunks = reading.read(self.definition, root, reads, positions, again=again, meter=self.meter)
            try:
                for chunk in stack.enter_context(closing(ahead(self._chunks(mapper, chunks)))):
                    self.waiting.append(chunk)
                    self._count(chunk)
                    held = sum(one.size for one in self.waiting)
                    if self.load is None and held >= BULK:
                        self.load = stack.enter_context(loading(self.intake, self.archive))
                    if held >= TOGETHER:
                        self._take()
            finally:
                self._take()
                self.summary.unseen = self._misspelled(mapper.plan)

    def _misspelled(self, plan: Plan) -> list[str]:
        """Names that no record has, if no event came of it or time, key or identifiers read them; others may be rare."""
        counts = self.summary
        weighty = {
            name
            for selection in plan.selections
            for column in selection.columns
            if column.place[0] in ("time", "key", "identifiers")
            for name in column.expression.columns
        }
        gave = counts.new + counts.duplicate + counts.changed
        return sorted(name for name in self.unseen or () if not gave or name in weighty)

    def _chunks(self, mapper: ColumnarMapper, chunks: Iterator[Records]) -> Iterator[Chunk]:
        """Mapped chunks; of a grouped source all records at once."""
        if not self.definition.group:
            yield from (self._chunk(mapper.map_columns(records)) for records in chunks)
            return
        every = list(chunks)
        filled = [one for one in every if one.lines or one.rejected]
        for mapped in mapper.map_groups(filled) if filled else ():
            yield self._chunk(Columnar(Records(mapped.file, pa.table({}), [], [], []), [], mapped))
        yield from (self._chunk(Columnar(one, [], nothing(one))) for one in every if one.position or one.unchanged)

    def _chunk(self, columnar: Columnar) -> Chunk:
        return Chunk(columnar, self.stage.rows(self.definition, columnar))

    def _count(self, chunk: Chunk) -> None:
        records, mapped, summary = chunk.columnar.records, chunk.columnar.mapped, self.summary
        listed = summary.unchanged if records.unchanged else summary.files
        together = self.definition.group and mapped.read  # a group's files follow, each with its position
        if mapped.file not in listed and not together:
            listed.append(mapped.file)
        summary.read += mapped.read
        summary.skipped += mapped.skipped
        summary.nothing += mapped.nothing
        if mapped.read > len(records.rejected):
            self.unseen = {*mapped.unseen} if self.unseen is None else self.unseen & {*mapped.unseen}

    def _take(self) -> None:
        """Take in what waits; then positions hold."""
        if not self.waiting:
            return
        waiting, self.waiting = self.waiting, []
        rejected = [one for chunk in waiting for one in chunk.columnar.mapped.rejected]
        staged = pa.concat_tables([chunk.staged for chunk in waiting])
        self.meter.take(staged.num_rows)
        receipt = self.load.take(staged, rejected) if self.load else self.intake.accept(events_of(staged), rejected)
        self.summary.new += receipt.new
        self.summary.duplicate += receipt.duplicate
        self.summary.changed += receipt.changed
        self.summary.quarantined += receipt.rejected
        self._settle(waiting, staged, rejected)

    def _settle(self, waiting: Sequence[Chunk], staged: pa.Table, rejected: Sequence[Rejected]) -> None:
        """Records that were mapped without complaint, and files read to their end, wait no more."""
        name = self.definition.name
        positions = [chunk.columnar.records.position for chunk in waiting if chunk.columnar.records.position]
        damaged = {one.file for one in rejected if one.reason == "unreadable_file"}
        with self.intake.ledger.read() as connection:
            waits = quarantine.waits(connection, name)
        if waits:
            sound = set(pc.unique(staged["record"]).to_pylist()) - {one.record_id for one in rejected}
            quarantine.settle_records(self.intake.ledger, name, sound, self.now)
        with self.intake.ledger.write() as connection:
            readable = [place for place, _ in positions if place not in damaged]
            quarantine.settle_files(connection, name, readable, self.now)
            for place, token in positions:
                read_positions.store(connection, name, place, token, self.now)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some mapped records that wait to be taken in; ``staged`` are their events as rows."""

    columnar: Columnar
    staged: pa.Table

    @property
    def size(self) -> int:
        """How many events and rejections it holds."""
        return int(self.staged.num_rows) + len(self.columnar.mapped.rejected)


def import_all(
    intake: Intake,
    archive: Archive,
    definitions: Iterable[SourceDefinition],
    root: Path,
    *,
    again: bool = False,
    progress: Progress = silent,
) -> list[ImportSummary]:
    """Import several sources; one that cannot be read does not keep the others from being read."""
    return [import_source(intake, archive, one, root, again=again, progress=progress) for one in definitions]


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
