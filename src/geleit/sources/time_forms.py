"""Which strptime format times are written in that geleit refuses to guess at when it imports, such as 03/04/2026."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

DATES = (  # of two that fit, the first is taken: the day comes first nearly everywhere
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
)
CLOCKS = ("", "%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%H.%M")
JOINTS = (" ", ", ", "T")
LIKE_A_DATE = re.compile(
    r"\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}\b.*|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{4}\b.*|[A-Za-z]{3,9} \d{1,2}, \d{4}.*"
)
LOOKED_AT = 100  # values


@dataclass(frozen=True, slots=True)
class Form:
    """A strptime format; ``doubtful`` if another order of day and month fits as well."""

    text: str
    doubtful: bool = False


def form_of(values: Sequence[str], *, mostly: float) -> Form | None:
    """The format that at least the share ``mostly`` of the values has; None if there is none.

    >>> form_of(["03/04/2026 10:15", "05/04/2026 11:00"], mostly=0.8)
    Form(text='%d/%m/%Y %H:%M', doubtful=True)
    >>> form_of(["03/24/2026"], mostly=0.8)
    Form(text='%m/%d/%Y', doubtful=False)
    """
    some = [value for value in values[:LOOKED_AT] if LIKE_A_DATE.fullmatch(value)]
    if not some or len(some) < mostly * len(values[:LOOKED_AT]):
        return None
    fitting = [form for form in _forms() if sum(_fits(value, form) for value in some) >= mostly * len(some)]
    if not fitting:
        return None
    return Form(fitting[0], doubtful=any(_turned(form) == fitting[0] for form in fitting[1:]))


def _forms() -> list[str]:
    joined = [f"{date}{joint}{clock}" for date in DATES for clock in CLOCKS[1:] for joint in JOINTS]
    return [*DATES, *joined]


def _turned(form: str) -> str:
    return form.replace("%m", "%_").replace("%d", "%m").replace("%_", "%d")


def _fits(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)  # noqa: DTZ007 (only whether it can be read)
    except ValueError:
        return False
    return True
