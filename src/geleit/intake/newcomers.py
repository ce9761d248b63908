"""The groups of a bulk load, some at a time: their customers, identifiers, sets and needs as rows, not person by person."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import duckdb
import sqlalchemy as sa

from geleit.identity import hands
from geleit.ledger import tables
from geleit.ledger.ledger import write_rows
from geleit.needs.need import Cut

AT_ONCE = 10_000  # rows that are fetched together
EARLIER = """
(id) DO UPDATE SET
  since_t = CASE WHEN excluded.since_t < "customer".since_t THEN excluded.since_t ELSE "customer".since_t END,
  change = excluded.change
"""
RANK = itemgetter(0)


class Ranked:
    """The rows of an answer that is ordered by its first column, taken up to a value of it."""

    def __init__(self, duck: duckdb.DuckDBPyConnection, question: str) -> None:
        self.answer = duck.cursor().execute(question)
        self.rows: list[tuple[Any, ...]] = []

    def until(self, last: int) -> list[tuple[Any, ...]]:
        """The next rows, as far as ``last``."""
        while not self.rows or self.rows[-1][0] <= last:
            if not (more := self.answer.fetchmany(AT_ONCE)):
                break
            self.rows += more
        end = bisect_right(self.rows, last, key=RANK)
        found, self.rows = self.rows[:end], self.rows[end:]
        return found


@dataclass(frozen=True, slots=True)
class Person:
    """A group of identifiers (ledger id, why it joins nobody) with its sets; ``simple``: no limit holds it back."""

    customer: str
    since_t: int
    simple: bool
    identifiers: Sequence[tuple[int, str]]
    sets: Sequence[int]


@dataclass(frozen=True, slots=True)
class Slice:
    """Some groups side by side.

    ``groups``: (rank, customer, first time, simple); ``members``: (rank, ledger id of an identifier, why it joins nobody);
    ``sets``: (rank, ledger id); ``needs`` by rank, cut from all events of the load.
    """

    groups: Sequence[tuple[int, str, int, bool]]
    members: Sequence[tuple[int, int, str]]
    sets: Sequence[tuple[int, int]]
    needs: Mapping[int, Cut]

    def parted(self, known: Collection[int]) -> tuple[dict[int, str], list[Person]]:
        """Customers by rank of whom nobody knows, and those with an identifier that is ``known`` or that a limit holds back."""
        odd = {rank for rank, _, _, simple in self.groups if not simple}
        if known:
            odd |= {rank for rank, number, _ in self.members if number in known}
        new = {rank: customer for rank, customer, _, _ in self.groups if rank not in odd}
        return new, list(self._people(odd)) if odd else []

    def _people(self, ranks: Collection[int]) -> Iterator[Person]:
        members, sets = defaultdict(list), defaultdict(list)
        for rank, number, reason in self.members:
            if rank in ranks:
                members[rank].append((number, reason))
        for rank, number in self.sets:
            if rank in ranks:
                sets[rank].append(number)
        for rank, customer, since, simple in self.groups:
            if rank in ranks:
                yield Person(customer, since, simple, members[rank], sets[rank])

    def write(self, connection: sa.Connection, new: Mapping[int, str], change: int) -> None:
        """Write customers (by rank) of whom nobody knew, with their identifiers and sets."""
        placed = [(number, new[rank], reason) for rank, number, reason in self.members if rank in new]
        write_rows(connection, tables.identifier_resolution, ("identifier_id", "customer_id", "reason"), placed)
        owned = [(number, 0, new[rank], change) for rank, number in self.sets if rank in new]
        _write_owners(connection, owned)
        hands.ask(connection, (number for number, _, reason in placed if reason == "ambiguous"), change)
        _write_customers(connection, [(name, since, change) for rank, name, since, _ in self.groups if rank in new])


def write_again(connection: sa.Connection, people: Sequence[Person], change: int) -> None:
    """Customers who were there already: they may have been seen in new company, or earlier than known."""
    _write_owners(connection, [(number, 0, one.customer, change) for one in people for number in one.sets])
    hands.ask(connection, (no for one in people for no, reason in one.identifiers if reason == "ambiguous"), change)
    _write_customers(connection, [(one.customer, one.since_t, change) for one in people])


def _write_owners(connection: sa.Connection, owned: Sequence[tuple[int, int, str, int]]) -> None:
    """Whose the sets are that have no owner yet."""
    write_rows(connection, tables.resolution, ("set_id", "slice", "customer_id", "change"), owned, "DO NOTHING")


def _write_customers(connection: sa.Connection, rows: Sequence[tuple[str, int, int]]) -> None:
    write_rows(connection, tables.customer, ("id", "since_t", "change"), rows, EARLIER)
