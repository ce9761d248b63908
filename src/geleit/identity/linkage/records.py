"""Turns unknown files into records of one form: name, birthday, address, numbers, other words, each in its normal form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geleit.identity.linkage import dates, spelling
from geleit.identity.linkage.columns import Column, depends_on

OTHERS = 8  # other columns used at most
Texts = list[str]
_ONE_VALUE: dict[str, Callable[[str], str]] = {
    "first": spelling.person_name,
    "last": spelling.person_name,
    "middle": spelling.person_name,
    "second_last": spelling.person_name,
    "former_name": spelling.person_name,
    "company": spelling.company,
    "email": spelling.email,
    "phone": spelling.phone,
    "national_id": spelling.code,
    "street": spelling.street,
    "house_number": spelling.house_number,
    "postcode": spelling.postcode,
    "city": spelling.folded,
    "state": spelling.plain,
    "country": spelling.plain,
    "gender": spelling.gender,
    "age": spelling.code,
    "unit": spelling.plain,
    "address_more": spelling.plain,
    "place": spelling.folded,
    "other": spelling.plain,
}
_EXTRA = ("second_last", "former_name", "address_more", "unit", "place", "country", "other")


@dataclass(slots=True)
class Records:
    """Normal forms by field, one text per record, empty where unknown; ``extra`` names the fields that no rule knows."""

    count: int
    fields: dict[str, Texts] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        """Whether all these fields hold something."""
        return all(any(self.fields.get(name, ())) for name in names)


def normalized(table: pa.Table, columns: Sequence[Column]) -> Records:
    """The records of a table in normal form."""
    records = Records(table.num_rows)
    by_role: dict[str, list[str]] = {}
    for column in sorted(columns, key=lambda one: -one.filled):
        by_role.setdefault(column.role, []).append(column.name)
    for role, change in _ONE_VALUE.items():
        if role in by_role and role not in _EXTRA:
            records.fields[role] = _first_filled([_changed(table[name], change) for name in by_role[role]])
    _names(records, table, by_role)
    _birthdays(records, table, by_role)
    _addresses(records, table, by_role)
    _extras(records, table, by_role)
    records.fields = {
        name: texts for name, texts in records.fields.items() if len(set(texts)) > 1 or table.num_rows <= 1
    }
    records.extra = [name for name in records.extra if name in records.fields]
    return records


def _changed(column: pa.ChunkedArray, change: Callable[[str], str]) -> Texts:
    """Each value changed, each distinct value once."""
    encoded = column.combine_chunks().dictionary_encode()
    words = encoded.dictionary.to_pylist()
    changed = np.array([_safe(change, word) for word in words] + [""], object)
    places = pc.fill_null(encoded.indices, len(words)).to_numpy()
    return list(changed[places])


def _safe(change: Callable[[str], str], word: str | None) -> str:
    return "" if word is None or spelling.is_nothing(word) else change(word)


def _first_filled(columns: Sequence[Texts]) -> Texts:
    first, *others = columns
    for other in others:
        first = [a or b for a, b in zip(first, other, strict=True)]
    return first


def _names(records: Records, table: pa.Table, by_role: dict[str, list[str]]) -> None:
    whole = by_role.get("full_name", [])
    if not whole:
        return
    # The shortest full name splits best: titles and offices stand in the longer ones.
    parts = [[part.split("\x1f") for part in _changed(table[name], _joined_split)] for name in whole]
    parts.sort(key=lambda rows: sum(len(row[1]) for row in rows if len(row) > 1))
    blank = [""] * records.count
    first, last = records.fields.get("first", blank), records.fields.get("last", blank)
    middle = records.fields.get("middle", blank)
    split = parts[0]
    records.fields["first"] = [a or row[0] for a, row in zip(first, split, strict=True)]
    records.fields["last"] = [a or (row[2] if len(row) > 2 else "") for a, row in zip(last, split, strict=True)]
    longest = parts[-1]
    known = zip(middle, longest, records.fields["first"], records.fields["last"], strict=True)
    records.fields["middle"] = [a or _rest(row, one, other) for a, row, one, other in known]


def _joined_split(text: str) -> str:
    return "\x1f".join(spelling.split_name(text))


def _rest(row: list[str], first: str, last: str) -> str:
    spoken = set(first.split()) | set(last.split())
    return " ".join(word for word in " ".join(row).split() if word not in spoken)


def _birthdays(records: Records, table: pa.Table, by_role: dict[str, list[str]]) -> None:
    read: list[Texts] = []
    for name in by_role.get("birthday", []):
        sample = table[name].slice(0, 5000).drop_null().to_pylist()
        lead = dates.day_first(sample)
        read.append(_changed(table[name], lambda text, lead=lead: dates.birthday(text, day_leads=lead)))  # type: ignore[misc]
    blank = [""] * records.count
    parts = [
        _first_filled([_changed(table[name], str.strip) for name in by_role[role]]) if role in by_role else blank
        for role in ("birth_year", "birth_month", "birth_day")
    ]
    if any(part is not blank for part in parts):
        read.append([dates.of_parts(*row) for row in zip(*parts, strict=True)])
    if read:
        records.fields["birthday"] = _first_filled(read)


def _addresses(records: Records, table: pa.Table, by_role: dict[str, list[str]]) -> None:
    names = by_role.get("street", [])
    if not names:
        return
    if "house_number" not in records.fields:
        both = [[row.split("\x1f") for row in _changed(table[name], _joined_street)] for name in names]
        joined = [
            _first_filled([[row[place] if len(row) > place else "" for row in rows] for rows in both])
            for place in (0, 1)
        ]
        records.fields["street"], records.fields["house_number"] = joined
    if "postcode" not in records.fields and any(
        any("," in (v or "") for v in table[n].slice(0, 1000).to_pylist()) for n in names
    ):
        _one_line_addresses(records, table, names[0])


def _joined_street(text: str) -> str:
    name, number = spelling.split_street(text)
    return f"{spelling.street(name)}\x1f{spelling.house_number(number)}"


def _one_line_addresses(records: Records, table: pa.Table, name: str) -> None:
    """``Hauptstr. 5, 12345 Berlin`` in one column."""
    rows = [row.split("\x1f") for row in _changed(table[name], _joined_line)]
    for place, role in enumerate(("street", "house_number", "postcode", "city")):
        found = [row[place] if len(row) > place else "" for row in rows]
        records.fields[role] = (
            _first_filled([found, records.fields[role]]) if role in records.fields and place > 1 else found
        )


def _joined_line(text: str) -> str:
    head, _, tail = text.partition(",")
    words = tail.split()
    figures = next((word for word in words if word.isdigit() and 4 <= len(word) <= 6), "")
    town = " ".join(word for word in words if word != figures)
    return "\x1f".join((_joined_street(head), spelling.postcode(figures), spelling.folded(town)))


def _extras(records: Records, table: pa.Table, by_role: dict[str, list[str]]) -> None:
    """Fields that no rule knows: kept when they add something that no other field says already."""
    found: list[tuple[float, str, Texts]] = []
    for role in _EXTRA:
        for place, name in enumerate(by_role.get(role, [])):
            texts = _changed(table[name], _ONE_VALUE[role])
            label = role if role != "other" and not place else f"x{len(found)}"
            found.append((_surprise(texts), label, texts))
    found.sort(key=lambda one: -one[0])
    taken = {name: _codes(texts) for name, texts in records.fields.items()}
    for surprise, label, texts in found:
        codes = _codes(texts)
        said = any(depends_on(codes, other) for other in taken.values())
        if surprise > 0.05 and not said and len(records.extra) < OTHERS:
            records.fields[label] = texts
            records.extra.append(label)
            taken[label] = codes


def _codes(texts: Iterable[str]) -> np.ndarray:
    encoded = pa.array([text or None for text in texts], pa.string()).dictionary_encode()
    return np.asarray(pc.fill_null(encoded.indices, -1).to_numpy())


def _surprise(texts: Sequence[str]) -> float:
    """Entropy in bits, times the share of records that say something."""
    codes = _codes(texts)
    counts = np.bincount(codes[codes >= 0])
    shares = counts[counts > 0] / max(counts.sum(), 1)
    return float(-(shares * np.log2(shares)).sum() * (codes >= 0).mean()) if len(shares) else 0.0
