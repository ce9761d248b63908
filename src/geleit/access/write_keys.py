"""Write keys: what a client shows to send events of one source; made, rotated and revoked by a person, kept hashed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geleit.clock import SECOND
from geleit.errors import GeleitError, NotFoundError
from geleit.ledger.ledger import Ledger
from geleit.ledger.live_tables import write_key

PREFIX = "gl_"  # so that a scanner of code for forgotten keys knows one when it sees it
BYTES = 24
GRACE = 7 * 24 * 3600  # seconds that a rotated key goes on opening, until every client has the new one

_key = write_key.c


@dataclass(frozen=True, slots=True)
class WriteKey:
    """What is known of a key. Times are microseconds UTC; ``ends_at`` is None for one that holds until revoked."""

    id: int
    source: str
    label: str
    created_at: int
    ends_at: int | None

    def opens(self, now: int) -> bool:
        """Whether events that show it are taken."""
        return self.ends_at is None or now < self.ends_at


def create(ledger: Ledger, source: str, label: str = "") -> tuple[WriteKey, str]:
    """A new key for a source, and its text, which nobody can read again later."""
    with ledger.write() as connection:
        return _create(connection, source, label, ledger.clock())


def rotate(ledger: Ledger, number: int, grace: int = GRACE) -> tuple[WriteKey, str]:
    """A new key in the place of an older one, which goes on opening for ``grace`` seconds.

    Errors: NotFoundError; GeleitError for a key that has ended.
    """
    with ledger.write() as connection:
        old, now = _found(connection, number), ledger.clock()
        if not old.opens(now):
            raise GeleitError(
                f"write key {number} has ended; nothing was changed", hint=f"geleit key create {old.source}"
            )
        _end(connection, number, now + grace * SECOND)
        return _create(connection, old.source, old.label, now)


def revoke(ledger: Ledger, number: int) -> WriteKey:
    """End a key now. Errors: NotFoundError."""
    with ledger.write() as connection:
        old, now = _found(connection, number), ledger.clock()
        if old.opens(now):
            _end(connection, number, now)
        return _found(connection, number)


def listed(ledger: Ledger) -> list[WriteKey]:
    """All keys, oldest first."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(write_key).order_by(_key.id)).all()
    return [_read(row) for row in rows]


def by_hash(ledger: Ledger) -> dict[str, WriteKey]:
    """All keys by the hash of their text."""
    with ledger.read() as connection:
        return {row.hash: _read(row) for row in connection.execute(sa.select(write_key))}


def take_over(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Take keys of another ledger over (rows of its ``write_key``, hashed as here); returns how many are new or end sooner.

    A key that was ended there is ended here: whoever revoked it must not find it opening again after a restore.
    """
    here = {row.hash: _read(row) for row in connection.execute(sa.select(write_key))}
    changed = 0
    for row in rows:
        known, end = here.get(row["hash"]), row["ends_at"]
        if known is None:
            values = {name: row[name] for name in ("source", "hash", "label", "created_at", "ends_at")}
            connection.execute(sa.insert(write_key).values(**values))
            changed += 1
        elif end is not None and (known.ends_at is None or end < known.ends_at):
            _end(connection, known.id, end)
            changed += 1
    return changed


def hashed(text: str) -> str:
    """What is kept of a key's text: it is long and random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _create(connection: sa.Connection, source: str, label: str, now: int) -> tuple[WriteKey, str]:
    text = PREFIX + secrets.token_urlsafe(BYTES)
    values = {"source": source, "hash": hashed(text), "label": label, "created_at": now}
    number = connection.execute(sa.insert(write_key).values(**values).returning(_key.id)).scalar_one()
    return WriteKey(number, source, label, now, None), text


def _found(connection: sa.Connection, number: int) -> WriteKey:
    row = connection.execute(sa.select(write_key).where(_key.id == number)).first()
    if row is None:
        raise NotFoundError(f"there is no write key {number}", hint="geleit key list")
    return _read(row)


def _end(connection: sa.Connection, number: int, at: int) -> None:
    sooner = sa.or_(_key.ends_at.is_(None), _key.ends_at > at)
    connection.execute(sa.update(write_key).where(_key.id == number, sooner).values(ends_at=at))


def _read(row: sa.Row[tuple[object, ...]]) -> WriteKey:
    return WriteKey(row.id, row.source, row.label, row.created_at, row.ends_at)
