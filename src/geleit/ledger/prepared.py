"""Statements of the hot path, compiled once: SQLAlchemy's own handling costs ten times what SQLite does for a few rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

Row = Mapping[str, Any]
Bind = Callable[[Any], Any]


class Prepared:
    """A query or change whose parameters have names. On SQLite it goes straight to the driver, elsewhere through SQLAlchemy.

    Values come back as the driver gives them: for columns of numbers and texts only.
    """

    def __init__(self, statement: sa.Executable) -> None:
        self.statement = statement
        self._text = ""
        self._binds: list[tuple[str, Bind | None, Any]] = []

    def all(self, connection: sa.Connection, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query; none if it looks for none of ``values``."""
        if not values.get("values", True):
            return []
        if connection.dialect.name != "sqlite":
            return [tuple(row) for row in connection.execute(self.statement, values).all()]
        if not self._text:
            self._compile(connection, list(values))
        found: list[tuple[Any, ...]] = _cursor(connection).execute(self._text, self._values(values)).fetchall()
        return found

    def run(self, connection: sa.Connection, **values: Any) -> None:
        """Make a change; none to none of ``values``."""
        if not values.get("values", True):
            return
        if connection.dialect.name != "sqlite":
            connection.execute(self.statement, values)
            return
        if not self._text:
            self._compile(connection, list(values))
        _cursor(connection).execute(self._text, self._values(values))

    def many(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Make a change for each of some rows, all with the same names; nothing without rows."""
        if not rows:
            return
        if connection.dialect.name != "sqlite":
            connection.execute(self.statement, rows)
            return
        if not self._text:
            self._compile(connection, list(rows[0]))
        if any(bind for _, bind, _ in self._binds):
            _cursor(connection).executemany(self._text, [self._values(row) for row in rows])
            return
        names = [name for name, _, _ in self._binds]
        fixed = {name: value for name, _, value in self._binds if value is not None}
        if fixed:
            rows = [{**fixed, **row} for row in rows]
        _cursor(connection).executemany(self._text, [tuple(map(row.__getitem__, names)) for row in rows])

    def _values(self, values: Row) -> list[Any]:
        found = []
        for name, bind, value in self._binds:
            given = values.get(name, value)
            found.append(bind(given) if bind else given)
        return found

    def _compile(self, connection: sa.Connection, names: list[str]) -> None:
        writes = isinstance(self.statement, sa.Insert | sa.Update)
        compiled: Any = self.statement.compile(  # type: ignore[attr-defined]
            dialect=connection.dialect, column_keys=names if writes else None
        )
        binds = compiled._bind_processors  # noqa: SLF001 (what SQLAlchemy itself does to the values)
        fixed = compiled.params
        self._binds = [(name, binds.get(name), fixed.get(name)) for name in compiled.positiontup or ()]
        self._text = str(compiled)


def _cursor(connection: sa.Connection) -> Any:
    if not connection.in_transaction():  # SQLAlchemy begins one only for its own statements
        connection.begin()
    return connection.connection.cursor()
