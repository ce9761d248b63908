"""A small program beside a SQLite ledger: it reads the file into memory once, and writes out what others changed, piece by piece.

Pages that a checkpoint has put into the file, and those of a log that nobody syncs, lie in the system's memory until somebody syncs
them; hundreds of megabytes then go to the disk at one go, and every commit waits behind them: for the disk, or because the page that
it goes on writing is on its way. Here they go beforehand, so little at a time that a commit passes.

A process of its own, because closing the file takes away the locks of the process that uses it. It takes a word a line and answers
with a line; it ends when its input does. Nothing but the standard library, so that it starts at once.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from contextlib import suppress

PIECE = 1 << 22  # bytes
PAGE = 1 << 12
ALL = 1 | 2 | 4  # sync_file_range: wait for what is on its way, begin with what is not, wait for it

Sync = Callable[[int, int, int, int], int]


def serve() -> None:
    """Do what is asked of the file that the first argument names.

    ``read`` it, ``write`` it, write it and then ``sync`` it with all of the disk, or write its ``log`` up to a byte.
    """
    sync, name = _sync(), sys.argv[1]
    for asked in sys.stdin:
        what, _, end = asked.strip().partition(" ")
        path = name + "-wal" if what == "log" else name
        with suppress(OSError), open(path, "rb", buffering=0) as file:  # noqa: PTH123 (pathlib would cost as much as all the rest)
            if what == "read":
                read(file.fileno())
            elif sync is not None:
                write(file.fileno(), sync, int(end) if end else os.fstat(file.fileno()).st_size)
            if what == "sync":
                os.fsync(file.fileno())
        sys.stdout.write("done\n")
        sys.stdout.flush()


def read(file: int) -> None:
    """Read it once; the system keeps it as long as nobody needs the memory more."""
    part = bytearray(PIECE)
    while os.readv(file, [part]):
        pass


def write(file: int, sync: Sync, end: int) -> None:
    """Have all changed pages before ``end`` written, without the disk's own flush: whoever syncs the file later finds little left.

    Never the last one, which a commit may be about to go on writing: it would wait for it.
    """
    end -= end % PAGE
    for place in range(0, end, PIECE):
        sync(file, place, min(PIECE, end - place), ALL)


def _sync() -> Sync | None:
    """Linux's call; None elsewhere."""
    try:
        call = ctypes.CDLL(None, use_errno=True).sync_file_range
    except (OSError, TypeError, AttributeError):
        return None
    call.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return call


if __name__ == "__main__":
    serve()
