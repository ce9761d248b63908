"""Columns of events as rows for the archive: identifiers normalised, ids, keys and bodies computed for all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geleit.clock import local_day
from geleit.events.event import RANK_DEFAULT, Event, Identifier, Refused
from geleit.history import snapshot
from geleit.history.stored import COLUMNS, content_hash, decode, encode
from geleit.identity.evidence import fingerprint
from geleit.identity.normalize import PLAIN_LONGEST, Refusal, normalize, plain, settled
from geleit.identity.rules import Rules
from geleit.intake.states import STATE_KEY, as_state
from geleit.ledger import tables
from geleit.sources.columnar import Columnar, Columns, EventColumns
from geleit.sources.definition import SourceDefinition
from geleit.sources.vectors import array_of, flat, local_days, replaced, scratch, transformed
from geleit.sources.vectors_joined import Join, Member, edges, loaded, worthwhile

# A staged row: the outbox's columns but ``seq``, then what only intake needs.
STORED = pa.schema([field for field in snapshot.schema(tables.outbox.select()) if field.name != "seq"])
STAGED = STORED.append(pa.field("rest", pa.int64())).append(pa.field("content", pa.string()))

FEW = 500  # rows up to which planning costs more than computing

ROWS = """
WITH joined AS (
  SELECT key AS given_key, record, kind, t, local_day, raw, sha256({members}) AS print, {core} AS body, {said} AS said
  FROM given
),

said AS (
  SELECT *, left(sha256(kind || chr(0) || t || chr(0) || $evidence || chr(0) || said), 16) AS content
  FROM joined
),

known AS (
  SELECT *, {key} AS key
  FROM said
),

named AS (
  SELECT *, left(sha256($source || chr(0) || key), 32) AS event_id
  FROM known
)

SELECT
  event_id, $source AS source, key, record, kind, t,
  ($rank::BIGINT << 48) | ('0x' || left(event_id, 12))::BIGINT AS ord,
  local_day, ('0x' || left(print, 15))::BIGINT AS set_key, $evidence AS evidence, $now::BIGINT AS received_at,
  body,
  raw,
  ('0x' || substr(print, 16, 15))::BIGINT AS rest,
  content
