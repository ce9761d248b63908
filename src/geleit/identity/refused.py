"""Counts the identifiers that point at nobody (junk, too long), so that what intake leaves out of an event stays visible."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from geleit.errors import NotFoundError
from geleit.events.event import Event, Identifier
from geleit.identity.normalize import Refusal, normalize
from geleit.identity.rules import Rules
from geleit.language.words import translate
from geleit.ledger.ledger import write_rows
from geleit.ledger.refused_tables import refused_identifier

_refused = refused_identifier.c
COLUMNS = ("source", "type", "value", "reason", "times", "first_t", "last_t", "sample_event")
SUMMED = """
(source, type, value, reason) DO UPDATE SET
  times = refused_identifier.times + excluded.times,
  first_t = CASE WHEN excluded.first_t < refused_identifier.first_t THEN excluded.first_t ELSE refused_identifier.first_t END,
  last_t = CASE WHEN excluded.last_t > refused_identifier.last_t THEN excluded.last_t ELSE refused_identifier.last_t END,
  sample_event = CASE WHEN excluded.sample_event < refused_identifier.sample_event
    THEN excluded.sample_event ELSE refused_identifier.sample_event END
"""
MARK = '"refused":'  # of a body that names some: in texts, quotation marks stand behind a backslash
OF_ROWS = """
WITH each AS (
  SELECT source, t, event_id, unnest(from_json(body -> '$.refused', '[["VARCHAR"]]')) AS told FROM rows
)

SELECT source, told[1], told[2], told[3], count(*), min(t), max(t), min(event_id) FROM each GROUP BY ALL ORDER BY ALL
"""

SHOWN = 60  # letters of a value

Row = tuple[str, str, str, str, int, int, int, str]


@dataclass(frozen=True, slots=True)
class RefusedIdentifier:
    """A value of one source that points at nobody: how many events brought it, when first and last, one of them.

    ``rule``: what refuses it at present; empty if nothing does any more.
    """

    source: str
    type: str
    value: str
    rule: str
    times: int
    first_t: int
    last_t: int
    sample_event: str

    @property
    def shown(self) -> str:
        """The value, the beginning of a long one."""
        return self.value if len(self.value) <= SHOWN else f"{self.value[:SHOWN]} …"


@dataclass(frozen=True, slots=True)
class Counted:
    """Refused identifiers of a workspace: how many different ones, in how many places of events, the commonest ones."""

    values: int
    times: int
    listed: tuple[RefusedIdentifier, ...]

    @property
    def kept_in(self) -> str:
        """The line of identity.yaml that keeps in what it could be a mistake to refuse: the commonest number, else any.

        Empty if there is none: what is too long, or refused no more, stands in no such line.
        """
        could = [one for one in self.listed if one.rule not in ("", "too_long") and len(one.value) <= SHOWN]
        one = next((one for one in could if one.value.isdecimal()), next(iter(could), None))
        return f"include: [{json.dumps(f'{one.type}:{one.value}', ensure_ascii=False)}]" if one else ""


def rows_of_events(events: Iterable[Event]) -> list[Row]:
    """What each value of some events comes to."""
    found: dict[tuple[str, str, str, str], tuple[int, int, int, str]] = {}
    for event in events:
        for type_, value, reason in event.refused:
            key = (event.source, type_, value, reason)
            times, first, last, sample = found.get(key, (0, event.t, event.t, event.id))
            found[key] = times + 1, min(first, event.t), max(last, event.t), min(sample, event.id)
    return [(*key, *said) for key, said in sorted(found.items())]


def rows_of_columns(stored: pa.Table) -> list[Row]:
    """The same of stored rows (source, t, event_id, body); costs a look at their bodies where there is nothing."""
    some = stored.filter(pc.match_substring(stored["body"], MARK))
    if not some.num_rows:
        return []
    with duckdb.connect() as duck:
        duck.register("rows", some.select(["source", "t", "event_id", "body"]))
        return duck.execute(OF_ROWS).fetchall()


def count(connection: sa.Connection, rows: Sequence[Row]) -> None:
    """Add to what was counted; each event once in its life, in the transaction that acknowledges it."""
    write_rows(connection, refused_identifier, COLUMNS, rows, SUMMED)


def counted(connection: sa.Connection, rules: Rules, limit: int = 100) -> Counted:
    """What was refused, the commonest first."""
    values, times = connection.execute(sa.select(sa.func.count(), sa.func.sum(_refused.times))).one()
    order = (_refused.times.desc(), _refused.source, _refused.type, _refused.value, _refused.reason)
    rows = connection.execute(sa.select(refused_identifier).order_by(*order).limit(limit))
    return Counted(values, int(times or 0), tuple(_told(row, rules) for row in rows))


def of_value(connection: sa.Connection, asked: Identifier, rules: Rules) -> list[RefusedIdentifier]:
    """What was refused of one value, by source."""
    query = sa.select(refused_identifier).where(_refused.type == asked.type, _refused.value == asked.value)
    return [_told(row, rules) for row in connection.execute(query.order_by(_refused.source, _refused.reason))]


def require_none(connection: sa.Connection, key: str, rules: Rules, country: str) -> None:
    """Errors: NotFoundError if the key is an identifier that points at nobody, with the rule that says so."""
    type_, _, value = key.partition(":")
    found = normalize(Identifier(type_, value), rules, country) if value else None
    if isinstance(found, Refusal) and found.told:
        ((_, kept, reason),) = found.told
        rule = "too_long" if reason == "too_long" else rules.blocked_by(Identifier(type_, kept))
        times = sum(one.times for one in of_value(connection, Identifier(type_, kept), rules))
        raise NotFoundError(
            f"'{type_}:{kept}' points at nobody ({rule_name(rule, 'en')}); {times:,} events came with it and are in without",
            hint="geleit identity refused lists such values; 'include' in identity.yaml keeps one in",
        )


def rule_name(rule: str, language: str) -> str:
    """A rule in words."""
    if rule == "built-in":
        return translate(language, "built in: systems write this when they know nobody")
    if rule == "too_long":
        return translate(language, "longer than 400 characters")
    return f"identity.yaml: {rule}" if rule else translate(language, "no rule any more")


def _told(row: sa.Row[tuple[object, ...]], rules: Rules) -> RefusedIdentifier:
    rule = "too_long" if row.reason == "too_long" else rules.blocked_by(Identifier(row.type, row.value))
    return RefusedIdentifier(
        row.source, row.type, row.value, rule, row.times, row.first_t, row.last_t, row.sample_event
    )
