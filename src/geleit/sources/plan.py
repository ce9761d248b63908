"""A definition as SELECTs over the table ``record``: one per event definition, every expression a column.

Only expressions that expression.check has read and written anew stand in these texts; values never do.
"""
# ruff: noqa: S608 (see above)

from __future__ import annotations

from dataclasses import dataclass

from geleit.sources.definition import EventDefinition, Place, SourceDefinition
from geleit.sources.expression import ITEM, Expression, read_ahead

ROW, NUMBER = "geleit_row", "geleit_number"


@dataclass(frozen=True, slots=True)
class Column:
    """One expression of an event definition: its place there, such as ("properties", "total")."""

    place: Place
    expression: Expression

    @property
    def name(self) -> str:
        """The place as people read it: properties.total."""
        return ".".join(str(part) for part in self.place)


@dataclass(frozen=True, slots=True)
class Selection:
    """One event definition as a SELECT. Answers have ROW, NUMBER (the element of each, from 1; else 0), c0, c1 ..."""

    position: int
    event: EventDefinition
    columns: tuple[Column, ...]
    when: Column | None
    each: Column | None
    group: Expression | None

    def sql(self, columns: tuple[Column, ...] | None = None) -> str:
        """The SELECT over all columns, or over some of them to find out which one fails."""
        chosen = self.columns if columns is None else columns
        outputs = [f"({column.expression.sql}) AS c{i}" for i, column in enumerate(chosen)]
        number = NUMBER if self.each else f"0 AS {NUMBER}"
        head = "SELECT " + ", ".join([ROW, number, *outputs])
        when = f"({self.when.expression.sql})" if self.when else "true"
        if self.group is None:
            return f"{head} FROM {self._plain_source()} WHERE {when}"
        element = f", {NUMBER}, {ITEM}" if self.each else ""
        return f"{head} FROM {self._grouped_source()} GROUP BY {ROW}, ({self.group.sql}){element} HAVING {when} ORDER BY 1, 2"

    def failures_sql(self) -> str:
        """Per record and column, whether the column's expression fails there, for any element of each.

        Records that fail nowhere are included, but of those without elements.
        """
        when = f"({self.when.expression.sql})" if self.when else "true"
        parts = [f"TRY({when} IS NULL) IS NULL"]
        parts += [f"TRY((CASE WHEN {when} THEN ({c.expression.sql}) END) IS NULL) IS NULL" for c in self.columns]
        if self.each:
            any_of = ", ".join(f"bool_or({part}) AS c{i}" for i, part in enumerate(parts))
            return f"SELECT {ROW}, {any_of} FROM {self._plain_source()} GROUP BY {ROW}"
        return f"SELECT {ROW}, " + ", ".join(f"{part} AS c{i}" for i, part in enumerate(parts)) + " FROM record"

    def _elements(self) -> str:
        return f"CAST(CAST(({self.each.expression.sql}) AS JSON) AS JSON[])" if self.each else ""

    def _plain_source(self) -> str:
        if self.each is None:
            return "record"
        early = self.when and ITEM not in self.when.expression.columns
        where = f" WHERE ({self.when.expression.sql})" if early and self.when else ""
        lists = f"SELECT *, {self._elements()} AS geleit_list FROM record{where}"
        return (
            f"(SELECT *, unnest(geleit_list) AS {ITEM}, generate_subscripts(geleit_list, 1) AS {NUMBER} FROM ({lists}))"
        )

    def _grouped_source(self) -> str:
        if self.each is None or self.group is None:
            return "record"
        lists = f"SELECT {ROW}, {self._elements()} AS geleit_list FROM record GROUP BY {ROW}, ({self.group.sql})"
        elements = f"SELECT {ROW}, unnest(geleit_list) AS {ITEM}, generate_subscripts(geleit_list, 1) AS {NUMBER}"
        return f"record JOIN ({elements} FROM ({lists})) USING ({ROW})"


@dataclass(frozen=True, slots=True)
class Plan:
    """All SELECTs of a definition and the columns that they read."""

    skip: Expression | None
    group: Expression | None
    selections: tuple[Selection, ...]
    reads: frozenset[str]


def plan(definition: SourceDefinition) -> Plan:
    """The definition as SELECTs.

    Errors: ExpressionError for an expression that is not allowed (load_source says it with its line).
    """
    read_ahead((text, definition.let) for _, text in definition.expressions())
    skip = definition.check(("skip",), definition.skip) if definition.skip else None
    group = definition.check(("group",), definition.group) if definition.group else None
    selections = tuple(_selection(definition, position, group) for position in range(len(definition.events)))
    reads = set[str]()
    for expression in (skip, group):
        reads |= expression.columns if expression else set()
    for selection in selections:
        columns = [c for c in (*selection.columns, selection.when) if c]
        reads |= {name for c in columns for name in c.expression.columns if not (selection.each and name == ITEM)}
        reads |= selection.each.expression.columns if selection.each else set()
    return Plan(skip, group, selections, frozenset(reads))


def _selection(definition: SourceDefinition, position: int, group: Expression | None) -> Selection:
    event = definition.events[position]
    found = {
        place: Column(place, definition.check(("events", position, *place), text))
        for place, text in event.expressions()
    }
    when, each = found.pop(("when",), None), found.pop(("each",), None)
    return Selection(position, event, tuple(found.values()), when, each, group)
