"""One file of a source, wherever it lies: its name, what tells whether it changed, and a way to open it."""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO


@dataclass(frozen=True, slots=True)
class Located:
    """A file to be read.

    ``name`` is shown to people (posix, relative to the workspace or the store); ``size`` in bytes; ``modified_ns`` in
    nanoseconds since 1970; ``version`` is what else tells one content from another (inode, ETag). ``path`` is set for
    files of this machine. ``again`` looks the file up anew, to see whether it changed. ``near`` finds other files, sorted
    by name, by a path or pattern that begins in this one's folder.
    """

    name: str
    size: int
    modified_ns: int
    opener: Callable[[], IO[bytes]]
    version: str = ""
    path: Path | None = None
    again: Callable[[], Located] | None = None
    near: Callable[[str], list[Located]] = lambda _: []

    def open(self) -> IO[bytes]:
        """The file's bytes, from the start, for the caller to close.

        Errors: OSError if it cannot be opened.
        """
        return self.opener()

    def changed(self) -> bool:
        """Whether the file is another one now than when it was located (gone, replaced, longer, shorter, rewritten)."""
        if self.again is None:
            return False
        try:
            now = self.again()
        except OSError:
            return True
        return (now.size, now.modified_ns, now.version) != (self.size, self.modified_ns, self.version)


def on_disk(path: Path, name: str) -> Located:
    """A file of this machine.

    A folder, a broken link and a file in a closed folder are located too; opening them gives the OSError.
    """
    try:
        found = path.stat()
    except OSError:
        return Located(name, 0, 0, lambda: path.open("rb"), path=path)
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return Located(name, 0, 0, _refuse, path=path)  # opening a pipe would wait for its writer for ever
    return Located(
        name,
        found.st_size,
        found.st_mtime_ns,
        lambda: path.open("rb"),
        version=f"{found.st_dev}:{found.st_ino}",
        path=path,
        again=lambda: on_disk(path, name),
        near=lambda pattern: _near(path, name, pattern),
    )


def _near(path: Path, name: str, pattern: str) -> list[Located]:
    """Files of this machine by a pattern that begins in the folder of one; none outside the workspace."""
    root = path.parents[len(PurePosixPath(name).parts) - 1]
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(name), pattern))
    if wanted.startswith("../"):
        return []
    found = [one.relative_to(root).as_posix() for one in root.glob(wanted) if not one.is_dir()]
    return [on_disk(root / one, one) for one in sorted(found)]


def _refuse() -> IO[bytes]:
    raise OSError("it is no file but a pipe, socket or device")
