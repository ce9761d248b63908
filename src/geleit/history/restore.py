"""Puts a backup into an empty folder: every file is copied aside and compared with its checksum before any is in place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from geleit.errors import GeleitError, StoreError
from geleit.files import copy_durably, make_folder, sync_folder
from geleit.history.backups import Backup, Copied
from geleit.history.disk import writing

ASIDE = ".restore"  # within the folder: on the same disk, so that putting in place is renaming
MEGABYTE = 1e6
Progress = Callable[[str], None]


def copy_aside(backup: Backup, folder: Path, told: Progress = lambda _: None) -> Path:
    """Copy everything of a backup into a folder within ``folder``, and compare every checksum; returns that folder.

    Errors: GeleitError if ``folder`` holds anything but what an interrupted try left; StoreError for a file of the
    backup that is missing or damaged, Retryable when the disk is full: nothing is left then.
    """
    if folder.exists() and (not folder.is_dir() or any(path.name != ASIDE for path in folder.iterdir())):
        raise GeleitError(
            f"{folder} is not empty; nothing was restored",
            hint="name a new folder; what is in use stays as it is until you have looked at the restored one",
        )
    aside = folder / ASIDE
    with writing("the restored workspace", "the backup is as it was"):
        try:
            shutil.rmtree(aside, ignore_errors=True)
            make_folder(aside)
            _copy(backup, aside, told)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    return aside


def put_in_place(aside: Path, marker: str) -> None:
    """Give the copied files their places; ``marker``, which makes the folder a workspace, comes last."""
    folder = aside.parent
    with writing("the restored workspace", "the backup is as it was"):
        for path in sorted(aside.iterdir(), key=lambda path: path.name == marker):
            path.rename(folder / path.name)
        aside.rmdir()
        sync_folder(folder)


def _copy(backup: Backup, aside: Path, told: Progress) -> None:
    files = backup.manifest.files
    total, done = sum(file.bytes for file in files), 0
    folders = {aside}
    for number, file in enumerate(files, 1):
        target = aside / file.place
        if target.parent not in folders:
            make_folder(target.parent)
            folders.add(target.parent)
        _copy_checked(backup, file, target)
        done += file.bytes
        share = f"{done / max(total, 1):.0%}".replace("%", " %")
        told(f"files: {number:,} of {len(files):,}, {share} of {total / MEGABYTE:,.0f} MB")
    for one in folders:
        sync_folder(one)


def _copy_checked(backup: Backup, file: Copied, target: Path) -> None:
    path = backup.kept(file)
    try:
        with path.open("rb") as handle:
            sound = copy_durably(handle, target) == file.sha256
    except FileNotFoundError:
        raise _damaged(backup, file, "is missing") from None
    if not sound:
        raise _damaged(backup, file, "differs from its checksum")


def _damaged(backup: Backup, file: Copied, what: str) -> StoreError:
    return StoreError(
        f"the backup {backup.name} is damaged: {file.kept} ({file.place}) {what}; nothing was restored",
        hint="name an earlier backup of the folder, or make a new one with 'geleit backup --verify', which copies "
        "damaged files anew",
    )
