"""Dates, spans, numbers and money the way the reader's language writes them (CLDR)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, get_currency_precision

from geleit.clock import SECOND, moment

PATTERNS = {
    "de": {"date": "dd.MM.yyyy", "short": "dd.MM.", "day": "EEE dd.MM.", "time": "HH:mm", "stamp": "dd.MM.yyyy, HH:mm"},
    "en": {"date": "d MMM yyyy", "short": "d MMM", "day": "EEE d MMM", "time": "HH:mm", "stamp": "d MMM yyyy, HH:mm"},
}


def pattern(language: str, name: str) -> str:
    """The CLDR pattern of a named form: date, short, day, time, stamp."""
    return PATTERNS.get(language, PATTERNS["en"])[name]


def stamp(t: int, language: str, zone: str, form: str = "stamp") -> str:
    """``t`` (microseconds UTC) in the zone and the reader's form.

    >>> stamp(1792891800000000, "de", "Europe/Berlin")
    '25.10.2026, 02:30'
    """
    return str(format_datetime(moment(t, zone), pattern(language, form), locale=language))


def day(t: int, language: str, zone: str, form: str = "date") -> str:
    """The calendar day of ``t`` in the zone."""
    return str(format_date(moment(t, zone).date(), pattern(language, form), locale=language))


def day_of(value: date, language: str) -> str:
    """A day of the calendar.

    >>> day_of(date(2026, 3, 29), "de")
    '29.03.2026'
    """
    return str(format_date(value, pattern(language, "date"), locale=language))


def span(micros: int, language: str) -> str:
    """A span of time in its largest sensible unit: ``3 Tage``, ``2 hours``."""
    return str(format_timedelta(abs(micros) // SECOND, threshold=0.99, locale=language))


def number(value: float | Decimal, language: str) -> str:
    """A number with the language's separators: 1.234,5 or 1,234.5."""
    return str(format_decimal(value, locale=language))


def money(minor: int, currency: str, language: str) -> str:
    """An amount in minor units of a currency: ``749,00 €``."""
    precision = get_currency_precision(currency)
    return str(format_currency(Decimal(minor).scaleb(-precision), currency, locale=language))
