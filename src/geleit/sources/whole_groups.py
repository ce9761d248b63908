"""Records of a grouped source in pieces of whole groups: one piece if they are few, else by their groups' hashes, from the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geleit.errors import GeleitError
from geleit.history.disk import writing
from geleit.sources.records import Records, Rejected
from geleit.sources.vectors import Texts, array_of

Marks = npt.NDArray[np.int64]
Marking = Callable[[Records], Marks]

PIECE = 32_000_000  # bytes of records that are mapped together, as far as their groups allow it
PARTS = 32  # into which more than that is divided, and each of them again
DEEPEST = 3  # how often: a single group may be larger than any piece
LARGEST = 1_000_000_000  # bytes of a piece that cannot be divided any more
LINE, RAW, ID = "geleit_line", "geleit_raw", "geleit_id"


def whole_groups(chunks: Iterable[Records], mark: Marking) -> Iterator[list[Records]]:
    """All records, those of one group in one piece. ``mark`` numbers a chunk's records, those of a group alike wherever they are.

    What does not fit into one piece waits in temporary files without names.

    Errors: Retryable if these cannot be written; GeleitError for a group of more than ``LARGEST`` bytes.
    """
    yield from _pieces(iter(chunks), mark, 0)


def _pieces(chunks: Iterator[Records], mark: Marking, depth: int) -> Iterator[list[Records]]:
    held: list[Records] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += int(pc.sum(pc.binary_length(array_of(chunk.raw))).as_py() or 0)
        if size > (PIECE if depth < DEEPEST else LARGEST):
            break
    else:
        if any(len(chunk.lines) or chunk.rejected for chunk in held):
            yield held
        return
    if depth == DEEPEST:
        raise GeleitError(
            f"{file_of(chunk.file for chunk in held)}: records of one group have more than {LARGEST:,} bytes; nothing more of this source was imported",
            hint="leave them out by skip, or correct group: it may be a number that stands for none",
        )
    with ExitStack() as stack:
        with _setting_aside():
            parts = [_Part(stack.enter_context(TemporaryFile())) for _ in range(PARTS)]
        names, rejected = _spread(held, chunks, parts, lambda records: mark(records) // PARTS**depth % PARTS)
        file = file_of(names)
        if rejected:
            yield [Records(file, pa.table({}), [], [], [], rejected)]
        for part in parts:
            yield from _pieces(part.records(file), mark, depth + 1)


def _spread(
    held: list[Records], chunks: Iterator[Records], parts: Sequence[_Part], place: Marking
) -> tuple[list[str], list[Rejected]]:
    """Write everything to the parts that ``place`` tells; returns the files' names, and what could not be read.

    A part gets a piece of each chunk, if only an empty one: then their columns have the same types together.
    """
    names: list[str] = []
    rejected: list[Rejected] = []
    while chunk := held.pop(0) if held else next(chunks, None):
        names.append(chunk.file)
        rejected += chunk.rejected
        places = place(chunk)
        order = np.argsort(places, kind="stable")
        ends = np.cumsum(np.bincount(places, minlength=PARTS))
        table = _whole(chunk).take(pa.array(order))
        with _setting_aside():
            for part, start, end in zip(parts, [0, *ends], ends, strict=False):
                part.write(table.slice(start, end - start), chunk.unseen)
    return names, rejected


def _setting_aside() -> AbstractContextManager[None]:
    return writing(
        "a grouped source's records, of which there are more than memory shall hold,",
        "what was imported before is safe",
    )


def file_of(names: Iterable[str]) -> str:
    """The file from which groups come, or how many there are."""
    files = list(dict.fromkeys(names))
    return files[0] if len(files) == 1 else f"{len(files)} files"


def _whole(records: Records) -> pa.Table:
    table = records.columns.append_column(LINE, pa.array(records.lines, pa.int64()))
    return table.append_column(RAW, array_of(records.raw)).append_column(ID, array_of(records.ids))


class _Part:
    """Pieces of chunks in a file without a name, one behind the other."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.unseen: list[tuple[str, ...]] = []

    def write(self, table: pa.Table, unseen: tuple[str, ...]) -> None:
        with pa.ipc.new_stream(self.file, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
            stream.write_table(table)
        self.unseen.append(unseen)

    def records(self, name: str) -> Iterator[Records]:
        """The pieces, as records of a file of that name."""
        self.file.seek(0)
        for unseen in self.unseen:
            with pa.ipc.open_stream(self.file) as stream:
                table = stream.read_all()
            columns = table.drop_columns([LINE, RAW, ID])
            raw, ids = (Texts(table[one].combine_chunks()) for one in (RAW, ID))
            yield Records(name, columns, table[LINE].to_pylist(), raw, ids, unseen=unseen)
