"""The records that events came from, found by the events' ids alone."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import sqlalchemy as sa

from geleit.history import reading
from geleit.history.archive import Archive
from geleit.history.statements import load
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, chunked


def originals(ledger: Ledger, archive: Archive, event_ids: Sequence[str]) -> dict[str, str]:
    """The record of each event as its source gave it; those that are nowhere are left out.

    Errors: StoreError if a segment is missing or damaged.
    """
    outbox, found = tables.outbox.c, dict[str, str]()
    with ledger.read() as connection:
        for some in chunked(list(event_ids)):
            rows = connection.execute(sa.select(outbox.event_id, outbox.raw).where(outbox.event_id.in_(some)))
            found.update({row.event_id: str(row.raw) for row in rows})
        paths = [str(archive.path(segment)) for segment in archive.segments(connection)]
    if (left := [one for one in event_ids if one not in found]) and paths:
        try:
            with reading.connect() as duck:
                rows_ = duck.execute(load("delta.sql")["originals"], {"paths": paths, "ids": left}).fetchall()
        except duckdb.Error as error:
            raise reading.translate_error(error, "the archive") from None
        found.update(rows_)
    return found
