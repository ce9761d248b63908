"""``geleit identity``: why identifiers are one customer, what people decided about it, and customers made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geleit.cli import deciding, linkage
from geleit.cli.customers import Key
from geleit.cli.output import HERE, AsJson, Folder, Language, counted, opened, say, show, working
from geleit.clock import moment
from geleit.definitions import load
from geleit.identity import refused, shared
from geleit.identity.explanation import rule_text
from geleit.identity.preview import Preview, preview
from geleit.identity.rules import Identity, Rules
from geleit.maps import identities
from geleit.workspace import naming
from geleit.workspace.proof import remake_customers

identity = typer.Typer(help="Why identifiers are one customer, or not; decisions about it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    identity.command()(explain)
    deciding.register(identity)
    linkage.register(identity)
    identity.command(name="preview")(preview_rules)
    identity.command(name="refused")(say_refused)
    identity.command(name="shared")(say_shared)
    identity.command()(rebuild)
    app.add_typer(identity, name="identity")


def explain(
    a: Key,
    b: Annotated[
        str, typer.Argument(metavar="KEY", help="A second identifier; without it, all links of the first's customer.")
    ] = "",
    svg: Annotated[Path | None, typer.Option(help="Draw it, too: a file that ends in .svg.", metavar="FILE")] = None,
    png: Annotated[Path | None, typer.Option(help="Draw it, too: a file that ends in .png.", metavar="FILE")] = None,
    language: Language = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Print the chain of evidence between two identifiers, or why they are two customers."""
    with opened(folder) as workspace:
        found, company = workspace.explain(a, b or None), workspace.company
        spoken = language or company.languages[0]
        for target, ending in ((svg, ".svg"), (png, ".png")):
            if target is not None and target.suffix.lower() != ending:
                raise typer.BadParameter(f"'{target}' does not end in {ending}", param_hint=f"--{ending[1:]}")
            if target is not None:
                identities.export(found, naming.in_words(workspace, spoken), target)
    show(found, as_json, lambda: say(found.text(spoken, company.zone)))


def preview_rules(
    rules: Annotated[
        Path | None,
        typer.Option("--identity", help="Rules to try instead of the workspace's identity.yaml.", metavar="FILE"),
    ] = None,
    samples: Annotated[int, typer.Option(help="How many people to show of each sort.", min=0)] = 5,
    language: Language = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show who would be joined and separated if identity.yaml held as it is now (or FILE); changes nothing."""
    with opened(folder) as workspace, working(as_json), workspace.ledger.read() as connection:
        tried = Rules(load(rules, Identity)) if rules else workspace.rules
        found = preview(connection, tried, workspace.data, samples)
        spoken = language or workspace.company.languages[0]
    show(found, as_json, lambda: _say_preview(found, spoken))


def say_refused(
    limit: Annotated[int, typer.Option(help="How many values to show at most, the commonest first.", min=1)] = 30,
    language: Language = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show which identifiers were left out of events because they point at nobody: by which rule, how often."""
    with opened(folder) as workspace:
        with workspace.ledger.read() as connection:
            found = refused.counted(connection, workspace.rules, limit)
        spoken, zone = language or workspace.company.languages[0], workspace.company.zone
    show(found, as_json, lambda: _say_refused(found, spoken, zone))


def _say_refused(found: refused.Counted, language: str, zone: str) -> None:
    if not found.values:
        say("Every identifier so far points at somebody.")
        return
    say(
        f"{counted(found.values, 'value', 'values')} left out of events {counted(found.times, 'time', 'times')}; "
        "the events are in, with everything else they say"
    )
    for one in found.listed:
        span = " to ".join(dict.fromkeys(f"{moment(t, zone):%Y-%m-%d}" for t in (one.first_t, one.last_t)))
        times = counted(one.times, "time", "times")
        say(f"  {one.type}: {one.shown}  ({one.source}, {times}, {span}; {refused.rule_name(one.rule, language)})")
    if found.values > len(found.listed):
        say(f"  and {found.values - len(found.listed):,} more: --limit {found.values}")
    say("identity.yaml: 'blocked' takes more out, also of the past; 'include' keeps a value in from then on.")
    if found.kept_in:
        say(f"Does one of them mean a real person? Write {found.kept_in} (for the past: geleit import --anew)")


def say_shared(
    limit: Annotated[int, typer.Option(help="How many values to show, those seen with the most others.", min=1)] = 30,
    language: Language = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show which values look shared by several people and so join nobody, to be looked over."""
    with opened(folder) as workspace:
        with workspace.ledger.read() as connection:
            found = shared.looking_shared(connection, workspace.rules, limit)
        spoken = language or workspace.company.languages[0]
    show(found, as_json, lambda: _say_shared(found, spoken))


def _say_shared(found: shared.SharedOnes, language: str) -> None:
    if not found.values:
        say("No value looks shared.")
        return
    say(f"{counted(found.values, 'value looks', 'values look')} shared and join nobody:")
    for one in found.listed:
        users, others = counted(one.users, "user", "users"), counted(one.others, "identifier", "identifiers")
        say(f"  {one.identifier}: {rule_text(one.reason, language)}; {users} of one system, {others} of people")
    say(
        "geleit identity explain KEY tells why. Wrong? 'include' in identity.yaml lets a value join; 'shared_by' and 'hub' set the limits."
    )


def _say_preview(found: Preview, language: str) -> None:
    say(
        f"{found.identifiers:,} identifiers: {found.customers_now:,} customers now, {found.customers_then:,} then; "
        f"{found.separated:,} separated, {found.joined:,} joined; the largest would have {found.largest:,} identifiers"
    )
    if found.browsers_now != found.browsers_then:
        say(f"Browsers and devices of several people: {found.browsers_now:,} now, {found.browsers_then:,} then")
    for left in found.unheeded:
        some = ", ".join(map(str, left.samples)) + (" ..." if left.identifiers > len(left.samples) else "")
        say(
            f"{left.source}: {counted(left.identifiers, 'identifier', 'identifiers')} it shows join nobody there ({some})"
        )
    for title, people in (("Separated", found.separated_people), ("Joined", found.joined_people)):
        for one in people:
            say(f"\n{title}: {one.customer}")
            for part, members in one.parts:
                say(f"  {part}: {', '.join(map(str, members))}")
            for why in one.because:
                say(f"  {why.a} with {why.b}; {rule_text(why.rule, language)}")
    if found.separated or found.joined:
        say("\nNothing was changed. geleit sync applies identity.yaml.")


def rebuild(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Make all customers anew from the evidence and cut their needs anew; changes nothing where all is well."""
    with opened(folder) as workspace, working(as_json) as (_, now):
        done = remake_customers(workspace, now)
        customers = workspace.counts().customers
    show(
        {"customers": customers, "recut": done.recut, "generation": done.generation.number},
        as_json,
        lambda: say(f"{customers:,} customers made from the evidence, generation {done.generation.number}"),
    )
