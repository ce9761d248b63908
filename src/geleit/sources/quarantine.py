"""Records that could not be mapped: kept with their reason until repaired and replayed, or dismissed."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from geleit.clock import iso
from geleit.errors import GeleitError, NotFoundError
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, chunked
from geleit.sources.records import ATTACHED, HOOK, UNREAD, Rejected

FINAL = frozenset(
    {"unreadable_file", "changed_content", "incomplete"}
)  # reasons that mapping the record anew cannot mend
ILLEGIBLE = frozenset({"undecodable", "bad_csv", "wrong_field_count", "bad_json", "not_an_object", "too_large"})
HISTORY = " | repaired "
BATCH = 200  # rejected records per round
TOGETHER = 400  # entries of one transaction

_q = tables.quarantine.c


@dataclass(frozen=True, slots=True)
class Entry:
    """One waiting record. ``record`` is JSON text; times are microseconds UTC; state: open, replayed, dismissed."""

    id: int
    source: str
    reason: str
    message: str
    record: str
    file: str
    line: int
    state: str
    first_at: int
    changed_at: int
    record_id: str
    position: str

    @property
    def replayable(self) -> bool:
        """Whether mapping it anew can help: its text was read, and nothing but the mapping stands against it."""
        return self.state == "open" and self.reason not in FINAL and not self.attached and not _unread(self.record)

    @property
    def said(self) -> str:
        """The reason in words, without what was done to the entry by hand."""
        return self.message.partition(HISTORY)[0]

    @property
    def attached(self) -> bool:
        """Whether it is a row that records take along, which only its file can mend: by itself it is no record."""
        return self.position == ATTACHED and self.reason not in ("changed_content", "incomplete")


def put(connection: sa.Connection, rejected: Sequence[Rejected], now: int) -> int:
    """Keep what was rejected, once per record and event, however often it comes; how many of them wait now.

    An open entry takes the newest reason but keeps its record, which may have been repaired; a settled one stays
    settled, unless its file was readable in between, or its row of an attached file was whole.
    """
    newest = {(r.source, r.fingerprint): r for r in rejected}
    waiting = 0
    for some in chunked(list(newest.items()), BATCH):
        known, fresh = _known(connection, some), []
        for (source, fingerprint), one in some:
            found = known.get((source, fingerprint))
            if found is None:
                row = {"source": source, "fingerprint": fingerprint, "record": one.record, "state": "open"}
                place = {"file": one.file, "line": one.line, "first_at": now, "changed_at": now}
                why = {"reason": one.reason, "message": one.message}
                fresh.append(row | place | why)
                continue
            number, state, history, record = found
            broken_anew = state == "replayed" and one.position == ATTACHED
            reopened = broken_anew or (state != "open" and one.reason == "unreadable_file")
            if state == "open" and history and record != one.record:  # repaired since; this is the file's own record
                waiting += 1
            elif state == "open" or reopened:
                waiting += 1
                told = one.message + history
                _update(connection, number, reason=one.reason, message=told, state="open", changed_at=now)
        if fresh:
            connection.execute(sa.insert(tables.quarantine), fresh)
        waiting += len(fresh)
    return waiting


def put_all(ledger: Ledger, rejected: Sequence[Rejected], now: int) -> int:
    """The same for very many, some in one transaction, so that nobody waits for the ledger."""
    newest = {(r.source, r.fingerprint): r for r in rejected}
    waiting = 0
    for some in chunked(list(newest.values()), TOGETHER):
        with ledger.write() as connection:
            waiting += put(connection, some, now)
    return waiting


def _known(
    connection: sa.Connection, some: Iterable[tuple[tuple[str, str], Rejected]]
) -> dict[tuple[str, str], tuple[int, str, str, str]]:
    prints = [fingerprint for (_, fingerprint), _ in some]
    rows = connection.execute(sa.select(tables.quarantine).where(_q.fingerprint.in_(prints)))
    return {(row.source, row.fingerprint): (row.id, row.state, _history(row.message), row.record) for row in rows}


def _history(message: str) -> str:
    """What was done to an entry by hand, which a newer reason does not erase."""
    _, mark, history = message.partition(HISTORY)
    return mark + history


def entries(
    ledger: Ledger, source: str | None = None, *, state: str = "open", limit: int = 200, after: int = 0
) -> list[Entry]:
    """Entries in one state, oldest first; only those with a number above ``after``."""
    query = sa.select(tables.quarantine).where(_q.state == state, _q.id > after).order_by(_q.id).limit(limit)
    with ledger.read() as connection:
        return [
            _entry(row) for row in connection.execute(query if source is None else query.where(_q.source == source))
        ]


def entry(ledger: Ledger, number: int) -> Entry:
    """One entry.

    Errors: NotFoundError.
    """
    with ledger.read() as connection:
        return _fetch(connection, number)


def of_record(ledger: Ledger, found: Entry) -> list[Entry]:
    """What waits of the record of an entry, the entry itself among it if it is still open."""
    here = (_q.source == found.source, _q.state == "open", _q.fingerprint.startswith(f"{found.record_id}:"))
    with ledger.read() as connection:
        return [_entry(row) for row in connection.execute(sa.select(tables.quarantine).where(*here).order_by(_q.id))]


def candidates(ledger: Ledger, source: str) -> list[Entry]:
    """Every entry of a source that mapping anew can help, oldest first."""
    query = sa.select(tables.quarantine).where(_q.source == source, _q.state == "open").order_by(_q.id)
    with ledger.read() as connection:
        return [found for row in connection.execute(query) if (found := _entry(row)).replayable]


def of_files(ledger: Ledger, source: str) -> list[str]:
    """The files of a source's entries that only their file can mend, for they are rows that records take along."""
    here = (_q.source == source, _q.state == "open", _q.fingerprint.endswith(f":{ATTACHED}"))
    rows_only = _q.reason.not_in(("changed_content", "incomplete"))
    with ledger.read() as connection:
        rows = connection.execute(sa.select(_q.file).where(*here, rows_only).order_by(_q.id))
        return list(rows.scalars())


