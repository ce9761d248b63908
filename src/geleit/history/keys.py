"""Keys of events that came in bulk: sorted, immutable, memory-mapped runs that the ledger lists.

A row is an event's id (128 bits) and a hash of what it says (64 bits); ten million of them are 240 MB on disk and a
question for 500 keys costs a few hundred page reads.
"""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from geleit.errors import StoreError
from geleit.files import checksum, make_folder, sync_file
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger
from geleit.ledger.prepared import Prepared

HIGH, LOW, CONTENT = range(3)  # a run is three columns, so that a search reads nothing but the first
MOST = 8  # runs; with more the smaller ones are merged, so that no question has to look into many
LARGEST = 20_000_000  # rows that a merger may make: it holds them in memory, three times 24 bytes each
DIGITS = 16
SIEVE = 28  # bits of an id that a sieve tells apart: of ten million ids it takes 32 MB and lets one of 27 others pass

Rows = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

_run = tables.key_run.c
_RUNS = Prepared(sa.select(_run.path, _run.sha256, _run.rows, _run.bytes))


@dataclass(frozen=True, slots=True)
class Run:
    """One file of keys as the ledger lists it; ``path`` is relative to the folder."""

    path: str
    sha256: str
    rows: int
    bytes: int


class Keys:
    """The runs under ``folder``; which of them hold is said by the ledger's table ``key_run``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, Rows] = {}
        self._sieve = Sieve()

    def contents(self, connection: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
        """What is said under those ids that came in bulk, by id."""
        runs = self.runs(connection)
        for path in self._open.keys() - {run.path for run in runs}:  # merged into another: its space is free now
            self._open.pop(path, None)
        if not runs or not ids:
            return {}
        wanted = rows_of(ids, [""] * len(ids))
        found: dict[str, str] = {}
        for run in runs:
            present, contents = self._look(run, wanted)
            places = np.flatnonzero(present).tolist()
            found.update({ids[place]: f"{int(contents[place]):016x}" for place in places})
        return found

    def look_up(
        self, connection: sa.Connection, wanted: Rows, order: Places
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.uint64]]:
        """For many rows at once: which ids are known, and the contents that stand under those. ``order``: ``in_order``."""
        present, contents = np.zeros(len(order), bool), np.zeros(len(order), np.uint64)
        ordered = wanted[:, order]  # neighbors are found side by side
        every, maybe = np.arange(len(order)), self._sieve.may_hold(ordered[HIGH])
        for run in self.runs(connection):
            places = maybe if run.path in self._sieve.paths else every
            there, said = self._look(run, ordered[:, places])
            found = order[places[there]]
            present[found], contents[found] = True, said[there]
        return present, contents

    def sift(self, run: Run) -> None:
        """Ask a sieve before this run from now on: a long load writes a hundred of them, and most keys are in none."""
        self._sieve.take(run.path, self._rows(run)[HIGH])

    def runs(self, connection: sa.Connection) -> list[Run]:
        """The runs that the connection's view of the ledger lists."""
        return [Run(*row) for row in _RUNS.all(connection)]

    def ids(self, runs: Iterable[Run]) -> Iterator[list[str]]:
        """All ids of some runs, in lists."""
        for run in runs:
            rows = self._rows(run)
            for start in range(0, run.rows, 100_000):
                some = rows[:, start : start + 100_000]
                pairs = zip(some[HIGH].tolist(), some[LOW].tolist(), strict=True)
                yield [f"{high:016x}{low:016x}" for high, low in pairs]

    def write(self, rows: Rows, sync: Callable[[Path], None] = sync_file) -> Run:
        """A new run, sorted; ``sync`` makes it durable. It counts from the moment that the ledger lists it."""
        make_folder(self.folder)
        ordered = rows[:, in_order(rows)]
        aside = self.folder / "next.part"
        with aside.open("wb") as handle:
            np.save(handle, ordered)
        aside.chmod(0o600)
        digest = checksum(aside)
        path = aside.replace(self.folder / f"{digest[:16]}.npy")
        sync(path)
        sync(self.folder)
        return Run(path.name, digest, ordered.shape[1], path.stat().st_size)

    @staticmethod
    def enter(connection: sa.Connection, run: Run) -> None:
        """List a run."""
        values = {name: getattr(run, name) for name in Run.__dataclass_fields__}
        connection.execute(sa.insert(tables.key_run).values(**values))

    def merge(self, ledger: Ledger) -> None:
        """Make one run of the smaller ones, if there are more than ``MOST``; damaged ones stay for ``check`` to name.

        The caller holds ``load.lock``. A transaction that writes sees either the old runs with their files or the new one.
        """
        with ledger.read() as connection:
            runs = self.runs(connection)
        if len(runs) > MOST:
            some, total = [], 0
            for run in sorted(runs, key=lambda run: run.rows):
                total += run.rows
                if total <= LARGEST and self.sound(run):
                    some.append(run)
            if len(some) > 1:
                self.replace(ledger, some, self.write(np.concatenate([self._rows(run) for run in some], axis=1)))

    def replace(self, ledger: Ledger, old: Sequence[Run], new: Run) -> None:
        """List a run in place of others, then remove their files. The caller holds ``load.lock``."""
        with ledger.write() as connection:
            paths = [run.path for run in old]
            connection.execute(sa.delete(tables.key_run).where(tables.key_run.c.path.in_(paths)))
            self.enter(connection, new)
        with ledger.read() as connection:
            self.sweep(connection)

    @contextmanager
    def view(self, ledger: Ledger) -> Iterator[sa.Connection]:
        """One consistent view of the ledger whose runs are open, though another process may merge them meanwhile.

        Runs that are missing or damaged are left out of what is open: ``sound`` tells.
        """
        while True:
            with ledger.read() as connection:
                runs = self.runs(connection)
                gone = [run for run in runs if not self._opens(run)]
                with ledger.read() as newest:
                    listed = {run.path for run in self.runs(newest)}
                if all(run.path in listed for run in gone):
                    yield connection
                    return

    def sweep(self, connection: sa.Connection) -> None:
        """Remove files that the ledger does not list: left by a crash or merged into others."""
        listed = {run.path for run in self.runs(connection)}
        for path in self.folder.glob("*"):
            if path.name not in listed:
                path.unlink()

    def sound(self, run: Run) -> bool:
        """Whether a run is what was written; once open it may have been merged and removed meanwhile."""
        path = self.folder / run.path
        try:
            return checksum(path) == run.sha256
        except FileNotFoundError:
            return run.path in self._open

    def _opens(self, run: Run) -> bool:
        try:
            return self._rows(run) is not None
        except StoreError:
            return False

    def _look(self, run: Run, wanted: Rows) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.uint64]]:
        rows = self._rows(run)
        high, low = rows[HIGH], rows[LOW]
        place = np.searchsorted(high, wanted[HIGH])
        inside = np.minimum(place, len(high) - 1)
        present = (high[inside] == wanted[HIGH]) & (low[inside] == wanted[LOW])
        # Two ids whose first 64 bits are equal stand side by side: once in 10^19 pairs, so one look further is enough.
        after = np.minimum(inside + 1, len(high) - 1)
        second = ~present & (high[after] == wanted[HIGH]) & (low[after] == wanted[LOW])
        return present | second, rows[CONTENT][np.where(second, after, inside)]

    def _rows(self, run: Run) -> Rows:
        if run.path not in self._open:
            path = self.folder / run.path
            if not path.is_file() or path.stat().st_size != run.bytes:
                raise damaged(run)
            try:
                self._open[run.path] = np.load(path, mmap_mode="r")
            except (OSError, ValueError, EOFError):
                raise damaged(run) from None
        return self._open[run.path]


