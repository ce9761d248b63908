"""Spans of time and days as people write them in a form: ``30 Tage`` means ``30 days``, and is shown so again."""

from __future__ import annotations

import re

UNITS = {
    "minute": ("Minute", "Minuten"),
    "hour": ("Stunde", "Stunden"),
    "day": ("Tag", "Tage"),
    "week": ("Woche", "Wochen"),
    "month": ("Monat", "Monate"),
    "year": ("Jahr", "Jahre"),
}
GERMAN = {
    written.lower(): unit
    for unit, (one, many) in UNITS.items()
    for written in (one, many, many.removesuffix("n") + "n")
}
WRITTEN = re.compile(r"(\d{1,6})\s*([a-z]+)")
AGO, AHEAD = re.compile(r"vor\s+(.+)"), re.compile(r"in\s+(.+)")
GERMAN_DAY = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")


def read_span(text: str) -> str:
    """A span as definitions write it; what is none stays as it is.

    >>> read_span("30 Tage"), read_span("1 Woche"), read_span("36 hours"), read_span("bald")
    ('30 days', '1 week', '36 hours', 'bald')
    """
    found = WRITTEN.fullmatch(text.strip().lower())
    if found is None or found[2] not in GERMAN:
        return text.strip()
    count, unit = int(found[1]), GERMAN[found[2]]
    return f"{count} {unit}{'' if count == 1 else 's'}"


def say_span(text: str, language: str) -> str:
    """A span of a definition as a form shows it.

    >>> say_span("30 days", "de"), say_span("1 week", "de"), say_span("1 week", "en")
    ('30 Tage', '1 Woche', '1 week')
    """
    found = WRITTEN.fullmatch(text.strip().lower())
    unit = found[2].removesuffix("s") if found else ""
    if language != "de" or found is None or unit not in UNITS:
        return text
    return f"{found[1]} {UNITS[unit][int(found[1]) != 1]}"


def read_day(text: str) -> str:
    """A day as definitions write it: ``1.5.2026``, ``heute``, ``vor 30 Tagen``, ``in 14 Tagen``; else as it is.

    >>> read_day("1.5.2026"), read_day("heute"), read_day("vor 30 Tagen"), read_day("in 2 Wochen")
    ('2026-05-01', 'today', '30 days ago', 'in 2 weeks')
    """
    said = text.strip()
    if hit := GERMAN_DAY.fullmatch(said):
        return f"{hit[3]}-{int(hit[2]):02d}-{int(hit[1]):02d}"
    low = said.lower()
    if low == "heute":
        return "today"
    if (hit := AGO.fullmatch(low)) and (span := read_span(hit[1])) != hit[1]:
        return f"{span} ago"
    if (hit := AHEAD.fullmatch(low)) and (span := read_span(hit[1])) != hit[1]:
        return f"in {span}"
    return said


def say_day(text: str, language: str) -> str:
    """A day of a definition as a form shows it.

    >>> say_day("2026-05-01", "de"), say_day("30 days ago", "de"), say_day("in 1 week", "de"), say_day("today", "de")
    ('1.5.2026', 'vor 30 Tagen', 'in 1 Woche', 'heute')
    """
    if language != "de":
        return text
    if hit := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text):
        return f"{int(hit[3])}.{int(hit[2])}.{hit[1]}"
    if text == "today":
        return "heute"
    if text.endswith(" ago"):
        return f"vor {_dative(say_span(text.removesuffix(' ago'), language))}"
    return f"in {_dative(say_span(text.removeprefix('in '), language))}" if text.startswith("in ") else text


def _dative(span: str) -> str:
    return f"{span}n" if span.endswith("e") and not span.startswith("1 ") else span