def counts(ledger: Ledger) -> dict[tuple[str, str], int]:
    """How many wait, by source and reason."""
    query = sa.select(_q.source, _q.reason, sa.func.count()).where(_q.state == "open").group_by(_q.source, _q.reason)
    with ledger.read() as connection:
        return {(source, reason): count for source, reason, count in connection.execute(query)}


def commonest(ledger: Ledger, source: str) -> list[tuple[str, int]]:
    """One source's reasons with their counts, the commonest first."""
    return commonest_by_source(ledger).get(source, [])


def commonest_by_source(ledger: Ledger) -> dict[str, list[tuple[str, int]]]:
    """The same for every source that has something waiting, with one question to the ledger."""
    found: dict[str, list[tuple[str, int]]] = {}
    for (source, reason), count in sorted(counts(ledger).items(), key=lambda item: (-item[1], item[0])):
        found.setdefault(source, []).append((reason, count))
    return found


def examples(ledger: Ledger, source: str) -> dict[str, str]:
    """What is said of one record per reason: of the one that waits longest."""
    oldest = sa.select(sa.func.min(_q.id)).where(_q.source == source, _q.state == "open").group_by(_q.reason)
    with ledger.read() as connection:
        rows = connection.execute(sa.select(_q.reason, _q.message).where(_q.id.in_(oldest)))
        return dict(rows.all())


def repair(ledger: Ledger, number: int, changes: Mapping[str, str], now: int) -> Entry:
    """Change columns of an open record; what they held before stays readable in its message. Replay it afterwards.

    A record whose text could not be read gets its columns this way, or whole by correcting ``_unread`` to JSON.

    Errors: NotFoundError; GeleitError for an entry that is settled, has no record, or lacks the column.
    """
    with ledger.write() as connection:
        found = _fetch(connection, number)
        if found.attached:
            raise GeleitError(
                f"entry {number} of the quarantine is a row of {found.file} that records of {found.source} take along, and "
                "no record by itself; nothing was changed",
                hint=f"mend line {found.line} of that file, then geleit import {found.source}",
            )
        if found.reason == "incomplete":
            raise GeleitError(
                f"entry {number} of the quarantine waits for a row that it takes along; nothing was changed",
                hint=f"mend the line that geleit quarantine show {number} names, then geleit import {found.source}",
            )
        if found.state != "open" or not found.record:
            problem = f"is {found.state}" if found.state != "open" else "is a file, no record"
            raise GeleitError(
                f"entry {number} of the quarantine {problem}; nothing was changed",
                hint="geleit quarantine list shows what can be repaired",
            )
        record, history = _changed(found, changes)
        message = f"{found.message}{HISTORY}{iso(now)}: {history}"
        _update(connection, number, record=record, message=message, changed_at=now)
        return _fetch(connection, number)


