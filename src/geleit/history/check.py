"""Compares ledger, archive and journal by key: every acknowledged event is where it should be, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from geleit.errors import StoreError
from geleit.history import delta, gathered, reading, snapshot
from geleit.history.archive import Archive, Segment
from geleit.history.generation import Generation
from geleit.history.history import History
from geleit.history.journal import Journal
from geleit.history.keys import Keys, Run, damaged
from geleit.history.statements import load
from geleit.history.turn import turn
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger

SAMPLES = 5
REBUILD = "run 'geleit journal rebuild'"
RESTORE = "geleit restore BACKUP DIR puts a backup into a new folder; geleit salvage takes over what came later"
RAW_SAFE = "every event that is stored stays as it is"
JOURNAL_SAFE = "ledger and archive hold every event; only answers from the journal are wrong"

KEYED = ("unknown", "needless")  # questions that have no answer while keys are missing
SAFE_OF = {"archive": "all other segments", "journal": "ledger and archive", "keys": "every event"}

# name in check.sql: store, what, what is safe, remedy
STORED_QUESTIONS: Mapping[str, tuple[str, str, str, str]] = {
    "lost": ("archive", "events were acknowledged and stand in neither outbox nor archive", RAW_SAFE, RESTORE),
    "unknown": ("ledger", "events are stored without their key; a repetition would count twice", RAW_SAFE, RESTORE),
    "doubled": ("archive", "events are stored more than once", RAW_SAFE, RESTORE),
    "homeless": ("ledger", "identifier sets of events lead to no customer", RAW_SAFE, "run 'geleit sync'"),
    "needless": ("ledger", "needs claim events that nobody acknowledged", RAW_SAFE, "run 'geleit sync'"),
}
BASE_QUESTIONS: Mapping[str, tuple[str, str, str, str]] = {
    "base_missing": ("journal", "events are missing in the generation", JOURNAL_SAFE, REBUILD),
    "base_alien": ("journal", "events of the generation are not in ledger and archive", JOURNAL_SAFE, REBUILD),
    "base_doubled": ("journal", "events stand more than once in the generation", JOURNAL_SAFE, REBUILD),
    "view_differs": ("journal", "events are shown wrongly by generation and delta together", JOURNAL_SAFE, REBUILD),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement: which store, what, how many keys (a few of them as samples), what is safe, what to do."""

    store: str
    what: str
    count: int
    samples: tuple[str, ...]
    safe: str
    remedy: str

    def __str__(self) -> str:
        if not self.samples:  # a store's own error, which says what is safe
            return f"{self.store}: {self.what}.\nHint: {self.remedy}"
        some = ", ".join(self.samples) + (" ..." if self.count > len(self.samples) else "")
        return f"{self.store}: {self.count} {self.what} ({some}). Safe: {self.safe}.\nHint: {self.remedy}"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All disagreements; ``events`` = how many events ledger and archive hold together."""

    events: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether all stores agree."""
        return not self.findings

    def text(self) -> str:
        """The report for a person."""
        if self.ok:
            return f"ledger, archive and journal agree on {self.events} events"
        return "\n".join(str(finding) for finding in self.findings)


def check(ledger: Ledger, archive: Archive, journal: Journal, history: History) -> CheckReport:
    """Read every file and compare every key, in one consistent view of the ledger; changes nothing."""
    findings = _orphans(archive)
    base = _base(journal, findings)  # before the ledger's view: a generation may not be newer than it
    keys = Keys(archive.keys.folder)  # its own, so that nobody else closes what is read here
    with keys.view(ledger) as connection:
        try:
            segments = archive.segments(connection)
        except StoreError as error:
            return CheckReport(0, (*findings, _broken("archive", error)))
        sound = _sound(archive, segments, findings)
        duck, viewed = _open(connection, archive, base, history, findings)
        with duck:
            runs = _known(connection, keys, findings)
            _load(connection, archive, sound, duck)
            if viewed:
                gathered.hold(connection, duck, archive, base)
                duck.execute(load("gathered.sql")["add_expected"])
                gathered.let_go(duck)
            for ids in keys.ids(runs):
                duck.from_arrow(pa.table({"id": ids})).insert_into("known")
            _ask(duck, _answerable(connection, whole=len(runs) == len(keys.runs(connection))), {}, findings)
            if base and viewed:
                _ask(duck, BASE_QUESTIONS, {"base_missing": {"last_seq": base.last_seq}}, findings)
            events = int(duck.table("acknowledged").count("*").fetchall()[0][0])
    return CheckReport(events, tuple(findings))


