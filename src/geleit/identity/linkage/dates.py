"""Reads birthdays in the forms that exports use; an impossible day is kept, because a slip of one figure is no other person."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januar january",
            "feb februar february",
            "mar mrz marz maerz march",
            "apr april",
            "may mai",
            "jun juni june",
            "jul juli july",
            "aug august",
            "sep sept september",
            "oct okt oktober october",
            "nov november",
            "dec dez dezember december",
        ),
        1,
    )
    for name in names.split()
}
UNKNOWN = "00"


def day_first(values: Iterable[str]) -> bool:
    """Whether ``03/04/1980`` in this column begins with the day: more second than first figures are above twelve, or not."""
    first = second = 0
    for value in values:
        if found := re.match(r"^\s*(\d{1,2})/(\d{1,2})/\d{2,4}", value):
            first += int(found[1]) > 12
            second += int(found[2]) > 12
    return first >= second


def birthday(text: str, *, day_leads: bool = True) -> str:
    """``yyyymmdd``, with 00 for a part that is not said; empty if it cannot be read."""
    low = text.strip().lower()
    if found := re.match(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(\D|$)", low):
        return _joined(found[1], found[2], found[3])
    if found := re.match(r"^(\d{1,2})([-/.])\s*(\d{1,2})[-/.]\s*(\d{4}|\d{2})(\D|$)", low):
        day, month = (found[1], found[3]) if day_leads or found[2] == "." else (found[3], found[1])
        return _joined(_year(found[4]), month, day)
    if re.fullmatch(r"\d{8}(\.0)?", low):
        return low[:8]
    if re.fullmatch(r"\d{4}(\.0)?", low):
        return low[:4] + UNKNOWN + UNKNOWN
    if found := re.match(r"^(\d{4})[-/.](\d{1,2})$", low):
        return _joined(found[1], found[2], UNKNOWN)
    return _spoken(low)


def _spoken(low: str) -> str:
    words = re.findall(r"[a-zä]+|\d+", low)
    month = next((_MONTHS[word.replace("ä", "a")] for word in words if word.replace("ä", "a") in _MONTHS), 0)
    year = next((word for word in words if len(word) == 4 and word.isdigit()), "")
    day = next((word for word in words if len(word) <= 2 and word.isdigit()), UNKNOWN)
    return _joined(year, str(month), day) if month and year else ""


def of_parts(year: str, month: str, day: str) -> str:
    """A birthday of three columns."""
    figures = [re.sub(r"\.0$", "", part.strip()) for part in (year, month, day)]
    if not re.fullmatch(r"\d{2,4}", figures[0]):
        figures[0] = "0000"
    month_figure = figures[1] if figures[1].isdigit() else str(_MONTHS.get(figures[1].lower()[:3], 0))
    joined = _joined(_year(figures[0]), month_figure, figures[2] if figures[2].isdigit() else UNKNOWN)
    return "" if joined == "00000000" else joined


def _year(figures: str) -> str:
    if len(figures) != 2:
        return figures
    return ("20" if int(figures) <= 26 else "19") + figures


def _joined(year: str, month: str, day: str) -> str:
    return f"{year:>04}{month[-2:]:>02}{day[-2:]:>02}"