FROM named
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """What staging needs besides the events: rules of identity, country of phone numbers, company's zone, now.

    ``listing``: names of sources that list states (``changed: add``).
    """

    rules: Rules
    country: str
    zone: str
    now: int
    listing: frozenset[str] = frozenset()

    def rows(self, definition: SourceDefinition, columnar: Columnar) -> pa.Table:
        """All events of a chunk as staged rows (schema ``STAGED``), in the order of their records."""
        parts = [self._from_columns(definition, columns, columnar) for columns in columnar.events if len(columns.key)]
        if not parts:
            return self.from_events(columnar.mapped.events)
        rows = [columns.rows for columns in columnar.events if len(columns.key)]
        if single := columnar.mapped.events:
            parts.append(self.from_events(single))
            rows.append(pc.index_in(parts[-1]["record"], array_of(columnar.records.ids)).combine_chunks())
        if len(parts) == 1:
            return parts[0]
        return pa.concat_tables(parts).take(pc.sort_indices(pa.chunked_array(row.cast(pa.int64()) for row in rows)))

    def from_events(self, events: Sequence[Event]) -> pa.Table:
        """Single events as staged rows."""
        rows = []
        for given in events:
            kept, refused = settled(given, self.rules, self.country)
            event = replace(given, identifiers=kept, refused=refused, received_at=self.now)
            if event.source in self.listing:
                event = as_state(event)
            key, rest = fingerprint(event.identifiers)
            row = encode(event, key, local_day(event.t, self.zone))
            rows.append(row | {"rest": rest, "content": content_hash(event)})
        return pa.Table.from_pylist(rows, STAGED)

    def _from_columns(self, definition: SourceDefinition, columns: EventColumns, columnar: Columnar) -> pa.Table:
        identifiers = {type_: self._normal(type_, values) for type_, values in columns.identifiers.items()}
        given = {
            "key": columns.key,
            "record": _taken(array_of(columnar.records.ids), columns.rows),
            "kind": columns.kind,
            "t": columns.t,
            "local_day": local_days(columns.t, self.zone),
            "raw": _taken(array_of(columnar.records.raw), columns.rows),
        }
        body = _Body(given, identifiers, columns, definition.rank)
        body.refuse(self._gone(columns.identifiers, identifiers))
        values = {"source": definition.name, "evidence": columns.evidence, "now": self.now, "rank": definition.rank}
        found = None
        if worthwhile(len(columns.key)):
            with suppress(pa.ArrowCapacityError):  # as DuckDB says it, if at all
                found = self._quick_rows(body, values)
        return found or self._rows(body, values)

    def _rows(self, body: _Body, values: dict[str, Any]) -> pa.Table:
        """Staged rows of some columns."""
        key = STATE_KEY if values["source"] in self.listing else "given_key"
        sql = ROWS.format(members=body.members.sql(), core=body.whole.sql(), said=body.said.sql(), key=key)
        with scratch() as duck:
            duck.register("given", pa.table(body.given))
            if 0 < len(body.given["t"]) < FEW:  # planned once instead of twice
                columns = zip(*duck.execute(sql, values).fetchall(), strict=True)
                named = {name: found for (name, *_), found in zip(duck.description or (), columns, strict=True)}
                return pa.table({name: named[name] for name in STAGED.names}, STAGED)
            found = duck.sql(sql, params=values).to_arrow_table()
        return pa.table({field.name: flat(found[field.name]).cast(field.type) for field in STAGED}, STAGED)

    def _quick_rows(self, body: _Body, values: dict[str, Any]) -> pa.Table:
        """The same by machine code."""
        kernels, given, rows = loaded(), body.given, len(body.given["t"])
        said = {"kind": given["kind"], "t": given["t"].cast(pa.string()), "said": body.said.of(given)}
        evidence = f"\0{values['evidence']}\0"
        telling = Join(
            "", [Member("", "kind", "\0"), Member("", "t", evidence), Member("", "said")], "", "", always=True
        )
        content = kernels.hexadecimal(kernels.digests(b"", telling.of(said)), 16)
        key = given["key"]
        if values["source"] in self.listing:
            with scratch() as duck:
                duck.register("given", pa.table({"given_key": key, "content": content}))
                key = flat(duck.sql(f"SELECT {STATE_KEY} AS key FROM given").to_arrow_table()["key"])  # noqa: S608
        identities = kernels.digests(f"{values['source']}\0".encode(), key)
        prints = kernels.digests(b"", body.members.of(given)).view(">u8").astype(np.uint64)
        orders = identities.view(">u8")[:, 0].astype(np.int64) >> 16 & (1 << 48) - 1
        constant = {name: pa.repeat(pa.scalar(values[name]), rows) for name in ("source", "evidence")}
        found = constant | {
            "event_id": kernels.hexadecimal(identities, 32),
            "key": key,
            "ord": pa.array((values["rank"] << 48) | orders),
            "set_key": pa.array((prints[:, 0] >> np.uint64(4)).astype(np.int64)),
            "received_at": pa.array(np.full(rows, values["now"])),
            "body": said["said"] if body.whole is body.said else body.whole.of(given),
            "rest": pa.array(
                ((prints[:, 0] & np.uint64(15)) << np.uint64(56) | prints[:, 1] >> np.uint64(8)).astype(np.int64)
            ),
            "content": content,
        }
        found |= {name: given[name] for name in ("record", "kind", "t", "local_day", "raw")}
        return pa.table({field.name: found[field.name].cast(field.type) for field in STAGED}, STAGED)

    def _normal(self, type_: str, values: pa.Array) -> pa.Array:
        """The values of one type in their one form; null for those that point at nobody."""

        def form(value: str) -> str | None:
            found = normalize(Identifier(type_, value), self.rules, self.country)
            return found.value if isinstance(found, Identifier) else None

        return transformed(values, plain(type_, self.rules), form, longest=PLAIN_LONGEST)

    def _gone(self, given: Columns, kept: Columns) -> dict[str, _Gone]:
        """The values that point at nobody, of the types that have some."""
        found = {}
        for type_, values in given.items():
            where = pc.and_(pc.is_valid(values), pc.is_null(kept[type_]))
            if pc.any(where).as_py():
                none, told = pa.nulls(len(values), pa.string()), partial(self._told, type_)
                found[type_] = _Gone(
                    replaced(none, values, where, partial(_as_json, told)),
                    replaced(none, values, where, partial(_as_value, told)),
                )
        return found

    def _told(self, type_: str, value: str) -> Refused | None:
        """What an event tells of a value that points at nobody; nothing of an empty one."""
        found = normalize(Identifier(type_, value), self.rules, self.country)
        return next(iter(found.told), None) if isinstance(found, Refusal) else None


