"""Makes a backup while the workspace is in use: the ledger of one moment, then the files that this ledger lists."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
import sqlalchemy as sa

from geleit import __version__
from geleit.clock import DAY, moment
from geleit.errors import GeleitError, Retryable, StoreError
from geleit.files import PAUSE, checksum, copy_durably, make_folder, only_one, sync_folder, write_durably
from geleit.history.archive import Archive, Segment
from geleit.history.backups import DEFINITIONS, FILES, FORMAT, MANIFEST, Backup, Backups, Copied, Manifest, turn
from geleit.history.disk import writing
from geleit.history.keys import Keys, Run, damaged
from geleit.ledger import tables
from geleit.ledger.dump import NAMES, dump
from geleit.ledger.ledger import Ledger, last_event

SAFE = "the workspace and earlier backups are as they were"
TRIES = 5  # of opening files of keys while an import merges them
MEGABYTE = 1e6
Progress = Callable[[str], None]
Handles = Mapping[str, BinaryIO]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose backup it is and how many are kept: the last ``keep``, none older than ``days``.

    ``verify``: read again what earlier backups copied, and copy anew what is damaged there.
    """

    company: str
    root: Path
    definitions: Sequence[Path]
    keep: int = 7
    days: int = 35
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: ``files`` of ``bytes``, of which ``copied`` were new; ``removed``: earlier ones."""

    backup: Backup
    copied: int
    copied_bytes: int
    removed: tuple[str, ...]
    freed_bytes: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one view of the ledger held."""

    change: int
    last_seq: int
    events: int
    segments: list[Segment]
    runs: list[Run]


def back_up(archive: Archive, wanted: Wanted, target: Path, told: Progress = lambda _: None) -> Made:
    """Make a backup in ``target`` while others write; copies only what no earlier backup there holds.

    Errors: Retryable when the disk is full or another backup is being made; StoreError if the ledger, a segment or a
    file of keys is damaged. What was copied stays, so that the next try is shorter; earlier backups stay in any case.
    """
    backups = Backups(target.resolve())
    with writing("the backup", SAFE):
        make_folder(backups.files)
        with only_one(backups.folder / "backup.lock", wait=False) as mine:
            if not mine:
                raise Retryable(f"another backup is being made in {target}", hint="wait until it is done")
            _belongs(backups, wanted.company)
            backups.clear()
            work = _Work(archive, wanted, backups, told)
            backup = work.run()
            gone = _outdated(backups.complete(), backup, wanted, archive.ledger.clock())
            freed = backups.remove(gone)
    return Made(backup, work.copied, work.copied_bytes, tuple(one.name for one in gone), freed)


def _belongs(backups: Backups, company: str) -> None:
    others = {one.manifest.company for one in backups.complete()} - {company}
    if others:
        raise GeleitError(
            f"{backups.folder} holds backups of {min(others)}, not of {company}; nothing was copied",
            hint="give each workspace a folder of its own",
        )


def _outdated(complete: list[Backup], made: Backup, wanted: Wanted, now: int) -> list[Backup]:
    oldest = now - wanted.days * DAY
    earlier = [one for one in complete if one.name != made.name]  # the one just made stays, whatever the clock says
    surplus = earlier[: max(len(complete) - wanted.keep, 0)]
    return surplus + [one for one in earlier if one not in surplus and one.manifest.at < oldest]


