"""Opens a database for reading only, and says in plain words why that, or reading on, is not possible."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from geleit.clock import SECOND
from geleit.errors import GeleitError, Retryable
from geleit.sources.database import Database

CONNECT_SECONDS = 10
DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "sqlite": "sqlite"}
EXTRAS = {"postgresql": ("PostgreSQL", "postgres"), "mysql": ("MySQL", "mysql")}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A kind of failure: how to know it (codes of the system, words of its message), what to say, what to do."""

    codes: tuple[str | int, ...]
    words: tuple[str, ...]
    message: str
    hint: str
    retryable: bool = False


TROUBLES = (
    Trouble(
        ("28P01", "28000", 1045, 1698),
        ("password authentication failed", "no password supplied", 'fatal:  role "'),
        "the database refuses this user or password",
        "check the user in 'url:' and the secret named under 'password:'",
    ),
    Trouble(
        ("3D000", 1049, 1044),
        ("unknown database", 'fatal:  database "'),
        "there is no database of this name, or this user may not see it",
        "check the name at the end of 'url:'",
    ),
    Trouble(
        ("57014", 1969, 3024),
        ("statement timeout", "during query (timed out)", "read operation timed out", "max_statement_time"),
        "the database did not answer in time",
        "index the column of 'since:', or allow more with 'timeout: 30 minutes'",
        retryable=True,
    ),
    Trouble(
        (2013, 2006, 1053, 1927, "57P01", "57P02", "08006", "08003", "25P03"),
        ("server closed the connection", "terminating connection", "lost connection", "ssl connection has been closed"),
        "the connection broke off",
        "run the same command again; it goes on where it stopped",
        retryable=True,
    ),
    Trouble(
        (2003, 2002, 2005, "08001", "57P03", 1040, "53300"),
        (
            "connection refused",
            "could not translate",
            "failed to resolve",
            "name or service not known",
            "connection timeout",
            "timeout expired",
            "no route to host",
            "connection failed",
            "timed out",
        ),
        "the database cannot be reached",
        "check host and port in 'url:', and that the server runs and lets this machine in",
        retryable=True,
    ),
    Trouble(
        ("42501", 1142, 1143, 1370),
        ("permission denied",),
        "this user may not read there",
        "let the database's owner grant SELECT to the user",
    ),
    Trouble(
        ("25006", 1792),
        ("readonly database", "read-only"),
        "the query writes; a source may only read",
        "take the write out of 'query:'",
    ),
    Trouble((), ("database is locked",), "another program holds the database", "try again later", retryable=True),
    Trouble((), ("not a database", "malformed"), "the file is damaged or no SQLite database", "copy it again"),
    Trouble(
        (), ("unable to open",), "the file cannot be opened", "check its rights; beside it, SQLite needs to write -shm"
    ),
)


