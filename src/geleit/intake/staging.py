"""Columns of events as rows for the archive: identifiers normalised, ids, keys and bodies computed for all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from geleit.clock import local_day
from geleit.events.event import RANK_DEFAULT, Event, Identifier
from geleit.history import snapshot
from geleit.history.stored import COLUMNS, content_hash, decode, encode
from geleit.identity.evidence import fingerprint
from geleit.identity.normalize import normalize, normalize_all, plain
from geleit.identity.rules import Rules
from geleit.ledger import tables
from geleit.sources.columnar import Columnar, Columns, EventColumns
from geleit.sources.definition import SourceDefinition
from geleit.sources.vectors import array_of, flat, local_days, transformed

# A staged row: the outbox's columns but ``seq``, then what only intake needs.
STORED = pa.schema([field for field in snapshot.schema(tables.outbox.select()) if field.name != "seq"])
STAGED = STORED.append(pa.field("rest", pa.int64())).append(pa.field("content", pa.string()))

HASHES = """
WITH named AS (
  SELECT *, left(sha256($source || chr(0) || key), 32) AS event_id, sha256(members) AS print
  FROM given
)
SELECT
  event_id, $source AS source, key, record, kind, t,
  ($rank::BIGINT << 48) | ('0x' || left(event_id, 12))::BIGINT AS ord,
  local_day, ('0x' || left(print, 15))::BIGINT AS set_key, $evidence AS evidence, $now::BIGINT AS received_at,
  CASE WHEN $rank = $default THEN core ELSE left(core, -1) || ',"rank":' || $rank || '}' END AS body,
  raw,
  ('0x' || substr(print, 16, 15))::BIGINT AS rest,
  left(sha256(kind || chr(0) || t || chr(0) || $evidence || chr(0) || core), 16) AS content
FROM named
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """What staging needs besides the events: rules of identity, country of phone numbers, company's zone, now."""

    rules: Rules
    country: str
    zone: str
    now: int

    def rows(self, definition: SourceDefinition, columnar: Columnar) -> pa.Table:
        """All events of a chunk as staged rows (schema ``STAGED``), in the order of their records."""
        parts = [self._from_columns(definition, columns, columnar) for columns in columnar.events if len(columns.key)]
        if not parts:
            return self.from_events(columnar.mapped.events)
        rows = pa.concat_tables([*parts, self.from_events(columnar.mapped.events)])
        place = pc.index_in(rows["record"], array_of(columnar.records.ids))
        return rows.take(pc.sort_indices(place))

    def from_events(self, events: Sequence[Event]) -> pa.Table:
        """Single events as staged rows."""
        rows = []
        for given in events:
            event = replace(
                given,
                identifiers=normalize_all(given.identifiers, self.rules, self.country)[0],
                received_at=self.now,
            )
            key, rest = fingerprint(event.identifiers)
            row = encode(event, key, local_day(event.t, self.zone))
            rows.append(row | {"rest": rest, "content": content_hash(event)})
        return pa.Table.from_pylist(rows, STAGED)

    def _from_columns(self, definition: SourceDefinition, columns: EventColumns, columnar: Columnar) -> pa.Table:
        identifiers = {type_: self._normal(type_, values) for type_, values in columns.identifiers.items()}
        given = pa.table(
            {
                "key": columns.key,
                "record": array_of(columnar.records.ids).take(columns.rows),
                "kind": columns.kind,
                "t": columns.t,
                "local_day": local_days(columns.t, self.zone),
                "members": _members(identifiers),
                "core": _core(columns, identifiers),
                "raw": array_of(columnar.records.raw).take(columns.rows),
            }
        )
        values = {
            "source": definition.name,
            "rank": definition.rank,
            "default": RANK_DEFAULT,
            "evidence": columns.evidence,
            "now": self.now,
        }
        with duckdb.connect(":memory:", config={"threads": "1"}) as duck:
            duck.register("given", given)
            found = duck.sql(HASHES, params=values).to_arrow_table()
        return pa.table({field.name: flat(found[field.name]).cast(field.type) for field in STAGED}, STAGED)

    def _normal(self, type_: str, values: pa.Array) -> pa.Array:
        """The values of one type in their one form; null for those that point at nobody."""

        def form(value: str) -> str | None:
            found = normalize(Identifier(type_, value), self.rules, self.country)
            return found.value if isinstance(found, Identifier) else None

        return transformed(values, plain(type_, self.rules), form)


def events_of(staged: pa.Table) -> list[Event]:
    """Staged rows as single events."""
    numbered = staged.append_column("seq", pa.nulls(staged.num_rows, pa.int64()))
    rows = zip(*(numbered[name].to_pylist() for name in COLUMNS), strict=True)
    return [decode(row).event for row in rows]


def _members(identifiers: Columns) -> pa.Array:
    """What a set's fingerprint is taken of: types and values in canonical order with zero bytes between."""
    zero = pa.scalar("\0")
    parts = [pc.binary_join_element_wise(pa.scalar(type_), values, zero) for type_, values in identifiers.items()]
    return _joined(parts, "\0")


def _core(columns: EventColumns, identifiers: Columns) -> pa.Array:
    """The body as ``stored.encode`` writes it, without the source's rank."""
    pairs = [
        pc.binary_join_element_wise(pa.scalar(f"[{_json(type_)},"), _quoted(values), pa.scalar("]"), "")
        for type_, values in identifiers.items()
    ]
    groups = [("traits", columns.traits), ("properties", columns.properties)]
    groups.append(("place", {name: _quoted(values) for name, values in columns.place.items()}))
    parts = [_part("identifiers", "[]", pairs)]
    parts += [_part(name, "{}", _named(group)) for name, group in groups if group]
    inside = _joined(parts, ",")
    return pc.binary_join_element_wise(pa.scalar("{"), inside, pa.scalar("}"), "")


def _named(group: Columns) -> list[pa.Array]:
    """Name and value of each, by name."""
    return [
        pc.binary_join_element_wise(pa.scalar(f"{_json(name)}:"), values, "") for name, values in sorted(group.items())
    ]


def _part(name: str, brackets: str, members: list[pa.Array]) -> pa.Array:
    """One field of the body; null where it has no members, for those are left out."""
    inside = _joined(members, ",")
    filled = pc.if_else(pc.equal(inside, ""), None, inside)
    return pc.binary_join_element_wise(pa.scalar(f'"{name}":{brackets[0]}'), filled, pa.scalar(brackets[1]), "")


def _joined(parts: list[pa.Array], between: str) -> pa.Array:
    """Texts joined, nulls left out; '' where all are null (Arrow drops such rows, so a first part is always there)."""
    nothing = pa.repeat(pa.scalar(""), len(parts[0]))
    joined = pc.binary_join_element_wise(nothing, *parts, pa.scalar(between), null_handling="skip")
    return pc.utf8_slice_codeunits(joined, start=1)


def _quoted(values: pa.Array) -> pa.Array:
    """Texts as JSON."""
    quote = pa.scalar('"')
    escaped = transformed(values, r'^[^"\\\x00-\x1f]*$', lambda value: _json(value)[1:-1])
    return pc.binary_join_element_wise(quote, escaped, quote, "")


def _json(text: str) -> str:
    return msgspec.json.encode(text).decode()
