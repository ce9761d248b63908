"""How far each place of a source was read, so that the next reading takes only what is new or changed."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from geleit.definitions import Definition
from geleit.ledger.ledger import upsert
from geleit.ledger.tables import read_position


def load(connection: sa.Connection, source: str) -> dict[str, str]:
    """The stored token of every place (file, table) of a source; tokens are the reader's own text."""
    rows = connection.execute(
        sa.select(read_position.c.place, read_position.c.token).where(read_position.c.source == source)
    )
    return dict(rows.all())


def store(connection: sa.Connection, source: str, place: str, token: str, now: int) -> None:
    """Remember how far a place was read.

    Call it in the transaction that takes the records in: a position may never run ahead of what was acknowledged.
    ``now`` is in microseconds UTC.
    """
    row = {"source": source, "place": place, "token": token, "at": now}
    connection.execute(upsert(read_position, ["token", "at"]), row)


def forget(connection: sa.Connection, source: str) -> None:
    """Read a source from its beginning next time."""
    connection.execute(sa.delete(read_position).where(read_position.c.source == source))


def fingerprint(definition: Definition) -> str:
    """Tells one definition of a source from another; what was read with another one is read again.

    Defaults do not count, so that a field which a newer version knows makes no definition another one.
    """
    text = definition.model_dump_json(exclude={"label"}, exclude_defaults=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
