"""Brings changed definitions to the live evaluator: gathers the events they ask for, and who is in, in bulk.

While a segment is being filled, intake remembers its events already and notes whom it touches; so nothing is lost between
the bulk answer and the first live one. Who is in by a new definition or a bulk load did not come in just now: no events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import sqlalchemy as sa

from geleit.customers.facts import Setting
from geleit.history.history import History
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, among, upsert, write_rows
from geleit.ledger.prepared import Prepared
from geleit.ledger.segment_tables import segment_applied, segment_event, segment_standing, segment_wait
from geleit.segments import conditions as c
from geleit.segments.asking import Asked
from geleit.segments.bulk import EVER, Census
from geleit.segments.definition import Segment, in_order
from geleit.segments.live import FILLING, LIVE
from geleit.segments.matching import parts_of

ROWS = 5_000  # written while the ledger is held
LOADS = "segments after load"  # in applied_definition: the last bulk load that the segments know
_applied, _standing = segment_applied.c, segment_standing.c
_DONE_LOADS = Prepared(sa.select(sa.func.count(), sa.func.max(tables.load.c.id)).where(tables.load.c.state == "done"))
_APPLY = Prepared(upsert(segment_applied, ["digest", "definition", "state", "change", "applied_at"]))
EVENT = ("set_id", "selector", "t", "ord", "event_id", "local_day")
STANDING = ("segment", "customer_id", "member", "since_at", "next_at")
KEPT = "(segment, customer_id) DO UPDATE SET member = excluded.member, since_at = excluded.since_at, next_at = excluded.next_at"

T = TypeVar("T")


def digest(segment: Segment, segments: Mapping[str, Segment], setting: Setting) -> str:
    """16 hexadecimal digits of a condition, those of the segments inside it, and of what it is read with."""
    parts = [part.model_dump_json(by_alias=True) for part in parts_of(segment, segments)]
    read = [setting.zone, setting.currency, setting.catalogue.definition.model_dump_json()]
    return hashlib.blake2b("\0".join([*parts, *read]).encode(), digest_size=8).hexdigest()


def changed(ledger: Ledger, segments: Mapping[str, Segment], setting: Setting) -> bool:
    """Whether the live evaluator knows other definitions, or a bulk load came past it."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(_applied.name, _applied.digest, _applied.state, _applied.definition)).all()
        loads = _loads(connection) if segments else ("", "")
    known = {row.name: (row.digest, row.definition) for row in rows if row.state == LIVE}
    wanted = {name: (digest(one, segments, setting), _text(one)) for name, one in segments.items()}
    return known != wanted or len(rows) != len(wanted) or loads[0] != loads[1]


def apply(ledger: Ledger, history: History, segments: Mapping[str, Segment], setting: Setting) -> list[str]:
    """Apply what changed; returns the names of the segments that were filled anew. It may be cut off at any time.

    Errors: Retryable if the ledger is busy, StoreError if history cannot be read; then it is done anew next time.
    """
    names, loads = _begin(ledger, segments, setting)
    filled = {name: one for name, one in in_order(segments).items() if name in names}
    if filled:
        _fill_events(ledger, history, segments, (filled, setting))
        _fill_standing(ledger, history, segments, (filled, setting))
    with ledger.write() as connection:
        change = ledger.next_change(connection)
        query = sa.update(segment_applied).where(_applied.name.in_(list(filled)))
        connection.execute(query.values(state=LIVE, change=change))
        connection.execute(upsert(tables.applied_definition, ["hash"]).values(name=LOADS, hash=loads))
    return list(filled)


def _text(segment: Segment) -> str:
    return segment.model_dump_json(by_alias=True, exclude_none=True)


def _loads(connection: sa.Connection) -> tuple[str, str]:
    """The bulk loads that there are, and those that the segments know."""
    ((count, last),) = _DONE_LOADS.all(connection)
    applied = tables.applied_definition.c
    known = connection.execute(sa.select(applied.hash).where(applied.name == LOADS)).scalar()
    return f"{count}/{last or 0}", str(known or "")


