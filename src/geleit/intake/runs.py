"""Remembers each run of an import: what was read, what it gave, and the error that a source ended with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from geleit.ledger import tables
from geleit.ledger.ledger import Ledger

_run = tables.import_run.c


def begin(ledger: Ledger, source: str) -> int:
    """Note that a source is being read; the number of the run."""
    values = {"source": source, "file": "", "started_at": ledger.clock()}
    with ledger.write() as connection:
        done = connection.execute(
            sa.insert(tables.import_run).values(**values, read=0, new=0, duplicate=0, quarantined=0)
        )
    return int(done.inserted_primary_key[0]) if done.inserted_primary_key else 0


def end(ledger: Ledger, run: int, summary: Mapping[str, Any]) -> None:
    """Note what became of it: ``files``, ``read``, ``new``, ``duplicate``, ``quarantined``, ``error`` of its summary."""
    counted = {name: summary[name] for name in ("read", "new", "duplicate", "quarantined", "error")}
    values = {"file": ", ".join(summary["files"]), "finished_at": ledger.clock(), **counted}
    with ledger.write() as connection:
        connection.execute(sa.update(tables.import_run).where(_run.id == run).values(**values))
