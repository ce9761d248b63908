"""How commands speak: JSON for programs, short text and tables for people, progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from geleit.cli.progress import watching
from geleit.errors import GeleitError
from geleit.language.formats import number
from geleit.language.words import LANGUAGES
from geleit.sources.meter import Reached
from geleit.workspace import Workspace, open_workspace
from geleit.workspace.faulty import open_sound

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Folder = Annotated[
    Path,
    typer.Option("--workspace", "-w", help="The workspace; by default the nearest folder upwards with geleit.yaml."),
]
HERE = Path()


def _known(language: str) -> str:
    if language and language not in LANGUAGES:
        raise typer.BadParameter(f"'{language}' is no language of geleit; there is {' and '.join(LANGUAGES)}")
    return language


Language = Annotated[
    str, typer.Option("--language", "-l", help="en or de; default the company's first.", callback=_known)
]

# Into a pipe or file tables are written as wide as they are: whoever reads them there wants lines whole.
PIPED_WIDTH = 400
out = Console(soft_wrap=True, width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True)


def show(data: object, as_json: bool, text: Callable[[], None]) -> None:
    """Print ``data`` as JSON, or call ``text`` to print it for people."""
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(data, enc_hook=str), indent=2).decode() + "\n")
    else:
        text()


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "nothing", language: str = "en"
) -> None:
    """Print rows under heads; numbers to the right, as the language writes them."""
    lines = [list(row) for row in rows]
    if not lines:
        out.print(empty, style="dim")
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        numeric = all(isinstance(line[place], int) for line in lines)
        drawn.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for line in lines:
        drawn.add_row(*(number(value, language) if isinstance(value, int) else str(value) for value in line))
    out.print(drawn)


def say(text: str = "") -> None:
    """One line for people, as it is."""
    out.print(text, markup=False, highlight=False)


def counted(number: int, one: str, many: str) -> str:
    """``1 customer``, ``1,204 customers``."""
    return f"{number:,} {one if number == 1 else many}"


def fail(error: GeleitError, as_json: bool) -> None:
    """Print an error as a sentence with its hint."""
    if as_json:
        sys.stdout.write(msgspec.json.encode({"error": error.message, "hint": error.hint}).decode() + "\n")
        return
    err.print(f"error: {error.message}", markup=False, highlight=False, style="red")
    if error.hint:
        err.print(f"hint:  {error.hint}", markup=False, highlight=False)


@contextmanager
def opened(folder: Path) -> Iterator[Workspace]:
    """The workspace, closed again at the end."""
    workspace = open_workspace(folder)
    try:
        yield workspace
    finally:
        workspace.close()


@contextmanager
def opened_sound(folder: Path, names: Sequence[str] = ()) -> Iterator[Workspace]:
    """The workspace without sources whose definition is faulty; those not among ``names`` (none: all) are warned of.

    Errors: DefinitionError if every one of ``names`` is faulty.
    """
    with open_sound(folder) as workspace:
        faulty = workspace.definitions.faulty
        if names and all(name in faulty for name in names):
            raise faulty[names[0]]
        for name, error in faulty.items():
            if names and name not in names:
                warn(f"{name} is left out: {error}")
        yield workspace


def warn(text: str) -> None:
    """A line on standard error, beside what a command says."""
    err.print(f"warning: {text}", markup=False, highlight=False)


def working(as_json: bool) -> AbstractContextManager[tuple[Callable[[Reached], None], Callable[[str], None]]]:
    """Progress of long work on standard error: (how far a source is read, what is being done now)."""
    return watching(err, silent=as_json)
