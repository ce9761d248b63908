"""``geleit import`` and ``geleit quarantine``: take files in, and settle what could not be mapped."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from geleit.cli.output import HERE, AsJson, Folder, counted, opened, opened_sound, say, show, table, working
from geleit.cli.summary import tell
from geleit.clock import iso, system_clock
from geleit.errors import GeleitError
from geleit.intake.imports import ImportSummary
from geleit.language.formats import stamp
from geleit.sources import quarantine
from geleit.sources.quarantine import Entry
from geleit.workspace.anew import Carried, bring_back, carry, gather
from geleit.workspace.definitions import find_workspace, load_definitions
from geleit.workspace.differing import contradictions
from geleit.workspace.faulty import to_import
from geleit.workspace.scaffold import set_aside

box = typer.Typer(help="What could not be mapped: list, show, repair, replay, dismiss.", no_args_is_help=True)
Source = Annotated[str, typer.Option("--source", "-s", help="Only this source.")]
Number = Annotated[int, typer.Argument(metavar="ID", help="Number in the quarantine.")]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command(name="import")(import_)
    app.add_typer(box, name="quarantine")


def import_(
    sources: Annotated[list[str] | None, typer.Argument(help="Names of sources; default all.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Read files, too, that are as they were when they were read last.")
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Set data/ aside and read all files again: after you corrected a source.")
    ] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Read what is new in the sources. Running it again changes nothing; a kill loses nothing acknowledged."""
    began = time.monotonic()
    aside = _set_aside(folder, sources, as_json) if anew else None
    with opened_sound(folder, sources or ()) as workspace:
        definitions = workspace.definitions
        if not (definitions.sources or definitions.faulty):
            raise GeleitError(
                "this workspace has no sources yet", hint="geleit source guess FILE drafts one from an export"
            )
        chosen, faulty = to_import(workspace, sources or ())
        with working(as_json) as (records, now):
            if aside:
                carry(workspace, aside.carried)
            summaries = workspace.import_sources(chosen, again=again, progress=records, told=now)
            summaries += [ImportSummary(name, error=str(error)) for name, error in faulty.items()]
            if aside:
                bring_back(workspace, aside.folder, aside.carried, now)
        counts = workspace.counts()
    seconds = round(time.monotonic() - began, 3)
    show(
        {"sources": summaries, "counts": counts, "seconds": seconds},
        as_json,
        lambda: tell(summaries, counts, seconds),
    )
    if any(summary.error for summary in summaries):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Aside:
    folder: Path
    carried: Carried


def _set_aside(folder: Path, sources: list[str] | None, as_json: bool) -> _Aside | None:
    """Begin anew only when the definitions are sound, so that nothing is lost to a typing error."""
    if sources:
        raise GeleitError("--anew reads all sources; nothing was changed", hint="geleit import --anew")
    definitions = load_definitions(find_workspace(folder))
    if not (definitions.root / "data").exists():
        return None
    with opened(folder) as workspace:
        carried = gather(workspace)
    kept = set_aside(folder, system_clock())
    if kept is None:
        return None
    if not as_json:
        say(f"What was known until now lies in {kept.name}/; delete it when you need it no more.")
        taken = (counted(carried.keys, "write key", "write keys"), counted(carried.decisions, "decision", "decisions"))
        say(
            f"Carried over: {taken[0]}, {taken[1]}, and the events of sources that send. Not: repairs of the quarantine."
        )
    return _Aside(kept, carried)


