"""Maps a few records without much ado: what all events of a record share is computed once, the rest only if needed.

DuckDB spends its time on reading and planning long texts, not on a few records. So a definition's named expressions
(``let``) become columns of inner SELECTs instead of being written out wherever they are used; one look tells which
events a record can give at all, and only those are computed. Whatever fails on this way is computed on the exact one,
so that both give the same.
"""
# ruff: noqa: S608 (only expressions that expression.check has read and written anew stand in these texts)

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from geleit.sources import expression
from geleit.sources.computing import Computation
from geleit.sources.definition import SourceDefinition
from geleit.sources.expression import ITEM, Dialect, Expression, ExpressionError
from geleit.sources.plan import NUMBER, ROW, Selection
from geleit.sources.sandbox import Sandbox, Stopped

LET = "geleit_let_"  # columns that hold the value of a let
SKIP = "skip"


@dataclass
class Few:
    """The short way of one definition that groups nothing. ``rows``: per event, the records that may give it."""

    definition: SourceDefinition
    selections: tuple[Selection, ...]
    rows: dict[int, pa.Array] = field(default_factory=dict)

    def skipped(self, sandbox: Sandbox, table: pa.Table) -> set[int] | None:
        """The records that are left out on purpose, by ROW; None if the exact way must tell. Looks at all conditions."""
        self.rows = {}
        if self._look is None:
            return set() if self.definition.skip is None else None
        sandbox.offer(table)
        try:
            found = sandbox.ask_few(self._look).table
        except Stopped as stopped:
            if stopped.why == "definition":  # it will fail for every record
                self._look = None
            return None
        for position in self._conditions:
            self.rows[position] = found[ROW].filter(pc.fill_null(found[f"w{position}"], False))
        if self.definition.skip is None:
            return set()
        pairs = zip(found[ROW].to_pylist(), found[SKIP].to_pylist(), strict=True)
        return {row for row, value in pairs if value in (True, "true", 1)}

    def compute(self, computation: Computation, table: pa.Table) -> None:
        """Compute one event of these records. Errors: as Computation.run."""
        position = computation.selection.position
        if position in self.rows:
            table = table.filter(pc.is_in(table[ROW], self.rows[position]))
        if not table.num_rows:
            return
        if text := self._texts.get(position):
            computation.sandbox.offer(table)
            try:
                computation.answers.append(computation.sandbox.ask_few(text))
            except Stopped as stopped:
                if stopped.why == "definition":
                    del self._texts[position]
            else:
                return
        computation.run(table)

    @cached_property
    def _lets(self) -> dict[str, Expression]:
        """Every let, with the earlier ones as columns."""
        found: dict[str, Expression] = {}
        for name, text in self.definition.let.items():
            earlier = {one: _column(one) for one in found}
            found[name] = expression.check(text, lets=earlier)
        return found

    def _check(self, text: str) -> Expression:
        return expression.check(text, lets={name: _column(name) for name in self._lets})

    @cached_property
    def _conditions(self) -> dict[int, list[Expression]]:
        """Per event that has some: conditions that need no element of a list, all of which must hold."""
        found = {}
        for selection in self.selections:
            parts = [self._check(text) for text in conjuncts(selection.event.when or "")]
            if plain := [part for part in parts if not self._needs_item(part.columns)]:
                found[selection.position] = plain
        return found

    @cached_property
    def _look(self) -> str | None:
        """One SELECT of ``skip`` and all conditions; None if there is nothing to look at."""
        try:
            flags = {f"w{position}": parts for position, parts in self._conditions.items()}
            flags |= {SKIP: [self._check(self.definition.skip)]} if self.definition.skip else {}
        except ExpressionError:
            return None
        if not flags:
            return None
        columns = [f"{' AND '.join(f'({part.sql})' for part in parts)} AS {name}" for name, parts in flags.items()]
        source = self._layers("record", {name for parts in flags.values() for part in parts for name in part.columns})
        return f"SELECT {ROW}, {', '.join(columns)} FROM {source}"

    @cached_property
    def _texts(self) -> dict[int, str]:
        """The SELECT of every event."""
        found = {}
        for selection in self.selections:
            try:
                found[selection.position] = self._text(selection)
            except ExpressionError:  # it stands where an expression of this length may not: the exact way it goes
                continue
        return found

    def _text(self, selection: Selection) -> str:
        event = selection.event
        columns = [self._check(text) for place, text in event.expressions() if place not in (("when",), ("each",))]
        when = self._check(event.when) if event.when else None
        used = {name for one in (*columns, *((when,) if when else ())) for name in one.columns}
        needed = self._needed(used)
        plain = {name for name in needed if not self._needs_item(self._lets[name].columns)}
        outputs = ", ".join(f"({column.sql}) AS c{i}" for i, column in enumerate(columns))
        where = f" WHERE ({when.sql})" if when else ""
        if event.each is None:
            return f"SELECT {ROW}, 0 AS {NUMBER}, {outputs} FROM {self._layers('record', plain, of_lets=True)}{where}"
        each = self._check(event.each)
        source = self._layers("record", plain | self._needed(each.columns), of_lets=True)
        lists = f"SELECT *, CAST(CAST(({each.sql}) AS JSON) AS JSON[]) AS geleit_list FROM {source}"
        elements = f"unnest(geleit_list) AS {ITEM}, generate_subscripts(geleit_list, 1) AS {NUMBER}"
        source = self._layers(f"(SELECT *, {elements} FROM ({lists}))", needed - plain, of_lets=True)
        return f"SELECT {ROW}, {NUMBER}, {outputs} FROM {source}{where}"

    def _layers(self, source: str, names: Iterable[str], *, of_lets: bool = False) -> str:
        """A source with these lets, or those that these columns are, as further columns; each after those it needs."""
        needed = set(names) if of_lets else self._needed(names)
        for level in self._levels(needed):
            columns = ", ".join(f"({self._lets[name].sql}) AS {_column(name)}" for name in level)
            source = f"(SELECT *, {columns} FROM {source})"
        return source

    def _levels(self, names: set[str]) -> Iterator[list[str]]:
        done: set[str] = set()
        left = [name for name in self._lets if name in names]
        while left:
            ready = [name for name in left if not (self._named(self._lets[name].columns) & names) - done]
            yield ready
            done |= set(ready)
            left = [name for name in left if name not in done]

    def _needed(self, columns: Iterable[str]) -> set[str]:
        """The lets that these columns are, and those that they are made of."""
        found = self._named(columns)
        for name in list(found):
            found |= self._needed(self._lets[name].columns)
        return found

    def _named(self, columns: Iterable[str]) -> set[str]:
        by_column = {f"{LET}{name}".lower(): name for name in self._lets}
        return {by_column[name.lower()] for name in columns if name.lower() in by_column}

    def _needs_item(self, columns: Iterable[str]) -> bool:
        everything = [*columns, *(c for name in self._needed(columns) for c in self._lets[name].columns)]
        return any(name.lower() == ITEM for name in everything)


def conjuncts(text: str) -> list[str]:
    """The parts of a condition all of which must hold; none for no condition.

    >>> conjuncts("a = 1 AND (b OR c)")
    ['"a" = 1', '"b" OR "c"']
    """
    try:
        tree = sqlglot.parse_one(text, dialect=Dialect) if text else None
    except SqlglotError:
        return [text]
    return [part.unnest().sql(Dialect, identify=True) for part in _parts(tree)] if tree else []


def _parts(tree: exp.Expr) -> Iterator[exp.Expr]:
    bare = tree.unnest()
    if isinstance(bare, exp.And):
        yield from _parts(bare.this)
        yield from _parts(bare.expression)
    else:
        yield bare


def _column(name: str) -> str:
    return f'"{LET}{name}"'
