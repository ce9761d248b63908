"""Hands a map out: as picture (SVG, PNG), on paper (PDF), as data (JSON), as cells (CSV), as CJML."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import msgspec

from geleit.clock import iso
from geleit.errors import GeleitError
from geleit.files import write_durably
from geleit.maps import cjml, sheet
from geleit.maps.journey import Journey
from geleit.maps.scene import Scene
from geleit.maps.style import THEMES, Theme
from geleit.maps.svg import standalone
from geleit.maps.table import table
from geleit.maps.tall import tall
from geleit.maps.wide import wide

Shape = Literal["wide", "tall"]
EDGE = 24.0  # px of paper around a picture file
VERSION = 1  # of the JSON form
READABLE = 0o644
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(journey: Journey, target: Path, *, theme: str = "", shape: Shape = "wide") -> Path:
    """Write the map to a file whose ending names the form: .svg, .png, .pdf, .json, .csv, .cjml.

    Errors: GeleitError for another ending or theme, before anything is written.
    """
    write_durably(target, render(journey, target.suffix.removeprefix("."), theme=theme, shape=shape), mode=READABLE)
    return target


def render(journey: Journey, form: str, *, theme: str = "", shape: Shape = "wide") -> bytes:
    """The map in a form: svg, png, pdf, json, csv, cjml.

    ``theme`` is light, dark or print; by default print on paper, else light. Paper is always wide.
    """
    colours = _theme(theme or ("print" if form.lower() == "pdf" else "light"))
    forms: dict[str, Callable[[], bytes]] = {
        "svg": lambda: standalone(scene(journey, shape), colours, margin=EDGE).encode(),
        "png": lambda: sheet.png(scene(journey, shape), journey, colours, EDGE),
        "pdf": lambda: sheet.pdf(journey, colours),
        "json": lambda: as_json(journey),
        "csv": lambda: as_csv(journey),
        "cjml": lambda: cjml.actual(journey),
    }
    if form.lower() not in forms:
        raise GeleitError(f"'{form}' is no form of a map", hint=f"end the file's name in .{', .'.join(forms)}")
    return forms[form.lower()]()


def write_pictures(journeys: Iterable[Journey], folder: Path) -> list[Path]:
    """Pictures for the documentation: ``journey-map-LANGUAGE.svg`` of every given journey; returns what was written."""
    return [export(journey, folder / f"journey-map-{journey.language}.svg") for journey in journeys]


def _theme(name: str) -> Theme:
    found = next((theme for theme in THEMES if theme == name), None)
    if found is None:
        raise GeleitError(f"'{name}' is no theme of a map", hint=f"choose {', '.join(THEMES)}")
    return found


def scene(journey: Journey, shape: Shape = "wide") -> Scene:
    """The picture in one of its two shapes."""
    return tall(journey) if shape == "tall" else wide(journey)


def as_json(journey: Journey) -> bytes:
    """Everything the picture is drawn from; times in microseconds UTC, and as ISO 8601 where a step happened."""
    data = msgspec.to_builtins(journey)
    for step in data["steps"]:
        step["at"] = iso(step["t"])
    return msgspec.json.format(msgspec.json.encode({"journey_map": VERSION} | data), indent=2) + b"\n"


def as_csv(journey: Journey) -> bytes:
    """The table twin, UTF-8, one row a step. A cell that a spreadsheet would compute is marked with an apostrophe."""
    twin = table(journey)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.head for column in twin.columns])
    writer.writerows([[_inert(cell) for cell in row.cells] for row in twin.rows])
    return text.getvalue().encode()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