@box.command(name="list")
def list_(
    source: Source = "",
    limit: Annotated[int, typer.Option(help="At most this many.")] = 50,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """List what waits, with its reason."""
    with opened(folder) as workspace:
        entries = workspace.quarantine(source or None, limit)
        waiting = sum(n for (name, _), n in quarantine.counts(workspace.ledger).items() if source in ("", name))

    def text() -> None:
        rows = [[str(e.id), e.source, _place(e), e.reason, e.message] for e in entries]
        table(["id", "source", "place", "reason", "what happened"], rows, empty="nothing waits in quarantine")
        if waiting > len(entries):
            say(f"These are {len(entries):,} of {waiting:,} that wait: --limit {waiting} lists them all.")

    show(entries, as_json, text)


@box.command()
def show_entry(number: Number, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Show one record as it came, why it waits, and what it says otherwise than an earlier one of its key."""
    with opened(folder) as workspace:
        entry = quarantine.entry(workspace.ledger, number)
        found = contradictions(workspace, [entry]).get(entry.id)
        when = stamp(found.earlier_at, "en", workspace.company.zone) if found else ""

    def text() -> None:
        say(f"{', '.join(filter(None, (entry.source, _place(entry))))}: {entry.reason}")
        say(entry.message)
        say(entry.record)
        if found is not None:
            say(f"The record that stands came {when}{f' from {found.files}' if found.files else ''}.")
            rows = [(one.field, one.stands, one.came) for one in found.differ]
            table(["field", "stands", "came"], rows, empty="the records are equal: the source's definition was another")

    told = (
        {"differences": found.differ, "earlier_at": iso(found.earlier_at), "earlier_files": found.files}
        if found
        else {}
    )
    show(asdict(entry) | told, as_json, text)


show_entry.__name__ = "show"


def _place(entry: Entry) -> str:
    """The file and line of a record; empty for one that was sent, and for an event that a file told before."""
    return f"{entry.file}:{entry.line}" if entry.file else ""


@box.command()
def repair(
    number: Number,
    changes: Annotated[list[str], typer.Option("--set", help="column=value; may be given several times.")],
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Change fields of a waiting record and replay it."""
    wrong = [change for change in changes if "=" not in change]
    if wrong:
        raise GeleitError(f"'{wrong[0]}' is no change", hint="write --set column=value")
    with opened(folder) as workspace:
        entry = quarantine.repair(
            workspace.ledger, number, dict(change.split("=", 1) for change in changes), workspace.clock()
        )
        receipt, clean = workspace.replay_quarantine(entry.source, [number])
        left = quarantine.of_record(workspace.ledger, entry)
    done = number in clean
    why = "; ".join(one.said for one in left)
    show(
        {"replayed": done, "new": receipt.new, "message": "" if done else why},
        as_json,
        lambda: say(
            f"taken in, {counted(receipt.new, 'event', 'events')}" if done else f"it still cannot be mapped: {why}"
        ),
    )
    if not done:
        raise typer.Exit(1)


@box.command()
def replay(source: Source = "", folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Map all waiting records anew, after their source's definition was corrected."""
    with opened(folder) as workspace:
        names = [source] if source else list(workspace.definitions.sources)
        results = {name: workspace.replay_quarantine(name) for name in names}
        left = {name: quarantine.of_files(workspace.ledger, name) for name in names}
    rows = {
        name: {"taken": len(clean), "new": receipt.new, "rows_of_files": len(left[name])}
        for name, (receipt, clean) in results.items()
    }

    def text() -> None:
        table(
            ["source", "records taken", "new events"], [[name, row["taken"], row["new"]] for name, row in rows.items()]
        )
        for name, files in left.items():
            if files:
                wait = counted(len(files), "row that records take along waits", "rows that records take along wait")
                say(f"{name}: {wait}: mend {', '.join(dict.fromkeys(files))}, then geleit import {name}")

    show(rows, as_json, text)


@box.command()
def dismiss(
    numbers: Annotated[list[int], typer.Argument(metavar="ID...", help="Numbers in the quarantine.")],
    reason: Annotated[str, typer.Option(help="Why they will not be taken in.")],
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Settle records without taking them in; they stay on record with the reason."""
    with opened(folder) as workspace:
        for number in numbers:
            quarantine.dismiss(workspace.ledger, number, reason, workspace.clock())
    show({"dismissed": numbers}, as_json, lambda: say(f"dismissed: {', '.join(map(str, numbers))}"))
