"""Opens the ledger and gives units of work: many readers, one writer, nothing acknowledged before its commit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DatabaseError, OperationalError

from geleit.clock import Clock, system_clock
from geleit.errors import Retryable, StoreError
from geleit.ledger import tables
from geleit.ledger.schema import upgrade
from geleit.secrets import redact

BUSY_MS = 30_000
PARAMETERS = 900  # values in one IN list; SQLite of Debian 12 takes 32,766, older ones 999


class Ledger:
    """The transactional store behind one URL (``sqlite:///...``).

    Errors: StoreError if the file is no ledger or of a newer geleit; Retryable if it is locked for longer than 30 s.
    """

    def __init__(self, url: str, *, clock: Clock = system_clock) -> None:
        self.name = redact(url)
        self.clock = clock
        self.engine = sa.create_engine(url, connect_args={"isolation_level": None, "timeout": BUSY_MS / 1000})
        sa.event.listen(self.engine, "connect", _set_pragmas)
        sa.event.listen(self.engine, "begin", _begin)
        with _translated(self.name):
            upgrade(self.engine)
        self._close_to_others()

    def _close_to_others(self) -> None:
        """Only the owner may read the file: it holds personal data."""
        path = self.engine.url.database
        if path and Path(path).exists():
            Path(path).chmod(0o600)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view of the ledger."""
        with _translated(self.name), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction that takes the writer's place at once; commits at the end or changes nothing."""
        with (
            _translated(self.name),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def next_change(self, connection: sa.Connection) -> int:
        """Number this transaction's change; rows written with it belong to it."""
        connection.execute(sa.update(tables.progress).values(change=tables.progress.c.change + 1, at=self.clock()))
        return self.change(connection)

    @staticmethod
    def change(connection: sa.Connection) -> int:
        """The number of the last change that this connection sees."""
        return int(connection.execute(sa.select(tables.progress.c.change)).scalar_one())

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def insert_new(table: sa.Table) -> Any:
    """An insert that leaves rows alone whose key exists."""
    return sqlite_insert(table).on_conflict_do_nothing()


def upsert(table: sa.Table, update: Sequence[str], *, where: Any = None) -> Any:
    """An insert that overwrites the ``update`` columns where the key exists (and ``where`` holds, if given)."""
    statement = sqlite_insert(table)
    values = {name: statement.excluded[name] for name in update}
    condition = where(statement.excluded) if where is not None else None
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=values, where=condition)


def write_rows(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str = ""
) -> None:
    """Insert many rows of plain values at once; ``conflict`` is SQL behind ON CONFLICT, such as DO NOTHING.

    For bulk loads: SQLAlchemy's own handling of many rows costs several times what the database does.
    """
    if rows:
        mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
        marks = ", ".join(mark for _ in names)
        quoted = ", ".join(f'"{name}"' for name in names)
        text = f'INSERT INTO "{table.name}" ({quoted}) VALUES ({marks})'  # noqa: S608 (names of our tables)
        connection.exec_driver_sql(
            text + (f" ON CONFLICT {conflict}" if conflict else ""), [tuple(row) for row in rows]
        )


_SEQUENCE = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))


def last_number(connection: sa.Connection, table: sa.Table) -> int:
    """The last number that a row of a numbered table got; 0 for none."""
    query = sa.select(_SEQUENCE.c.seq).where(_SEQUENCE.c.name == table.name)
    return int(connection.execute(query).scalar() or 0)


def take_numbers(connection: sa.Connection, table: sa.Table, rows: int) -> int:
    """Let a numbered table leave out the next numbers; returns the last one before them."""
    last = last_number(connection, table)
    if last:
        connection.execute(sa.update(_SEQUENCE).where(_SEQUENCE.c.name == table.name).values(seq=last + rows))
    else:
        connection.execute(sa.insert(_SEQUENCE).values(name=table.name, seq=rows))
    return last


def among(column: sa.ColumnElement[Any], values: Iterable[int | str]) -> sa.ColumnElement[bool]:
    """Whether a column's value is one of many: the list goes as one parameter, however long it is."""
    listed = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def chunked(values: Sequence[Any], size: int = PARAMETERS) -> Iterator[list[Any]]:
    """Slices small enough for one IN list."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """The database's own errors as ours: which file, what is safe, what to do."""
    try:
        yield
    except OperationalError as error:
        text = str(error.orig)
        if "locked" in text or "busy" in text:
            raise Retryable(
                f"the ledger {name} is busy: another process has been writing for {BUSY_MS // 1000} s; nothing was changed",
                hint="try again, or see which geleit process is running",
            ) from None
        if "full" in text or "readonly" in text or "disk I/O" in text or "unable to open" in text:
            raise Retryable(
                f"the ledger {name} cannot be written ({text}); what was acknowledged before is safe",
                hint="free disk space or check the folder's rights, then run the same command again",
            ) from None
        raise
    except DatabaseError as error:
        if "not a database" in str(error.orig) or "malformed" in str(error.orig):
            raise StoreError(
                f"the ledger {name} is damaged or no SQLite file; archive and journal are untouched",
                hint="restore the ledger from a backup; keep the damaged file",
            ) from None
        raise


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.execute(
        "PRAGMA wal_autocheckpoint=8192"
    )  # pages: a checkpoint for each slice would cost more than the slice
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
