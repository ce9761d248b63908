"""The words of the example: names, products and sentences, read from words/."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from geleit.demo.rows import Array, texts

FOLDER = Path(__file__).parent / "words"
NOTHING: dict[str, str] = {}
Said = tuple[str, str]  # German, English


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of appliance with its grammar and its products."""

    id: str
    de: str
    en: str
    plural: str
    thema: str
    weight: float
    large: bool
    serial: str
    grammar: dict[str, str]
    products: tuple[int, ...]
    chances: Array

    def say(self, part: dict[str, str], extra: dict[str, str] = NOTHING) -> Said:
        """A part of a sentence about this appliance, in both languages."""
        return part["de"].format(**self.grammar, **extra), part["en"].format(**self.grammar, **extra)


@dataclass(frozen=True, slots=True)
class Products:
    """The catalogue as columns, in the order of the file; ``cents`` are prices."""

    topic: Array
    id: Array
    name: Array
    cents: Array


@cache
def read(name: str) -> Any:
    """One file of words."""
    return YAML(typ="safe", pure=True).load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def listed(name: str) -> Array:
    """One block of names; _ stands for a blank."""
    return texts([word.replace("_", " ") for word in read("names")[name].split()])


@cache
def places() -> tuple[Array, Array]:
    """Postal codes and their towns."""
    pairs = [str(place).split("=") for place in listed("places")]
    return texts([code for code, _ in pairs]), texts([town for _, town in pairs])


@cache
def firms() -> Array:
    """Names of firms, each once."""
    return texts(
        [f"{one['kind']} {name.replace('_', ' ')}" for one in read("names")["firms"] for name in one["names"].split()]
    )


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with (FOLDER / "products.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, delimiter=";"))


@cache
def products() -> Products:
    """The catalogue; topics by their number."""
    ids = list(read("catalogue"))
    return Products(
        np.array([ids.index(row["topic"]) for row in _rows()]),
        texts([row["id"] for row in _rows()]),
        texts([row["name"] for row in _rows()]),
        np.array([round(float(row["price"]) * 100) for row in _rows()]),
    )


@cache
def topics() -> tuple[Topic, ...]:
    """The kinds of appliance, by their number."""
    found = []
    for id_, about in read("catalogue").items():
        own = [place for place, row in enumerate(_rows()) if row["topic"] == id_]
        chances = np.array([float(_rows()[place]["weight"]) for place in own])
        found.append(
            Topic(
                id_,
                about["de"],
                about["en"],
                about["plural"],
                about["thema"],
                float(about["weight"]),
                bool(about["large"]),
                about["serial"],
                _grammar(about),
                tuple(own),
                np.cumsum(chances / chances.sum()),
            )
        )
    return tuple(found)


def _grammar(about: dict[str, str]) -> dict[str, str]:
    der, name = about["der"], about["de"]
    ending = {"die": "", "der": "n", "das": "s"}[der]
    return {
        "Name": name,
        "name": about["en"],
        "der": der,
        "Der": der.capitalize(),
        "den": {"die": "die", "der": "den", "das": "das"}[der],
        "des": f"der {name}" if der == "die" else f"des {name}s",
        "rel": der,
        "eine": about["eine"],
        "a": "an" if about["en"][0] in "aeiou" else "a",
        "leise": f"leise{ending}",
        "gute": f"gute{ending}",
    }


@cache
def sayings(*path: str) -> tuple[dict[str, str], ...]:
    """Parts of sentences at a place of sentences.yaml."""
    found = read("sentences")
    for step in path:
        found = found[step]
    return tuple(found) if isinstance(found, list) else (found,)


@cache
def needs_said(topic: int, trigger: str) -> tuple[Said, ...]:
    """Every way to say a need for one kind of appliance: each beginning with each ending."""
    about = topics()[topic]
    endings = sayings("ending", "gift") if trigger == "gift" else sayings("ending", "any")
    if about.large and trigger != "gift":
        endings += sayings("ending", "large")
    return tuple(
        (f"{begin[0]}{end['de']}", f"{begin[1]}{end['en']}")
        for begin in (about.say(part) for part in sayings("need", trigger))
        for end in endings
    )