class _Work:
    """One backup on its way."""

    def __init__(self, archive: Archive, wanted: Wanted, backups: Backups, told: Progress) -> None:
        self.archive, self.ledger, self.wanted = archive, archive.ledger, wanted
        self.backups, self.told = backups, told
        self.at = self.ledger.clock()
        self.folder = _new_folder(backups.folder, self.at)
        self.copied = self.copied_bytes = 0

    def run(self) -> Backup:
        """Ledger, keys, segments, definitions; the manifest last."""
        self.told("ledger")
        with ExitStack() as opened:
            seen, handles = self._ledger(opened)
            _enough_space(self.backups.folder, self._missing(seen))
            files = [self._file(f"data/{NAMES[self._kind]}", self.folder / NAMES[self._kind])]
            files += self._shared(seen, handles)
        files += self._definitions()
        sync_folder(self.backups.files)
        manifest = Manifest(
            format=FORMAT,
            geleit=__version__,
            company=self.wanted.company,
            at=self.at,
            change=seen.change,
            last_seq=seen.last_seq,
            events=seen.events,
            ledger=self._kind,
            files=tuple(files),
        )
        write_durably(self.folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        sync_folder(self.backups.folder)
        return Backup(self.folder, manifest)

    @property
    def _kind(self) -> str:
        return self.ledger.engine.dialect.name

    def _ledger(self, opened: ExitStack) -> tuple[_Seen, Handles]:
        """The ledger's copy, what it lists, and its files of keys, open: an import may merge and remove them."""
        with self._view(opened) as (connection, handles):
            _enough_space(self.backups.folder, self._held())
            seen = self._look(connection)
            dump(connection, self.folder / NAMES[self._kind], lambda share: self.told(f"ledger: {share:.0%}"))
        return seen, handles

    def _held(self) -> int:
        """The size of a ledger in a file."""
        path = Path(self.ledger.engine.url.database or "")
        return path.stat().st_size if self._kind == "sqlite" else 0

    @contextmanager
    def _view(self, opened: ExitStack) -> Iterator[tuple[sa.Connection, Handles]]:
        keys = Keys(self.archive.keys.folder)
        for _ in range(TRIES):
            with keys.view(self.ledger) as connection:
                try:
                    handles = {
                        run.path: opened.enter_context((keys.folder / run.path).open("rb"))
                        for run in keys.runs(connection)
                    }
                except FileNotFoundError:  # merged in this moment, or lost
                    continue
                yield connection, handles
                return
        with self.ledger.read() as connection:
            raise damaged(next(run for run in keys.runs(connection) if not keys.sound(run)))

    def _look(self, connection: sa.Connection) -> _Seen:
        segments = self.archive.segments(connection)
        waiting = connection.execute(sa.select(sa.func.count()).select_from(tables.outbox)).scalar_one()
        events = sum(segment.rows for segment in segments) + waiting
        runs = self.archive.keys.runs(connection)
        return _Seen(Ledger.change(connection), last_event(connection), events, segments, runs)

    def _missing(self, seen: _Seen) -> int:
        listed: list[Segment | Run] = [*seen.segments, *seen.runs]
        return sum(one.bytes for one in listed if not self._holds(_kept(one), one))

    def _holds(self, kept: str, one: Segment | Run) -> bool:
        """Whether an earlier backup copied it; its size is looked at, with ``verify`` its content, too."""
        path = self.backups.folder / kept
        if not path.is_file() or path.stat().st_size != one.bytes:
            return False
        return not self.wanted.verify or checksum(path) == one.sha256

    def _shared(self, seen: _Seen, handles: Handles) -> list[Copied]:
        """Copy what is new of segments and keys."""
        todo: list[tuple[str, Segment | Run]] = [("keys", run) for run in seen.runs]
        todo += [("archive", segment) for segment in seen.segments]
        total = sum(one.bytes for _, one in todo)
        files, done = [], 0
        for number, (store, one) in enumerate(todo, 1):
            done += one.bytes
            kept = _kept(one)
            if not self._holds(kept, one):
                self._copy(one, handles.get(one.path))
                self.copied += 1
                self.copied_bytes += one.bytes
            share = f"{done / max(total, 1):.0%}".replace("%", " %")
            self.told(f"files: {number:,} of {len(todo):,}, {share} of {total / MEGABYTE:,.0f} MB")
            files.append(Copied(f"data/{store}/{one.path}", kept, one.bytes, one.sha256))
        return files

    def _copy(self, one: Segment | Run, handle: BinaryIO | None) -> None:
        target = self.backups.folder / _kept(one)
        with ExitStack() as opened:
            if handle is None:
                path = self.archive.path(one) if isinstance(one, Segment) else self.archive.keys.folder / one.path
                handle = opened.enter_context(path.open("rb"))
            if copy_durably(handle, target, pause=PAUSE) != one.sha256:
                target.unlink()
                if isinstance(one, Run):
                    raise damaged(one)
                raise StoreError(
                    f"the archive's segment {one.path} is damaged (it differs from its checksum); no backup was made of "
                    "it, earlier ones stay",
                    hint=f"geleit repair {self.backups.folder} puts it back if an earlier backup holds it",
                )

    def _definitions(self) -> list[Copied]:
        files = []
        for path in self.wanted.definitions:
            place = path.relative_to(self.wanted.root).as_posix()
            target = self.folder / DEFINITIONS / place
            make_folder(target.parent)
            with path.open("rb") as handle:
                copy_durably(handle, target)
            sync_folder(target.parent)
            files.append(self._file(place, target))
        return files

    def _file(self, place: str, path: Path) -> Copied:
        kept = path.relative_to(self.backups.folder).as_posix()
        return Copied(place, kept, path.stat().st_size, checksum(path))


def _kept(one: Segment | Run) -> str:
    return f"{FILES}/{one.sha256}{Path(one.path).suffix}"


def _new_folder(target: Path, now: int) -> Path:
    """A folder named after this second, or after the last backup's where that is not over: names stay in order."""
    second = f"{moment(now):%Y%m%d-%H%M%S}"
    last = max((found for path in target.iterdir() if (found := turn(path.name))), default=("", 0))
    folder = target / (second if second > last[0] else f"{last[0]}-{last[1] + 1}")
    folder.mkdir(mode=0o700)
    return folder


def _enough_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Retryable(
            f"the backup needs {needed / MEGABYTE:,.0f} MB, and {folder} has {free / MEGABYTE:,.0f} MB left; {SAFE}",
            hint="free disk space or name a folder on another disk, then run the same command again",
        )
