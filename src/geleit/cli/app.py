"""Gathers the commands and turns errors into sentences."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from geleit import __version__
from geleit.cli import analyze, backup, customers, data, identity, keys, segments, snippet, sources, stores, workspace
from geleit.cli.output import fail, say
from geleit.errors import GeleitError
from geleit.processes import without_frames

INTERRUPTED = 130  # the exit code of a program that Ctrl+C ended

app = typer.Typer(
    name="geleit",
    help="Join what your systems know about a person into one customer, and see the journey that person is on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"geleit {__version__}")
        raise typer.Exit


@app.callback()
def _geleit(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Join what your systems know about a person into one customer, and see the journey that person is on."""


for room in (workspace, data, customers, identity, sources, stores, keys, snippet, backup, analyze, segments):
    room.register(app)


def main() -> None:
    """Run; every error we know ends as a sentence and exit code 1, never as a traceback."""
    as_json = "--json" in sys.argv
    without_frames()
    try:
        app()
    except GeleitError as error:
        fail(error, as_json)
        raise SystemExit(1) from None
    except SystemExit as end:
        if end.code == INTERRUPTED:  # what typer makes of Ctrl+C
            fail(
                GeleitError("stopped; what was acknowledged is safe", hint="run the same command again to go on"),
                as_json,
            )
        raise
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
