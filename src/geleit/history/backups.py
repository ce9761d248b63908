"""A folder of backups: each is a ledger, definitions and a manifest; segments and keys are shared and stand by checksum.

- TARGET/files/SHA256.parquet: a segment of the archive (.npy: keys), once for all backups
- TARGET/20261122-031500/ledger.sqlite: the ledger of one moment
- TARGET/20261122-031500/definitions/...: the workspace's YAML files
- TARGET/20261122-031500/manifest.json: written last; without it a backup is not complete and does not count
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec

from geleit.errors import NotFoundError, StoreError
from geleit.files import sync_folder

FORMAT = 1
MANIFEST = "manifest.json"
FILES = "files"
DEFINITIONS = "definitions"


class Copied(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a backup: its ``place`` in the workspace, where it is ``kept`` in the folder of backups, its content."""

    place: str
    kept: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup holds: the state of ``change``, taken ``at`` (microseconds UTC), with ``events`` up to ``last_seq``.

    ``ledger``: sqlite or postgresql.
    """

    format: int
    geleit: str
    company: str
    at: int
    change: int
    last_seq: int
    events: int
    ledger: str
    files: tuple[Copied, ...]


@dataclass(frozen=True, slots=True)
class Backup:
    """A complete backup."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """When it was begun, as text: names in order are backups in order."""
        return self.folder.name

    @property
    def bytes(self) -> int:
        """The size of all its files, shared ones included."""
        return sum(file.bytes for file in self.manifest.files)

    def kept(self, file: Copied) -> Path:
        """Where a file of it lies."""
        return self.folder.parent / file.kept


@dataclass(frozen=True, slots=True)
class Backups:
    """All backups of one workspace in ``folder``."""

    folder: Path

    @property
    def files(self) -> Path:
        """The folder of what backups share."""
        return self.folder / FILES

    def complete(self) -> list[Backup]:
        """Complete backups, the newest last; unreadable manifests are left out: see ``unreadable``."""
        found = []
        for path in self._manifests():
            try:
                found.append(_read(path))
            except StoreError:
                continue
        return found

    def unreadable(self) -> list[StoreError]:
        """What is wrong with manifests that cannot be read."""
        found = []
        for path in self._manifests():
            try:
                _read(path)
            except StoreError as error:
                found.append(error)
        return found

    def incomplete(self) -> list[Path]:
        """Folders of backups that were interrupted."""
        if not self.folder.is_dir():
            return []
        folders = [path for path in self.folder.iterdir() if path.is_dir() and path.name[:1].isdecimal()]
        return sorted(path for path in folders if not (path / MANIFEST).exists())

    def clear(self) -> None:
        """Remove what interrupted backups left, except for the shared files: the next one needs them."""
        for folder in self.incomplete():
            shutil.rmtree(folder)
        for path in self.files.glob(".*.part"):
            path.unlink()

    def remove(self, gone: list[Backup]) -> int:
        """Remove backups and the shared files that no other one needs; returns how many bytes became free.

        Shared files stay as long as any manifest cannot be read: it may name them.
        """
        for backup in gone:  # without its manifest it does not count, whatever interrupts us
            (backup.folder / MANIFEST).unlink()
            sync_folder(backup.folder)
            shutil.rmtree(backup.folder)
        free = sum(file.bytes for backup in gone for file in backup.manifest.files if not _shared(file))
        if self.unreadable():
            return free
        needed = {file.kept for backup in self.complete() for file in backup.manifest.files}
        for path in list(self.files.iterdir()) if self.files.is_dir() else []:
            if f"{FILES}/{path.name}" not in needed:
                free += path.stat().st_size
                path.unlink()
        return free

    def _manifests(self) -> list[Path]:
        found = [(turn(path.parent.name) or ("", 0), path) for path in self.folder.glob(f"[0-9]*/{MANIFEST}")]
        return [path for _, path in sorted(found)]


def open_backup(path: Path) -> Backup:
    """The backup at ``path``, or the newest complete one of a folder of backups.

    Errors: NotFoundError if there is none, or only what was interrupted; StoreError for a damaged manifest.
    """
    if (path / MANIFEST).is_file():
        return _read((path.resolve()) / MANIFEST)
    backups = Backups(path.resolve())
    if found := backups.complete():
        return found[-1]
    if broken := backups.unreadable():
        raise broken[-1]
    if path.name[:1].isdecimal() and path.is_dir():
        raise NotFoundError(
            f"{path} is no complete backup: it was interrupted before its manifest was written",
            hint=f"geleit backup {path.parent} goes on with what is copied",
        )
    raise NotFoundError(f"{path} holds no complete backup", hint=f"geleit backup {path} makes one")


def turn(name: str) -> tuple[str, int] | None:
    """The second in the name of a backup's folder, and which backup of this second it is; None for other names."""
    found = re.fullmatch(r"(\d{8}-\d{6})(?:-(\d+))?", name)
    return (found[1], int(found[2] or 1)) if found else None


def _shared(file: Copied) -> bool:
    return file.kept.startswith(f"{FILES}/")


def _read(path: Path) -> Backup:
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(
            f"the manifest of the backup {path.parent.name} cannot be read ({error}); nothing was changed",
            hint=f"name another backup of {path.parent.parent}",
        ) from None
    if manifest.format != FORMAT:
        raise StoreError(
            f"the backup {path.parent.name} is of format {manifest.format}, this geleit reads {FORMAT}",
            hint=f"install geleit {manifest.geleit}",
        )
    places = [Path(name) for file in manifest.files for name in (file.place, file.kept)]
    if any(place.is_absolute() or ".." in place.parts for place in places):
        raise StoreError(
            f"the manifest of the backup {path.parent.name} names files outside; nothing was changed",
            hint="this is no manifest that geleit wrote",
        )
    return Backup(path.parent, manifest)
