"""Imports the files of sources: map, take in batches, account for every record; running it twice changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from geleit.errors import GeleitError
from geleit.history.archive import Archive
from geleit.intake import places, runs
from geleit.intake.beside import all_mapped
from geleit.intake.live import Intake, Receipt
from geleit.intake.loading import Load, loading
from geleit.intake.mapped import Chunk, Job
from geleit.intake.staging import events_of
from geleit.sources import contradictions, left_over, quarantine
from geleit.sources import positions as read_positions
from geleit.sources.collected import Reader
from geleit.sources.definition import SourceDefinition
from geleit.sources.mapping import Setting
from geleit.sources.meter import Progress, Reached
from geleit.sources.plan import plan
from geleit.sources.records import ATTACHED, Loose, Rejected

BULK = 2_000  # events from which the sources of a run go in bulk: fewer are in sooner the live way
TOGETHER = 75_000  # events that a bulk load acknowledges together: meanwhile the other process maps more
HEAVY = 256_000_000  # bytes of events that are taken in together however few they are: whole letters, say


@dataclass(slots=True)
class ImportSummary:
    """What one run over one source did.

    ``new`` + ``duplicate`` + ``changed`` events came of the ``read`` records, but of those that were ``skipped`` on
    purpose or gave ``nothing`` (no event's ``when`` held). ``changed`` ones say something else under a key that was taken
    in before and wait in quarantine like all that is ``quarantined``. ``unchanged``: files left out because they are as
    they were; ``empty``: those that were read and held no record. ``loose``: attached files, and how many of their rows
    belong to no record; ``loose_rows``: line and key of the first of these. ``reasons``: reasons for quarantine with their
    counts, commonest first; ``examples``: what is said of one record for each. ``unseen``: names that no record had and
    that seem to be misspelled. ``seconds`` it took.
    """

    source: str
    files: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    read: int = 0
    skipped: int = 0
    nothing: int = 0
    new: int = 0
    duplicate: int = 0
    changed: int = 0
    quarantined: int = 0
    loose: dict[str, int] = field(default_factory=dict)
    loose_rows: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    reasons: list[tuple[str, int]] = field(default_factory=list)
    examples: dict[str, str] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    seconds: float = 0.0
    error: str = ""


def silent(_reached: Reached) -> None:
    """Say nothing."""


def import_all(
    intake: Intake,
    archive: Archive,
    definitions: Iterable[SourceDefinition],
    root: Path,
    *,
    again: bool = False,
    progress: Progress = silent,
) -> list[ImportSummary]:
    """Import what is new or changed in some sources since the last run (``again``: everything).

    Records already taken count as duplicates; a kill loses nothing that was acknowledged. A source that cannot be read
    further (missing file, unknown column) says so in ``error``; what came before is in, and the other sources go on.
    What came in bulk waits to be adopted (``adoption.adopt_all``).
    """
    with ExitStack() as stack:
        run = Run(intake, archive, stack)
        imports = [Import(run, definition, progress) for definition in definitions]
        ready = [(one, job) for one in imports if (job := one.job(root, again=again))]
        try:
            with closing(all_mapped([job for _, job in ready], progress)) as given:
                for number, said in given:
                    ready[number][0].receive(said)
        finally:
            run.finish()
        return [one.summary for one in imports]


class Run:
    """One run over some sources: if there are few events in all of them, they go the way of live ones, many in bulk."""

    def __init__(self, intake: Intake, archive: Archive, stack: ExitStack) -> None:
        self.intake, self.archive, self.stack = intake, archive, stack
        self.load: Load | None = None
        self.pending: list[Import] = []  # read to their end, and few until now

    def bulk(self, one: Import) -> bool:
        """Whether it is known by now that there are many events; if so, what was pending is taken in."""
        if self.load is None and one.size + sum(other.size for other in self.pending) >= BULK:
            self.load = self.stack.enter_context(loading(self.intake, self.archive))
            self._take_pending()
        return self.load is not None

    def finish(self) -> None:
        """Take in what is left."""
        self._take_pending()

    def ended(self, one: Import) -> None:
        """A source was read to its end; what several small ones gave is taken in together."""
        self.pending.append(one)
        if _enough(self.pending):
            self._take_pending()

    def take(self, imports: Sequence[Import]) -> None:
        """Take in what waits in some sources.

        Errors: GeleitError; what was acknowledged before is in.
        """
        gathered = [(one, some) for one in imports if (some := one.gathered())]
        if not gathered:
            return
        since = self.intake.ledger.clock()
        if self.load is not None:
            receipts = self.load.take_all([(some.staged, some.rejected) for _, some in gathered])
        else:
            receipts = [self.intake.accept(events_of(some.staged), some.rejected) for _, some in gathered]
        for (one, some), receipt in zip(gathered, receipts, strict=True):
            one.took(some, receipt, since)

    def _take_pending(self) -> None:
        pending, self.pending = self.pending, []
        try:
            self.take(pending)
        except GeleitError as error:
            for one in pending:
                one.fail(error)
        for one in pending:
            one.finish()


@dataclass(frozen=True, slots=True)
class Gathered:
    """Chunks of one source that are taken in together."""

    chunks: Sequence[Chunk]
    staged: pa.Table
    rejected: Sequence[Rejected]


class Import:
    """One source in a run."""

    def __init__(self, run: Run, definition: SourceDefinition, progress: Progress = silent) -> None:
        self.run, self.intake, self.definition, self.progress = run, run.intake, definition, progress
        self.summary, self.now = ImportSummary(definition.name), run.intake.ledger.clock()
        self.waiting: list[Chunk] = []
        self.loose: dict[str, list[Loose]] = {}  # of the attached files that were read, by the file they were read for
        self.broken: set[str] = set()  # their rows that could not be read and the records of these, by fingerprint
        self.unseen: set[str] | None = None  # by no record until now; None before the first one
        self.began = time.monotonic()
        self.number = 0  # of the row in import_run
        self.ended = False

    @property
    def size(self) -> int:
        """How many events and rejections wait."""
        return sum(one.size for one in self.waiting)

    @property
    def weight(self) -> int:
        """How many bytes the events have that wait."""
        return sum(int(one.staged.nbytes) for one in self.waiting)

    def job(self, root: Path, *, again: bool) -> Job | None:
        """What is to be read; None if that cannot be: the summary says why."""
        intake, name = self.intake, self.definition.name
        with intake.ledger.read() as connection:
            positions = {} if again else read_positions.load(connection, name)
        try:
            read_positions.require_same_states(self.definition, positions)
            plan(self.definition)
        except GeleitError as error:
            self._begin()
            self.fail(error)
            self.finish()
            return None
        listing = intake.listing | ({name} if self.definition.changed == "add" else set())
        return Job(
            self.definition,
            root,
            positions,
            Setting(intake.catalogue, intake.zone, self.now),
            intake.rules.definition,
            intake.country,
            listing,
            again,
        )

    def receive(self, said: Chunk | GeleitError | None) -> None:
        """The next chunk, or how the source ended."""
        self._begin()
        if self.ended:  # it could not be taken in: what comes after waits for the next run
            return
        if isinstance(said, Chunk):
            self.waiting.append(said)
            self._count(said)
            if _enough([self]):
                self._try_to_take()
            return
        if said is not None:
            self.fail(said)
        self.ended = True
        try:
            bulk = self.run.bulk(self)
        except GeleitError as error:
            self.fail(error)
            bulk = True
        if bulk and self.run.load is None:
            self.finish()
        else:
            self.run.ended(self)

    def finish(self) -> None:
        """Take in what waits, and say what became of the source."""
        self._try_to_take()
        self.ended = True
        self._settle_attached()
        self.summary.unseen = self._misspelled()
        self.summary.reasons = quarantine.commonest(self.intake.ledger, self.definition.name)
        self.summary.examples = quarantine.examples(self.intake.ledger, self.definition.name)
        self.summary.seconds = round(time.monotonic() - self.began, 3)
        runs.end(self.intake.ledger, self.number, asdict(self.summary))

    def _begin(self) -> None:
        if not self.number:
            self.number, self.began = runs.begin(self.intake.ledger, self.definition.name), time.monotonic()

    def fail(self, error: GeleitError) -> None:
        """Say what went wrong first."""
        self.summary.error = self.summary.error or str(error)

    def _try_to_take(self) -> None:
        try:
            self.run.bulk(self)
            self.run.take([self])
        except GeleitError as error:
            self.fail(error)
            self.ended = True

    def _misspelled(self) -> list[str]:
        """Names that no record has, if no event came of it or time, key or identifiers read them; others may be rare."""
        if not self.unseen:
            return []
        counts = self.summary
        weighty = {
            name
            for selection in plan(self.definition).selections
            for column in selection.columns
            if column.place[0] in ("time", "key", "identifiers")
            for name in column.expression.columns
        }
        gave = counts.new + counts.duplicate + counts.changed
        return sorted(name for name in self.unseen if not gave or name in weighty)

    def _count(self, chunk: Chunk) -> None:
        mapped, summary = chunk.mapped, self.summary
        listed = summary.unchanged if chunk.unchanged else summary.files
        together = self.definition.group and mapped.read  # a group's files follow, each with its position
        if mapped.file not in listed and not together:
            listed.append(mapped.file)
        if chunk.position and not chunk.unchanged and read_positions.is_empty(chunk.position[1]):
            summary.empty.append(chunk.position[0])
        summary.read += mapped.read
        summary.skipped += mapped.skipped
        summary.nothing += mapped.nothing
        self.broken |= {one.fingerprint for one in mapped.rejected if one.position == ATTACHED}
        if mapped.loose:
            self.loose.setdefault(mapped.file, []).extend(mapped.loose)
        if chunk.told:
            self.unseen = {*mapped.unseen} if self.unseen is None else self.unseen & {*mapped.unseen}

    def gathered(self) -> Gathered | None:
        """What waits, which waits no more."""
        if not self.waiting:
            return None
        waiting, self.waiting = self.waiting, []
        staged = pa.concat_tables([chunk.staged for chunk in waiting])
        self.progress(replace(waiting[-1].reached, taking=staged.num_rows))
        return Gathered(waiting, staged, [one for chunk in waiting for one in chunk.rejected])

    def took(self, some: Gathered, receipt: Receipt, since: int) -> None:
        """Count what was taken in, which began at ``since``; then positions hold."""
        self.summary.new += receipt.new
        self.summary.duplicate += receipt.duplicate
        self.summary.changed += receipt.changed
        self.summary.quarantined += receipt.rejected
        if receipt.changed:
            waiting = contradictions.waiting(self.intake.ledger, self.definition.name, since)
            staged = ((chunk.staged, chunk.places) for chunk in some.chunks if chunk.places.file)
            contradictions.locate(self.intake.ledger, places.found(staged, waiting))
        self._settle(some.chunks, some.staged, some.rejected)

    def _settle_attached(self) -> None:
        """Say what no record took along of the attached files that were read; rows of them that were mended wait no more."""
        read = {one.file for some in self.loose.values() for one in some}
        if not read:
            return
        with self.intake.ledger.read() as connection:
            known = read_positions.load(connection, self.definition.name)
        others = left_over.taken({place: text for place, text in known.items() if not self._took_along(place)})
        every = [one for some in (*self.loose.values(), others) for one in some if one.file in read]
        for one in left_over.left_over(every):
            self.summary.loose[one.file] = one.count
            self.summary.loose_rows[one.file] = list(one.first)
        if not self.summary.error:
            files = read | set(self.loose)
            quarantine.settle_attached(self.intake.ledger, self.definition.name, files, self.broken, self.now)

    def _took_along(self, place: str) -> bool:
        """Whether records of a file, or of a file inside it, took rows along in this run."""
        return any(file == place or file.startswith(f"{place}/") for file in self.loose)

    def _settle(self, waiting: Sequence[Chunk], staged: pa.Table, rejected: Sequence[Rejected]) -> None:
        """Records that were mapped without complaint, and files read to their end, wait no more."""
        name = self.definition.name
        positions = [chunk.position for chunk in waiting if chunk.position]
        damaged = {one.file for one in rejected if one.reason == "unreadable_file"}
        with self.intake.ledger.read() as connection:
            waits = quarantine.waits(connection, name)
        if waits:
            sound = set(pc.unique(staged["record"]).to_pylist()) - {one.record_id for one in rejected}
            quarantine.settle_records(self.intake.ledger, name, sound, self.now)
        with self.intake.ledger.write() as connection:
            readable = [place for place, _ in positions if place not in damaged]
            quarantine.settle_files(connection, name, readable, self.now)
            if waits:
                before = read_positions.load(connection, name)
                anew = [one for one, token in positions if read_positions.read_otherwise(before.get(one, ""), token)]
                quarantine.settle_legible(connection, name, anew, self.now)
            for place, token in positions:
                read_positions.store(connection, name, place, token, self.now)


def _enough(imports: Sequence[Import]) -> bool:
    """Whether what waits in some sources is enough to be taken in together."""
    return sum(one.size for one in imports) >= TOGETHER or sum(one.weight for one in imports) >= HEAVY


def replay(
    intake: Intake, definition: SourceDefinition, entries: Sequence[quarantine.Entry], root: Path
) -> tuple[Receipt, list[int]]:
    """Map records of the quarantine anew, after they were repaired or their source was.

    Returns what was taken and the ids that came out clean; the others stay, with their newest reason. Where a whole record
    waited and now single events of it do, these wait in its stead.
    """
    total, clean, settled = Receipt(), [], []
    now = intake.ledger.clock()
    setting = Setting(intake.catalogue, intake.zone, now)
    with closing(Reader(definition, setting, root)) as reader:
        for entry in entries:
            events, found = reader.reread(entry.record, entry.record_id, entry.position)
            rejected = [replace(one, file=entry.file, line=entry.line) for one in found]
            total += intake.accept(events, rejected)
            if not rejected:
                clean.append(entry.id)
            if entry.position not in {one.position for one in rejected}:
                settled.append(entry.id)
    with intake.ledger.write() as connection:
        quarantine.mark_replayed(connection, settled, now)
    return total, clean
