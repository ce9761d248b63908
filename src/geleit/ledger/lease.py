"""Who may do what only one process does at a time: a lease that ends by the database's clock, with a fencing token.

Whoever takes a lease gets a higher number than everybody before. Whatever is written under it shows this number in the
same transaction, so that a holder which stood still (paused, cut off) and wakes up too late is refused.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from geleit.errors import GeleitError, Retryable
from geleit.ledger.ledger import Ledger, upsert
from geleit.ledger.live_tables import lease
from geleit.processes import gone

SPAN = 15.0  # seconds that a lease holds unless it is renewed
RENEWALS = 3  # tries to renew within one span
SOONEST, LATEST = 0.02, 0.5  # seconds between two looks whether a lease is free

MICROSECONDS = 1_000_000
# The database's clock: processes on several machines have but this one in common.
CLOCKS = {
    "postgresql": "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
    "sqlite": "SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
}

log = logging.getLogger("geleit.lease")


class LeaseLostError(Retryable):
    """Another process holds the lease by now; nothing of this transaction was written."""


class Lease:
    """One name that at most one process holds. ``span`` is in seconds.

    Threads of one process take turns; the one that holds it may take it again.
    """

    def __init__(self, ledger: Ledger, name: str, *, span: float = SPAN) -> None:
        self.ledger, self.name, self.span = ledger, name, span
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.token = 0  # 0 while it is not held
        self._turn = threading.RLock()
        self._depth = 0
        self._ended = threading.Event()

    def take(self) -> bool:
        """Take the lease if it is free; True if it is ours, at once.

        It is renewed in the background until ``release``. Errors: Retryable if the ledger cannot be written.
        """
        with self._turn:
            if self.token and self._ours():
                return True
            if self._free() and (token := self._try()):
                self._begin(token)
                return True
            return False

    def release(self) -> None:
        """Let others take it at once."""
        with self._turn:
            token, self.token = self.token, 0
            self._ended.set()
            if token:
                mine = (lease.c.name == self.name, lease.c.token == token)
                with self.ledger.write() as connection:
                    connection.execute(sa.update(lease).where(*mine).values(expires_at=0))

    @contextmanager
    def held(self) -> Iterator[int]:
        """Wait for the lease and hold it; every ``ledger.write()`` inside, of this thread, is fenced. Yields the token.

        A holder that died is waited for until its span has passed. Errors: Retryable if the ledger cannot be written.
        """
        with self._turn:
            if not self._depth:
                self._wait()
            self._depth += 1
            try:
                with self.fenced():
                    yield self.token
            finally:
                self._depth -= 1
                if not self._depth:
                    self._let_go()

    @contextmanager
    def fenced(self) -> Iterator[None]:
        """Check the token in every ``ledger.write()`` of this thread."""
        token = self.token
        with self.ledger.guarded(lambda connection: self.check(connection, token)):
            yield

    def check(self, connection: sa.Connection, token: int) -> None:
        """Whether ``token`` still counts, as the caller's writing transaction sees it.

        Errors: LeaseLostError.
        """
        if not token or self._last(connection) != token:
            raise LeaseLostError(
                f"another process has taken over the {self.name} while this one stood still; nothing was changed",
                hint="run the same command again",
            )

    def _wait(self) -> None:
        pause = SOONEST
        while not self.take():
            time.sleep(pause)
            pause = min(2 * pause, LATEST)

    def _let_go(self) -> None:
        """What was done under the lease counts already: if the ledger cannot be reached now, the span ends it."""
        try:
            self.release()
        except GeleitError as error:
            log.warning("the lease %s ends by itself: %s", self.name, error.message)

    def _ours(self) -> bool:
        """Whether nobody has taken it since; a span that passed meanwhile does no harm then."""
        with self.ledger.read() as connection:
            return self._last(connection) == self.token

    def _free(self) -> bool:
        """Whether taking it may succeed: waiting writes nothing."""
        with self.ledger.read() as connection:
            return self._ended_at(connection) <= database_time(connection)

    def _try(self) -> int:
        """The token under which it is ours now; 0 if somebody else was quicker."""
        with self.ledger.write() as connection:
            last, now = self._last(connection), database_time(connection)
            if self._ended_at(connection) > now:
                return 0
            values = {"holder": self.holder, "token": last + 1, "expires_at": now + int(self.span * MICROSECONDS)}
            connection.execute(upsert(lease, list(values)), {"name": self.name, **values})
            return last + 1

    def _ended_at(self, connection: sa.Connection) -> int:
        """Until when it holds; 0 where its holder was a process of this machine that is no more."""
        row = connection.execute(sa.select(lease.c.holder, lease.c.expires_at).where(lease.c.name == self.name)).first()
        return 0 if row is None or _is_gone(row.holder) else row.expires_at

    def _last(self, connection: sa.Connection) -> int:
        """The newest token; 0 for a lease that nobody has taken yet."""
        return connection.execute(sa.select(lease.c.token).where(lease.c.name == self.name)).scalar() or 0

    def _begin(self, token: int) -> None:
        self._ended.set()
        self.token, self._ended = token, threading.Event()
        threading.Thread(
            target=self._renew, args=(token, self._ended), name=f"geleit-lease-{self.name}", daemon=True
        ).start()

    def _renew(self, token: int, ended: threading.Event) -> None:
        """Keep the lease until it is released or lost."""
        while not ended.wait(self.span / RENEWALS):
            try:
                with self.ledger.write() as connection:
                    if ended.is_set():  # released while this waited for its turn to write
                        return
                    until = database_time(connection) + int(self.span * MICROSECONDS)
                    mine = (lease.c.name == self.name, lease.c.token == token)
                    kept = connection.execute(sa.update(lease).where(*mine).values(expires_at=until)).rowcount
            except GeleitError as error:
                log.warning("the lease %s was not renewed: %s", self.name, error.message)
                continue
            if not kept:
                return


def database_time(connection: sa.Connection) -> int:
    """Now, by the database's clock, in microseconds UTC."""
    return int(connection.exec_driver_sql(CLOCKS[connection.dialect.name]).scalar_one())


def _is_gone(holder: str) -> bool:
    """Whether a holder was a process of this machine that has died. Where that is wrong, the token keeps it harmless."""
    host, pid, _ = f"{holder}::".split(":", 2)
    if host != socket.gethostname() or not pid.isdigit():
        return False
    return gone(int(pid))
