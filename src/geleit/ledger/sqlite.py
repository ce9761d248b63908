"""The ledger in a SQLite file: one writer at a time by its own lock, synced at each commit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from geleit import processes
from geleit.errors import GeleitError, Retryable, StoreError
from geleit.ledger import paging

BUSY_MS = 30_000
PAGES = 8_192  # of the log, from which a commit takes them over into the file: for each slice that would cost more than the slice
BESIDE = 262_144  # the same where another process takes them over, in case that it does not
WORTH = 16_384  # pages of the log that nobody has taken over, from which that is worth it: what was written twice is taken once
LONG = 48_000  # pages of the log from which it shall begin anew
MUCH = 2 * LONG  # the same from which whoever can wait shall
FEW = 500  # pages that are not worth a round of their own
HEAD, FRAME = 32, 24  # bytes before all pages of the log, and before each
CACHE = 65_536  # KiB of pages that a connection keeps; the one that takes events keeps a share of the memory
MOST_CACHE = 524_288
KNOCK = 0.001  # seconds between two tries to be the one who writes; SQLite itself would sleep for up to 0.1


class Sqlite:
    """How a ledger in a SQLite file is opened, begun and told about."""

    reading: Mapping[str, Any] = {}  # what a view of the ledger asks of its connection

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self.name = str(url.database)
        self.pages = PAGES
        self.cache = CACHE
        self._paging: subprocess.Popen[bytes] | None = None
        self.behind = False  # the log grows faster than it is taken over
        self._owed = 0  # answers of it that nobody has read yet
        self._salts, self._taken = b"", 0  # of the log: its round, and how many of its pages are in the file
        self._frame = 0  # bytes of a page in the log, with what stands before it
        self._relieving = threading.Lock()

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
        with suppress(OSError, ValueError, AttributeError):  # elsewhere than on Unix nobody knows
            memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
            self.cache = max(CACHE, min(MOST_CACHE, memory // 1024 // 32))

    def alone(self) -> None:
        """Commits of new connections take the log over by themselves, as they do at first."""
        self.pages, self.cache = PAGES, CACHE
        self.closed()

    def warm(self) -> None:
        """Let another process read the file once, so that the first events need not wait for each of its pages.

        Nothing is read that memory has no room for.
        """
        with suppress(OSError, ValueError, AttributeError):
            memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
            if Path(self.name).stat().st_size < memory // 4:
                self._page("read", wait=False)

    def _page(self, what: str, *, wait: bool) -> None:
        """Ask the program beside (see ``paging``) for something; where there can be none, that is left out."""
        with suppress(OSError, ValueError):
            if self._paging is None or self._paging.poll() is not None:
                self.closed()
                command = [sys.executable, "-S", paging.__file__, self.name]
                self._paging = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)  # noqa: S603 (this interpreter, and a program of ours)
                self._owed = 0
            asked, told = self._paging.stdin, self._paging.stdout
            if asked is None or told is None:
                return
            asked.write(f"{what}\n".encode())
            self._owed += 1
            while wait and self._owed and told.readline():
                self._owed -= 1

    def closed(self) -> None:
        """Nobody uses the file any more: the program beside ends."""
        if self._paging is not None:
            processes.stop(self._paging)
            processes.let_go(self._paging)
            self._paging = None

    def relieve(self, engine: sa.Engine) -> bool:
        """Take the log over into the file, if that is worth it, as far as that goes without anybody waiting for it.

        True if the log shall begin anew: it does when whoever writes takes over the few pages that are left (``finish``).
        False, too, if another thread is at it.
        """
        if not self._relieving.acquire(blocking=False):
            return False
        try:
            return self._relieve(engine)
        finally:
            self._relieving.release()

    def _relieve(self, engine: sa.Engine) -> bool:
        salts, logged = self._log()
        self.behind = logged >= MUCH
        if salts != self._salts:
            self._salts, self._taken = salts, 0
        left = logged - self._taken
        while left >= (FEW if logged >= LONG else WORTH):
            self._page(f"log {HEAD + logged * self._frame}", wait=True)
            before, taken = left, self.finish(engine)
            self._page("write", wait=True)
            now, logged = self._log()  # whoever writes has gone on meanwhile
            if now != salts:  # it has begun anew
                return False
            self._taken, left = taken, logged - taken
            if left > before / 2:  # they are as quick as we: better a later round than to let them wait for it
                return False
        if anew := logged >= LONG and left < FEW:
            self._page("sync", wait=True)  # then the last pages, and the sync of the new log's head, wait for little
        return anew

    def finish(self, engine: sa.Engine) -> int:
        """Take over what can be now; returns how many pages of the log are in the file."""
        with engine.connect() as connection:
            rows = connection.connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return int(rows[0][2])

    def _log(self) -> tuple[bytes, int]:
        """What the pages of the log's present round are marked with, and how many there are.

        Never read the index beside it for that: closing a file takes away all locks that this process has on it.
        """
        try:
            with Path(self.name + "-wal").open("rb") as log:
                head = log.read(HEAD)
                salts, size = head[16:24], FRAME + int.from_bytes(head[8:12], "big")
                self._frame = size

                def is_older(place: int) -> bool:
                    log.seek(HEAD + place * size)
                    return log.read(FRAME)[8:16] != salts

                frames = (log.seek(0, os.SEEK_END) - HEAD) // size
                return salts, bisect_left(range(frames), True, key=is_older)
        except OSError:
            return b"", 0

    def _set_pragmas(self, connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.execute(f"PRAGMA cache_size=-{self.cache}")
        cursor.execute(f"PRAGMA wal_autocheckpoint={self.pages}")
        cursor.close()

    def _damaged(self) -> StoreError:
        return StoreError(
            f"the ledger {self.name} is damaged or no SQLite file; archive and journal are untouched",
            hint="geleit restore BACKUP DIR puts a backup into a new folder; "
            "geleit salvage takes over from this one what came later",
        )


def _begin(connection: sa.Connection) -> None:
    cursor = connection.connection.cursor()
    if not connection.get_execution_options().get("writes", False):
        cursor.execute("BEGIN")
        return
    if connection.info.get("synced", True) != (synced := connection.get_execution_options().get("synced", True)):
        cursor.execute(f"PRAGMA synchronous={'FULL' if synced else 'NORMAL'}")
        # What can be done again has its numbers from rows written before: looking for these again costs a fifth of it.
        cursor.execute(f"PRAGMA foreign_keys={'ON' if synced else 'OFF'}")
        connection.info["synced"] = synced
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        _take_turn(cursor, connection.dialect.loaded_dbapi.OperationalError)
    finally:
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")


def _take_turn(cursor: Any, refused: type[Exception]) -> None:
    """Become the one who writes: knock until there is a gap, for whoever commits without a break leaves but short ones."""
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except refused as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise OperationalError("BEGIN IMMEDIATE", None, error) from None
            time.sleep(KNOCK)
        else:
            return
