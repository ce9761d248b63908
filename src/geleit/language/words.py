"""Gettext catalogues read from the .po files beside this module; English is the source language."""

from __future__ import annotations

import gettext
import io
from functools import lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("en", "de")
FOLDER = Path(__file__).parent


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; English and unknown languages read the texts as they stand in the code."""
    source = FOLDER / f"{language}.po"
    if language not in LANGUAGES or not source.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with source.open("rb") as text:
        write_mo(compiled, read_po(text, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translate(language: str, text: str, **values: object) -> str:
    """``text`` in a language, ``{name}`` filled from ``values``."""
    found = translations(language).gettext(text)
    return found.format(**values) if values else found


def plural(language: str, one: str, many: str, count: int, **values: object) -> str:
    """The right plural form, ``{count}`` and ``{name}`` filled; numbers in the language's form are the caller's."""
    found = translations(language).ngettext(one, many, count)
    return found.format(**({"count": count} | values))