def dismiss(ledger: Ledger, number: int, reason: str, now: int) -> None:
    """Settle an entry without taking its record in; the reason stays with it.

    Errors: NotFoundError; GeleitError if it is settled already or no reason is given.
    """
    with ledger.write() as connection:
        found = _fetch(connection, number)
        if found.state != "open" or not reason.strip():
            problem = f"entry {number} is {found.state} already" if reason.strip() else "a reason is needed"
            raise GeleitError(f"{problem}; nothing was changed", hint="geleit quarantine list shows what waits")
        message = f"{found.message} | dismissed {iso(now)}: {reason.strip()}"
        _update(connection, number, state="dismissed", message=message, changed_at=now)


def mark_replayed(connection: sa.Connection, numbers: Sequence[int], now: int) -> None:
    """Settle entries whose records were taken in."""
    for some in chunked(numbers):
        statement = sa.update(tables.quarantine).where(_q.id.in_(some), _q.state == "open")
        connection.execute(statement.values(state="replayed", changed_at=now))


def settle_files(connection: sa.Connection, source: str, files: Sequence[str], now: int) -> None:
    """Settle "unreadable file" for files that were read to their end since."""
    for some in chunked(files):
        here = (_q.source == source, _q.reason == "unreadable_file", _q.state == "open", _q.file.in_(some))
        connection.execute(sa.update(tables.quarantine).where(*here).values(state="replayed", changed_at=now))


def settle_legible(connection: sa.Connection, source: str, files: Sequence[str], began: int) -> None:
    """Settle lines of files whose content is as it was, but which a reading that began then could read: its source was corrected."""
    for some in chunked(files):
        here = (_q.source == source, _q.reason.in_(ILLEGIBLE), _q.state == "open", _q.file.in_(some))
        old = (_q.changed_at < began, _q.message.not_like(f"%{HISTORY}%"), _q.fingerprint.not_like(f"%:{ATTACHED}"))
        connection.execute(sa.update(tables.quarantine).where(*here, *old).values(state="replayed", changed_at=began))


def settle_records(ledger: Ledger, source: str, records: Collection[str], now: int) -> None:
    """Settle what waited of records (ids) that were mapped as a whole this time, because their source was corrected."""
    open_ones = sa.select(_q.id, _q.fingerprint).where(_q.source == source, _q.state == "open", _q.reason.not_in(FINAL))
    with ledger.read() as connection:
        rows = connection.execute(open_ones).all()
    _settle(ledger, [row.id for row in rows if row.fingerprint.partition(":")[0] in records], now)


def settle_repeated(ledger: Ledger, said_again: Collection[tuple[str, str]], now: int) -> None:
    """Like ``settle_equal`` for very many, some in one transaction."""
    prints = {f"{record}:{key}" for record, key in said_again}
    open_ones = sa.select(_q.id, _q.fingerprint).where(_q.reason == "changed_content", _q.state == "open")
    with ledger.read() as connection:
        rows = connection.execute(open_ones).all()
    _settle(ledger, [row.id for row in rows if row.fingerprint in prints], now)


def _settle(ledger: Ledger, numbers: Sequence[int], now: int) -> None:
    for some in chunked(numbers, TOGETHER):
        with ledger.write() as connection:
            mark_replayed(connection, some, now)


def settle_attached(ledger: Ledger, source: str, files: Collection[str], broken: Collection[str], now: int) -> None:
    """Settle rows of attached files, and records that waited for them, of files that were read to their end.

    ``broken``: fingerprints of those that still wait.
    """
    here = (_q.source == source, _q.state == "open", _q.file.in_(files), _q.fingerprint.endswith(f":{ATTACHED}"))
    with ledger.read() as connection:
        rows = connection.execute(sa.select(_q.id, _q.fingerprint).where(*here, _q.reason != "changed_content")).all()
    _settle(ledger, [row.id for row in rows if row.fingerprint not in broken], now)


