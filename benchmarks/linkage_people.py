# ruff: noqa: PLR2004 (shares of an invented world)
"""Invented people in records of several systems, with known truth: households, movers, slips, namesakes; as many as wanted.

``python benchmarks/linkage_people.py FILE.csv --records 1_000_000`` writes a file for ``geleit identity link FILE --truth true_person``.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from geleit.demo import words
from geleit.demo.people import DOMAINS, plain

COLUMNS = (
    "first_name", "last_name", "birthday", "street", "house_number", "postcode", "city", "email", "phone", "true_person",
)  # fmt: skip
HEADS = [
    "Acker",
    "Birken",
    "Brunnen",
    "Buchen",
    "Eichen",
    "Erlen",
    "Feld",
    "Garten",
    "Hof",
    "Kirch",
    "Linden",
    "Mühl",
    "Rosen",
    "Schul",
    "Tal",
    "Ufer",
    "Wald",
    "Wiesen",
]
TAILS = [
    "allee",
    "anger",
    "berg",
    "bruch",
    "damm",
    "graben",
    "grund",
    "pfad",
    "ring",
    "steig",
    "straße",
    "weg",
    "winkel",
]
ONSETS = [
    "B",
    "Br",
    "D",
    "Dr",
    "F",
    "Fr",
    "G",
    "Gr",
    "H",
    "J",
    "K",
    "Kl",
    "Kr",
    "L",
    "M",
    "N",
    "P",
    "R",
    "S",
    "Sch",
    "Schl",
    "Schm",
    "St",
    "T",
    "Tr",
    "V",
    "W",
    "Z",
]
MIDDLES = ["a", "e", "i", "o", "u", "ä", "ö", "ü", "ei", "au"]
CODAS = [
    "ber",
    "ck",
    "del",
    "der",
    "fer",
    "gel",
    "ger",
    "hardt",
    "hold",
    "ke",
    "ler",
    "lich",
    "mann",
    "mer",
    "ner",
    "nke",
    "rich",
    "ring",
    "ser",
    "ster",
    "ter",
    "to",
    "wald",
    "witz",
    "zel",
]
SYSTEMS = (70, 22, 8)  # of a hundred people, how many stand in one, two, three records
MOVED, TYPO, MISSING = 0.12, 0.08, 0.06  # shares of records


class Inventor:
    """Households of one to five, who share a last name, an address and sometimes an e-mail or a landline."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        coined = ["".join(parts) for parts in product(ONSETS, MIDDLES, CODAS)]
        self.chance.shuffle(coined)
        self.last = _ranked([*words.listed("family").tolist(), *coined], 0.75)
        self.female = _ranked(words.listed("female").tolist(), 0.6)
        self.male = _ranked(words.listed("male").tolist(), 0.6)
        self.streets = [head + tail for head, tail in product(HEADS, TAILS)]
        codes, towns = words.places()
        self.places = [
            (f"{int(code) + step * 7:05d}", town) for code, town in zip(codes, towns, strict=True) for step in range(20)
        ]
        self.people = 0

    def records(self) -> Iterator[list[str]]:
        """One household after another, for ever."""
        while True:
            yield from self._household()

    def _household(self) -> Iterator[list[str]]:
        chance = self.chance
        last, home, phone = self._drawn(self.last), self._address(), self._number("561")
        born = chance.randrange(1935, 2003)
        shared = chance.random() < 0.08
        size = chance.choices((1, 2, 3, 4, 5), (45, 33, 11, 8, 3))[0]
        mail = ""
        for place in range(size):
            first = self._drawn(self.female if chance.random() < 0.5 else self.male)
            name = last if chance.random() < 0.9 else self._drawn(self.last)
            year = born + chance.randrange(-4, 5) + (27 if place > 1 else 0)
            birthday = f"{min(year, 2008)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
            if not (mail and shared):
                mail = self._mail(first, name)
            own = phone if chance.random() < 0.35 else self._number("151")
            self.people += 1
            person = [first, name, birthday, *home, mail, own, str(self.people)]
            for _ in range(chance.choices((1, 2, 3), SYSTEMS)[0]):
                yield self._record(person)

    def _record(self, person: list[str]) -> list[str]:
        chance, row = self.chance, list(person)
        if chance.random() < MOVED:
            row[3:7] = self._address()
        if chance.random() < 0.04:
            row[1] = self._drawn(self.last)  # married
        if chance.random() < 0.2:
            row[7] = self._mail(row[0], row[1])
        if chance.random() < 0.25:
            row[8] = self._number("160")
        for place in range(9):
            drawn = chance.random()
            if drawn < MISSING * (4 if place in {2, 7, 8} else 1) and place > 1:
                row[place] = ""
            elif drawn > 1 - TYPO and row[place]:
                row[place] = self._slip(row[place], figures=place in {2, 4, 5, 8})
        return row

    def _slip(self, text: str, *, figures: bool) -> str:
        """One letter left out, doubled, exchanged with the next, or (a figure) another."""
        where = self.chance.randrange(len(text))
        if figures:
            return (
                text[:where]
                + (self.chance.choice("0123456789") if text[where].isdigit() else text[where])
                + text[where + 1 :]
            )
        kind = self.chance.randrange(3)
        if kind == 0:
            return text[:where] + text[where + 1 :] or text
        if kind == 1:
            return text[: where + 1] + text[where:]
        return text[:where] + text[where : where + 2][::-1] + text[where + 2 :]

    def _address(self) -> list[str]:
        code, town = self.places[int(len(self.places) * self.chance.random() ** 1.5)]
        return [self.chance.choice(self.streets), str(self.chance.randrange(1, 140)), code, town]

    def _mail(self, first: str, last: str) -> str:
        chance = self.chance
        local = chance.choice(("{f}.{n}", "{i}.{n}", "{f}.{n}{y}", "{n}{y}", "{f}{y}"))
        return f"{local.format(f=plain(first), i=plain(first)[:1], n=plain(last), y=chance.randrange(1, 100))}@{chance.choice(DOMAINS)}"

    def _number(self, area: str) -> str:
        return f"+49{area}{self.chance.randrange(10**6, 10**7)}"

    def _drawn(self, ranked: tuple[list[str], list[float]]) -> str:
        names, sums = ranked
        return self.chance.choices(names, cum_weights=sums)[0]


def _ranked(names: list[str], falling: float) -> tuple[list[str], list[float]]:
    """Names with the running sum of how frequent each is: the first ones the most."""
    sums, total = [], 0.0
    for place in range(len(names)):
        total += 1 / (place + 5) ** falling
        sums.append(total)
    return names, sums


def write(file: Path, records: int, seed: int = 7) -> int:
    """So many records as CSV; returns how many people are behind them."""
    inventor = Inventor(seed)
    rows = inventor.records()
    with file.open("w", newline="", encoding="utf-8") as to:
        out = csv.writer(to)
        out.writerow(COLUMNS)
        out.writerows(row for row, _ in zip(rows, range(records), strict=False))
    return inventor.people


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--records", type=int, default=100_000)
    asked = parser.parse_args()
    print(f"{asked.records:,} records of {write(asked.file, asked.records):,} people in {asked.file}")
