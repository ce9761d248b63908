"""Files that survive a power cut: written aside, synced, renamed, folder synced; and a lock between processes."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geleit.errors import GeleitError, Retryable


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
