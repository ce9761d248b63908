"""Finds the pairs worth comparing: chooses keys from the fields that exist, by the comparisons they would cost, and says what they cover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import duckdb

from geleit.identity.linkage.records import Records

ALL_PAIRS = 1_000_000  # so few pairs are all compared
PER_RECORD = 150  # comparisons a record may cost on average ...
MOST = 6_000_000  # ... up to this sum, then SLOW more per record
SLOW = 10
WIDEST = 400  # records with one key, at most: beyond it the key says nothing


@dataclass(frozen=True, slots=True)
class Key:
    """One part of a key: the field it is of, its name for people, and its expression over a record."""

    field: str
    name: str
    sql: str
    implies: tuple[str, ...] = ()  # keys that are alike wherever this one is


@dataclass(frozen=True, slots=True)
class Rule:
    """A chosen rule: records alike in all of its keys are compared; ``left_out`` records are in groups that are too wide."""

    name: str
    pairs: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is compared: the rules, distinct pairs, the share of records with any partner, all pairs there are."""

    rules: tuple[Rule, ...]
    pairs: int
    possible: int
    reached: float


def _keys(records: Records) -> Iterator[Key]:
    """Keys of every field that exists."""
    for needed, key in _KNOWN:
        if records.has(*needed):
            yield key
    for name in records.extra:
        yield Key(name, name.replace("_", " "), name)


_DAY = "NOT contains(birthday[5:8], '00')"
_KNOWN: tuple[tuple[tuple[str, ...], Key], ...] = (
    (("first",), Key("first", "first name", "first", ("sound of the first name",))),
    (("first",), Key("first", "sound of the first name", "nullif(first_sound, '')")),
    (("last",), Key("last", "last name", "last", ("sound of the last name",))),
    (("last",), Key("last", "sound of the last name", "nullif(last_sound, '')")),
    (
        ("first", "last"),
        Key(
            "name",
            "both names in any order",
            "least(first_sound, last_sound) || ' ' || greatest(first_sound, last_sound)",
        ),
    ),
    (("first", "last"), Key("name", "first three letters of both names", "first[1:3] || ' ' || last[1:3]")),
    (("company",), Key("company", "company", "company", ("first letters of the company",))),
    (("company",), Key("company", "first letters of the company", "company[1:5]")),
    (
        ("birthday",),
        Key(
            "birthday",
            "birthday",
            f"CASE WHEN {_DAY} THEN birthday END",
            ("year and month of birth", "day and month of birth", "year of birth"),
        ),
    ),
    (
        ("birthday",),
        Key(
            "birthday",
            "year and month of birth",
            "CASE WHEN birthday[5:6] <> '00' THEN birthday[1:6] END",
            ("year of birth",),
        ),
    ),
    (
        ("birthday",),
        Key(
            "birthday",
            "day and month of birth",
            f"CASE WHEN {_DAY} THEN least(birthday[5:6], birthday[7:8]) || greatest(birthday[5:6], birthday[7:8]) END",
        ),
    ),
    (("birthday",), Key("birthday", "year of birth", "birthday[1:4]")),
    (("email",), Key("email", "e-mail", "email", ("name before the @",))),
    (("email",), Key("email", "name before the @", "email_name")),
    (("phone",), Key("phone", "phone", "phone")),
    (("national_id",), Key("national_id", "number", "national_id")),
    (("street",), Key("street", "street and number", "home", ("street",))),
    (("street",), Key("street", "street", "street")),
    (("postcode",), Key("town", "postcode", "postcode")),
    (("city",), Key("town", "city", "city")),
    (("age",), Key("age", "age", "age")),
)


def block(connection: duckdb.DuckDBPyConnection, records: Records, across: str = "") -> Coverage:
    """Write the table ``pair`` (join_key_l < join_key_r, match_key) from the table ``record``.

    ``across``: a column of ``record``; only pairs that differ in it are compared.
    """
    connection.execute("CREATE OR REPLACE TABLE pair (join_key_l INTEGER, join_key_r INTEGER, match_key VARCHAR)")
    apart = f" AND l.{across} <> r.{across}" if across else ""
    possible = records.count * (records.count - 1) // 2
    rules: list[Rule] = []
    if possible <= ALL_PAIRS:
        connection.execute(
            f"INSERT INTO pair SELECT l.unique_id, r.unique_id, '0' FROM record l JOIN record r ON l.unique_id < r.unique_id{apart}"  # noqa: S608
        )
        rules.append(Rule("every pair", possible, 0))
    else:
        rules = _by_rules(connection, records, apart)
    ((pairs, ends),) = connection.execute(
        "SELECT count(*), (SELECT count(DISTINCT k) FROM (SELECT join_key_l AS k FROM pair UNION ALL SELECT join_key_r FROM pair)) FROM pair"
    ).fetchall()
    return Coverage(tuple(rules), pairs, possible, ends / max(records.count, 1))


