"""Parts of a bulk load: who is in the identifier sets of its events, in Parquet files that wait until they are adopted.

A part belongs to one segment of the archive, and can be made from it again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from geleit.errors import StoreError
from geleit.files import sync_file
from geleit.history.archive import Archive, Segment
from geleit.intake.members import Written, members_of, with_rests
from geleit.ledger import tables

NAME = "members.parquet"


def parts_folder(archive: Archive, load: int) -> Path:
    """Where the parts of a load lie."""
    return archive.folder.parent / "loads" / f"{load:06d}"


def part_folder(archive: Archive, load: int, number: int) -> Path:
    """Where one part of a load lies."""
    return parts_folder(archive, load) / f"{number:06d}"


def write(
    folder: Path, rows: pa.Table, written: Written | None = None, sync: Callable[[Path], None] = sync_file
) -> None:
    """Write the part of some staged rows (stored ones with ``rest``); sets that are ``written`` are left out.

    ``sync`` makes files and names durable.

    Errors: OSError when the disk is full.
    """
    table = members_of(rows, written)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    # Read once, soon: quick beats small.
    form = {"use_dictionary": ["type"], "write_statistics": False, "write_page_checksum": True}
    pq.write_table(table, folder / NAME, compression="lz4", **form)
    sync(folder / NAME)
    sync(folder)
    sync(folder.parent)


def make_sound(archive: Archive, load: int) -> list[Path]:
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
            _remake(folder, archive, segments[number])
    return folders


def unreadable(load: int, why: Exception) -> StoreError:
    """What to say when a part is rubbish inside."""
    return StoreError(
        f"what a bulk load says of people cannot be read ({str(why).splitlines()[0]}); all its events are in the archive",
        hint=f"remove the folder data/loads/{load:06d}, then run 'geleit sync': it is made again",
    )


def _sound(folder: Path) -> bool:
    """Whether the file of a part is there with its end, where Parquet says what a file holds."""
    try:
        return pq.read_metadata(folder / NAME) is not None
    except (OSError, pa.ArrowException):
        return False


def _remake(folder: Path, archive: Archive, segment: Segment) -> None:
    archive.verify([segment])
    write(folder, with_rests(pq.read_table(archive.path(segment), columns=["set_key", "body"])))
