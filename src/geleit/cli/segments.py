"""``geleit segment``: named conditions over customers: who is in, in which words, and what a draft would give."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geleit.cli.output import HERE, AsJson, Folder, Language, opened, say, show, table
from geleit.segments.definition import Segment
from geleit.workspace.segments import Counted, Segments

segment = typer.Typer(help="Segments: named conditions over customers.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The segment's name: its file in segments/ without .yaml.")]
Limit = Annotated[int, typer.Option(min=1, help="People shown.")]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    for one in (list_, show_, preview, people, refresh):
        segment.command(one.__name__.rstrip("_"))(one)
    app.add_typer(segment, name="segment")


def list_(folder: Folder = HERE, language: Language = "", as_json: AsJson = False) -> None:
    """All segments with the number of people in them."""
    with opened(folder) as workspace:
        segments = Segments(workspace)
        spoken = language or workspace.company.languages[0]
        counts = segments.counts()
        rows = [
            {"name": name, "label": one.title(name, spoken), "people": counts[name]}
            for name, one in segments.all.items()
        ]
    lines = [[row["name"], row["label"], row["people"]] for row in rows]
    empty = "there is no segment yet; write one into segments/NAME.yaml"
    show(rows, as_json, lambda: table(["name", "segment", "people"], lines, empty=empty))


def show_(
    name: Name, limit: Limit = 5, folder: Folder = HERE, language: Language = "", as_json: AsJson = False
) -> None:
    """One segment: its condition in words, how many are in, and some of them."""
    with opened(folder) as workspace:
        segments = Segments(workspace)
        _say(segments, (name, segments.named(name)), limit, language, as_json=as_json)


def preview(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A definition that is not saved yet.")],
    limit: Limit = 5,
    folder: Folder = HERE,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Who would be in a segment, before it is saved."""
    with opened(folder) as workspace:
        segments = Segments(workspace)
        _say(segments, (file.stem, segments.draft(file)), limit, language, as_json=as_json)


def people(
    name: Name,
    limit: Annotated[int | None, typer.Option(min=1, help="People shown; by default all.")] = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """The customer ids of all who are in a segment, one a line: what --segment FILE of geleit analyze reads."""
    with opened(folder) as workspace:
        found = Segments(workspace).members(name)[:limit]
    show(list(found), as_json, lambda: say("\n".join(found)) if found else None)


def refresh(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Count everybody anew from history; nobody comes or goes by that. What differs was wrong before: tell us."""
    with opened(folder) as workspace:
        found = Segments(workspace).refresh()
    rows = [{"name": name, "before": before, "people": now} for name, (before, now) in found.items()]
    lines = [[row["name"], row["before"], row["people"]] for row in rows]
    show(rows, as_json, lambda: table(["name", "before", "people"], lines, empty="there is no segment yet"))


def _say(segments: Segments, named: tuple[str, Segment], limit: int, language: str, *, as_json: bool) -> None:
    name, one = named
    spoken = language or segments.workspace.company.languages[0]
    counted = segments.counted(one.who, limit)
    lines = segments.lines(one, spoken)
    known = segments.named_people(counted.sample)
    data = {
        "name": name,
        "label": one.title(name, spoken),
        "words": ["  " * line.depth + line.text for line in lines],
        "people": counted.count,
        "of": counted.of,
        "sample": known,
        "as_of": counted.as_of,
    }
    show(data, as_json, lambda: _text(data, counted))


def _text(data: dict[str, object], counted: Counted) -> None:
    say(str(data["label"]))
    for line in data["words"]:  # type: ignore[attr-defined]
        say(f"  {line}")
    say()
    say(f"{counted.count:,} of {counted.of:,} people")
    rows = [[one["customer"], one["name"]] for one in data["sample"]]  # type: ignore[attr-defined]
    table(["customer", "name"], rows, empty="nobody")