def _answerable(connection: sa.Connection, *, whole: bool) -> Mapping[str, tuple[str, str, str, str]]:
    """While a bulk load is being adopted, its identifier sets have no customer yet: that is no fault.

    ``whole``: no file of keys is damaged.
    """
    waiting = connection.execute(sa.select(tables.load.c.id).where(tables.load.c.state != "done").limit(1)).first()
    idle = {*(("homeless",) if waiting else ()), *(() if whole else KEYED)}
    return {name: question for name, question in STORED_QUESTIONS.items() if name not in idle}


def _known(connection: sa.Connection, keys: Keys, findings: list[Finding]) -> list[Run]:
    """The sound files of keys."""
    sound = []
    for run in keys.runs(connection):
        if keys.sound(run):
            sound.append(run)
        else:
            findings.append(_broken("keys", damaged(run)))
    return sound


def _orphans(archive: Archive) -> list[Finding]:
    """Whole files that the catalog does not list; nobody archives while they are counted."""
    with turn(archive.lock):
        found = [path.relative_to(archive.folder).as_posix() for path in archive.orphans() if path.suffix != ".part"]
    if not found:
        return []
    what = "files lie in the archive that the ledger's catalog does not list"
    remedy = (
        "if an older ledger was put back, 'geleit salvage' takes over their events from a copy of this folder; "
        "leftovers of a kill are cleared by the next sync"
    )
    return [Finding("archive", what, len(found), tuple(found[:SAMPLES]), "all events that the ledger knows", remedy)]


def _sound(archive: Archive, segments: list[Segment], findings: list[Finding]) -> list[Segment]:
    sound = []
    for segment in segments:
        try:
            archive.verify([segment])
            sound.append(segment)
        except StoreError as error:
            findings.append(_broken("archive", error))
    return sound


def _base(journal: Journal, findings: list[Finding]) -> Generation | None:
    try:
        base = journal.latest()
        if base:
            base.verify()
    except StoreError as error:
        findings.append(_broken("journal", error))
        return None
    return base


def _open(
    connection: sa.Connection, archive: Archive, base: Generation | None, history: History, findings: list[Finding]
) -> tuple[duckdb.DuckDBPyConnection, bool]:
    """An engine, and whether it has the view ``events`` of base and delta."""
    if base:
        try:
            beyond = delta.tail(connection, archive, base)
            return delta.open_view(connection, archive, base, beyond, history.catalogue), True
        except StoreError as error:
            broken = _broken("journal", error)
            if all(finding.what != broken.what for finding in findings):
                findings.append(broken)
    return reading.connect(), False


def _load(connection: sa.Connection, archive: Archive, sound: list[Segment], duck: duckdb.DuckDBPyConnection) -> None:
    """Keys, places and owners of all events, without their content."""
    outbox, key, claim, person = tables.outbox.c, tables.event_key.c, tables.need_event.c, tables.customer.c
    snapshot.copy(connection, sa.select(outbox.event_id, outbox.seq, outbox.set_key, outbox.t), duck, "outbox_events")
    snapshot.copy(connection, sa.select(key.id), duck, "known")
    snapshot.copy(connection, reading.RESOLVED, duck, "owner")
    snapshot.copy(connection, reading.SLICED, duck, "sliced")
    snapshot.copy(connection, sa.select(claim.event_id), duck, "claim")
    reading.copy_assigned(connection, duck)
    snapshot.copy(connection, sa.select(person.id), duck, "person")
    snapshot.copy(connection, reading.NAMING, duck, "member")
    if sound:
        rows = duck.read_parquet([str(archive.path(segment)) for segment in sound])
        rows.select("event_id", "seq", "set_key", "t").create("segment_events")
    else:
        duck.table("outbox_events").limit(0).create("segment_events")
    duck.execute(load("check.sql")["acknowledged"])


def _ask(
    duck: duckdb.DuckDBPyConnection,
    questions: Mapping[str, tuple[str, str, str, str]],
    values: Mapping[str, Mapping[str, object]],
    findings: list[Finding],
) -> None:
    """Each question's answer is a list of keys; any key is a finding."""
    for name, (store, what, safe, remedy) in questions.items():
        answer = duck.execute(load("check.sql")[name], dict(values.get(name, {})))
        keys = answer.fetchmany(SAMPLES)
        count = len(keys)
        while more := answer.fetchmany(snapshot.BATCH):
            count += len(more)
        if keys:
            findings.append(Finding(store, what, count, tuple(str(row[0]) for row in keys), safe, remedy))


def _broken(store: str, error: StoreError) -> Finding:
    return Finding(store, error.message, 1, (), SAFE_OF[store], error.hint)
