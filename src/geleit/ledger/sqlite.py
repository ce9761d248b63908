"""The ledger in a SQLite file: one writer at a time by its own lock, synced at each commit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from geleit.errors import GeleitError, Retryable, StoreError

BUSY_MS = 30_000
PAGES = 8_192  # of the log, from which a commit takes them over into the file: for each slice that would cost more than the slice
BESIDE = 32_768  # the same where another process takes most of them over
WORTH = 16 * 1024 * 1024  # bytes of the log from which taking over is worth it


class Sqlite:
    """How a ledger in a SQLite file is opened, begun and told about."""

    reading: Mapping[str, Any] = {}  # what a view of the ledger asks of its connection

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self.name = str(url.database)
        self.pages = PAGES

    def engine(self) -> sa.Engine:
        """An engine whose commits are durable."""
        engine = sa.create_engine(
            self.url, connect_args={"isolation_level": None, "timeout": BUSY_MS / 1000}, hide_parameters=True
        )
        sa.event.listen(engine, "connect", self._set_pragmas)
        sa.event.listen(engine, "begin", _begin)
        return engine

    def opened(self) -> None:
        """Only the owner may read the file: it holds personal data."""
        if self.url.database and Path(self.url.database).exists():
            Path(self.url.database).chmod(0o600)

    def set_aside(self, name: str) -> None:
        """The file lies in the folder ``data``, which is set aside as a whole."""

    def translate(self, error: DBAPIError) -> GeleitError | None:
        """The database's own error as ours: which file, what is safe, what to do; None for one of another kind."""
        text = str(error.orig)
        if not isinstance(error, OperationalError):
            damaged = "not a database" in text or "malformed" in text
            return self._damaged() if damaged else None
        if "locked" in text or "busy" in text:
            return Retryable(
                f"the ledger {self.name} is busy: another process has been writing for {BUSY_MS // 1000} s; "
                "nothing was changed",
                hint="try again, or see which geleit process is running",
            )
        if "full" in text or "readonly" in text or "disk I/O" in text or "unable to open" in text:
            return Retryable(
                f"the ledger {self.name} cannot be written ({text}); what was acknowledged before is safe",
                hint="free disk space or check the folder's rights, then run the same command again",
            )
        return None

    def relieved(self) -> None:
        """Commits of new connections leave the log to a process that calls ``relieve``."""
        self.pages = BESIDE

    def relieve(self, engine: sa.Engine) -> None:
        """Take the log over into the file as far as that goes without anybody waiting for it."""
        log = Path(self.name + "-wal")
        if log.exists() and log.stat().st_size >= WORTH:
            with engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _set_pragmas(self, connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.execute(f"PRAGMA wal_autocheckpoint={self.pages}")
        cursor.close()

    def _damaged(self) -> StoreError:
        return StoreError(
            f"the ledger {self.name} is damaged or no SQLite file; archive and journal are untouched",
            hint="geleit restore BACKUP DIR puts a backup into a new folder; "
            "geleit salvage takes over from this one what came later",
        )


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