def engine(name: str, database: Database, root: Path) -> sa.Engine:
    """An engine for one source; nothing is connected yet.

    Errors: GeleitError for a missing driver, secret or SQLite file.
    """
    if database.system == "sqlite":
        return sa.create_engine("sqlite://", creator=_sqlite(name, database, root), poolclass=sa.NullPool)
    url = sa.make_url(database.url)
    backend = url.set(drivername=DRIVERS[database.system])
    secret = database.password.reveal(root) if database.password else ""
    more: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS}
    if database.system == "mysql":
        # PyMySQL would write a text as Latin-1
        more |= {"read_timeout": max(1, database.timeout // SECOND), "charset": "utf8mb4"}
        more |= {"password": secret.encode()} if secret else {}
    elif secret:
        more["password"] = secret
    try:
        return sa.create_engine(backend, connect_args=more, poolclass=sa.NullPool)
    except ImportError:
        title, extra = EXTRAS[database.system]
        raise GeleitError(
            f"sources/{name}: reading {title} needs a driver that is not installed",
            hint=f"pip install 'geleit[{extra}]'",
        ) from None


def _sqlite(name: str, database: Database, root: Path) -> Callable[[], sqlite3.Connection]:
    path = root / str(sa.make_url(database.url).database)
    if not path.is_file():
        folder = path.parent
        names = sorted(one.name for one in folder.iterdir() if one.is_file()) if folder.is_dir() else []
        close = difflib.get_close_matches(path.name, names, n=1)
        hint = f"did you mean {close[0]}?" if close else "the path is relative to the workspace"
        raise GeleitError(f"sources/{name}: the file of '{database.url}' does not exist", hint=hint)

    def connect() -> sqlite3.Connection:
        address = f"file:{quote(str(path.absolute()))}?mode=ro"
        connection = sqlite3.connect(address, uri=True, timeout=30, isolation_level=None)
        connection.execute("PRAGMA query_only=ON")
        # old programs store what is no UTF-8; such a row is set aside instead of ending the reading
        connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        return connection

    return connect


@contextmanager
def connected(name: str, database: Database, root: Path) -> Iterator[sa.Connection]:
    """A connection that can only read, with times in UTC, in one view of the data where the system has one.

    Errors: GeleitError and Retryable, with remedy and without secrets, also for what happens while reading.
    """
    opened = engine(name, database, root)
    try:
        with explained(name, database), opened.connect() as connection:
            prepared = _prepared(connection, database)
            try:
                yield prepared
            finally:
                if not prepared.closed and not prepared.invalidated:
                    prepared.rollback()
    finally:
        opened.dispose()


def read_as_told(connection: Any) -> None:
    """Let psycopg hand out JSON and intervals as the server writes them, and times that Python does not know as text."""
    psycopg, times = import_module("psycopg"), import_module("psycopg.types.datetime")

    def lenient(loader: Any) -> Any:
        def load(self: Any, data: Any) -> Any:
            try:
                return loader.load(self, data)
            except psycopg.DataError:  # infinity, or before the year 1
                return bytes(data).decode()

        return type(f"Lenient{loader.__name__}", (loader,), {"load": load})

    text = import_module("psycopg.types.string").TextLoader
    for name in ("json", "jsonb", "interval"):
        connection.adapters.register_loader(name, text)
    for name, loader in (("date", "Date"), ("timestamp", "Timestamp"), ("timestamptz", "Timestamptz")):
        connection.adapters.register_loader(name, lenient(getattr(times, f"{loader}Loader")))


def _prepared(connection: sa.Connection, database: Database) -> sa.Connection:
    milliseconds = database.timeout // 1000
    if database.system == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # for this transaction only: behind a pooler the session is not ours
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")  # while records are taken in
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
        connection.exec_driver_sql("SET LOCAL DateStyle = 'ISO'")
        read_as_told(connection.connection.driver_connection)
    elif database.system == "mysql":
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        connection.exec_driver_sql("SET SESSION time_zone = '+00:00'")
        # the server waits for us while records are taken in
        connection.exec_driver_sql("SET SESSION net_write_timeout = 3600")
        connection.rollback()
    return connection


@contextmanager
def explained(name: str, database: Database) -> Iterator[None]:
    """The driver's errors as ours."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _explain(name, database, error.orig) from None
    except sqlite3.Error as error:
        raise _explain(name, database, error) from None


def _explain(name: str, database: Database, error: BaseException | None) -> GeleitError:
    codes = codes_of(error)
    text = _words(error)
    lower = str(error).lower()
    where = f"sources/{name}: {_where(database)}"
    for trouble in TROUBLES:
        if not codes.isdisjoint(trouble.codes) or any(words in lower for words in trouble.words):
            kind = Retryable if trouble.retryable else GeleitError
            return kind(f"{where}: {trouble.message}; what was read before stays", hint=trouble.hint)
    return GeleitError(
        f"{where}: {text}; what was read before stays", hint="correct 'table:' or 'query:' and try again"
    )


def codes_of(error: BaseException | None) -> set[str | int]:
    """What the system calls an error: its SQLSTATE, and MySQL's own number."""
    found = {getattr(error, "sqlstate", None), *(error.args[:1] if error is not None else ())}
    return {code for code in found if isinstance(code, str | int)}


def _words(error: BaseException | None) -> str:
    """The first line of what the driver says, for people."""
    if error is None:
        return "it gives no reason"
    number_and_text = 2
    said = error.args[1] if len(error.args) >= number_and_text and isinstance(error.args[0], int) else error
    return next((line.strip() for line in str(said).splitlines() if line.strip()), type(error).__name__)


def _where(database: Database) -> str:
    url = sa.make_url(database.url)
    return f"{url.host or 'localhost'}/{url.database}" if database.system != "sqlite" else str(url.database)


def tables(connection: sa.Connection) -> list[str]:
    """Tables and views that this user sees, as ``table:`` takes them; those of the standard schema bare."""
    inspector = sa.inspect(connection)
    standard = inspector.default_schema_name
    names = []
    for schema in inspector.get_schema_names() if connection.dialect.name == "postgresql" else [standard]:
        if schema == "information_schema":
            continue
        found = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
        names += [name if schema == standard else f"{schema}.{name}" for name in found]
    return sorted(names, key=str.casefold)


def close_to(wanted: str, names: list[str], what: str) -> str:
    """A hint: the name that looks alike, or those there are."""
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(wanted.casefold(), folded, n=1)
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    return f"{what}: {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}" if names else f"{what}: none"  # noqa: PLR2004
