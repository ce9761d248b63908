"""The letters a picture uses, cut out of our fonts and embedded, so that it looks the same anywhere."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from functools import lru_cache

from geleit.maps.scene import Text
from geleit.maps.style import RECORD, VOICE
from geleit.maps.type import FILES, FONTS, Face

_NAMES: dict[Face, tuple[str, int]] = {
    "record": (RECORD, 400),
    "strong": (RECORD, 600),
    "voice": (VOICE, 400),
    "title": (VOICE, 500),
}


def embedded(texts: Iterable[Text]) -> str:
    """``@font-face`` rules with just the letters of the texts, as woff2 data."""
    letters: dict[Face, set[str]] = {}
    for text in texts:
        letters.setdefault(text.face, set()).update(text.text)
    return "".join(_rule(face, "".join(sorted(used))) for face, used in sorted(letters.items()))


@lru_cache(maxsize=64)
def _rule(face: Face, letters: str) -> str:
    family, weight = _NAMES[face]
    data = base64.b64encode(_subset(face, letters)).decode("ascii")
    source = f'url(data:font/woff2;base64,{data}) format("woff2")'
    return f'@font-face{{font-family:"{family}";font-weight:{weight};src:{source}}}\n'


def _subset(face: Face, letters: str) -> bytes:
    from fontTools.subset import Options, Subsetter  # noqa: PLC0415 (slow to load, and most commands draw nothing)
    from fontTools.ttLib import TTFont  # noqa: PLC0415 (as above)

    font = TTFont(FONTS / FILES[face], recalcTimestamp=False)  # the same letters, the same bytes
    options = Options()
    options.flavor = "woff2"
    options.hinting = False
    options.notdef_outline = True
    cutter = Subsetter(options)
    cutter.populate(text=letters)
    cutter.subset(font)
    font.flavor = "woff2"
    target = io.BytesIO()
    font.save(target)
    return target.getvalue()
