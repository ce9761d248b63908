"""Maps on paper: one A3 page if its labels stay readable, else as many as it takes, lanes named on each."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typst

from geleit.language.words import translate
from geleit.maps.journey import Journey
from geleit.maps.plan import COLUMN_MIN, LABELS
from geleit.maps.scene import Scene
from geleit.maps.sentences import as_of, title
from geleit.maps.style import RECORD, THEMES, VOICE, Theme
from geleit.maps.svg import standalone
from geleit.maps.type import FONTS
from geleit.maps.wide import wide

MM = 72 / 25.4  # points
A3 = (420 * MM, 297 * MM)
MARGIN, FOOT = 7 * MM, 6 * MM
LABEL_PX, LABEL_PT = 11.0, 7.0  # the smallest label: its px in the picture, its least size on paper
LEAST = LABEL_PT / LABEL_PX  # points per px below which a page is no longer readable
COLUMN_STEP, COLUMN_WIDEST = 1.16, 340.0  # columns are tried each so much wider than the last, up to px
PPI = 144  # a PNG has two dots per px
TEMPLATE = Path(__file__).with_name("sheet.typ")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Scenes, one a page, all at one scale (points per px)."""

    scenes: tuple[Scene, ...]
    scale: float


def a3(journey: Journey) -> Sheet:
    """The fewest pages on which the smallest label keeps 7 points, with the columns that make it largest.

    A single step whose texts are longer than a page is set smaller instead: nothing is cut.
    """
    least, most = 1, max(len(journey.steps), 1)
    while least < most:
        pages = (least + most) // 2
        if _best(journey, pages).scale >= LEAST:
            most = pages
        else:
            least = pages + 1
    return _best(journey, least)


def _best(journey: Journey, pages: int) -> Sheet:
    """The sheet of so many pages whose labels are largest, its columns then widened to fill the page."""
    each = math.ceil(max(len(journey.steps), 1) / pages)
    best = max((_sheet(journey, pages, column) for column in _columns(each)), key=_scale)
    filling = min(COLUMN_WIDEST, (_room()[0] / best.scale - LABELS) / each)
    filled = _sheet(journey, pages, max(filling, COLUMN_MIN))
    return filled if filled.scale >= best.scale * 0.999 else best


def _scale(sheet: Sheet) -> float:
    return sheet.scale


def _columns(steps: int) -> list[float]:
    """Widths worth trying: from the narrowest readable to what fills a page's width at the least scale."""
    widest = min(COLUMN_WIDEST, (_room()[0] / LEAST - LABELS) / steps)
    columns = [COLUMN_MIN]
    while columns[-1] * COLUMN_STEP < widest:
        columns.append(columns[-1] * COLUMN_STEP)
    return columns


def _room() -> tuple[float, float]:
    return A3[0] - 2 * MARGIN, A3[1] - 2 * MARGIN - FOOT


def _sheet(journey: Journey, pages: int, column: float) -> Sheet:
    count = len(journey.steps)
    each = math.ceil(count / pages) if count else 1
    starts = range(0, max(count, 1), each)
    last = starts[-1]
    scenes = tuple(
        wide(journey, start, min(start + each, count), column=column, heading=start == 0, legend=start == last)
        for start in starts
    )
    wide_, high = _room()
    return Sheet(scenes, min(min(wide_ / scene.width, high / scene.height, 1.0) for scene in scenes))


def pdf(journey: Journey, theme: Theme = "print") -> bytes:
    """The map as PDF, A3 landscape, with a foot naming the need, the page, and the moment it knows up to."""
    sheet = a3(journey)
    total = len(sheet.scenes)
    numbers = [
        translate(journey.language, "page {number} of {count}", number=at + 1, count=total) for at in range(total)
    ]
    told = (title(journey), VOICE if journey.quote.strip() else RECORD, journey.language)
    data = _page_data(A3, MARGIN, theme, told) | {"foot": FOOT, "numbers": numbers, "standing": as_of(journey)}
    return _compile(sheet.scenes, sheet.scale, theme, data, "pdf")


def png(scene: Scene, journey: Journey, theme: Theme = "light", edge: float = 0) -> bytes:
    """The scene as PNG with two dots per px and ``edge`` px of paper around it."""
    face = VOICE if journey.quote.strip() else RECORD
    return picture(scene, theme, edge, name=title(journey), face=face)


def picture(scene: Scene, theme: Theme = "light", edge: float = 0, *, name: str = "", face: str = RECORD) -> bytes:
    """Any scene as PNG, as ``png`` does it; ``name`` is its title if that is not the scene's own."""
    size = (scene.width + 2 * edge, scene.height + 2 * edge)
    data = _page_data(size, edge, theme, (name or scene.title, face, scene.language))
    return _compile([scene], 1, theme, data | {"foot": 0, "numbers": [""], "standing": ""}, "png")


def _page_data(size: tuple[float, float], margin: float, theme: Theme, told: tuple[str, str, str]) -> dict[str, object]:
    """``told``: the title, the type family it is set in, the language."""
    colours = THEMES[theme]
    return {
        "title": told[0],
        "face": told[1],
        "language": told[2],
        "width": size[0],
        "height": size[1],
        "margin": margin,
        "ink": colours["ink-2"],
        "paper": colours["paper"],
    }


def _compile(
    scenes: Sequence[Scene], scale: float, theme: Theme, data: dict[str, object], form: Literal["pdf", "png"]
) -> bytes:
    """Set the pages with Typst, our own fonts only."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(TEMPLATE, folder / "sheet.typ")
        pages = []
        for at, scene in enumerate(scenes):
            (folder / f"{at}.svg").write_text(standalone(scene, theme, embed=False), "utf-8")
            pages.append({"file": f"{at}.svg", "width": scene.width * scale, "alt": scene.description})
        (folder / "sheet.json").write_text(json.dumps(data | {"pages": pages}, ensure_ascii=False), "utf-8")
        made = typst.compile(
            str(folder / "sheet.typ"), format=form, ppi=PPI, font_paths=[str(FONTS)], ignore_system_fonts=True
        )
    if not isinstance(made, bytes):  # typst gives a list where a PNG has several pages; ours never has
        raise TypeError(type(made))
    return made
