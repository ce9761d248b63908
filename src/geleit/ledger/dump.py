"""A copy of the ledger as one connection sees it, made while others write; and back into an empty place."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from geleit.errors import GeleitError, Retryable, StoreError
from geleit.files import PAUSE, sync_file
from geleit.secrets import redact

PAGES = 512  # of 4 KiB; copied at once, then synced, then others have PAUSE to themselves
NAMES = {"sqlite": "ledger.sqlite", "postgresql": "ledger.dump"}
Share = Callable[[float], None]


def dump(connection: sa.Connection, target: Path, told: Share = lambda _share: None) -> None:
    """Write everything that the connection's transaction sees into a new file ``target``; nobody who writes waits.

    SQLite: a database of its own; PostgreSQL: pg_dump's custom format, of the very same view.
    ``told`` hears which share is copied. Errors: OSError or Retryable when the disk is full; StoreError if the ledger
    is damaged; GeleitError without pg_dump.
    """
    if connection.dialect.name == "sqlite":
        _copy_pages(connection, target, told)
        target.chmod(0o600)
        sync_file(target)
        _look_through(target)
    else:
        _dump_tables(connection, target)
        target.chmod(0o600)
        sync_file(target)


def load_dump(dumped: Path, url: str) -> None:
    """Fill the empty PostgreSQL database at ``url`` with what ``dump`` wrote, all or nothing.

    Errors: GeleitError without pg_restore, or if the database is not empty or refuses.
    """
    engine = sa.create_engine(url)
    try:
        if names := sa.inspect(engine).get_table_names():
            raise GeleitError(
                f"the database {redact(url)} is not empty (it holds {names[0]}); nothing was changed",
                hint="name an empty database in geleit.yaml of the backup's definitions, or remove its tables",
            )
    except sa.exc.OperationalError as error:
        raise Retryable(f"the database {redact(url)} cannot be reached: {error.orig}", hint="start it") from None
    finally:
        engine.dispose()
    words = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
    _run("pg_restore", [*words, "--dbname", _plain(engine.url), str(dumped)], engine.url)


def _copy_pages(connection: sa.Connection, target: Path, told: Share) -> None:
    """SQLite's online backup of the transaction that is open: it reads one state, so that it never begins anew."""
    source = connection.connection.driver_connection

    def progress(_status: int, remaining: int, total: int) -> None:
        told((total - remaining) / max(total, 1))
        sync_file(target)
        time.sleep(PAUSE)

    try:
        with closing(sqlite3.connect(target)) as copy:
            copy.execute("PRAGMA synchronous=OFF")  # it counts only once everything is synced
            copy.execute("PRAGMA journal_mode=OFF")
            source.backup(copy, pages=PAGES, progress=progress)  # type: ignore[union-attr]
    except sqlite3.OperationalError as error:
        raise Retryable(
            f"the copy of the ledger cannot be written ({error}); nothing was changed",
            hint="free disk space or check the folder's rights, then run the same command again",
        ) from None
    except sqlite3.DatabaseError as error:
        raise _damaged(str(error)) from None


def _look_through(copy: Path) -> None:
    """Whether every page of the copy makes sense: who copies damage must not take it for a backup."""
    with closing(sqlite3.connect(f"file:{copy}?immutable=1", uri=True)) as opened:
        try:
            ((said,),) = opened.execute("PRAGMA quick_check(1)").fetchall()
        except sqlite3.DatabaseError as error:
            said = str(error)
    if said != "ok":
        raise _damaged(str(said).splitlines()[-1])


def _damaged(what: str) -> StoreError:
    return StoreError(
        f"the ledger is damaged ({what}); no backup was made of it, earlier ones stay",
        hint="geleit restore BACKUP DIR puts an earlier backup into a new folder; "
        "geleit salvage takes over from this one what came later",
    )


def _dump_tables(connection: sa.Connection, target: Path) -> None:
    snapshot = connection.execute(sa.text("SELECT pg_export_snapshot()")).scalar_one()
    url = connection.engine.url
    words = ["--format=custom", "--compress=1", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
    _run("pg_dump", [*words, "--file", str(target), "--dbname", _plain(url)], url)


def _plain(url: sa.URL) -> str:
    """The URL as PostgreSQL's own programs read it; the password goes another way, where no list of processes shows it."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(program: str, words: list[str], url: sa.URL) -> None:
    found = shutil.which(program)
    if found is None:
        raise GeleitError(
            f"{program} is missing: it copies a ledger in PostgreSQL; nothing was changed",
            hint="install PostgreSQL's client programs of the server's version (Debian: postgresql-client)",
        )
    secret = {"PGPASSWORD": url.password} if url.password else {}
    done = subprocess.run(  # noqa: S603 (a program of the system, words of ours)
        [found, *words], env={**os.environ, **secret}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise Retryable(f"{program} failed: {redact(said)}", hint="see what it says, then run the same command again")