class Sieve:
    """Which ids may stand in some runs (``paths``), told by their first bits; what it lets fall is in none of them."""

    def __init__(self, bits: int = SIEVE) -> None:
        self.bits = bits
        self.paths: set[str] = set()
        self._marks = np.zeros(0, np.uint8)

    def take(self, path: str, high: npt.NDArray[np.uint64]) -> None:
        """Mark the ids of a run, which are sorted."""
        if not len(self._marks):
            self._marks = np.zeros(2**self.bits // 8, np.uint8)
        place, mark = self._places(high)
        starts = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1])))
        self._marks[place[starts]] |= np.bitwise_or.reduceat(mark, starts)
        self.paths.add(path)

    def may_hold(self, high: npt.NDArray[np.uint64]) -> Places:
        """The places of the ids that may be there."""
        if not len(self._marks):
            return np.arange(0)
        place, mark = self._places(high)
        return np.flatnonzero(self._marks[place] & mark)

    def _places(self, high: npt.NDArray[np.uint64]) -> tuple[Places, npt.NDArray[np.uint8]]:
        first = (high >> np.uint64(64 - self.bits)).astype(np.int64)
        return first >> 3, np.left_shift(1, first & 7).astype(np.uint8)


def in_order(rows: Rows) -> Places:
    """The places of rows sorted by id; the first half decides but for the rarest of ties."""
    order = np.argsort(rows[HIGH])
    high = rows[HIGH][order]
    if (high[1:] == high[:-1]).any():
        order = np.lexsort((rows[LOW], rows[HIGH]))
    return order


