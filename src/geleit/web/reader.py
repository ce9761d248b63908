"""Who reads a page: the language chosen, the company's zone and currency, and how words, days and numbers look then."""

from __future__ import annotations

from dataclasses import dataclass

from babel.lists import format_list

from geleit.language import formats
from geleit.language.words import plural, translate
from geleit.maps.sentences import quoted

NAMES = {"en": "English", "de": "Deutsch"}


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader of one page. Times are microseconds UTC and are shown in ``zone``."""

    language: str
    zone: str
    currency: str
    languages: tuple[str, ...]

    @property
    def other(self) -> str:
        """The other screen language that the switch offers; empty where there is only one."""
        return next((one for one in self.languages if one != self.language), "")

    def say(self, text: str, /, **values: object) -> str:
        """A text in the reader's language."""
        return translate(self.language, text, **values)

    def counted(self, one: str, many: str, count: int, /, **values: object) -> str:
        """A text with a number in it, which is filled in as ``{n}``."""
        return plural(self.language, one, many, count, n=self.number(count), **values)

    def quoted(self, words: str) -> str:
        """A person's words in the quotation marks of the language."""
        return quoted(words, self.language)

    def listed(self, items: list[str]) -> str:
        """``a, b and c``."""
        return str(format_list(items, locale=self.language)) if items else ""

    def day(self, t: int, form: str = "date") -> str:
        """The day of ``t``: forms date, short, day."""
        return formats.day(t, self.language, self.zone, form)

    def stamp(self, t: int, form: str = "stamp") -> str:
        """Day and time of ``t``: forms stamp, time."""
        return formats.stamp(t, self.language, self.zone, form)

    def span(self, micros: int) -> str:
        """A length of time: ``3 Tage``."""
        return formats.span(micros, self.language)

    def number(self, value: float) -> str:
        """``1.234,5``."""
        return formats.number(value, self.language)

    def money(self, minor: int, currency: str = "") -> str:
        """``749,00 €`` from minor units."""
        return formats.money(minor, currency or self.currency, self.language)
