"""Which of several exports belong together: rows of one that name records of another, told by columns and their values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePosixPath

from geleit.errors import GeleitError
from geleit.events.kinds import snake
from geleit.sources.located import Located
from geleit.sources.records import DAMAGE
from geleit.sources.roles import Column, columns_of
from geleit.sources.sample import Sample, first_records, look, value_text
from geleit.sources.times import TimeReader

ROWS = 20_000  # records of each export that are compared
MOST = 12  # exports that are compared
NAMED = 8  # exports that are named
FEWEST = 2  # records that tell something
FOUND = 0.9  # share of rows that name a record
HAVING = 0.2  # share of records that have rows
COMBINED = 3  # columns of a key at most
COMMON = 6  # columns of equal names that are tried together
PERSONAL = frozenset({"person", "email", "phone", "card", "anonymous"})
PLAIN_KEYS = frozenset({"id", "no", "nr", "nummer", "number", "key"})  # what an export calls its own number


@dataclass(frozen=True, slots=True)
class Table:
    """One export: a file, or the ``part`` of it (a sheet, a file of an archive), with what it looks like and first records."""

    file: Located
    part: str
    sample: Sample
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, str]]
    more: bool = False  # whether it has more rows than these

    @property
    def name(self) -> str:
        """What people call it."""
        return self.part or PurePosixPath(self.file.name).name

    @property
    def stem(self) -> str:
        """Its name without ending, as names are written here."""
        return snake(PurePosixPath(self.name).name.split(".")[0])

    @property
    def roles(self) -> dict[str, str]:
        """What its columns seem to be, by name."""
        return {column.name: column.role for column in self.columns}


@dataclass(frozen=True, slots=True)
class Compared:
    """Exports that are compared; ``notes`` say which exports and rows are not."""

    tables: Sequence[Table]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """An export whose rows belong to the records of another one: by which columns (there: here), and how it is known."""

    table: Table
    by: Mapping[str, str]
    why: str


def table_of(file: Located, times: TimeReader, part: str = "") -> Table | None:
    """An export with its first records; None if it cannot be read."""
    try:
        sample = look(file, part)
        rows = [
            {name: value_text(value) for name, value in record.items()}
            for record in first_records(file, sample.fields, ROWS + 1)
        ]
    except (*DAMAGE, GeleitError):
        return None
    return Table(file, part, sample, columns_of(sample, times), rows[:ROWS], more=len(rows) > ROWS)


def compared(given: Sequence[tuple[Located, str]], times: TimeReader, head: Table | None = None) -> Compared:
    """The exports (files, or parts of one) that can be read, the smallest if there are many; with ``head``, if it is known."""
    ordered = sorted(given, key=lambda one: (one[0].size, one[0].name, one[1]))
    some, rest = ordered[:MOST], ordered[MOST:]
    found = [(table_of(file, times, part), part or file.name) for file, part in some]
    tables = [table for table, _ in found if table]
    broken = [name for table, name in found if not table]
    notes = []
    if rest:
        left = _named([part or file.name for file, part in rest])
        notes.append(
            f"which exports belong together was looked for in the {MOST} smallest of {len(given)}; left out: {left}"
        )
    if broken:
        notes.append(f"{_named(broken)} cannot be read or is empty, and was not compared")
    if long := [table.part or table.file.name for table in (head, *tables) if table and table.more]:
        notes.append(f"only the first {ROWS:,} rows of {_named(long)} were compared with other exports")
    return Compared(tables, tuple(notes))


def _named(files: Sequence[str]) -> str:
    """Files by their own names, the first of many."""
    names = [PurePosixPath(one).name for one in files]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def together(tables: Sequence[Table]) -> tuple[Table, list[Related]] | None:
    """The one export to whose records rows of others belong, with these; None if there is none, or more than one could be."""
    found = [(head, some) for head in tables if (some := belonging(head, tables))]
    return found[0] if len(found) == 1 else None


def belonging(head: Table, tables: Sequence[Table]) -> list[Related]:
    """The exports among ``tables`` whose rows belong to the records of one of them."""
    if len(head.rows) < FEWEST or not {"time", *PERSONAL} & set(head.roles.values()):
        return []
    return [found for other in tables if other is not head and (found := _related(head, other))]


def _related(head: Table, other: Table) -> Related | None:
    """How rows belong to records; None if they stand for something of their own (a time, a person), or no key says it."""
    known = {snake(name) for name in head.rows[0]}
    own = {column.role for column in other.columns if snake(column.name) not in known}
    if own & {"time", *PERSONAL}:
        return None
    for by in _keys(head, other):
        if why := _told(head, other, by):
            return Related(other, by, why)
    return None


def _keys(head: Table, other: Table) -> Iterator[dict[str, str]]:
    """Columns that could say to which record a row belongs, the likelier first: their names there and here."""
    here = {snake(name): name for name in head.rows[0]}
    there = list(other.rows[0]) if other.rows else []
    same = [(here[snake(name)], name) for name in there if snake(name) in here]
    roles = head.roles
    keys = [pair for pair in same if roles.get(pair[0]) not in (*PERSONAL, "time", "clock")]
    numbered = [pair for pair in keys if roles.get(pair[0]) in ("order", "case", "id")]
    yield from ({one: two} for one, two in numbered)
    for plain, name in here.items():
        if plain in PLAIN_KEYS:
            yield from ({name: one} for one in there if _names(one, plain, head.stem))
    for size in range(2, COMBINED + 1):
        for chosen in combinations(keys[:COMMON], size):
            if {roles.get(one) for one, _ in chosen} & {"order", "case", "id"}:
                yield dict(chosen)


def _names(column: str, plain: str, stem: str) -> bool:
    """Whether a column names the records of an export: ``order_id`` those of ``orders`` by their ``id``.

    >>> _names("Order ID", "id", "orders_2026"), _names("customer_id", "id", "orders_2026")
    (True, False)
    """
    found = re.fullmatch(rf"(.{{3,}}?)_?{plain}", snake(column))
    return found is not None and found[1] in stem


def _told(head: Table, other: Table, by: Mapping[str, str]) -> str:
    """In words why rows belong to records by these columns; '' if they do not."""
    records = [_key(row, by.keys()) for row in head.rows]
    rows = [_key(row, by.values()) for row in other.rows]
    if len(rows) < FEWEST or not all(records) or len(set(records)) < len(records):
        return ""
    known = set(records)
    named = {key for key in rows if key in known}
    found = sum(key in known for key in rows)
    few = len(rows) < ROWS and len(named) < HAVING * len(known)
    if few or found < FOUND * len(rows) or len(named) == found:  # one row each is another matter
        return ""
    columns = " and ".join(f"'{name}'" for name in by.values())
    own = "" if set(by) == set(by.values()) else f" by its {' and '.join(repr(name) for name in by)}"
    share = f"each of {len(rows):,}" if found == len(rows) else f"{found:,} of {len(rows):,}"
    return f"{share} rows of {other.name} name in {columns} one record of {head.name}{own}, and several name the same"


def _key(row: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    key = tuple(row.get(name, "") for name in names)
    return key if any(key) else ()
