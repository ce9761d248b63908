"""Gettext catalogues: one folder per language, one .po file per room of the house; English is the source language."""

from __future__ import annotations

import gettext
import io
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("en", "de")
FOLDER = Path(__file__).parent


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: str) -> gettext.NullTranslations:
    """All catalogues of a language as one; English and unknown languages read the texts as they stand in the code."""
    sources = sorted((FOLDER / language).glob("*.po")) if language in LANGUAGES else []
    if not sources:
        return gettext.NullTranslations()
    joined = Catalog(locale=language)
    for source in sources:
        with source.open("rb") as text:
            for message in read_po(text, locale=language):
                if message.id:
                    joined[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, joined)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translate(language: str, text: str, /, **values: object) -> str:
    """``text`` in a language, ``{name}`` filled from ``values``."""
    found = translations(language).gettext(text)
    return found.format(**values) if values else found


def plural(language: str, one: str, many: str, count: int, /, **values: object) -> str:
    """The right plural form, ``{count}`` and ``{name}`` filled; numbers in the language's form are the caller's."""
    found = translations(language).ngettext(one, many, count)
    return found.format(**({"count": count} | values))
