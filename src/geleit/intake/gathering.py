"""Tells readers whose the events of a load are as soon as it is found out, long before the ledger has its people.

A file beside the load's parts: see ``history.gathered``. It goes with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import sqlalchemy as sa

from geleit.files import sync_file, sync_folder
from geleit.history import gathered, snapshot
from geleit.history.archive import Archive
from geleit.history.statements import load_from
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger

EARLY = 300_000  # events of a load below which the ledger is there as soon
SQL = load_from(Path(__file__).parent / "gathering.sql")
_identifier = tables.identifier.c
_THERE = sa.select(_identifier.type, _identifier.value).join(
    tables.identifier_resolution, tables.identifier_resolution.c.identifier_id == _identifier.id
)


def tell(duck: duckdb.DuckDBPyConnection, archive: Archive, number: int) -> bool:
    """Write who was found to belong to whom (what ``groups.group`` left in ``duck``), durably; False if it is not worth it."""
    with archive.ledger.read() as connection:
        events = sum(segment.rows for segment in archive.segments_of(connection, number))
        now = gathered.origin(connection)
        if events < EARLY or now is None or now[0] != number:
            return False
        change = Ledger.change(connection)
        _known(connection, duck)
    origin = dict(zip(("load", "started_at", "parts", "identity"), now, strict=True)) | {"change": change}
    told = _tell(duck, gathered.place(archive, number), origin)
    for name in ("free", "there"):
        duck.execute(f"DROP TABLE IF EXISTS {name}")
    if told:
        with archive.ledger.write() as connection:  # answers from here on are others
            archive.ledger.next_change(connection)
    return told


def _tell(duck: duckdb.DuckDBPyConnection, path: Path, origin: Mapping[str, object]) -> bool:
    """Write the file aside, durably, and give it its name; False if the disk is full: it spares time and nothing else."""
    aside = path.with_suffix(".part")
    try:
        aside.unlink(missing_ok=True)
        duck.execute(SQL["free"])
        with duckdb.connect(str(aside), config={"autoinstall_known_extensions": "false"}) as file:
            for name in ("owner", "member", "type"):
                file.from_arrow(duck.sql(SQL[name]).to_arrow_table()).create(name)
            file.from_arrow(duck.sql(SQL["origin"], params=dict(origin)).to_arrow_table()).create("origin")
        sync_file(aside)
        aside.replace(path)
        sync_folder(path.parent)
    except (OSError, duckdb.Error):
        for left in (aside, aside.with_name(f"{aside.name}.wal")):
            left.unlink(missing_ok=True)
        return False
    return True


def _known(connection: sa.Connection, duck: duckdb.DuckDBPyConnection) -> None:
    """Make ``there(type, value)``: identifiers that the ledger has placed, at least all of them that are in the load."""
    if duck.table("identifier").count("*").fetchall()[0][0] > snapshot.SCAN:
        snapshot.copy(connection, _THERE, duck, "there")
        return
    values = [row[0] for row in duck.execute("SELECT DISTINCT value FROM identifier").fetchall()]
    snapshot.copy_matching(connection, _THERE, _identifier.value, values, (duck, "there"))
