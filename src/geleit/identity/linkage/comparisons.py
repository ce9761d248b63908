"""How two records are compared, field by field, as Splink comparisons: levels from the same to plainly different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from geleit.identity.linkage.records import Records

DIFFERING = {
    "first_name": 0.25,
    "last_name": 0.3,  # people marry
    "birthday": 0.25,
    "age": 0.4,
    "gender": 0.15,
    "national_id": 0.3,
    "company": 0.25,
}
PERSONAL, SHARED = "personal", "shared"  # what relatives at one address have apart, and what they have in common


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of likeness: its condition over the columns ``x_l`` and ``x_r``, and its name for people."""

    name: str
    sql: str
    ordered: bool = True  # whether it stands between its neighbors; a swap is evidence of its own kind


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison of two records.

    ``levels`` from best to worst (``else`` comes by itself), ``unknown`` the condition under which nothing is said, and
    ``rare`` the column whose frequent values say less (at the first level).
    """

    name: str
    kind: str
    unknown: str
    levels: tuple[Level, ...]
    rare: str = ""

    @property
    def differing(self) -> float:
        """How many of one person's pairs may plainly differ in it, at most.

        Without a bound, few true pairs and many namesakes teach that a person often has two birthdays.
        """
        return DIFFERING.get(self.name, 0.6)

    def for_splink(self, m: Sequence[float] = (), u: Sequence[float] = ()) -> dict[str, Any]:
        """The comparison as Splink's settings say it; probabilities from best level to ``else``."""
        levels: list[dict[str, Any]] = [
            {"sql_condition": self.unknown, "label_for_charts": "unknown", "is_null_level": True}
        ]
        told = [*((level.sql, level.name) for level in self.levels), ("ELSE", "different")]
        for place, (sql, label) in enumerate(told):
            level: dict[str, Any] = {"sql_condition": sql, "label_for_charts": label}
            if m and u:
                level |= {"m_probability": m[place], "u_probability": u[place]}
            levels.append(level)
        return {"output_column_name": self.name, "comparison_levels": levels}

    @property
    def ordered(self) -> list[int]:
        """The levels that follow each other, with ``else``."""
        return [place for place, level in enumerate(self.levels) if level.ordered] + [len(self.levels)]

    @property
    def size(self) -> int:
        """Number of levels, with ``else``."""
        return len(self.levels) + 1


def _null(*columns: str) -> str:
    return " OR ".join(f"{name}_l IS NULL OR {name}_r IS NULL" for name in columns)


def _same(name: str) -> str:
    return f"{name}_l = {name}_r"


def _near(name: str, other: str = "", jaro: float = 0.92) -> str:
    left, right = f"{name}_l", f"{other or name}_r"
    long = f"length({left}) >= 4 AND length({right}) >= 4"
    return f"(({long} AND damerau_levenshtein({left}, {right}) <= 1) OR jaro_winkler_similarity({left}, {right}) >= {jaro})"


def _far(name: str) -> str:
    return f"jaro_winkler_similarity({name}_l, {name}_r) >= 0.82"


def _within(name: str) -> str:
    """One of several words is the other's: ``anna`` and ``anna maria``, ``meyer`` and ``meyer schulz``."""
    pair = ((f"{name}_l", f"{name}_r"), (f"{name}_r", f"{name}_l"))
    return "(" + " OR ".join(f"contains(' ' || {a} || ' ', ' ' || {b} || ' ')" for a, b in pair) + ")"


def _short(name: str) -> str:
    """An initial, or a short form that begins alike: ``j`` and ``joachim``, ``alex`` and ``alexander``."""
    left, right = f"{name}_l", f"{name}_r"
    return f"(starts_with({left}, {right}) OR starts_with({right}, {left}))"


def compared(records: Records) -> list[Compared]:
    """The comparisons that these records allow."""
    found: list[Compared] = [*_names(records), *_birthdays(records), *_addresses(records), *_numbers(records)]
    if records.has("gender"):
        found.append(Compared("gender", PERSONAL, _null("gender"), (Level("same", _same("gender")),), "gender"))
    found += [_other(name, records) for name in records.extra]
    return found


def _names(records: Records) -> list[Compared]:
    found = []
    # Where the two names are swapped, the first name's level says it all, and the last name's says nothing more.
    turned = (
        f"{_near('first', 'last', 0.9)} AND {_near('last', 'first', 0.9)} AND first_l <> first_r AND last_l <> last_r"
    )
    swap = f"({turned})" if records.has("first", "last") else ""
    if records.has("first"):
        found.append(_first_name(swap))
    if records.has("last"):
        unknown = _null("last") + (f" OR coalesce({swap}, false)" if swap else "")
        levels = (
            Level("same", _same("last")),
            Level("nearly the same", _near("last")),
            Level("one part the same", _within("last")),
            Level("similar", f"{_far('last')} OR last_sound_l = last_sound_r"),
        )
        found.append(Compared("last_name", SHARED, unknown, levels, "last"))
    if records.has("middle"):
        levels_of_middle = (
            Level("same", _same("middle")),
            Level("short form", f"{_short('middle')} OR {_within('middle')}"),
            Level("similar", _far("middle")),
        )
        found.append(Compared("middle_name", PERSONAL, _null("middle"), levels_of_middle, "middle"))
    if records.has("company"):
        found.append(_company())
    return found


def _first_name(swap: str) -> Compared:
    levels = [Level("same", _same("first"))]
    levels += [Level("first and last name swapped", swap, ordered=False)] if swap else []
    levels += [
        Level("nearly the same", _near("first")),
        Level("short form", f"{_short('first')} OR {_within('first')} OR first_nick_l = first_nick_r"),
        Level("similar", f"{_far('first')} OR first_sound_l = first_sound_r"),
    ]
    return Compared("first_name", PERSONAL, _null("first"), tuple(levels), "first")


