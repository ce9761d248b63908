"""Statements of the hot path, compiled once: SQLAlchemy's own handling costs ten times what the driver does for a few rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from geleit.ledger import many

Row = Mapping[str, Any]
Bind = Callable[[Any], Any]


class Prepared:
    """A query or change whose parameters have names; it goes straight to the driver.

    Values come back as the driver gives them: for columns of numbers and texts only.
    """

    def __init__(self, statement: sa.Executable) -> None:
        self.statement = statement
        self._forms: dict[str, _Positional | _Named] = {}

    def all(self, connection: sa.Connection, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query; none if it looks for none of ``values``."""
        if not values.get("values", True):
            return []
        form = self._form(connection, values)
        found: list[tuple[Any, ...]] = _cursor(connection).execute(form.text, form.values(values)).fetchall()
        return found

    def run(self, connection: sa.Connection, **values: Any) -> None:
        """Make a change; none to none of ``values``."""
        if values.get("values", True):
            form = self._form(connection, values)
            _cursor(connection).execute(form.text, form.values(values))

    def many(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Make a change for each of some rows, all with the same names; nothing without rows."""
        if rows:
            self._form(connection, rows[0]).many(_cursor(connection), rows)

    def _form(self, connection: sa.Connection, values: Row) -> _Positional | _Named:
        dialect = connection.dialect
        form = self._forms.get(dialect.name)
        if form is None:
            kind = _Positional if dialect.name == "sqlite" else _Named
            form = self._forms[dialect.name] = kind(self.statement, dialect, list(values))
        return form


class _Form:
    """A statement as one driver takes it."""

    def __init__(self, statement: sa.Executable, dialect: sa.Dialect, names: list[str]) -> None:
        writes = isinstance(statement, sa.Insert | sa.Update)
        compiled: Any = statement.compile(  # type: ignore[attr-defined]
            dialect=dialect, column_keys=names if writes else None, for_executemany=writes
        )
        binds = compiled._bind_processors  # noqa: SLF001 (what SQLAlchemy itself does to the values)
        fixed = compiled.params
        order = compiled.positiontup or list(fixed)
        self.statement, self.text = statement, str(compiled)
        self.binds: list[tuple[str, Bind | None, Any]] = [(name, binds.get(name), fixed.get(name)) for name in order]
        self.plain = not any(bind for _, bind, _ in self.binds)
        self.fixed = {name: value for name, _, value in self.binds if value is not None}


class _Positional(_Form):
    """For SQLite: values in the order of their marks."""

    def values(self, given: Row) -> Sequence[Any]:
        """The values of one execution."""
        found = []
        for name, bind, fixed in self.binds:
            value = given.get(name, fixed)
            found.append(bind(value) if bind else value)
        return found

    def many(self, cursor: Any, rows: Sequence[Row]) -> None:
        """One execution for each row."""
        if not self.plain:
            cursor.executemany(self.text, [self.values(row) for row in rows])
            return
        names = [name for name, _, _ in self.binds]
        if self.fixed:
            rows = [{**self.fixed, **row} for row in rows]
        cursor.executemany(self.text, [tuple(map(row.__getitem__, names)) for row in rows])


class _Named(_Form):
    """For PostgreSQL: values by their names; many rows are one statement."""

    def values(self, given: Row) -> dict[str, Any]:
        """The values of one execution."""
        found = {}
        for name, bind, fixed in self.binds:
            value = given.get(name, fixed)
            found[name] = bind(value) if bind else value
        return found

    def many(self, cursor: Any, rows: Sequence[Row]) -> None:
        """All rows at once."""
        if not self.plain or self.fixed:
            rows = [self.values(row) for row in rows]
        if not (isinstance(self.statement, sa.Insert) and many.insert_rows(cursor, self.text, rows, self.statement)):
            cursor.executemany(self.text, rows)


def _cursor(connection: sa.Connection) -> Any:
    if not connection.in_transaction():  # SQLAlchemy begins one only for its own statements
        connection.begin()
    return connection.connection.cursor()
