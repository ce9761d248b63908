"""How people and systems write the same thing differently: phone numbers, names, addresses."""

from __future__ import annotations

from geleit.demo.chance import Rng, pick
from geleit.demo.rows import Array, texts

AREAS = ("5601", "561", "151")


def phones(rng: Rng, numbers: Array) -> Array:
    """Phone numbers as typed by hand: with blanks, slashes, country code or not."""
    forms = pick(rng, numbers.size, (38, 20, 14, 12, 16)).tolist()
    return texts([_phone(number, form) if number else "" for number, form in zip(numbers.tolist(), forms, strict=True)])


def _phone(number: str, form: int) -> str:
    rest = number.removeprefix("+49")
    area = next(area for area in AREAS if rest.startswith(area))
    line = rest.removeprefix(area)
    return (
        f"0{area} {line}",
        f"0{area}/{line[:3]} {line[3:]}",
        f"+49 {area} {line}",
        f"0049{area}{line}",
        f"0{area}-{line}",
    )[form]


def names(rng: Rng, values: Array, share: float = 0.04) -> Array:
    """Names as typed by hand: a few in capitals, without umlauts, with a letter missing or a blank too many."""
    odd = rng.random(values.size) < share
    forms = rng.integers(0, 4, values.size)
    result = values.copy()
    for place in odd.nonzero()[0].tolist():
        result[place] = _name(str(values[place]), int(forms[place]))
    return result


def _name(name: str, form: int) -> str:
    if form == 0:
        return name.upper()
    if form == 1:
        return name.replace("ü", "ue").replace("ö", "oe").replace("ä", "ae").replace("ß", "ss")
    return f"{name} " if form == 2 or len(name) < 5 else name[:2] + name[3:]


def streets(rng: Rng, values: Array) -> Array:
    """Streets, some with the short form of the word."""
    short = (rng.random(values.size) < 0.25).tolist()
    return texts([v.replace("straße", "str.") if s else v for v, s in zip(values.tolist(), short, strict=True)])
