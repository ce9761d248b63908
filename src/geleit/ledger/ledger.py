"""Opens the ledger and gives units of work: many readers, one writer, nothing acknowledged before its commit."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, REGCLASS, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from geleit.clock import Clock, system_clock
from geleit.errors import GeleitError, Retryable
from geleit.ledger import tables
from geleit.ledger.columns import Exact, escape
from geleit.ledger.many import insert_listed, statements
from geleit.ledger.postgres import Postgres
from geleit.ledger.prepared import Prepared
from geleit.ledger.schema import upgrade
from geleit.ledger.sqlite import Sqlite

_CHANGE = Prepared(sa.select(tables.progress.c.change))
_NEXT = Prepared(sa.update(tables.progress).values(change=tables.progress.c.change + 1, at=sa.bindparam("now")))

RELIEF = 0.25  # seconds between two looks at what commits have left
HASTE = 0.05  # the same where they have left too much
BREATH = 0.1  # seconds that who writes what can be done again waits, at most, where commits have left too much
PARAMETERS = 900  # values in one IN list; SQLite of Debian 12 takes 32,766, older ones 999


class Ledger:
    """The transactional store behind one URL (``sqlite:///...`` or ``postgresql://...``).

    Errors: StoreError if the store is no ledger or of a newer geleit; Retryable if it cannot be reached, or is locked for
    longer than 30 s.
    """

    def __init__(self, url: str, *, clock: Clock = system_clock) -> None:
        self.store = store_of(url)
        self.name = self.store.name
        self.clock = clock
        self.engine = self.store.engine()
        self.driver: Any = self.engine.dialect.loaded_dbapi
        self._calm = threading.Event()  # set unless commits have left too much
        self._calm.set()
        self._patient = threading.Lock()  # held by who writes what can be done again, and by whoever lets them wait
        self._checks: ContextVar[tuple[Callable[[sa.Connection], None], ...]] = ContextVar("checks", default=())
        try:
            with self._translated():
                upgrade(self.engine)
        except GeleitError:
            self.engine.dispose()
            raise
        self.store.opened()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view of the ledger."""
        with self._translated(), self.engine.connect().execution_options(**self.store.reading) as connection:
            yield connection

    @contextmanager
    def write(self, *, long: bool = False, synced: bool = True) -> Iterator[sa.Connection]:
        """One transaction that takes the writer's place at once; commits at the end or changes nothing.

        ``long``: it may think for minutes between two statements; others lose their turn in PostgreSQL if they do.
        ``synced``: it is on the disk when it has been committed; if not, a power cut may undo it with all that came after,
        so only what can be done again may go that way. A synced one takes those before it along.
        """
        if not synced:
            self._calm.wait(BREATH)
        options = self.engine.connect().execution_options(writes=True, long=long, synced=synced)
        with nullcontext() if synced else self._patient, self._translated(), options as connection, connection.begin():
            for check in self._checks.get():
                check(connection)
            yield connection

    @contextmanager
    def guarded(self, check: Callable[[sa.Connection], None]) -> Iterator[None]:
        """Begin every ``write`` of this thread with ``check``, which raises if it may not write any more."""
        before = self._checks.set((*self._checks.get(), check))
        try:
            yield
        finally:
            self._checks.reset(before)

    def next_change(self, connection: sa.Connection) -> int:
        """Number this transaction's change; rows written with it belong to it."""
        _NEXT.run(connection, now=self.clock())
        return self.change(connection)

    @staticmethod
    def change(connection: sa.Connection) -> int:
        """The number of the last change that this connection sees."""
        return int(_CHANGE.all(connection)[0][0])

    def relieved(self) -> None:
        """From now on somebody else calls ``relieve``, so that a commit need not tidy up behind itself."""
        self.store.relieved()
        self.engine.dispose()

    @contextmanager
    def relieving(self) -> Iterator[None]:
        """Meanwhile a thread of its own calls ``relieve``, beside whoever writes; if it falls behind, they slow down."""
        ended = threading.Event()

        def relieve() -> None:
            while not ended.wait(RELIEF if self._calm.is_set() else HASTE):
                with suppress(GeleitError):
                    if self.relieve():
                        self._finish_between()
                (self._calm.clear if self.store.behind else self._calm.set)()

        thread = threading.Thread(target=relieve, name="geleit-relief", daemon=True)
        self.relieved()
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._calm.set()
            self.store.alone()
            self.engine.dispose()
            with suppress(GeleitError):
                self.finish()

    def _finish_between(self) -> None:
        """Finish while who writes what can be done again waits; the ledger itself is held only if others leave no gap."""
        self._calm.clear()
        with self._patient:
            if self.store.behind:
                with self.write():
                    self.finish()
            else:
                self.finish()

    def warm(self) -> None:
        """Have what events will ask for read into memory, if it fits; returns at once."""
        self.store.warm()

    def relieve(self) -> bool:
        """Do what commits would else do from time to time; cheap if there is nothing to do.

        True if whoever writes shall ``finish`` it between two commits.
        """
        with self._translated():
            return self.store.relieve(self.engine)

    def finish(self) -> None:
        """Do the little of it that only whoever writes can."""
        with self._translated():
            self.store.finish(self.engine)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        self.store.closed()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """The database's own errors as ours: which ledger, what is safe, what to do."""
        try:
            yield
        except DBAPIError as error:
            if (told := self.store.translate(error)) is None:
                raise
            raise told from None
        except self.driver.Error as error:  # of a prepared statement
            wrapped = sa.exc.OperationalError if isinstance(error, self.driver.OperationalError) else DBAPIError
            if (told := self.store.translate(wrapped("", {}, error))) is None:
                raise
            raise told from None
        except sa.exc.TimeoutError:
            raise Retryable(
                f"the ledger {self.name} has all its connections in use; nothing was changed", hint="try again"
            ) from None


def store_of(url: str) -> Sqlite | Postgres:
    """The kind of store that a URL leads to.

    Errors: GeleitError for a URL of another kind.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise _no_ledger("the ledger's URL cannot be read") from None
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return Sqlite(parsed)
    if kind in ("postgresql", "postgres"):
        return Postgres(parsed)
    raise _no_ledger(f"a ledger in {kind} is not possible")


def _no_ledger(problem: str) -> GeleitError:
    return GeleitError(
        f"{problem}; nothing was changed",
        hint="ledger: sqlite:///FILE or postgresql://USER@HOST/DATABASE; a URL with a password as {secret: NAME}",
    )


def insert_new(table: sa.Table) -> Any:
    """An insert that leaves rows alone whose key exists."""
    return insert(table).on_conflict_do_nothing()


def upsert(table: sa.Table, update: Sequence[str], *, where: Any = None) -> Any:
    """An insert that overwrites the ``update`` columns where the key exists (and ``where`` holds, if given)."""
    statement = insert(table)
    values = {name: statement.excluded[name] for name in update}
    condition = where(statement.excluded) if where is not None else None
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=values, where=condition)


def write_rows(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str = ""
) -> int:
    """Insert many rows of plain values at once; ``conflict`` is SQL behind ON CONFLICT, such as DO NOTHING.

    Returns how many rows it wrote.

    For bulk loads: SQLAlchemy's own handling of many rows costs several times what the database does.
    """
    if not rows:
        return 0
    behind = f" ON CONFLICT {conflict}" if conflict else ""
    if connection.dialect.name == "postgresql":
        exact = {name for name in names if isinstance(table.c[name].type, Exact)}
        dicts = [dict(zip(names, row, strict=True)) for row in rows]
        for row in dicts if exact else ():
            row.update({name: escape(row[name]) for name in exact})
        given = statements(table, names, dicts, behind)
        return sum(connection.exec_driver_sql(text, values).rowcount for text, values in given)
    return insert_listed(connection.connection.cursor(), table, names, rows, behind)


_SEQUENCE = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))


def last_event(connection: sa.Connection) -> int:
    """The number of the last event that this connection sees; 0 for none."""
    waiting = sa.select(sa.func.max(tables.outbox.c.seq)).scalar_subquery()
    archived = sa.select(sa.func.max(tables.segment.c.last_seq)).scalar_subquery()
    found = connection.execute(sa.select(waiting, archived)).one()
    return max(number or 0 for number in found)


def take_numbers(connection: sa.Connection, table: sa.Table, rows: int) -> int:
    """Let a numbered table leave out the next numbers; returns the last one before them.

    Only in a transaction that writes: nobody else takes numbers meanwhile.
    """
    if connection.dialect.name == "postgresql":
        (key,) = table.primary_key.columns
        name = sa.func.pg_get_serial_sequence(table.name, key.name)
        last = int(connection.execute(sa.select(sa.func.pg_sequence_last_value(sa.cast(name, REGCLASS)))).scalar() or 0)
        if rows:
            connection.execute(sa.select(sa.func.setval(sa.cast(name, REGCLASS), last + rows)))
        return last
    query = sa.select(_SEQUENCE.c.seq).where(_SEQUENCE.c.name == table.name)
    last = int(connection.execute(query).scalar() or 0)
    if last:
        connection.execute(sa.update(_SEQUENCE).where(_SEQUENCE.c.name == table.name).values(seq=last + rows))
    else:
        connection.execute(sa.insert(_SEQUENCE).values(name=table.name, seq=rows))
    return last


def _texts(values: Sequence[str]) -> str:
    """A JSON list; half of a pair that stands alone, which is no text elsewhere, goes as its escape."""
    try:
        return msgspec.json.encode(values).decode()
    except UnicodeEncodeError:
        return json.dumps(values)


class _Listed(sa.types.TypeDecorator[Any]):
    """Many values as one parameter: an array in PostgreSQL, a JSON text in SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, kind: type[sa.types.TypeEngine[Any]]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        postgres = dialect.name == "postgresql"
        return dialect.type_descriptor(ARRAY(self.kind()) if postgres else sa.Text())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if dialect.name == "postgresql":
            return value
        return str([*value]) if self.kind is sa.BigInteger else _texts(value)  # of whole numbers the same, and quicker


class _Among(FunctionElement[bool]):
    """Whether the first of two clauses is among the values of the second."""

    type = sa.Boolean()
    name = "among"
    inherit_cache = True

    def self_group(self, against: Any = None) -> _Among:  # noqa: ARG002 (SQLAlchemy's signature)
        """Itself: SQLAlchemy would write ``= 1`` behind it for SQLite, and no index would serve it any more."""
        return self


@compiles(_Among, "postgresql")
def _among_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY({values})"


@compiles(_Among)
def _among_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 (both compiled by SQLAlchemy)


def among(column: sa.ColumnElement[Any], values: Iterable[int | str]) -> sa.ColumnElement[bool]:
    """Whether a column's value is one of many: the list goes as one parameter, however long it is."""
    kind = sa.BigInteger if isinstance(column.type, sa.Integer) else sa.Text
    return _Among(column, sa.bindparam(None, list(values), type_=_Listed(kind), unique=True))


def given(column: sa.ColumnElement[Any], name: str = "values") -> sa.ColumnElement[bool]:
    """Whether a column's value is among those that a prepared statement is given under a name."""
    kind = sa.BigInteger if isinstance(column.type, sa.Integer) else sa.Text
    return _Among(column, sa.bindparam(name, type_=_Listed(kind)))


def chunked(values: Sequence[Any], size: int = PARAMETERS) -> Iterator[list[Any]]:
    """Slices small enough for one IN list."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])
