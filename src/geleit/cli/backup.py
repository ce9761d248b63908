"""``geleit backup | restore | repair | salvage``: a copy that survives the machine, and the ways back from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geleit.cli.output import HERE, AsJson, Folder, counted, opened, say, show, working
from geleit.clock import moment
from geleit.workspace import recovery

MEGABYTE = 1e6
Target = Annotated[
    Path, typer.Argument(metavar="BACKUP", help="A folder of backups (its newest counts), or one of them.")
]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    for command in (backup, restore, repair, salvage):
        app.command()(command)


def backup(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="Folder for backups, best on another disk.")],
    keep: Annotated[int, typer.Option(min=1, help="How many backups stay.")] = 7,
    days: Annotated[int, typer.Option(min=1, help="After so many days a backup goes, whatever --keep says.")] = 35,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read again what is in TARGET, and copy anew what is damaged there.")
    ] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Copy ledger, archive and definitions to TARGET while geleit is in use; only what is new is copied."""
    with opened(folder) as workspace, working(as_json) as (_, now):
        made = recovery.back_up(workspace, target, keep=keep, days=days, verify=verify, told=now)
        same_disk = target.stat().st_dev == workspace.data.stat().st_dev
    manifest = made.backup.manifest
    data = {
        "backup": str(made.backup.folder),
        "events": manifest.events,
        "change": manifest.change,
        "files": len(manifest.files),
        "bytes": made.backup.bytes,
        "copied_files": made.copied,
        "copied_bytes": made.copied_bytes,
        "removed": made.removed,
        "same_disk": same_disk,
    }

    def text() -> None:
        say(f"{made.backup.folder}: {manifest.events:,} events, {made.backup.bytes / MEGABYTE:,.0f} MB")
        say(f"  {counted(made.copied, 'file', 'files')} of archive and keys copied, the others were there already")
        if made.removed:
            say(f"  {counted(len(made.removed), 'older backup', 'older backups')} removed")
        if same_disk:
            say("  This is the disk that the workspace is on: if it breaks, both are gone.")

    show(data, as_json, text)


def restore(
    source: Target,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    ledger: Annotated[str, typer.Option(help="Another place for the ledger: a URL, or secret:NAME.")] = "",
    as_json: AsJson = False,
) -> None:
    """Put a backup into a new folder, after every checksum was compared; then compare every key."""
    with working(as_json) as (_, now):
        done = recovery.restore(source, folder, ledger=ledger, told=now)

    def text() -> None:
        say(f"{done.company} as of {moment(done.at):%Y-%m-%d %H:%M} UTC is restored to {folder}:")
        say(f"  {done.events:,} events, {counted(done.customers, 'customer', 'customers')}, {done.files:,} files")
        say(f"  {done.report.text()}")
        say(f"Secrets are not in a backup. Next: write them to {folder}/secrets, then geleit serve -w {folder}")

    show(done, as_json, text)
    if not done.report.ok:
        raise typer.Exit(1)


def repair(source: Target, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Put segments of the archive and keys that are missing or damaged back from a backup."""
    with opened(folder) as workspace, working(as_json) as (_, now):
        done = recovery.mend(workspace, source, now)

    def text() -> None:
        say(f"{counted(done.looked, 'file', 'files')} compared, {len(done.put_back):,} put back")
        for place in done.put_back:
            say(f"  put back: data/{place}")
        for place in done.missing:
            say(f"  in no backup: data/{place}")
        if any(place.startswith("keys/") for place in done.missing):
            say("Next: geleit keys rebuild makes keys from the archive")

    show(done, as_json, text)
    if done.missing:
        raise typer.Exit(1)


def salvage(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The broken workspace; it stays as it is.")],
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """After a restore: take over from the broken workspace the events and decisions that came after the backup."""
    with opened(folder) as workspace, working(as_json) as (_, now):
        done = recovery.salvage(workspace, old, now)

    def text() -> None:
        say(
            f"{counted(done.read, 'event', 'events')} read that the backup's archive does not hold, {done.new:,} are new"
        )
        if done.decisions or done.answers:
            say(
                f"{counted(done.decisions, 'decision', 'decisions')} about who is who, "
                f"{counted(done.answers, 'answer', 'answers')} about probable links taken over"
            )
        if done.keys:
            say(f"{counted(done.keys, 'write key', 'write keys')} made or revoked after the backup taken over")
        for place in done.unreadable:
            say(f"  could not be read to its end: {place}")

    show(done, as_json, text)
    if done.unreadable:
        raise typer.Exit(1)
