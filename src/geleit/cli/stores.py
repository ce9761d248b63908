"""``geleit sync``, ``geleit journal`` and ``geleit keys``: bring the stores up to date, or make lost ones anew."""

from __future__ import annotations

from typing import Annotated

import typer

from geleit.cli.output import HERE, AsJson, Folder, counted, opened, say, show, working
from geleit.workspace.elsewhere import export_journal, place_of

journal = typer.Typer(help="The columnar history that analysis reads.", no_args_is_help=True)

keys = typer.Typer(help="The keys by which a repetition of an event is known.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(sync)
    app.add_typer(journal, name="journal")
    app.add_typer(keys, name="keys")


def sync(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Apply changed definitions, cut waiting needs, archive, build a generation."""
    with opened(folder) as workspace, working(as_json) as (_, now):
        done = workspace.sync(told=now)
    show(
        {"recut": done.recut, "archived": done.archived, "generation": done.generation.number},
        as_json,
        lambda: say(
            f"{counted(done.recut, 'customer', 'customers')} cut anew, {counted(done.archived, 'event', 'events')} archived, generation {done.generation.number}"
        ),
    )


@journal.command()
def rebuild(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Make the journal anew from archive and ledger; a damaged one costs time, never data."""
    with opened(folder) as workspace, working(as_json) as (_, now):
        now("journal")
        generation = workspace.journal.rebuild(workspace.catalogue, workspace.definitions.hash())
    show(
        {"generation": generation.number, "change": generation.change},
        as_json,
        lambda: say(f"generation {generation.number} is built, as of change {generation.change}"),
    )


@journal.command()
def status(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Say which generation answers, and up to when."""
    with opened(folder) as workspace:
        as_of = workspace.as_of()
    told = f"generation {as_of.generation}, change {as_of.change}, sequence {as_of.last_seq}"
    if as_of.adopting:
        told += f"; the people of {counted(as_of.adopting, 'event', 'events')} are still being taken in"
    show(as_of, as_json, lambda: say(told))


@journal.command()
def export(
    parquet: Annotated[
        str, typer.Option(help="A folder, or a store's URI (s3://bucket/journal); default data/export.", metavar="URI")
    ] = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write what questions read as partitioned Parquet, for engines on other machines; an earlier export gives way."""
    with opened(folder) as workspace, working(as_json) as (_, now):
        done = export_journal(workspace, parquet, now)
        uri = place_of(workspace, parquet).uri
    data = {"uri": uri, "data": done.data, "as_of": done.as_of, **done.counts, "files": len(done.files)}
    data["bytes"] = sum(file.bytes for file in done.files.values())

    def text() -> None:
        people = counted(done.counts["customers"], "person", "people")
        say(
            f"{counted(done.counts['events'], 'event', 'events')} of {people} are in {uri}, as of change {done.as_of.change}"
        )

    show(data, as_json, text)


@keys.command("rebuild")
def rebuild_keys(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Make the keys of bulk imports anew from the archive, after their files were lost or damaged."""
    with opened(folder) as workspace, working(as_json) as (_, now):
        count = workspace.rebuild_keys(told=now)
    show({"keys": count}, as_json, lambda: say(f"{counted(count, 'key is', 'keys are')} made from the archive"))
