"""Takes in what a batch of events shows: identifiers, the sets that events point at, pairs seen together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from geleit.clock import EPOCH_DAY, moment
from geleit.errors import StoreError
from geleit.events.event import Identifier
from geleit.identity.graph import Node
from geleit.ledger.ledger import given, insert_new, write_rows
from geleit.ledger.prepared import Prepared
from geleit.ledger.tables import evidence, identifier, identifier_set, identifier_set_member

_IDS = Prepared(
    sa.select(identifier.c.id, identifier.c.type, identifier.c.value, identifier.c.first_t).where(
        given(identifier.c.value)
    )
)
_SETS = Prepared(
    sa.select(identifier_set.c.key, identifier_set.c.rest, identifier_set.c.id).where(given(identifier_set.c.key))
)
FEW = 8  # rows that are numbered one by one, rather than written at once and looked up
_NUMBERED = Prepared(sa.insert(identifier).returning(identifier.c.id))
_NUMBERED_SET = Prepared(sa.insert(identifier_set).returning(identifier_set.c.id))
_UNCLASHED_SET = Prepared(insert_new(identifier_set).returning(identifier_set.c.id))
_NEW_IDENTIFIER = Prepared(sa.insert(identifier))
_NEW_SET = Prepared(sa.insert(identifier_set))
_NEW_MEMBER = Prepared(sa.insert(identifier_set_member))


@dataclass(frozen=True, slots=True)
class Observation:
    """One new event as identity sees it; ``identifiers`` normalised, each once (see normalize_all), ``t`` its time."""

    event_id: str
    source: str
    t: int
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """What has to be resolved anew: identifiers with new evidence, and sets never seen before (ledger ids).

    ``again``: the members of sets that were seen before, and now once more. ``fresh``: identifiers that the ledger never
    had, so that only the new sets hold them. ``members`` of the sets, where these are known, with the times before this
    batch; ``earlier``: identifiers that were seen earlier than known.
    """

    identifiers: frozenset[int]
    sets: frozenset[int]
    again: tuple[frozenset[int], ...] = ()
    fresh: frozenset[int] = frozenset()
    members: Mapping[int, tuple[Node, ...]] = field(default_factory=dict)
    earlier: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Observed:
    """The set of identifiers that each event points at, in the order of the batch, and what has to be resolved.

    ``set_ids`` name the sets in this ledger, ``set_keys`` wherever the events go (see ``fingerprint``). ``added``:
    identifiers that the ledger never had, with their ids.
    """

    set_ids: tuple[int, ...]
    set_keys: tuple[int, ...]
    touched: Touched
    added: Mapping[Identifier, int]


@dataclass(slots=True)
class _Seen:
    """Evidence of one pair in one source and year, as summed over a batch."""

    count: int
    first_t: int
    last_t: int
    sample: str


def observe(connection: sa.Connection, batch: Sequence[Observation]) -> Observed:
    """Write a batch's identifiers, sets and evidence; a few statements per batch, the same sum in any order.

    Give each event once in its life (evidence is counted). An event without identifiers points at the empty set, which
    belongs to no customer: it never gets a row in ``resolution``. A set that is known says that all its pairs are, too: who
    takes evidence away takes the sets that showed it along.
    """
    known = _intern_identifiers(connection, batch)
    ids, added = known.ids, known.added
    prints = {members: fingerprint(members) for members in {one.identifiers for one in batch}}
    sets, new_sets = _intern_sets(connection, prints, known)
    pairs = _pairs(batch, ids)
    rows = [(*pair, seen.count, seen.first_t, seen.last_t, seen.sample) for pair, seen in pairs.items()]
    add_evidence(connection, rows)
    touched = {*added.values(), *known.earlier}
    again, new = [], {}
    for members, set_id in sets.items():
        if set_id in new_sets:
            new[set_id] = tuple(Node(ids[member], member, known.first[member]) for member in members)
            touched.update(ids[member] for member in members)
        elif len(members) > 1:
            again.append(frozenset(ids[member] for member in members))
    asked = Touched(
        frozenset(touched),
        frozenset(new_sets),
        tuple(again),
        frozenset(added.values()),
        new,
        frozenset(known.earlier),
    )
    return Observed(
        tuple(sets[observation.identifiers] for observation in batch),
        tuple(prints[observation.identifiers][0] for observation in batch),
        asked,
        added,
    )


def fingerprint(members: Iterable[Identifier]) -> tuple[int, int]:
    """The name of a set of identifiers (60 bits), and 60 bits more to tell two sets of one name apart.

    Both from SHA-256 over its members in canonical order.
    """
    joined = "\0".join(f"{member.type}\0{member.value}" for member in sorted(members))
    digest = hashlib.sha256(joined.encode()).hexdigest()
    return int(digest[:15], 16), int(digest[15:30], 16)


def year_bucket(t: int) -> int:
    """The year of ``t`` (UTC, so that no setting changes it) as the day number of its first of January."""
    return (date(moment(t).year, 1, 1) - EPOCH_DAY).days


def find_ids(connection: sa.Connection, wanted: Iterable[Identifier]) -> dict[Identifier, tuple[int, int]]:
    """Ledger id and first time of those identifiers that the ledger knows."""
    asked = set(wanted)
    rows = _IDS.all(connection, values=[*{member.value for member in asked}])
    found = {Identifier(type_, value): (id_, first_t) for id_, type_, value, first_t in rows}
    return found if len(found) <= len(asked) and found.keys() <= asked else {m: found[m] for m in asked if m in found}


@dataclass(frozen=True, slots=True)
class _Interned:
    """Identifiers of a batch: their ids, when each was first seen, as known before (new ones: in the batch).

    ``added``: new ones with their ids; ``earlier``: since when those are known now, by id, that came earlier than known.
    """

    ids: Mapping[Identifier, int]
    first: Mapping[Identifier, int]
    added: Mapping[Identifier, int]
    earlier: Mapping[int, int]


def _intern_identifiers(connection: sa.Connection, batch: Sequence[Observation]) -> _Interned:
    first: dict[Identifier, int] = {}
    for observation in batch:
        for member in observation.identifiers:
            seen = first.get(member)
            if seen is None or observation.t < seen:
                first[member] = observation.t
    known = find_ids(connection, first)
    missing = [member for member in first if member not in known]
    rows = [{"type": member.type, "value": member.value, "first_t": first[member]} for member in missing]
    added = _insert(connection, rows)
    earlier = {id_: first[member] for member, (id_, first_t) in known.items() if first[member] < first_t}
    move_earlier(connection, earlier)
    ids = {member: id_ for member, (id_, _) in known.items()} | added
    first.update((member, first_t) for member, (_, first_t) in known.items())
    return _Interned(ids, first, added, earlier)


def _insert(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> dict[Identifier, int]:
    """Write new identifiers; returns their ids."""
    if len(rows) <= FEW:
        return {Identifier(row["type"], row["value"]): _NUMBERED.all(connection, **row)[0][0] for row in rows}
    _NEW_IDENTIFIER.many(connection, rows)
    found = find_ids(connection, (Identifier(row["type"], row["value"]) for row in rows))
    return {member: id_ for member, (id_, _) in found.items()}


def move_earlier(connection: sa.Connection, first: dict[int, int]) -> None:
    """Identifiers (by ledger id) that were seen earlier than known."""
    if first:
        statement = (
            sa.update(identifier).where(identifier.c.id == sa.bindparam("key")).values(first_t=sa.bindparam("t"))
        )
        connection.execute(statement, [{"key": id_, "t": t} for id_, t in first.items()])


def _intern_sets(
    connection: sa.Connection, prints: dict[tuple[Identifier, ...], tuple[int, int]], interned: _Interned
) -> tuple[dict[tuple[Identifier, ...], int], set[int]]:
    """Ids of all sets of the batch, and which of them are new."""
    added = _number_surely_new(connection, prints, interned.added) if len(prints) <= FEW else {}
    known = find_sets(connection, [one for one in prints.values() if one[0] not in added])
    missing = {print_: members for members, print_ in prints.items() if print_[0] not in known}
    if not missing:
        return {members: known[print_[0]] for members, print_ in prints.items()}, set()
    unnumbered = [print_ for print_ in missing if print_[0] not in added]
    if len(unnumbered) <= FEW:
        added |= {key: _NUMBERED_SET.all(connection, key=key, rest=rest)[0][0] for key, rest in unnumbered}
    else:
        _NEW_SET.many(connection, [{"key": key, "rest": rest} for key, rest in unnumbered])
        added |= find_sets(connection, unnumbered)
    rows = [
        {"set_id": added[key], "identifier_id": interned.ids[member]}
        for (key, _), members in missing.items()
        for member in members
    ]
    _NEW_MEMBER.many(connection, rows)
    known |= added
    return {members: known[print_[0]] for members, print_ in prints.items()}, set(added.values())


def _number_surely_new(
    connection: sa.Connection,
    prints: Mapping[tuple[Identifier, ...], tuple[int, int]],
    fresh: Mapping[Identifier, int],
) -> dict[int, int]:
    """Write the sets that hold an identifier nobody ever saw, without asking for them first; returns ids by key.

    One whose key is taken is left out: asking for it tells of the clash.
    """
    added = {}
    for members, (key, rest) in prints.items():
        if not fresh.keys().isdisjoint(members):
            for (id_,) in _UNCLASHED_SET.all(connection, key=key, rest=rest):
                added[key] = id_
    return added


def find_sets(connection: sa.Connection, prints: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Ledger ids of sets by their key, of those that the ledger knows.

    Errors: StoreError if another set has the same key (expected once in 10^12 pairs of a million sets).
    """
    wanted = dict(iter(prints))
    found = {}
    for key, rest, id_ in _SETS.all(connection, values=list(wanted)):
        if wanted[key] != rest:
            raise StoreError(
                f"two different sets of identifiers share the key {key}; nothing of this batch was taken in",
                hint="leave out one of the identifiers of the newest records, and report this",
            )
        found[key] = id_
    return found


