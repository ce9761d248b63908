"""Who would be joined and who separated under other rules, before they hold: nothing is written.

Set-based: everybody whom no limit and no decision touches is counted by DuckDB, which spills to disk; the others are
resolved group by group. So memory holds the largest group and some numbers per identifier, not the whole graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from geleit.events.event import Identifier
from geleit.history import snapshot
from geleit.history.reading import connect
from geleit.history.statements import load_from
from geleit.identity import decisions, groups, likely
from geleit.identity.closure import heeded, likely_link
from geleit.identity.decisions import Settled
from geleit.identity.graph import Node, Reason, bonded, resolve
from geleit.identity.hands import HANDED
from geleit.identity.likely import Likely
from geleit.identity.rules import Rules
from geleit.ledger import tables

SQL = load_from(Path(__file__).parent / "preview.sql")
MEMORY = "1500MB"
ROWS = 20_000  # fetched at once
VALUES = 3  # of one customer that stand behind a limit
SHOWN = 8  # identifiers of one part of a sample


@dataclass(frozen=True, slots=True)
class Because:
    """A link and the rule that will hold it back (of a separation) or held it back so far (of a joining)."""

    a: Identifier
    b: Identifier
    rule: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One customer who would be separated (``parts``: customers then) or joined (``parts``: customers now).

    Each part is a customer id with its first identifiers.
    """

    customer: str
    parts: tuple[tuple[str, tuple[Identifier, ...]], ...]
    because: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Unheeded:
    """How many identifiers join nobody where a source shows them (its ``links``, ``ignore``, ``blocked``), and some."""

    source: str
    identifiers: int
    samples: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """How many identifiers and customers there are and would be; who changes, the most changed ones as samples.

    ``largest``: identifiers of the largest customer then; ``browsers_now`` and ``browsers_then``: browsers and devices of
    several people, whose visits are given to whom they show. ``unheeded``: what the rules of single sources leave out.
    """

    identifiers: int
    customers_now: int
    customers_then: int
    separated: int
    joined: int
    largest: int
    separated_people: tuple[Sample, ...]
    joined_people: tuple[Sample, ...]
    browsers_now: int = 0
    browsers_then: int = 0
    unheeded: tuple[Unheeded, ...] = ()


def preview(connection: sa.Connection, rules: Rules, folder: Path, samples: int = 5) -> Preview:
    """What ``rules``, with the decisions that stand, would make of all evidence, against what holds now.

    ``connection`` sees one state of the ledger; ``folder`` is where large intermediate results spill to.
    """
    made = decisions.standing(connection)
    with TemporaryDirectory(dir=folder) as spill, connect(memory_limit=MEMORY, temp_directory=spill) as duck:
        _gather(duck, connection)
        supposed = likely.counting(connection, rules)
        groups.group(duck, rules, made.named | {end for a, b, _ in supposed for end in (a, b)})
        _resolve_difficult(duck, rules, made.settled(), supposed)
        for name in ("moved", "parted", "joined"):
            duck.execute(SQL[name])
        counted: list[int] = [*duck.execute(SQL["counts"]).fetchall()[0]]
        browsers = duck.execute(SQL["browsers"], {"handed": sorted(HANDED)}).fetchall()[0]
        unheeded = duck.execute(SQL["unheeded_by"], {"samples": VALUES}).fetchall()
        people = (
            tuple(_samples(duck, "separated_people", ("parts_of", "why_separated"), (samples, rules))),
            tuple(_samples(duck, "joined_people", ("parts_for", "why_joined"), (samples, rules))),
        )
    identifiers, now, then, separated, joined, largest = counted
    left_out = tuple(Unheeded(name, many, tuple(Identifier(*one) for one in some)) for name, many, some in unheeded)
    return Preview(identifiers, now, then, separated, joined, largest, *people, browsers[0], browsers[1], left_out)


def _gather(duck: duckdb.DuckDBPyConnection, connection: sa.Connection) -> None:
    """Take identifiers, evidence and present places out of the ledger."""
    seen = tables.evidence.c
    pairs = sa.select(seen.low_id, seen.high_id, seen.source, seen["count"], seen.first_t)
    snapshot.copy(connection, sa.select(tables.identifier), duck, "known")
    snapshot.copy(connection, pairs, duck, "pairs")
    snapshot.copy(connection, sa.select(tables.identifier_resolution), duck, "places")
    for name in ("identifier", "evidence"):
        duck.execute(SQL[name])
    duck.execute("DROP TABLE known")
    duck.execute("DROP TABLE pairs")


