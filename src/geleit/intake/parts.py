"""Parts of a bulk load: what its events say of people, in Parquet files that wait until they are adopted.

A part belongs to one segment of the archive, and can be made from it again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from geleit.customers.fact_columns import TABLES, facts_of_rows
from geleit.customers.facts import Setting
from geleit.errors import StoreError
from geleit.files import sync_file, sync_folder
from geleit.history.archive import Archive, Segment
from geleit.history.statements import load_from
from geleit.history.stored import COLUMNS, decode
from geleit.identity.evidence import fingerprint
from geleit.ledger import tables
from geleit.sources.vectors import scratch

SQL = load_from(Path(__file__).parent / "loading.sql")
NAMES = ("sets", "seen", *(table.name for table in TABLES))


def parts_folder(archive: Archive, load: int) -> Path:
    """Where the parts of a load lie."""
    return archive.folder.parent / "loads" / f"{load:06d}"


def part_folder(archive: Archive, load: int, number: int) -> Path:
    """Where one part of a load lies."""
    return parts_folder(archive, load) / f"{number:06d}"


def write(folder: Path, rows: pa.Table, setting: Setting) -> None:
    """Write the part of some staged rows (stored ones with ``rest``), durably.

    Errors: OSError when the disk is full.
    """
    with scratch() as duck:
        duck.register("staged", rows)
        found = {name: duck.sql(SQL[name]).to_arrow_table() for name in ("sets", "seen")}
    found |= facts_of_rows(rows.select([name for name in COLUMNS if name != "seq"]), setting)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    for name, table in found.items():
        path = folder / f"{name}.parquet"
        pq.write_table(table, path, compression="lz4", use_dictionary=False)  # read once, soon: quick beats small
        sync_file(path)
    sync_folder(folder)
    sync_folder(folder.parent)


def make_sound(archive: Archive, load: int, setting: Setting) -> list[Path]:
    """The parts of a load that were acknowledged, in order; missing and truncated ones are made from their segments again.

    Errors: StoreError if such a segment is missing or damaged, OSError when the disk is full.
    """
    with archive.ledger.read() as connection:
        known = sa.select(tables.load.c.parts).where(tables.load.c.id == load)
        count = connection.execute(known).scalar_one()
        segments = archive.segments_of(connection, load)
    folders = [part_folder(archive, load, number) for number in range(count)]
    for number, folder in enumerate(folders):
        if not _sound(folder):
            if len(segments) != count:
                raise StoreError(
                    f"part {number + 1} of a bulk load is missing or damaged, and the ledger lists {len(segments)} "
                    f"of its {count} segments; all events are in the archive",
                    hint="restore ledger and archive from the same backup, then run 'geleit sync'",
                )
            _remake(folder, archive, segments[number], setting)
    return folders


def _sound(folder: Path) -> bool:
    """Whether all files of a part are there with their end, where Parquet says what a file holds."""
    try:
        return all(pq.read_metadata(folder / f"{name}.parquet") for name in NAMES)
    except (OSError, pa.ArrowException):
        return False


def _remake(folder: Path, archive: Archive, segment: Segment, setting: Setting) -> None:
    archive.verify([segment])
    rows = pq.read_table(archive.path(segment), columns=list(COLUMNS))
    rest: dict[int, int] = {}
    for values in zip(*(rows[name].to_pylist() for name in COLUMNS), strict=True):
        stored = decode(values)
        if stored.set_key not in rest:
            rest[stored.set_key] = fingerprint(stored.event.identifiers)[1]
    column = pa.array([rest[key] for key in rows["set_key"].to_pylist()], pa.int64())
    write(folder, rows.append_column("rest", column), setting)
