"""Join the fontsource subsets of our two faces into the static fonts that pictures are measured and printed with.

Run by hand when a face is updated: ``npm install @fontsource/source-sans-3 @fontsource/newsreader`` in an empty folder,
then ``python scripts/make_fonts.py FOLDER``. The joined fonts carry names of their own, as the Open Font License asks
of changed versions of a font with a reserved name.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

TARGET = Path(__file__).resolve().parent.parent / "src/geleit/maps/fonts"
SUBSETS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "vietnamese")
FACES = (
    ("source-sans-3", "Geleit Record", {400: "Regular", 600: "SemiBold"}),
    ("newsreader", "Geleit Voice", {400: "Regular", 500: "Medium"}),
)


def join(folder: Path, package: str, weight: int) -> TTFont:
    """All subsets of one weight as one font."""
    with tempfile.TemporaryDirectory() as scratch:
        parts = []
        for subset in SUBSETS:
            source = folder / f"node_modules/@fontsource/{package}/files/{package}-{subset}-{weight}-normal.woff2"
            if source.exists():
                font = TTFont(source)
                font.flavor = None
                parts.append(str(Path(scratch) / f"{subset}.ttf"))
                font.save(parts[-1])
        return Merger().merge(parts)


def rename(font: TTFont, family: str, style: str) -> None:
    """Give the font its own family and style name; the copyright stays."""
    full = f"{family} {style}"
    names = {
        1: family if style == "Regular" else full,
        2: "Regular",
        4: full,
        6: full.replace(" ", ""),
        16: family,
        17: style,
    }
    for record in list(font["name"].names):
        if record.nameID in (1, 2, 3, 4, 6, 16, 17, 25):
            font["name"].removeNames(nameID=record.nameID)
    for identity, text in names.items():
        font["name"].setName(text, identity, 3, 1, 0x409)


def main() -> None:
    """Write the four fonts."""
    for package, family, weights in FACES:
        for weight, style in weights.items():
            font = join(Path(sys.argv[1]), package, weight)
            rename(font, family, style)
            font["OS/2"].usWeightClass = weight
            font.save(TARGET / f"{family.replace(' ', '')}-{style}.ttf")


if __name__ == "__main__":
    main()