def waits(connection: sa.Connection, source: str) -> bool:
    """Whether anything of a source waits that a corrected definition could settle."""
    here = (_q.source == source, _q.state == "open", _q.reason.not_in(FINAL))
    return connection.execute(sa.select(_q.id).where(*here).limit(1)).first() is not None


def settle_equal(connection: sa.Connection, said_again: Collection[tuple[str, str]], now: int) -> None:
    """Settle contradictions that are none any more: (record id, event key) of events that say again what stands."""
    prints = [f"{record}:{key}" for record, key in said_again]
    for some in chunked(prints):
        here = (_q.reason == "changed_content", _q.state == "open", _q.fingerprint.in_(some))
        connection.execute(sa.update(tables.quarantine).where(*here).values(state="replayed", changed_at=now))


def contradictions(connection: sa.Connection) -> bool:
    """Whether any contradiction waits."""
    here = (_q.reason == "changed_content", _q.state == "open")
    return connection.execute(sa.select(_q.id).where(*here).limit(1)).first() is not None


def _fetch(connection: sa.Connection, number: int) -> Entry:
    row = connection.execute(sa.select(tables.quarantine).where(_q.id == number)).one_or_none()
    if row is None:
        raise NotFoundError(f"the quarantine has no entry {number}", hint="geleit quarantine list shows what waits")
    return _entry(row)


def _update(connection: sa.Connection, number: int, **values: str | int) -> None:
    connection.execute(sa.update(tables.quarantine).where(_q.id == number).values(**values))


def _entry(row: sa.Row[Any]) -> Entry:
    fields = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented way to a row's names)
    identity, _, position = str(fields.pop("fingerprint")).partition(":")
    return Entry(**fields, record_id=identity, position=position)


def _unread(record: str) -> bool:
    tree = msgspec.json.decode(record) if record else {UNREAD: ""}
    return any(UNREAD in part for part in (tree if isinstance(tree, list) else [tree]))


def _changed(found: Entry, changes: Mapping[str, str]) -> tuple[str, str]:
    """The record with its changes, and what they were, in words."""
    if not changes:
        raise GeleitError("no change is given; nothing was changed", hint="name a column and its value")
    tree = msgspec.json.decode(found.record)
    told: dict[str, None] = {}
    parts: list[dict[str, Any]] = tree if isinstance(tree, list) else [tree]
    repaired = []
    for given in parts:
        part = dict(given)
        text, hook = part.pop(UNREAD, None), part.pop(HOOK, None)
        # A call that came live may lack the very field that is repaired.
        free = (text is not None and not part) or "receivedAt" in part
        if text is not None:
            told[f"text was {text!r}"] = None
        if UNREAD in changes:
            part = _whole(found, changes[UNREAD])
        for name, value in changes.items():
            if name == UNREAD:
                continue
            _require(found, name, part, free=free)
            told[f"{name} {part.get(name)!r} -> {value!r}"] = None
            part[name] = _like(part.get(name), value)
        part |= {} if hook is None else {HOOK: hook}  # what came beside a record cannot be repaired, and stays
        repaired.append(part)
    return msgspec.json.encode(repaired if isinstance(tree, list) else repaired[0]).decode(), "; ".join(told)


def _whole(found: Entry, text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise GeleitError(
            f"the new text of entry {found.id} is no JSON object ({error}); nothing was changed",
            hint='write it as {"column": "value"}, or set single columns',
        ) from None


def _require(found: Entry, name: str, part: Mapping[str, Any], *, free: bool) -> None:
    if free or name in part:
        return
    close = difflib.get_close_matches(name, list(part), n=1)
    raise GeleitError(
        f"the record of entry {found.id} has no column '{name}'; nothing was changed",
        hint=f"did you mean '{close[0]}'?" if close else f"it has: {', '.join(part)}",
    )


def _like(before: Any, value: str) -> Any:
    """The new value in the kind of the old one: text stays text, JSON is read as JSON where it is."""
    if isinstance(before, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value
