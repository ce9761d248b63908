"""Names of files that differ only in their digits (a day each), as one pattern."""

from __future__ import annotations

import re

DIGITS = re.compile(r"\d[\d._-]*\d|\d")


def pattern_of(name: str) -> str:
    """A file's name with a star for its digits, if they stand in one place; else the name itself.

    >>> pattern_of("in/till_2026-03-01.csv"), pattern_of("b2b_2026.csv")
    ('in/till_*.csv', 'b2b_2026.csv')
    """
    folder, slash, own = name.rpartition("/")
    stem, dot, rest = own.partition(".")
    digits = digits_of(own)
    return f"{folder}{slash}{stem.replace(digits, '*', 1)}{dot}{rest}" if digits else name


def digits_of(name: str) -> str:
    """The digits of a file's name, if they stand in one place; else ''."""
    found = DIGITS.findall(name.rpartition("/")[2].partition(".")[0])
    return found[0] if len(found) == 1 else ""
