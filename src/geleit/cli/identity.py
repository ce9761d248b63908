"""``geleit identity``: why identifiers are one customer, what people decided about it, and customers made anew."""

from __future__ import annotations

from typing import Annotated

import typer

from geleit.cli import deciding
from geleit.cli.customers import Key
from geleit.cli.output import HERE, AsJson, Folder, Language, opened, say, show, working
from geleit.workspace.proof import remake_customers

identity = typer.Typer(help="Why identifiers are one customer, or not; decisions about it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    identity.command()(explain)
    deciding.register(identity)
    identity.command()(rebuild)
    app.add_typer(identity, name="identity")


def explain(
    a: Key,
    b: Annotated[
        str, typer.Argument(metavar="KEY", help="A second identifier; without it, all links of the first's customer.")
    ] = "",
    language: Language = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Print the chain of evidence between two identifiers, or why they are two customers."""
    with opened(folder) as workspace:
        found, company = workspace.explain(a, b or None), workspace.company
    show(found, as_json, lambda: say(found.text(language or company.languages[0], company.zone)))


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
