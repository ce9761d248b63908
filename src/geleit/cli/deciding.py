"""``geleit identity merge | separate | share | household | decisions | undo``: what people decide about who is who."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from geleit.cli.output import HERE, AsJson, Folder, counted, opened, say, show, table
from geleit.events.event import Identifier
from geleit.identity import decisions
from geleit.identity.decisions import Decision, Kind, Note
from geleit.language.formats import stamp
from geleit.workspace import Workspace, deciding, naming
from geleit.workspace.deciding import Done
from geleit.workspace.outcome import Outcome, Person

Who = Annotated[str, typer.Argument(metavar="WHO", help="Customer id, type:value, or a bare value (e-mail, number).")]
People = Annotated[
    list[str], typer.Argument(metavar="WHO...", help="Customer ids, type:value, or bare values (e-mail, number).")
]
Identifiers = Annotated[list[str], typer.Argument(metavar="IDENTIFIER...", help="type:value, or a bare value.")]
Author = Annotated[str, typer.Option(help="Who decides this; required, but for --preview.", envvar="GELEIT_AUTHOR")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence; required, but for --preview.")]
Preview = Annotated[bool, typer.Option("--preview", help="Only show what would become of whom; nothing is changed.")]

SAID: dict[Kind, str] = {
    "merge": "these are one person now",
    "separate": "these are two people now, and stay so",
    "shared": "this belongs to nobody alone now, and joins nobody",
    "household": "these people live together; each stays a customer of their own",
}
Sides = list[list[Identifier]]


def register(group: typer.Typer) -> None:
    """Add this room's commands to ``geleit identity``."""
    for command in (merge, separate, share, household, undo):
        group.command()(command)
    group.command(name="decisions")(decisions_)


def merge(
    who: People,
    author: Author = "",
    reason: Reason = "",
    preview: Preview = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Make two or more customers one: what they did, own and were promised belongs to one person from then on."""
    _decide("merge", lambda space: [naming.together(space, who)], _note(author, reason, preview), folder, as_json)  # fmt: skip


def separate(
    who: Who,
    identifiers: Identifiers,
    author: Author = "",
    reason: Reason = "",
    preview: Preview = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Separate a customer: the named identifiers belong to somebody else, and never join this person again."""

    def sides(space: Workspace) -> Sides:
        return [list(side) for side in naming.separation(space, who, [naming.exact(space, one) for one in identifiers])]

    _decide("separate", sides, _note(author, reason, preview), folder, as_json)


def share(
    identifiers: Identifiers,
    author: Author = "",
    reason: Reason = "",
    preview: Preview = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Mark identifiers as shared (a kiosk, a family's phone): they belong to nobody alone and join nobody."""
    _decide("shared", lambda space: [[naming.exact(space, one) for one in identifiers]], _note(author, reason, preview), folder, as_json)  # fmt: skip


def household(
    who: People,
    author: Author = "",
    reason: Reason = "",
    preview: Preview = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say that people live together: a household is an entity of its own and joins nobody."""
    _decide("household", lambda space: [[naming.person(space, one) for one in who]], _note(author, reason, preview), folder, as_json)  # fmt: skip


def undo(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Of the decision, see geleit identity decisions.")],
    author: Author = "",
    reason: Reason = "",
    preview: Preview = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Take a decision back: evidence and the other decisions count again."""
    note = _note(author, reason, preview)
    with opened(folder) as space:
        if note is None:
            _preview(deciding.preview_undo(space, number), as_json)
            return
        done = deciding.undo(space, number, note)
    show(done, as_json, lambda: _print(done, f"Decision {number} is taken back."))


def decisions_(
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """List every decision with its author, time and reason, also those that were taken back."""
    with opened(folder) as space:
        with space.ledger.read() as connection:
            made = decisions.listed(connection)
            void = decisions.standing(connection).settled().void
        zone = space.company.zone
    rows = [
        [
            str(one.number),
            one.kind,
            _sides(one),
            one.author,
            stamp(one.at, "en", zone),
            one.reason,
            _standing(one, void),
        ]
        for one in made
    ]
    heads = ["no.", "kind", "identifiers", "by", "when", "why", "stands"]
    show(made, as_json, lambda: table(heads, rows, empty="nobody decided anything yet"))


def _decide(kind: Kind, sides: Callable[[Workspace], Sides], note: Note | None, folder: Path, as_json: bool) -> None:
    with opened(folder) as space:
        if note is None:
            _preview(deciding.preview(space, kind, sides(space)), as_json)
            return
        done = deciding.decide(space, kind, sides(space), note)
    number = done.decision.number
    said = f"household {number}: {SAID[kind]}" if kind == "household" else SAID[kind]
    show(done, as_json, lambda: _print(done, f"Decision {number}: {said}."))


def _note(author: str, reason: str, preview: bool) -> Note | None:
    """Who decides and why; None where only the outcome is asked for."""
    if preview:
        return None
    for name, value in (("--author", author), ("--reason", reason)):
        if not value.strip():
            raise typer.BadParameter("a decision says by whom it is, and why", param_hint=name)
    return Note(author, reason)


def _preview(outcome: Outcome, as_json: bool) -> None:
    def text() -> None:
        say("Nothing was changed. This would become of them:")
        _print_outcome(outcome)

    show(outcome, as_json, text)


def _print(done: Done, heading: str) -> None:
    say(heading)
    _print_outcome(done.outcome)
    if done.decision.undone is None:
        say(f"Back: geleit identity undo {done.decision.number} --author NAME --reason WHY")


def _print_outcome(outcome: Outcome) -> None:
    say("before")
    for one in outcome.before:
        say(f"  {_person(one)}")
    say("now")
    for one in outcome.after:
        say(f"  {_person(one)}")
    for change in outcome.withdrawn:
        channel = f" by {change.channel}" if change.channel else ""
        say(f"  consent to {change.purpose}{channel}, which {change.name} had given, counts as withdrawn")


def _person(one: Person) -> str:
    parts = [
        counted(len(one.identifiers), "identifier", "identifiers"),
        counted(one.events, "event", "events"),
        counted(one.orders, "order", "orders"),
        counted(len(one.open_needs), "open need", "open needs"),
        counted(one.promises, "open promise", "open promises"),
    ]
    return f"{one.name} ({one.customer_id}): {', '.join(parts)}"


def _sides(made: Decision) -> str:
    joint = " | " if made.kind == "separate" else ""
    return joint.join(", ".join(map(str, side)) for side in made.sides)


def _standing(made: Decision, void: frozenset[int]) -> str:
    if made.undone is not None:
        return f"no: taken back by {made.undone.author}, {made.undone.reason}"
    return "no: newer ones contradict it" if made.number in void else "yes"
