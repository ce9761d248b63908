"""Recognizes what the columns of an unknown file hold, by heading and by content."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geleit.identity.linkage.dates import birthday
from geleit.identity.linkage.headings import ROW_NUMBER, heading, role_of_heading
from geleit.identity.linkage.spelling import LEGAL_FORMS, is_nothing, plain

SAMPLE = 2000  # distinct values whose shape is looked at
SURE = 0.8  # share of values that must have a shape
FEW = 30  # distinct values of a column of kinds
CROWD = 10  # records that share a value before it counts as a group and not as one person
LONG = 80  # letters on average from which a column is running text
_FIRM_SHARE = 0.2
_TIMES = re.compile(
    r"(^|_)(created|updated|modified|timestamp|time|zeit|erstellt|geaendert|date|datum|since|seit|year|jahr|tax_year)(_|$)"
)
_AMOUNTS = re.compile(
    r"wage|income|amount|lohn|betrag|gehalt|umsatz|preis|price|salary|total|balance|score|count|anzahl|number_of"
)
_GENDERS = frozenset(
    [
        "m",
        "f",
        "w",
        "d",
        "male",
        "female",
        "maennlich",
        "mannlich",
        "weiblich",
        "herr",
        "frau",
        "divers",
        "mr",
        "mrs",
        "ms",
        "u",
    ]
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its role (``first``, ``birthday``, ``other`` ...; empty where it is left out) and why."""

    name: str
    role: str
    why: str
    filled: float  # share of rows with a value
    distinct: int


def recognize(table: pa.Table, kept_out: Sequence[str] = ()) -> list[Column]:
    """The role of every column but those kept out (the truth, which must never be seen)."""
    columns = [_recognized(table, name) for name in table.column_names if name not in kept_out]
    return list(_one_of_a_kind(columns))


def _recognized(table: pa.Table, name: str) -> Column:
    values = filled_values(table[name])
    total = max(table.num_rows, 1)
    counted = pc.value_counts(values)
    distinct = len(counted)
    share = len(values) / total
    if not distinct:
        return Column(name, "", "empty", share, 0)
    sample = counted.field("values")[:: max(1, distinct // SAMPLE)].to_pylist()
    role, why = _role(name, sample, distinct, len(values))
    if distinct == 1 and role and len(values) == total > 1:
        role, why = "", "the same everywhere"
    return Column(name, role, why, share, distinct)


def filled_values(column: pa.ChunkedArray) -> pa.Array:
    """The values of a column that say something."""
    found = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = found.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    empty = pa.array([word is None or is_nothing(word) for word in words], pa.bool_())
    plainly = encoded.drop_null()
    if not len(words):
        return pa.array([], pa.string())
    return plainly.dictionary.take(plainly.indices).filter(pc.invert(empty.take(plainly.indices)))


def _role(name: str, sample: list[str], distinct: int, filled: int) -> tuple[str, str]:
    plain_name = heading(name)
    role = role_of_heading(name)
    unique = distinct > 0.98 * filled and filled > 1
    if (
        ROW_NUMBER.search(plain_name)
        and role not in {"national_id", "email", "phone", "place"}
        and not (role == "house_number" and not unique)
    ):
        return "", "a number of the system's own"
    if role == "full_name" and _share(sample, _is_firm) > _FIRM_SHARE:
        return "company", "heading and legal forms"
    if role == "birth_day" and _share(sample, lambda value: bool(birthday(value)) and len(value) > 4) > SURE:
        return "birthday", "heading and dates"
    if role in {"birthday", "age"} and not any(re.search(r"\d", value) for value in sample):
        return _shape(plain_name, sample, distinct, filled)
    if role:
        return role, "heading"
    return _shape(plain_name, sample, distinct, filled)


def _shape(name: str, sample: list[str], distinct: int, filled: int) -> tuple[str, str]:
    """The role of a column whose heading says nothing."""
    if _share(sample, lambda value: bool(re.fullmatch(r"[^@\s]+@[^@\s]+", value.strip()))) > SURE:
        return "email", "content"
    if distinct <= 6 and _share(sample, lambda value: plain(value) in _GENDERS) == 1:
        return "gender", "content"
    if _share(sample, lambda value: bool(re.fullmatch(r"[+0(][\d\s()/.-]{6,}", value.strip()))) > SURE:
        return "phone", "content"
    if _TIMES.search(name) or _AMOUNTS.search(name):
        return "", "a time or an amount"
    if _share(sample, _is_lifelike_date) > SURE:
        return "birthday?", "content"
    if (
        distinct > 0.98 * filled
        and filled > 20
        and _share(sample, lambda value: bool(re.fullmatch(r"\S*\d\S*", value.strip()))) > SURE
    ):
        return "", "a number of the system's own"
    if sum(map(len, sample)) > LONG * len(sample):
        return "", "running text"
    if (
        distinct > FEW
        and _share(sample, lambda value: bool(re.fullmatch(r"[^\W\d]+([ '.-]+[^\W\d]+){1,3}", value.strip()))) > SURE
    ):
        return "full_name?", "content"
    return "other", "content"


def _is_lifelike_date(value: str) -> bool:
    read = birthday(value)
    return len(value.strip()) >= 8 and bool(read) and "1850" < read[:4] < "2026"


def _is_firm(value: str) -> bool:
    return any(
        word in LEGAL_FORMS - {"und", "and", "se", "as", "mit", "co", "company"} for word in plain(value).split()
    )


def _share(sample: Sequence[str], holds: object) -> float:
    return sum(bool(holds(value)) for value in sample) / max(len(sample), 1)  # type: ignore[operator]


def _one_of_a_kind(columns: list[Column]) -> Iterator[Column]:
    """A guess by content alone is taken only where no heading has the role."""
    known = {column.role for column in columns}
    for column in columns:
        role = column.role
        if role == "birthday?":
            role = "other" if known & {"birthday", "birth_year"} else "birthday"
        elif role == "full_name?":
            role = "other" if known & {"full_name", "last", "first", "company"} else "full_name"
        yield Column(column.name, role, column.why, column.filled, column.distinct)


def depends_on(inner: np.ndarray, outer: np.ndarray) -> bool:
    """Whether the outer column says nearly all of the inner one (codes, -1 is empty): then both are one piece of evidence."""
    both = (inner >= 0) & (outer >= 0)
    if both.sum() < 100 or both.sum() < CROWD * len(np.unique(outer[both])):
        return False  # groups this small are the records of one person, of whom everything is a function
    a, b = inner[both].astype(np.int64), outer[both].astype(np.int64)
    pairs, counts = np.unique(b * (a.max() + 1) + a, return_counts=True)
    owners = pairs // (a.max() + 1)
    best = np.zeros(int(b.max()) + 1, np.int64)
    np.maximum.at(best, owners, counts)
    sizes = np.bincount(b, minlength=len(best))
    repeated = sizes > 1
    if sizes[repeated].sum() < 0.3 * both.sum():
        return False
    common = np.bincount(a).max() / both.sum()
    share = best[repeated].sum() / sizes[repeated].sum()
    return bool(share > 1 - 0.1 * (1 - common))