def budget(count: int) -> int:
    """How many comparisons so many records may cost."""
    return min(PER_RECORD * count, MOST + SLOW * count)


def _by_rules(connection: duckdb.DuckDBPyConnection, records: Records, apart: str) -> list[Rule]:
    chosen: list[_Measured] = []
    left = budget(records.count)
    for rule in sorted(_measured(connection, records), key=lambda one: one.pairs):
        within = [other for other in chosen if not rule.left_out and _finds_all_of(rule, other)]
        cost = rule.pairs - sum(other.pairs for other in within)
        if rule.pairs and cost <= left:
            left -= cost
            chosen = [other for other in chosen if other not in within] + [rule]
    connection.execute("CREATE OR REPLACE TABLE candidate (p BIGINT)")
    for rule in chosen:
        _insert(connection, rule.keys, rule.widest, apart)
    connection.execute(
        "INSERT INTO pair SELECT (p >> 32)::INTEGER, (p & 4294967295)::INTEGER, '0' FROM (SELECT DISTINCT p FROM candidate)"
    )
    connection.execute("DROP TABLE candidate")
    return [Rule(" + ".join(key.name for key in rule.keys), rule.pairs, rule.left_out) for rule in chosen]


@dataclass(frozen=True, slots=True)
class _Measured:
    """A possible rule: the comparisons it costs, the widest group it takes, and the records in wider ones."""

    keys: tuple[Key, ...]
    pairs: int
    widest: int
    left_out: int


def _finds_all_of(wide: _Measured, narrow: _Measured) -> bool:
    """Whether every pair of the narrow rule is one of the wide rule's too."""
    said = {key.name for key in narrow.keys} | {name for key in narrow.keys for name in key.implies}
    return all(key.name in said for key in wide.keys)


def _measured(connection: duckdb.DuckDBPyConnection, records: Records) -> Iterator[_Measured]:
    keys = list(_keys(records))
    rules = [(key,) for key in keys] + [pair for pair in combinations(keys, 2) if pair[0].field != pair[1].field]
    most = budget(records.count) // 5
    for rule in rules:
        sizes = connection.execute(
            f"SELECT c, count(*) FROM (SELECT count(*) AS c FROM record WHERE {_known(rule)} GROUP BY {_grouped(rule)}) "  # noqa: S608
            "WHERE c > 1 GROUP BY c ORDER BY c"
        ).fetchall()
        pairs = widest = 0
        for size, count in sizes:
            more = count * size * (size - 1) // 2
            if size > WIDEST or pairs + more > most:
                break
            pairs, widest = pairs + more, size
        yield _Measured(rule, pairs, widest, sum(size * count for size, count in sizes if size > widest))


def _insert(connection: duckdb.DuckDBPyConnection, keys: tuple[Key, ...], widest: int, apart: str) -> None:
    connection.execute(
        f"""
        WITH grouped AS (
            SELECT list(unique_id ORDER BY unique_id) AS ids FROM record WHERE {_known(keys)} GROUP BY {_grouped(keys)}
            HAVING count(*) BETWEEN 2 AND {widest}
        ), member AS (SELECT unnest(ids) AS id, row_number() OVER () AS g FROM grouped)
        INSERT INTO candidate SELECT (l.unique_id::BIGINT << 32) | r.unique_id
        FROM member a JOIN member b ON a.g = b.g AND a.id < b.id JOIN record l ON l.unique_id = a.id JOIN record r ON r.unique_id = b.id
        WHERE true{apart}
        """  # noqa: S608 -- expressions of our own keys
        if apart
        else f"""
        WITH grouped AS (
            SELECT list(unique_id ORDER BY unique_id) AS ids FROM record WHERE {_known(keys)} GROUP BY {_grouped(keys)}
            HAVING count(*) BETWEEN 2 AND {widest}
        ), l AS (SELECT ids, unnest(ids) AS a FROM grouped), r AS (SELECT a, unnest(ids) AS b FROM l)
        INSERT INTO candidate SELECT (a::BIGINT << 32) | b FROM r WHERE a < b
        """  # noqa: S608
    )


def _known(keys: tuple[Key, ...]) -> str:
    return " AND ".join(f"({key.sql}) IS NOT NULL" for key in keys)


def _grouped(keys: tuple[Key, ...]) -> str:
    return ", ".join(f"({key.sql})" for key in keys)
