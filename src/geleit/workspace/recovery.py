"""Backups of a whole workspace, and the ways back: restore into a new folder, put files back, take over what came later."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from geleit.clock import Clock, system_clock
from geleit.config import Company
from geleit.definitions import load
from geleit.errors import GeleitError, StoreError
from geleit.files import copy_durably, make_folder, sync_folder
from geleit.history import backup, mending
from geleit.history.backups import Backup, open_backup
from geleit.history.check import CheckReport
from geleit.history.restore import copy_aside, put_in_place
from geleit.intake import salvage as salvaging
from geleit.ledger.dump import NAMES, load_dump
from geleit.ledger.ledger import store_of
from geleit.ledger.sqlite import Sqlite
from geleit.secrets import Secret
from geleit.workspace import inherited
from geleit.workspace.definitions import MARKER
from geleit.workspace.steps import Told
from geleit.workspace.workspace import Workspace, open_workspace

ELSEWHERE = ("data", "secrets", "exports")  # folders whose YAML files are no definitions


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored workspace holds; ``at``: the moment of the backup, microseconds UTC."""

    company: str
    backup: str
    at: int
    files: int
    bytes: int
    events: int
    customers: int
    report: CheckReport


def back_up(
    workspace: Workspace,
    target: Path,
    *,
    keep: int = 7,
    days: int = 35,
    verify: bool = False,
    told: Told = lambda _: None,
) -> backup.Made:
    """Make a backup in ``target`` while others write. Errors: as ``history.backup.back_up``."""
    wanted = backup.Wanted(
        workspace.company.company, workspace.root, definition_files(workspace.root), keep, days, verify
    )
    return backup.back_up(workspace.archive, wanted, target, told)


def definition_files(root: Path) -> list[Path]:
    """The workspace's YAML files, of kinds that are to come, too; no secrets, no data."""
    found = [path for pattern in ("*.yaml", "*/*.yaml") for path in root.glob(pattern) if path.is_file()]
    return sorted(path for path in found if not _elsewhere(path.relative_to(root)))


def _elsewhere(place: Path) -> bool:
    return place.parts[0].startswith((".", "data-until-")) or (len(place.parts) > 1 and place.parts[0] in ELSEWHERE)


def restore(
    path: Path, folder: Path, *, ledger: str = "", told: Told = lambda _: None, clock: Clock = system_clock
) -> Restored:
    """Put a backup (or the newest of a folder of backups) into the new folder ``folder``, open it and check every key.

    ``ledger``: a URL, or ``secret:NAME``, that takes the place of the one in geleit.yaml.
    Errors: StoreError for a damaged backup, GeleitError if ``folder`` or the ledger's place is not empty: nothing is in
    place then.
    """
    chosen = open_backup(path)
    aside = copy_aside(chosen, folder, told)
    told("ledger")
    try:
        _place_ledger(chosen, aside, ledger)
    except BaseException:
        shutil.rmtree(aside)
        raise
    put_in_place(aside, MARKER)
    with open_workspace(folder, clock=clock) as workspace:
        workspace.sync(told=told)
        told("check")
        report, customers = workspace.check(), workspace.counts().customers
    manifest = chosen.manifest
    return Restored(
        manifest.company,
        chosen.name,
        manifest.at,
        len(manifest.files),
        chosen.bytes,
        report.events,
        customers,
        report,
    )


def mend(workspace: Workspace, target: Path, told: Told = lambda _: None) -> mending.Mended:
    """Put damaged segments and keys back from a folder of backups."""
    return mending.mend(workspace.archive, target, told)


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What was found in a broken workspace: events ``read``, ``new`` ones, ``contradicting`` ones (in quarantine now).

    ``decisions``: what people decided or took back after the backup; ``answers`` about probable links; ``keys``: write keys that
    were made or revoked after it. ``unreadable``: what could not be read to its end.
    """

    read: int
    new: int
    contradicting: int
    decisions: int
    answers: int
    keys: int
    unreadable: tuple[str, ...]


def salvage(workspace: Workspace, old: Path, told: Told = lambda _: None) -> TakenOver:
    """Take over from a broken workspace the events, decisions, answers and write keys that this one does not know.

    Everything is up to date afterwards.
    """
    if old.resolve() in (workspace.root, workspace.data):
        raise GeleitError("this is the workspace itself; nothing was changed", hint="name the broken one's folder")
    made, kept = inherited.decided(workspace, old)
    found = salvaging.salvage(workspace.intake, workspace.archive, old, told)
    inherited.withdrawn(workspace, kept)
    workspace.sync(told=told)
    unreadable = (*made.unreadable, *found.unreadable)
    return TakenOver(found.read, found.new, found.contradicting, made.decisions, made.answers, made.keys, unreadable)


def _place_ledger(chosen: Backup, aside: Path, wanted: str) -> None:
    """Bring the copied ledger to where the definitions say that it is."""
    if wanted:
        _name_ledger(aside / MARKER, wanted)
    said = load(aside / MARKER, Company, root=aside).ledger
    kind = chosen.manifest.ledger
    copied = aside / "data" / NAMES[kind]
    if said is None and kind == "sqlite":
        return
    url = said.reveal(aside.parent) if isinstance(said, Secret) else said or ""
    store = store_of(url or "sqlite:///")
    if isinstance(store, Sqlite) != (kind == "sqlite"):
        raise StoreError(
            f"the backup's ledger is of {kind}, and the definitions name {store.name or 'SQLite'}; nothing was restored",
            hint="name the ledger's place: geleit restore BACKUP DIR --ledger URL (or secret:NAME)",
        )
    if isinstance(store, Sqlite):
        _move_ledger(copied, Path(store.name))
    else:
        load_dump(copied, url)
        copied.unlink()


def _move_ledger(copied: Path, place: Path) -> None:
    if place.exists():
        raise GeleitError(
            f"the definitions name the ledger {place}, which exists; nothing was restored",
            hint="move it away, or name another place: geleit restore BACKUP DIR --ledger sqlite:///FILE",
        )
    make_folder(place.parent)
    with copied.open("rb") as handle:
        copy_durably(handle, place)
    sync_folder(place.parent)
    copied.unlink()


def _name_ledger(path: Path, wanted: str) -> None:
    """Write another ledger into geleit.yaml, and leave everything else in it as it is."""
    yaml = YAML()
    tree = yaml.load(path)
    secret = wanted.removeprefix("secret:")
    tree["ledger"] = {"secret": secret} if secret != wanted else wanted
    with path.open("w", encoding="utf-8") as handle:
        yaml.dump(tree, handle)
