"""Files that survive a power cut: written aside, synced, renamed, folder synced; and a lock between processes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from geleit.errors import GeleitError, Retryable

BLOCK = 2 * 2**20  # bytes copied at once
PAUSE = 0.005  # seconds after each block, where others sync to the same disk


def write_durably(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace ``path`` by ``content`` in one step that holds through a crash: the old file or the new one, never half.

    Errors: GeleitError when its folder does not exist; Retryable when the disk is full or read-only; the old file stays.
    """
    if not path.parent.is_dir():
        raise GeleitError(
            f"the folder {path.parent} does not exist; nothing was written", hint=f"mkdir -p {path.parent}"
        )
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        aside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise Retryable(f"{path.name} cannot be written: {error.strerror}", hint="free space or check rights") from None


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for the owner alone; their names hold through a power cut."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def copy_durably(source: BinaryIO, target: Path, *, pause: float = 0.0) -> str:
    """Copy what ``source`` holds to a new file of its own, durably but for its name; returns its SHA-256.

    Every block is synced, so that others who sync a few bytes do not wait for all of them, and ``pause`` seconds later
    comes the next. The name holds once ``sync_folder`` was called. Errors: OSError when the disk is full; nothing is left then.
    """
    digest = hashlib.sha256()
    aside = target.with_name(f".{target.name}.part")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
            while block := source.read(BLOCK):
                digest.update(block)
                handle.write(block)
                handle.flush()
                os.fsync(handle.fileno())
                time.sleep(pause)
        aside.replace(target)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def checksum(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Make a file's content durable."""
    _sync(path)


def sync_folder(path: Path) -> None:
    """Make names created in or renamed into a folder durable."""
    _sync(path)


class Syncs:
    """Makes files and names durable while more is written: the disk works for one and the processor for the other.

    Leaving the context waits until nothing is on its way; only ``done`` tells whether all of it is durable.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "geleit-sync")
        self._begun: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def __call__(self, path: Path) -> None:
        """Make a file's content, or the names in a folder, durable from now on."""
        self._begun.append(self._thread.submit(_sync, path))

    def done(self) -> None:
        """Wait until everything is durable.

        Errors: OSError when the disk is full.
        """
        for one in self._begun:
            one.result()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def only_one(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock file at ``path``; yields False at once if another process holds it and ``wait`` is not set.

    Errors: Retryable where no file can be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("a")
    except OSError as error:
        raise Retryable(
            f"the lock {path.name} cannot be taken ({error.strerror}); nothing was changed",
            hint=f"check rights and space of {path.parent.name}/, then run the same command again",
        ) from None
    with opened as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