def _company() -> Compared:
    levels = (
        Level("same", _same("company")),
        Level("nearly the same", _near("company", jaro=0.95)),
        Level("one part of the other", _within("company")),
        Level("similar", f"{_far('company')} OR list_has_any(company_words_l, company_words_r)"),
    )
    return Compared("company", PERSONAL, _null("company"), levels, "company")


def _birthdays(records: Records) -> list[Compared]:
    found = []
    if records.has("birthday"):
        day = "birthday"
        year, month, of_month = "[1:4]", "[5:6]", "[7:8]"

        def part(where: str) -> str:
            return f"({day}_l{where} = {day}_r{where} AND {day}_l{where} NOT IN ('00', '0000'))"

        two = [(year, month), (year, of_month), (month, of_month)]
        levels = [
            Level("same", f"{_same(day)} AND NOT contains({day}_l[5:8], '00')"),
            Level(
                "day and month swapped", f"{part(year)} AND {day}_l[5:6] = {day}_r[7:8] AND {day}_l[7:8] = {day}_r[5:6]"
            ),
            Level(
                "one figure apart",
                f"damerau_levenshtein({day}_l, {day}_r) = 1 AND NOT contains({day}_l || {day}_r, '0000')",
            ),
            Level("two parts the same", " OR ".join(f"({part(a)} AND {part(b)})" for a, b in two)),
            Level("same year", part(year)),
            Level("day or month the same", f"{part(month)} OR {part(of_month)}"),
        ]
        found.append(Compared("birthday", PERSONAL, _null(day), tuple(levels), day))
    if records.has("age"):
        apart = "abs(try_cast(age_l AS DOUBLE) - try_cast(age_r AS DOUBLE))"
        levels = [
            Level("same", f"{apart} = 0"),
            Level("a year apart", f"{apart} <= 1"),
            Level("a few years apart", f"{apart} <= 3"),
        ]
        unknown = f"({apart}) IS NULL"
        if records.has("birthday"):
            unknown += " OR (birthday_l IS NOT NULL AND birthday_r IS NOT NULL)"
        found.append(Compared("age", PERSONAL, unknown, tuple(levels)))
    return found


def _addresses(records: Records) -> list[Compared]:
    found = []
    if records.has("street"):
        number = records.has("house_number")
        near = _near("street", jaro=0.93)
        same_number = " AND house_number_l = house_number_r" if number else ""
        levels = [Level("same street and number" if number else "same", _same("street") + same_number)]
        if number:
            levels += [
                Level("nearly the same street, same number", near + same_number),
                Level(
                    "same street, number nearly the same or unknown",
                    f"{_same('street')} AND (house_number_l IS NULL OR house_number_r IS NULL OR damerau_levenshtein(house_number_l, house_number_r) <= 1)",
                ),
            ]
        levels += [
            Level("same street" if number else "nearly the same street", _same("street") if number else near),
            Level("similar street", f"{_far('street')} OR {_within('street')}"),
        ]
        found.append(Compared("street", SHARED, _null("street"), tuple(levels), "home" if number else "street"))
    code, city, state = records.has("postcode"), records.has("city"), records.has("state")
    if code or city:
        found.append(_town(code=code, city=city, state=state))
    elif state:
        found.append(Compared("state", SHARED, _null("state"), (Level("same", _same("state")),), "state"))
    return found


def _town(*, code: bool, city: bool, state: bool) -> Compared:
    levels: list[Level] = []
    if code and city:
        levels.append(Level("same postcode and city", f"{_same('postcode')} AND ({_same('city')} OR {_near('city')})"))
    if code:
        levels.append(Level("same postcode", _same("postcode")))
    if city:
        levels.append(Level("same city", _same("city")))
    if code:
        levels.append(
            Level(
                "postcode one figure apart",
                "length(postcode_l) >= 4 AND damerau_levenshtein(postcode_l, postcode_r) <= 1",
            )
        )
    if city:
        levels.append(Level("nearly the same city", f"{_near('city')} OR {_within('city')}"))
    if code:
        levels.append(Level("same area", "postcode_l[1:2] = postcode_r[1:2]"))
    if state:
        levels.append(Level("same state", _same("state")))
    unknown = " AND ".join(f"({_null(name)})" for name, held in (("postcode", code), ("city", city)) if held)
    return Compared("town", SHARED, unknown, tuple(levels), "postcode" if code else "city")


def _numbers(records: Records) -> list[Compared]:
    found = []
    if records.has("email"):
        levels = (
            Level("same", _same("email")),
            Level("same name before the @", "email_name_l = email_name_r AND length(email_name_l) >= 4"),
            Level("nearly the same", f"damerau_levenshtein(email_l, email_r) <= 2 OR {_near('email_name', jaro=0.93)}"),
            Level("similar", _far("email_name")),
        )
        found.append(Compared("email", SHARED, _null("email"), levels, "email"))
    for name, kind in (("phone", SHARED), ("national_id", PERSONAL)):
        if records.has(name):
            slip = Level("one or two figures apart", f"damerau_levenshtein({name}_l, {name}_r) <= 2")
            found.append(Compared(name, kind, _null(name), (Level("same", _same(name)), slip), name))
    return found


def _other(name: str, records: Records) -> Compared:
    values = {text for text in records.fields[name] if text}
    levels = [Level("same", _same(name))]
    if len(values) > 30 and sum(map(len, values)) > 3 * len(values):
        levels += [Level("nearly the same", _near(name)), Level("similar", f"{_far(name)} OR {_within(name)}")]
    return Compared(name, SHARED, _null(name), tuple(levels), name)