def _pairs(batch: Sequence[Observation], ids: Mapping[Identifier, int]) -> dict[tuple[int, int, str, int], _Seen]:
    """Every pair of identifiers that one event shows together, summed per source and year."""
    pairs: dict[tuple[int, int, str, int], _Seen] = {}
    for observation in batch:
        if len(observation.identifiers) < 2:  # noqa: PLR2004 (a pair)
            continue
        bucket = year_bucket(observation.t)
        members = sorted(ids[member] for member in observation.identifiers)
        for low, high in combinations(members, 2):
            key = (low, high, observation.source, bucket)
            seen = pairs.get(key)
            if seen is None:
                pairs[key] = _Seen(1, observation.t, observation.t, observation.event_id)
                continue
            seen.count += 1
            seen.first_t = min(seen.first_t, observation.t)
            seen.last_t = max(seen.last_t, observation.t)
            seen.sample = min(seen.sample, observation.event_id)
    return pairs


PAIR = ("low_id", "high_id", "source", "bucket", "count", "first_t", "last_t", "sample_event")
SUMMED = """
(low_id, high_id, source, bucket) DO UPDATE SET
  "count" = "evidence"."count" + excluded."count",
  first_t = CASE WHEN excluded.first_t < "evidence".first_t THEN excluded.first_t ELSE "evidence".first_t END,
  last_t = CASE WHEN excluded.last_t > "evidence".last_t THEN excluded.last_t ELSE "evidence".last_t END,
  sample_event = CASE
    WHEN excluded.sample_event < "evidence".sample_event THEN excluded.sample_event ELSE "evidence".sample_event END
"""


def _summed() -> Prepared:
    """The same for few rows: what SQLAlchemy does around a statement costs more than the database does for it."""
    statement = insert(evidence)
    said, old = statement.excluded, evidence.c
    values = {
        "count": old["count"] + said["count"],
        "first_t": sa.case((said.first_t < old.first_t, said.first_t), else_=old.first_t),
        "last_t": sa.case((said.last_t > old.last_t, said.last_t), else_=old.last_t),
        "sample_event": sa.case((said.sample_event < old.sample_event, said.sample_event), else_=old.sample_event),
    }
    keys = list(evidence.primary_key.columns)
    return Prepared(statement.on_conflict_do_update(index_elements=keys, set_=values))


_FEW_PAIRS = _summed()


def add_evidence(connection: sa.Connection, rows: Sequence[Sequence[int | str]]) -> None:
    """Add pairs (in the order of ``PAIR``) to what is known of them: counts are summed, bounds widened."""
    if len(rows) <= FEW:
        _FEW_PAIRS.many(connection, [dict(zip(PAIR, row, strict=True)) for row in rows])
    else:
        write_rows(connection, evidence, PAIR, rows, SUMMED)