def _as_json(told: Callable[[str], Refused | None], value: str) -> str | None:
    return _json(one) if (one := told(value)) else None


def _as_value(told: Callable[[str], Refused | None], value: str) -> str | None:
    return one[1] if (one := told(value)) else None


@dataclass(frozen=True, slots=True)
class _Gone:
    """What is refused of one type, where there is something: as the body tells it, in JSON, and the values alone."""

    told: pa.Array
    values: pa.Array


def events_of(staged: pa.Table) -> list[Event]:
    """Staged rows as single events."""
    numbered = staged.append_column("seq", pa.nulls(staged.num_rows, pa.int64()))
    rows = zip(*(numbered[name].to_pylist() for name in COLUMNS), strict=True)
    return [decode(row).event for row in rows]


class _Body:
    """An event's body as ``stored.encode`` writes it (``whole``), what its hash is made of (``said``), its set's members.

    Adds the columns that these name to ``given``.
    """

    def __init__(self, given: dict[str, pa.Array], identifiers: Columns, columns: EventColumns, rank: int) -> None:
        self.given, self.identifiers = given, identifiers
        members = [Member(f"{type_}\0", self._column(values)) for type_, values in identifiers.items()]
        self.members = Join("", members, "\0", "", always=True)
        self.rest = [
            _part(
                name,
                "{}",
                [replace(group[label], before=f"{_json(label)}:{group[label].before}") for label in sorted(group)],
            )
            for name, group in self._groups(columns).items()
            if group
        ]
        self.said = self.whole = _object([self._told(identifiers), *self.rest])
        self.rank = [] if rank == RANK_DEFAULT else [Member("", None, missing=f'"rank":{rank}')]
        if self.rank:
            self.whole = replace(self.said, members=[*self.said.members, *self.rank])

    def refuse(self, gone: dict[str, _Gone]) -> None:
        """Tell the identifiers that were refused, by type, if there are any."""
        if not gone:
            return
        told = _part("refused", "[]", [Member("", self._column(one.told)) for _, one in sorted(gone.items())])
        self.whole = replace(self.whole, members=[*self.whole.members, told])
        all_ = {
            type_: pc.coalesce(values, gone[type_].values) if type_ in gone else values
            for type_, values in self.identifiers.items()
        }
        self.said = _object([self._told(all_), *self.rest])

    def _told(self, identifiers: Columns) -> Member:
        pairs = [Member(f'[{_json(type_)},"', self._escaped(values), '"]') for type_, values in identifiers.items()]
        return _part("identifiers", "[]", pairs)

    def _groups(self, columns: EventColumns) -> dict[str, dict[str, Member]]:
        """Each value, by name, in the order of the body's fields."""
        found = {
            group: {label: Member("", self._column(values)) for label, values in given.items()}
            for group, given in (("traits", columns.traits), ("properties", columns.properties))
        }
        place = {label: Member('"', self._escaped(values), '"') for label, values in columns.place.items()}
        return found | {"place": place}

    def _column(self, values: pa.Array) -> str:
        name = f"c{len(self.given)}"
        self.given[name] = values
        return name

    def _escaped(self, values: pa.Array) -> str:
        """Text as it stands in JSON between quotation marks."""
        if edges(values) is not None:
            return self._column(values)
        return self._column(transformed(values, r'^[^"\\\x00-\x1f]*$', lambda value: _json(value)[1:-1]))


def _taken(values: pa.Array, rows: pa.Array) -> pa.Array:
    """The values of these rows; all of them as they are."""
    whole = len(rows) == len(values) and bool((rows.to_numpy() == np.arange(len(rows))).all())
    return values if whole else values.take(rows)


def _object(members: list[Member]) -> Join:
    return Join("{", members, ",", "}", always=True)


def _part(name: str, brackets: str, members: list[Member]) -> Member:
    """One field of the body, left out where it has no members."""
    return Member("", Join(f"{_json(name)}:{brackets[0]}", members, ",", brackets[1]))


def _json(told: str | tuple[str, ...]) -> str:
    return msgspec.json.encode(told).decode()
