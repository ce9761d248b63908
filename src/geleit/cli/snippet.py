"""``geleit snippet``: the code with which a company's pages tell what happens on them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geleit.access import write_keys
from geleit.cli.output import HERE, AsJson, Folder, opened, say, show
from geleit.errors import GeleitError
from geleit.files import write_durably
from geleit.web.embedding import OURS, embedding, script
from geleit.workspace import Workspace

PLACEHOLDER = "WRITE_KEY"
READABLE = 0o644  # for the web server


def register(app: typer.Typer) -> None:
    """Add this room's command."""
    app.command()(snippet)


def snippet(
    source: Annotated[str, typer.Argument(help="Name of the source that the events belong to.")],
    address: Annotated[
        str, typer.Option(help="Where pages reach this geleit, such as https://collect.example.com.")
    ] = "http://127.0.0.1:8420",
    key: Annotated[str, typer.Option(help="The source's write key; it is public, for every page holds it.")] = "",
    new_key: Annotated[bool, typer.Option("--new-key", help="Make a write key for it.")] = False,
    copy: Annotated[Path | None, typer.Option(help="Write the script here, to serve it with the pages.")] = None,
    src: Annotated[str, typer.Option(help="Where pages find that copy; default /NAME of the file.")] = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Print the code that pages embed: geleit's own snippet, which sends nothing before consent."""
    embedding(address, key)  # what is wrong ends this before a key is made
    if copy is not None:
        _not_foreign(copy)
    with opened(folder) as workspace:
        found = _key(workspace, source, key, new_key=new_key)
    made = script()
    if copy is not None:
        write_durably(copy, made.content, mode=READABLE)
    embed = embedding(address, found, copied=(src or f"/{copy.name}") if copy else "")

    def text() -> None:
        say("Into the head of every page:")
        say(f"  {embed.stub}")
        say(f"  {embed.tag}")
        if found == PLACEHOLDER:
            say(f"In the place of {PLACEHOLDER} comes a write key: geleit key create {source}, or --new-key here.")
        if copy:
            say(f"The script is in {copy}; pages look for it at {src or f'/{copy.name}'}.")
        say(f"A Content-Security-Policy must allow: {embed.policy}")
        say("Where it forbids scripts written into pages, leave out the first line or serve it as a file.")
        say("Nothing is sent or stored until the person agrees: geleit.consent({analytics: true})")

    shown = {"source": source, "key": found, "stub": embed.stub, "tag": embed.tag, "policy": embed.policy}
    sizes = {"bytes": len(made.content), "gzip": len(made.gzip), "copy": str(copy) if copy else None}
    show(shown | sizes, as_json, text)


def _key(workspace: Workspace, source: str, key: str, *, new_key: bool) -> str:
    """The write key to print: a given one if it opens the source, a new one, or a placeholder."""
    if not workspace.source(source).collect:
        raise GeleitError(
            f"the source {source} takes no events from pages", hint=f"add 'collect: true' to sources/{source}.yaml"
        )
    if key:
        known = write_keys.by_hash(workspace.ledger).get(write_keys.hashed(key))
        if known is None or known.source != source or not known.opens(workspace.clock()):
            raise GeleitError(
                f"this key does not open the source {source}; nothing was written", hint=f"geleit key create {source}"
            )
        return key
    return write_keys.create(workspace.ledger, source, "snippet")[1] if new_key else PLACEHOLDER


def _not_foreign(file: Path) -> None:
    """An older copy of ours is replaced, anything else is not."""
    if file.exists() and not file.read_bytes().startswith(OURS):
        raise GeleitError(f"{file} exists and is not geleit's script; nothing was changed", hint="name another file")
