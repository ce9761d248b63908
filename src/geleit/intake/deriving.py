"""Makes the facts of a bulk load from its segments while it is adopted: by another process, and here once somebody waits.

They lie in files beside the load's parts until they are in the ledger. Whoever adopts again makes them again, so nothing
has to be durable; each run has a folder of its own, so what a killed one leaves running disturbs nobody.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from geleit.customers.fact_columns import READ, facts_of_rows, saying
from geleit.customers.facts import Setting
from geleit.files import checksum
from geleit.history.archive import Archive, Segment
from geleit.processes import give_back, let_go, receive, send, serving, started, stop

WORTH = 150_000  # events from which another process is worth its start
MADE = "facts-"


class Deriving:
    """The facts of some segments; ``folder`` is the one of their load's parts."""

    def __init__(self, archive: Archive, segments: Sequence[Segment], setting: Setting, folder: Path) -> None:
        self.archive, self.segments, self.setting = archive, segments, setting
        for left in folder.glob(f"{MADE}*"):
            shutil.rmtree(left, ignore_errors=True)
        self.folder = folder / f"{MADE}{os.getpid()}-{secrets.token_hex(4)}"
        self.folder.mkdir(mode=0o700)
        self.lock = threading.Lock()
        self.open = deque(range(len(segments)))
        self.process: subprocess.Popen[bytes] | None = None
        self.thread: threading.Thread | None = None
        if sum(segment.rows for segment in segments) >= WORTH and (os.cpu_count() or 1) > 1:
            self.thread = threading.Thread(target=self._converse, name="geleit-facts", daemon=True)
            self.thread.start()

    def files(self, table: sa.Table) -> list[Path]:
        """The files of a table's facts, with ``set_key`` in the place of ``set_id``; makes what is not made yet.

        Errors: StoreError naming a segment that is missing or damaged, OSError when the disk is full.
        """
        while self.open or self.thread:
            while (number := self._claim(-1)) is not None:
                self.archive.verify([self.segments[number]])
                write(self.archive.path(self.segments[number]), self.folder, number, self.setting)
            if self.thread:
                self.thread.join()  # the other process is at the last one; if it fails, that one is open again
                self.thread = None
        return [_place(self.folder, number, table) for number in range(len(self.segments))]

    def _claim(self, end: int) -> int | None:
        """A segment that nobody works on: the other process begins with the first (0), this one with the last (-1)."""
        with self.lock:
            if not self.open:
                return None
            return self.open.popleft() if end == 0 else self.open.pop()

    def _converse(self) -> None:
        """Have the other process make facts until there are none left or it ends: then what it was at is open again."""
        self.process = process = started(__name__)
        if process is None or process.stdin is None or process.stdout is None:
            return
        number: int | None = None
        try:
            send(process.stdin, (self.folder, self.setting))
            while (number := self._claim(0)) is not None:
                segment = self.segments[number]
                send(process.stdin, (self.archive.path(segment), segment.sha256, number))
                receive(process.stdout)
        except Exception:  # noqa: BLE001 (whatever the reason is: it is made here, and what is wrong with it said here)
            stop(process)  # first: two must not write the same files
            let_go(process)
            with self.lock:
                self.open.extend(() if number is None else (number,))
        else:
            give_back(process)

    def close(self) -> None:
        """End the other process, and let go of the files."""
        with self.lock:
            self.open.clear()
        if self.thread:
            stop(self.process)
            self.thread.join()
        shutil.rmtree(self.folder, ignore_errors=True)


def write(segment: Path, folder: Path, number: int, setting: Setting) -> None:
    """Write the facts of a segment's events, one file for each table.

    Errors: OSError when the disk is full.
    """
    with pq.ParquetFile(segment) as file:
        # Piece by piece, as few rows give facts: all of it would be a hundred megabytes.
        pieces = (file.read_row_group(at, list(READ), use_threads=False) for at in range(file.num_row_groups))
        rows = pa.concat_tables(saying(piece, setting) for piece in pieces)
    for name, table in facts_of_rows(rows, setting).items():
        path = folder / f"{number:06d}-{name}.parquet"
        pq.write_table(table, path, compression="lz4", use_dictionary=False)  # read once, soon: quick beats small


def _place(folder: Path, number: int, table: sa.Table) -> Path:
    return folder / f"{number:06d}-{table.name}.parquet"


def serve() -> None:
    """Make facts of segments until there are none; the other process's whole work."""
    take, give = serving(yielding=True)
    pa.set_cpu_count(1)  # the other processor has work
    try:
        folder, setting = take()
        while True:
            path, sha256, number = take()
            if checksum(path) != sha256:
                return  # whoever asked finds out, too, and says it
            write(path, folder, number, setting)
            give(number)
    except EOFError:
        return
