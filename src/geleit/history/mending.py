"""Puts segments and files of keys that are missing or damaged back from a folder of backups, by their checksums."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from geleit.errors import GeleitError
from geleit.files import checksum, copy_durably, make_folder, only_one, sync_folder
from geleit.history.archive import Archive, Segment
from geleit.history.backups import FILES
from geleit.history.disk import writing
from geleit.history.keys import Run

DAMAGED = "damaged"  # beside the archive: what was replaced, for whoever wants to look
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Mended:
    """What was ``looked`` at (files), ``put_back``, and ``missing`` in the backups, too (relative to ``data/``)."""

    looked: int
    put_back: tuple[str, ...]
    missing: tuple[str, ...]


def mend(archive: Archive, target: Path, told: Progress = lambda _: None) -> Mended:
    """Compare every segment and file of keys with its checksum, and put back what ``target`` holds of the damaged ones.

    Any backup there that holds the file will do: files are immutable. What was damaged is kept in ``data/damaged``.
    Errors: GeleitError if ``target`` holds no backups, Retryable when the disk is full; every file is then the old one
    or the one put back.
    """
    folder = _files(target)
    put_back: list[str] = []
    missing: list[str] = []
    data = archive.folder.parent
    with ExitStack() as held:
        held.enter_context(writing("the archive", "every file is the old one or the one put back"))
        held.enter_context(only_one(data / "load.lock"))
        held.enter_context(only_one(archive.lock))
        with archive.ledger.read() as connection:
            listed: list[tuple[str, Segment | Run]] = [("archive", one) for one in archive.segments(connection)]
            listed += [("keys", one) for one in archive.keys.runs(connection)]
        for number, (store, one) in enumerate(listed, 1):
            told(f"files: {number:,} of {len(listed):,}")
            path = data / store / one.path
            if path.is_file() and checksum(path) == one.sha256:
                continue
            kept = folder / f"{one.sha256}{path.suffix}"
            found = kept.is_file() and checksum(kept) == one.sha256
            if found:
                _put_back(kept, path, data)
            (put_back if found else missing).append(f"{store}/{one.path}")
    return Mended(len(listed), tuple(put_back), tuple(missing))


def _files(target: Path) -> Path:
    """The shared files of a folder of backups, or of the folder that a backup lies in."""
    for folder in (target / FILES, target.resolve().parent / FILES):
        if folder.is_dir():
            return folder
    raise GeleitError(
        f"{target} holds no backups; nothing was changed", hint="name the folder that 'geleit backup' writes to"
    )


def _put_back(kept: Path, path: Path, data: Path) -> None:
    if path.exists():
        make_folder(data / DAMAGED)
        path.replace(data / DAMAGED / path.name)
    make_folder(path.parent)
    with kept.open("rb") as handle:
        copy_durably(handle, path)
    sync_folder(path.parent)
