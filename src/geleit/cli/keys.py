"""``geleit key create | list | rotate | revoke``: who may send events."""

from __future__ import annotations

from typing import Annotated

import typer

from geleit.access import write_keys
from geleit.access.write_keys import WriteKey
from geleit.cli.output import HERE, AsJson, Folder, opened, say, show, table
from geleit.errors import GeleitError
from geleit.language.formats import stamp

HOUR = 3600

key = typer.Typer(help="Write keys: what a client shows to send events of one source.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="ID", help="The key's number, see geleit key list.")]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(key, name="key")


@key.command()
def create(
    source: Annotated[str, typer.Argument(help="Name of the source that the key opens.")],
    label: Annotated[str, typer.Option(help="Who uses it, to tell keys apart.")] = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a write key and print it, once: only its hash is kept."""
    with opened(folder) as workspace:
        found = workspace.source(source)
        if not (found.collect or found.hook):
            raise GeleitError(
                f"the source {source} is read by import and takes no events",
                hint=f"add 'collect: true' (client libraries) or 'hook: true' (webhooks) to sources/{source}.yaml",
            )
        made, text = write_keys.create(workspace.ledger, source, label)
    _show_new(made, text, as_json)


@key.command()
def rotate(
    number: Number,
    grace: Annotated[float, typer.Option(min=0, help="Hours that the old key goes on opening.")] = 168,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a new key in the place of an old one, which ends after a time of grace."""
    with opened(folder) as workspace:
        made, text = write_keys.rotate(workspace.ledger, number, round(grace * HOUR))
    _show_new(made, text, as_json)


@key.command()
def revoke(number: Number, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """End a key now; a running server knows it a second later."""
    with opened(folder) as workspace:
        ended = write_keys.revoke(workspace.ledger, number)
    show(ended, as_json, lambda: say(f"write key {number} of {ended.source} opens nothing any more"))


@key.command(name="list")
def list_(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """List the write keys."""
    with opened(folder) as workspace:
        language, zone, now = workspace.company.languages[0], workspace.company.zone, workspace.clock()
        found = write_keys.listed(workspace.ledger)

    def state(one: WriteKey) -> str:
        if one.ends_at is None:
            return "opens"
        return f"{'until' if one.opens(now) else 'ended'} {stamp(one.ends_at, language, zone)}"

    rows = [[str(one.id), one.source, one.label, stamp(one.created_at, language, zone), state(one)] for one in found]
    heads = ["id", "source", "label", "made", "state"]
    show(found, as_json, lambda: table(heads, rows, empty="no write keys yet: geleit key create SOURCE"))


def _show_new(made: WriteKey, text: str, as_json: bool) -> None:
    def told() -> None:
        say(f"write key {made.id} of {made.source}, shown only now:")
        say(f"  {text}")

    show({"id": made.id, "source": made.source, "label": made.label, "key": text}, as_json, told)