def distinct(ordered: Rows) -> bool:
    """Whether no id of sorted rows occurs twice."""
    return not _repeated(ordered).any()


def first_of_each(rows: Rows, order: Places) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.uint64]]:
    """Per row, whether it is the first of its id, and the content of the one that is; ``order``: ``in_order``."""
    starts = np.flatnonzero(np.concatenate(([True], ~_repeated(rows[:, order]))))
    firsts = np.minimum.reduceat(order, starts)
    leader = np.empty(len(order), np.int64)
    leader[order] = np.repeat(firsts, np.diff(starts, append=len(order)))
    return leader == np.arange(len(order)), rows[CONTENT][leader]


def _repeated(ordered: Rows) -> npt.NDArray[np.bool_]:
    """Whether each row but the first has the id of the one before it."""
    same: npt.NDArray[np.bool_] = ordered[HIGH, 1:] == ordered[HIGH, :-1]
    same &= ordered[LOW, 1:] == ordered[LOW, :-1]
    return same


def rows_of_columns(ids: pa.ChunkedArray, contents: pa.ChunkedArray) -> Rows:
    """The same as ``rows_of`` for columns, where every content is there."""
    high_low, said = _numbers(ids, 2), _numbers(contents, 1)
    return np.stack([high_low[:, 0], high_low[:, 1], said[:, 0]])


def _numbers(texts: pa.ChunkedArray, words: int) -> npt.NDArray[np.uint64]:
    """Hexadecimal texts, all of so many times 16 digits, as numbers."""
    letters = []
    for chunk in texts.chunks:
        if len(chunk):
            _, offsets, data = chunk.buffers()
            first = int(np.frombuffer(offsets, np.int32)[chunk.offset])
            letters.append(memoryview(data)[first : first + len(chunk) * words * DIGITS])
    return np.frombuffer(unhexlify(b"".join(letters)), ">u8").astype(np.uint64).reshape(len(texts), words)


def rows_of(ids: Sequence[str], contents: Sequence[str]) -> Rows:
    """Ids (32 hexadecimal digits) and contents (16; '' for none) as rows."""
    high = [int(identity[:DIGITS], 16) for identity in ids]
    low = [int(identity[DIGITS:], 16) for identity in ids]
    said = [int(content or "0", 16) for content in contents]
    return np.array([high, low, said], np.uint64).reshape(3, len(ids))


def damaged(run: Run) -> StoreError:
    """What to say of a run whose file is not what was written."""
    return StoreError(
        f"the file of keys {run.path} is missing or damaged; it holds {run.rows} keys. "
        "No event is lost, but none can be taken in: a repetition could not be told from news",
        hint="run 'geleit keys rebuild': it makes them from the archive",
    )
