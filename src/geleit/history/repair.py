"""Makes keys of bulk events again, from the archive: their ids stand there, and what they say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from geleit.files import only_one
from geleit.history.archive import Archive
from geleit.history.disk import writing
from geleit.history.keys import Rows, rows_of
from geleit.history.stored import COLUMNS, content_hash, decode
from geleit.ledger import tables
from geleit.ledger.ledger import among

Progress = Callable[[str], None]


def rebuild_keys(archive: Archive, *, told: Progress = lambda _: None) -> int:
    """Write one run of the keys of all events that came in bulk, in place of all runs; returns how many keys.

    Errors: StoreError if a segment is missing or damaged, Retryable when the disk is full; then nothing was changed.
    """
    with only_one(archive.folder.parent / "load.lock"), writing("the file of keys", "nothing was changed"):
        with archive.ledger.read() as connection:
            old = archive.keys.runs(connection)
            segments = archive.segments(connection)
        found = [rows_of([], [])]
        for place, segment in enumerate(segments, 1):
            told(f"keys: segment {place} of {len(segments)}")
            archive.verify([segment])
            batches = pq.ParquetFile(archive.path(segment)).iter_batches(columns=list(COLUMNS))
            found.extend(_keys(archive, pa.Table.from_batches([batch])) for batch in batches)
        rows = np.concatenate(found, axis=1)
        if rows.shape[1]:
            archive.keys.replace(archive.ledger, old, archive.keys.write(rows))
    return int(rows.shape[1])


def _keys(archive: Archive, rows: pa.Table) -> Rows:
    """Ids and contents of those events that have no key in the ledger: they came in bulk."""
    ids = rows["event_id"].to_pylist()
    with archive.ledger.read() as connection:
        known = sa.select(tables.event_key.c.id).where(among(tables.event_key.c.id, ids))
        live = set(connection.execute(known).scalars())
    mine = rows.filter(pa.array([identity not in live for identity in ids]))
    stored = [decode(row) for row in zip(*(mine[name].to_pylist() for name in COLUMNS), strict=True)]
    return rows_of([one.event_id for one in stored], [content_hash(one.event) for one in stored])
