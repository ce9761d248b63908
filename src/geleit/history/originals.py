"""The records that events came from, found by the events' ids alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import sqlalchemy as sa

from geleit.history import reading
from geleit.history.archive import Archive
from geleit.history.statements import load
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, chunked


@dataclass(frozen=True, slots=True)
class Original:
    """The record of an event as its source gave it, and when it came (microseconds UTC)."""

    raw: str
    received_at: int


def originals(ledger: Ledger, archive: Archive, event_ids: Sequence[str]) -> dict[str, Original]:
    """What each event came from; those that are nowhere are left out.

    Errors: StoreError if a segment is missing or damaged.
    """
    outbox, found = tables.outbox.c, dict[str, Original]()
    wanted = sa.select(outbox.event_id, outbox.raw, outbox.received_at)
    with ledger.read() as connection:
        for some in chunked(list(event_ids)):
            rows = connection.execute(wanted.where(outbox.event_id.in_(some)))
            found.update({row.event_id: Original(row.raw, row.received_at) for row in rows})
        paths = [str(archive.path(segment)) for segment in archive.segments(connection)]
    if (left := [one for one in event_ids if one not in found]) and paths:
        try:
            with reading.connect() as duck:
                rows_ = duck.execute(load("delta.sql")["originals"], {"paths": paths, "ids": left}).fetchall()
        except duckdb.Error as error:
            raise reading.translate_error(error, "the archive") from None
        found.update({event: Original(raw, received_at) for event, raw, received_at in rows_})
    return found