def _resolve_difficult(
    duck: duckdb.DuckDBPyConnection, rules: Rules, settled: Settled, supposed: Sequence[Likely]
) -> None:
    """Make ``resolved(no, customer_id)`` and ``held(low, high, rule)`` of the groups that need the pure function itself."""
    _tie(duck, settled, supposed)
    by_end: dict[Identifier, list[Likely]] = defaultdict(list)
    for one in supposed:
        by_end[one[0]].append(one)
        by_end[one[1]].append(one)
    duck.execute(SQL["knot"])
    duck.execute("CREATE TABLE resolved (no BIGINT, customer_id VARCHAR)")
    duck.execute("CREATE TABLE held (low BIGINT, high BIGINT, rule VARCHAR)")
    placed: list[tuple[Any, ...]] = []
    held: list[tuple[Any, ...]] = []
    links = _by_group(duck, SQL["links"])
    ahead = next(links, None)
    for root, rows in _by_group(duck, SQL["members"]):
        nodes = {no: Node(no, Identifier(type_, value), first) for _, no, type_, value, first, _ in rows}
        mine: list[tuple[Any, ...]] = []
        if ahead and ahead[0] == root:
            mine, ahead = ahead[1], next(links, None)
        hindered: dict[int, Reason] = {row[1]: row[5] for row in rows if row[5]}
        hindered |= {no: "shared" for no, node in nodes.items() if node.identifier in settled.shared}
        seen = heeded((row[1:] for row in mine), nodes, rules)
        if by_end:
            numbers = {node.identifier: no for no, node in nodes.items() if node.identifier in by_end}
            inside = {one for end in numbers for one in by_end[end]}
            seen += [
                likely_link(numbers[a], numbers[b], bits) for a, b, bits in inside if a in numbers and b in numbers
            ]
        found = resolve(nodes, seen, hindered, rules, settled)
        placed += found.customers.items()
        held += ((apart.link.low, apart.link.high, apart.rule) for apart in found.rejected)
        if len(placed) > ROWS:
            _flush(duck, placed, held)
    _flush(duck, placed, held)


def _flush(duck: duckdb.DuckDBPyConnection, placed: list[tuple[Any, ...]], held: list[tuple[Any, ...]]) -> None:
    """Move what was found so far into its tables."""
    for name, form, rows in (("resolved", PLACED, placed), ("held", HELD, held)):
        columns = {label: [row[place] for row in rows] for place, label in enumerate(form.names)}
        duck.from_arrow(pa.table(columns, schema=form)).insert_into(name)
        rows.clear()


PLACED = pa.schema([("no", pa.int64()), ("customer_id", pa.string())])
HELD = pa.schema([("low", pa.int64()), ("high", pa.int64()), ("rule", pa.string())])


def _tie(duck: duckdb.DuckDBPyConnection, settled: Settled, supposed: Sequence[Likely]) -> None:
    """Groups that decisions or likeness may make one, ``tied(wide, root)``; also over groups that are in two of them."""
    wide = {Identifier(type_, value): number for type_, value, number in duck.execute(SQL["bonded"]).fetchall()}
    whole: dict[int, set[int]] = {}
    wholes = {id(some): some for some in bonded(settled).values()}
    for members in [*wholes.values(), *({a, b} for a, b, _ in supposed)]:
        tied = {wide[one] for one in members if one in wide}
        together = tied.union(*(whole.get(number, ()) for number in tied))
        whole.update(dict.fromkeys(together, together))
    roots = {number: min(some) for number, some in whole.items()}
    columns = {"wide": pa.array(list(roots), pa.int64()), "root": pa.array(list(roots.values()), pa.int64())}
    duck.from_arrow(pa.table(columns)).create("tied")


def _by_group(duck: duckdb.DuckDBPyConnection, question: str) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """The rows of an answer that is ordered by its first column, by that column."""
    answer = duck.cursor().execute(question)

    def rows() -> Iterator[tuple[Any, ...]]:
        while some := answer.fetchmany(ROWS):
            yield from some

    for root, members in groupby(rows(), key=lambda row: row[0]):
        yield root, list(members)


def _samples(
    duck: duckdb.DuckDBPyConnection, which: str, asked: tuple[str, str], scope: tuple[int, Rules]
) -> Iterator[Sample]:
    (parts, why), (samples, rules) = asked, scope
    for (customer,) in duck.execute(SQL[which], {"samples": samples}).fetchall():
        rows = duck.execute(SQL[parts], {"customer": customer}).fetchall()
        shown = [
            (part, tuple(Identifier(type_, value) for _, type_, value in members)[:SHOWN])
            for part, members in groupby(rows, key=lambda row: row[0])
        ]
        because = duck.execute(SQL[why], {"customer": customer}).fetchall()
        yield Sample(
            customer,
            tuple((part, members) for part, members in shown[:SHOWN]),
            tuple(Because(Identifier(*row[:2]), Identifier(*row[2:4]), _rule(duck, row[4:], rules)) for row in because),
        )


def _rule(duck: duckdb.DuckDBPyConnection, told: Sequence[str], rules: Rules) -> str:
    """The rule; of a limit that holds two apart so far, which values of the strongest type that both have it is about."""
    rule, *homes = told
    if rule != "limit":
        return rule
    rows = duck.execute(SQL["in_both"], {"one": homes[0], "other": homes[1]}).fetchall()
    if not rows:
        return rule
    type_, mine, theirs = min(rows, key=lambda row: (rules.of(row[0]).priority, row[0]))
    return f"limit: {type_} {', '.join(mine[:VALUES])} / {', '.join(theirs[:VALUES])}"