def _begin(ledger: Ledger, segments: Mapping[str, Segment], setting: Setting) -> tuple[set[str], str]:
    """Let intake know the definitions; returns what has to be filled."""
    with ledger.write() as connection:
        change = ledger.next_change(connection)
        rows = connection.execute(sa.select(_applied.name, _applied.digest, _applied.state)).all()
        known = {row.name: row.digest for row in rows if row.state == LIVE}
        loads, seen = _loads(connection)
        wanted = {name: digest(one, segments, setting) for name, one in segments.items()}
        stale = {name for name, value in wanted.items() if known.get(name) != value or loads != seen}
        now = ledger.clock()
        written = [
            {"name": name, "digest": wanted[name], "definition": _text(one), "state": FILLING if name in stale else LIVE,
             "change": change, "applied_at": now}
            for name, one in segments.items()
        ]  # fmt: skip
        _APPLY.many(connection, written)
        for name in {row.name for row in rows} - wanted.keys():
            connection.execute(sa.delete(segment_applied).where(_applied.name == name))
            connection.execute(sa.delete(segment_standing).where(_standing.segment == name))
        if not segments:
            connection.execute(sa.delete(segment_event))
            connection.execute(sa.delete(segment_wait))
    return stale, loads


def _fill_events(
    ledger: Ledger, history: History, segments: Mapping[str, Segment], what: tuple[Mapping[str, Segment], Setting]
) -> None:
    """Write the events of the past that the conditions ask for, also those of a later time."""
    filled, setting = what
    parts = [part for one in filled.values() for part in parts_of(one, segments)]
    wanted = {one.key: one for part in parts for one in c.selectors(part)}
    with Census(history, Asked(segments, setting, EVER), []) as census:
        for key, selector in wanted.items():
            for rows in census.happened(selector, ROWS):
                with ledger.write() as connection:
                    sets = _sets(connection, {row[0] for row in rows})
                    known = [(sets[row[0]], key, *row[1:]) for row in rows if row[0] in sets]
                    write_rows(connection, segment_event, EVENT, known, "DO NOTHING")


def _sets(connection: sa.Connection, keys: Iterable[int]) -> dict[int, int]:
    found = tables.identifier_set.c
    return {row.key: row.id for row in connection.execute(sa.select(found.key, found.id).where(among(found.key, keys)))}


def _fill_standing(
    ledger: Ledger, history: History, segments: Mapping[str, Segment], what: tuple[Mapping[str, Segment], Setting]
) -> None:
    """Write who is in, since nobody knows when; whoever may come or go by mere time is looked at afterwards."""
    filled, setting = what
    now = ledger.clock()
    with Census(history, Asked(segments, setting, now), [one.who for one in filled.values()]) as census:
        for name, one in filled.items():
            before = _members(ledger, name)
            inside = census.ids(one.who)
            restless = census.restless(one.who)
            rows: list[tuple[object, ...]] = [
                (name, who, True, before.get(who), now if who in restless else None) for who in inside
            ]
            known = set(inside)
            rows += [(name, who, False, None, now) for who in sorted(restless - known)]
            stay = known | restless
            _write(ledger, rows, (name, [who for who in before if who not in stay]))


def _members(ledger: Ledger, name: str) -> dict[str, int | None]:
    with ledger.read() as connection:
        query = sa.select(_standing.customer_id, _standing.since_at).where(_standing.segment == name)
        return {row.customer_id: row.since_at for row in connection.execute(query)}


def _write(ledger: Ledger, rows: Sequence[tuple[object, ...]], gone: tuple[str, Sequence[str]]) -> None:
    name, leaving = gone
    for some in _slices(leaving):
        with ledger.write() as connection:
            whom = sa.and_(_standing.segment == name, among(_standing.customer_id, some))
            connection.execute(sa.delete(segment_standing).where(whom))
    for part in _slices(rows):
        with ledger.write() as connection:
            write_rows(connection, segment_standing, STANDING, part, KEPT)


def _slices(rows: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(rows), ROWS):
        yield list(rows[start : start + ROWS])
