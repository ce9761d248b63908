"""The ledger in PostgreSQL: one writer at a time by an advisory lock, readers in snapshots, commits that are durable."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from geleit.errors import GeleitError, Retryable, StoreError
from geleit.ledger.columns import visible
from geleit.ledger.many import insert_many

BUSY = "30s"  # so long a writer waits for its turn
STILL = "60s"  # so long a process may stand still inside a writing transaction; then its turn is over
LOCK_CLASS = 0x67656C65  # the upper half of our advisory locks' numbers; the lower one is the schema's

# What every connection needs: a database that holds every text, a schema to live in, durable commits, and plans that
# follow tables as they grow.
SETTINGS = f"""
SELECT current_setting('server_encoding'), current_schema()::regnamespace::oid::bigint,
  set_config('lock_timeout', '{BUSY}', false), set_config('plan_cache_mode', 'force_custom_plan', false),
  CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END
"""
TURN = f"SELECT set_config('idle_in_transaction_session_timeout', '{STILL}', true), pg_advisory_xact_lock(%s)"
LONG_TURN = "SELECT pg_advisory_xact_lock(%s)"

OURS = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"

# SQLSTATE (or its class): what happened, what to do. The server's own words may quote a person's data: never shown.
STATES = {
    "08": ("lost its connection", "see whether the server runs, then run the same command again"),
    "57P": ("is shutting down or starting", "wait until the server is up, then run the same command again"),
    "57014": ("gave up a statement that took too long", "try again; see statement_timeout of the role"),
    "25P03": ("gave up a transaction because this process stood still", "run the same command again"),
    "25006": ("is read-only (a standby, or set so)", "let the URL lead to the primary server"),
    "40": ("had two transactions in each other's way", "run the same command again"),
    "55P03": (f"is busy: somebody else has been writing for {BUSY}", "try again, or see which geleit process runs"),
    "53100": ("has no disk space left", "free space on the server, then run the same command again"),
    "53300": ("has no connection left", "raise max_connections, or stop what holds them"),
    "53": ("lacks memory or disk", "see the server's log, then run the same command again"),
    "58": ("has trouble with its disk", "see the server's log, then run the same command again"),
}
REFUSALS = (
    ("password", "refuses the user or the password", "see the secret that holds the URL, and pg_hba.conf"),
    ("pg_hba", "refuses connections from here", "see pg_hba.conf"),
    ("does not exist", "has no such database or user", "create them (docs/postgres.md says how), or correct the URL"),
    ("too many", "has no connection left", "raise max_connections, or stop what holds them"),
    ("remaining connection", "has no connection left", "raise max_connections, or stop what holds them"),
)
SAFE = "what was acknowledged is safe, and what is sent again is recognized"


class Postgres:
    """How a ledger in PostgreSQL is opened, begun and told about."""

    # What a view of the ledger asks of its connection.
    behind = False  # the server keeps up, or slows us down itself
    reading: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    def __init__(self, url: sa.URL) -> None:
        self.url = url.set(drivername="postgresql+psycopg")
        port = f":{url.port}" if url.port else ""
        self.name = f"{url.database or ''} at {url.host or url.query.get('host') or 'localhost'}{port}"

    def engine(self) -> sa.Engine:
        """An engine whose commits are durable.

        Errors: GeleitError where psycopg is not installed.
        """
        settings = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
        if "application_name" not in self.url.query:
            settings["application_name"] = "geleit"  # type: ignore[assignment]
        try:
            engine = sa.create_engine(
                self.url, connect_args=settings, pool_pre_ping=True, pool_use_lifo=True, hide_parameters=True
            )
        except ModuleNotFoundError:
            raise GeleitError(
                "a ledger in PostgreSQL needs psycopg, which is not installed; nothing was changed",
                hint="pip install 'geleit[postgres]'",
            ) from None
        sa.event.listen(engine, "connect", self._prepare)
        sa.event.listen(engine, "begin", _begin)
        sa.event.listen(engine, "do_executemany", insert_many)
        return engine

    def opened(self) -> None:
        """Who may read is the server's matter."""

    def set_aside(self, name: str) -> None:
        """Move all tables into a new schema ``name``, so that the ledger begins anew; nothing is deleted.

        Errors: StoreError if the role may not create a schema; Retryable if the server cannot be reached.
        """
        engine = self.engine()
        try:
            with engine.connect().execution_options(writes=True) as connection, connection.begin():
                tables = connection.exec_driver_sql(OURS).scalars().all()
                if "alembic_version" in tables:
                    connection.exec_driver_sql(f'CREATE SCHEMA "{name}"')
                    for table in tables:
                        connection.exec_driver_sql(f'ALTER TABLE "{table}" SET SCHEMA "{name}"')
        except DBAPIError as error:
            raise self.translate(error) from None
        finally:
            engine.dispose()

    def _prepare(self, connection: Any, record: Any) -> None:
        connection.adapters.register_dumper(str, _text_dumper())
        encoding, schema, *_ = connection.execute(SETTINGS).fetchone()
        connection.commit()
        if encoding != "UTF8":
            raise StoreError(
                f"the ledger {self.name} keeps text as {encoding}; nothing was changed",
                hint="create the database with ENCODING 'UTF8'",
            )
        if schema is None:
            raise StoreError(
                f"the ledger {self.name} has no schema to live in; nothing was changed",
                hint="create the schema that the role's search_path names",
            )
        record.info["lock"] = LOCK_CLASS << 32 | schema

    def relieved(self) -> None:
        """The server takes its log over by itself."""

    def alone(self) -> None:
        """Nothing to do, see ``relieved``."""

    def warm(self) -> None:
        """The server keeps its own pages."""

    def closed(self) -> None:
        """Nothing to do, see ``relieved``."""

    def relieve(self, engine: sa.Engine) -> bool:
        """Nothing to do, see ``relieved``."""
        del engine
        return False

    def finish(self, engine: sa.Engine) -> int:
        """Nothing either."""
        del engine
        return 0

    def translate(self, error: DBAPIError) -> GeleitError:
        """The server's own error as ours, without the data it may quote."""
        state = getattr(error.orig, "sqlstate", None) or ""
        if error.connection_invalidated or (not state and isinstance(error, OperationalError)):
            return self._unreachable(str(error.orig))
        found = next((STATES[known] for known in (state, state[:3], state[:2]) if known in STATES), None)
        if found:
            return Retryable(f"the ledger {self.name} {found[0]}; {SAFE}", hint=found[1])
        return StoreError(
            f"the ledger {self.name} refused a statement (SQLSTATE {state}{_place(error.orig)}); nothing was changed",
            hint="look the state up in PostgreSQL's manual; 42501 is a missing right, 42P01 a missing table",
        )

    def _unreachable(self, text: str) -> Retryable:
        for word, what, remedy in REFUSALS:
            if word in text:
                return Retryable(f"the ledger {self.name} {what}; nothing was changed", hint=remedy)
        what, remedy = STATES["08"]
        return Retryable(f"the ledger {self.name} cannot be reached or {what}; {SAFE}", hint=remedy)


@cache
def _text_dumper() -> type[Any]:
    """How single values of text go to the server: a NUL, which it does not take, becomes visible."""
    psycopg: Any = import_module("psycopg.types.string")

    class Visible(psycopg.StrDumperUnknown):  # type: ignore[misc] # known only where the extra is installed
        def dump(self, obj: str) -> Any:
            return super().dump(visible(obj))

    return Visible


def _place(error: Any) -> str:
    """Table and constraint, which are names of ours."""
    said = getattr(error, "diag", None)
    names = [getattr(said, name, None) for name in ("table_name", "constraint_name")]
    return "".join(f", {name}" for name in names if name)


def _begin(connection: sa.Connection) -> None:
    """Whoever writes waits for its turn first: what it reads afterwards is what the writer before it left."""
    options = connection.get_execution_options()
    if options.get("writes", False):
        turn = LONG_TURN if options.get("long", False) else TURN
        connection.exec_driver_sql(turn, (connection.info["lock"],))
        if not options.get("synced", True):
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
