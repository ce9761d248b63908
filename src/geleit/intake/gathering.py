"""Tells readers whose the events of a load are as soon as it is found out, long before the ledger has its people.

A file beside the load's parts: see ``history.gathered``. It goes with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from geleit.files import sync_file, sync_folder
from geleit.history import gathered, snapshot
from geleit.history.archive import Archive
from geleit.history.reading import connect
from geleit.history.statements import load_from
from geleit.identity import customer_ids
from geleit.identity.grouping import Flags, Numbers
from geleit.intake.found import Found
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger

EARLY = 300_000  # events of a load below which the ledger is there as soon
SQL = load_from(Path(__file__).parent / "gathering.sql")
_identifier = tables.identifier.c
_THERE = sa.select(_identifier.type, _identifier.value).join(
    tables.identifier_resolution, tables.identifier_resolution.c.identifier_id == _identifier.id
)


def tell(found: Found, archive: Archive, number: int) -> bool:
    """Write who was found to belong to whom, durably; False if it is not worth it."""
    with archive.ledger.read() as connection:
        events = sum(segment.rows for segment in archive.segments_of(connection, number))
        now = gathered.origin(connection)
        if events < EARLY or now is None or now[0] != number:
            return False
        change = Ledger.change(connection)
        free = found.free(_known(connection, found))
    origin = dict(zip(("load", "started_at", "parts", "identity"), now, strict=True)) | {"change": change}
    told = _tell(found, free, gathered.place(archive, number), origin)
    if told:
        with archive.ledger.write() as connection:  # answers from here on are others
            archive.ledger.next_change(connection)
    return told


def _tell(found: Found, free: Flags, path: Path, origin: Mapping[str, object]) -> bool:
    """Write the file aside, durably, and give it its name; False if the disk is full: it spares time and nothing else."""
    aside = path.with_suffix(".part")
    try:
        aside.unlink(missing_ok=True)
        with duckdb.connect(str(aside), config={"autoinstall_known_extensions": "false"}) as file:
            file.execute("SET force_compression = 'uncompressed'")  # read once or twice, soon: quick beats small
            file.from_arrow(_owners(found, free)).create("owner")
            file.from_arrow(_members(file, found, free)).create("member")
            file.from_arrow(pa.table({"type": pa.array(sorted(found.load.known.types), pa.string())})).create("type")
            file.from_arrow(file.sql(SQL["origin"], params=dict(origin)).to_arrow_table()).create("origin")
        sync_file(aside)
        aside.replace(path)
        sync_folder(path.parent)
    except (OSError, duckdb.Error):
        for left in (aside, aside.with_name(f"{aside.name}.wal")):
            left.unlink(missing_ok=True)
        return False
    return True


def _owners(found: Found, free: Flags) -> pa.Table:
    """Whose each set of the load is, in the order of their keys; '' where only the ledger can say it."""
    there = np.flatnonzero(found.owner >= 0)
    owner = found.owner[there]
    customers = customer_ids.texts_at(found.groups.ids, np.where(free[owner], owner, -1))
    return pa.table({"set_key": pa.array(found.load.keys[there]), "customer_id": customers})


def _members(duck: duckdb.DuckDBPyConnection, found: Found, free: Flags) -> pa.Table:
    """The identifiers of these people, as numbers in order that tell whom somebody met since."""
    there = np.flatnonzero(free[found.groups.wide])
    duck.register("given", found.load.texts(there))
    hashed = duck.sql(SQL["name"]).to_arrow_table()["name"].to_numpy()
    duck.unregister("given")
    order = np.argsort(hashed)
    customers = customer_ids.texts_at(found.groups.ids, found.groups.wide[there[order]])
    return pa.table({"name": pa.array(hashed[order]), "customer_id": customers})


def _known(connection: sa.Connection, found: Found) -> Numbers:
    """Identifiers of the load that the ledger has placed."""
    known = found.load.known
    with connect() as duck:
        if len(known) > snapshot.SCAN:
            snapshot.copy(connection, _THERE, duck, "there")
        else:
            snapshot.copy_matching(connection, _THERE, _identifier.value, known.values.to_pylist(), (duck, "there"))
        if not duck.table("there").count("*").fetchall()[0][0]:
            return np.zeros(0, np.int64)
        duck.register("given", found.load.texts(np.arange(len(known))))
        there: Numbers = duck.sql(SQL["there"]).to_arrow_table()["no"].to_numpy()
        return there
