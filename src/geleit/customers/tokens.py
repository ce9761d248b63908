"""Words by which a customer is found: folded so that Müller, Mueller and Muller find each other."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec
import phonenumbers

from geleit.events.event import Event
from geleit.identity.rules import class_of

LONGEST = 40
MOST = 60  # words kept of one text
NAME = 400  # letters up to which a text may be a name that comes again: whole letters are not remembered
NAMES = ("first_name", "last_name", "name", "company", "city")
SPEAKING = frozenset(("need_opened", "question_asked", "complaint_opened", "expectation_stated", "criterion_stated"))
SILENT = ("anonymous_id", "device_id")  # numbers that no person ever types
# Germany, Austria, Switzerland: behind the code stands the number as it is, so no library need take it apart.
PLAIN_PHONE = re.compile(r"\+(49|43|41)[1-9][0-9]{6,11}")
DOUBLED = re.compile("[aou]e")  # may stand for an umlaut
GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
WORD = re.compile(r"[^\W_]+")

Words = tuple[str, ...]

_json = msgspec.json.Encoder(order="deterministic")


@lru_cache(maxsize=65_536)
def fold(word: str) -> Words:
    """The forms under which a word is kept and looked for, the German one first.

    >>> fold("Müller"), fold("Mueller"), fold("Muller"), fold("Jérôme")
    (('mueller', 'muller'), ('mueller', 'muller'), ('muller',), ('jerome',))
    """
    lower = word.casefold()
    if lower.isascii() and not DOUBLED.search(lower):
        return (lower[:LONGEST],) if lower else ()
    german = _plain(unicodedata.normalize("NFC", lower).translate(GERMAN))
    short = german.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    return tuple(dict.fromkeys(form[:LONGEST] for form in (german, _plain(lower), short) if form))


def _plain(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def of_text(text: str) -> Words:
    """The tokens of a text, each once and in order, at least two characters each."""
    return _of_name(text) if len(text) <= NAME else tuple(sorted(_words(text)))


@lru_cache(maxsize=16_384)  # names of products and cities come again and again
def _of_name(text: str) -> Words:
    return tuple(sorted(_words(text)))


def _words(text: str) -> set[str]:
    words = (one[0] for one in islice(WORD.finditer(text), MOST))
    return {form for word in words for form in fold(word) if len(form) > 1}


@lru_cache(maxsize=16_384)
def text_key(words: Words) -> int:
    """The name of a text: 60 bits of a hash of its words."""
    return int(hashlib.sha256("\0".join(words).encode()).hexdigest()[:15], 16)


def written(value: object) -> str:
    """A value as text; what has parts as JSON, which is the same whether it just came or was read from the archive.

    >>> written(17), written({"en": "lamp", "de": None})
    ('17', '{"de":null,"en":"lamp"}')
    """
    return _json.encode(value).decode() if isinstance(value, Mapping | list | tuple) else str(value)


def of_event(event: Event, kind: str) -> set[tuple[Words, str]]:
    """(tokens of a text, what it is): name, number, words (said), product, or text (of the record)."""
    traits, properties = event.traits, event.properties
    found = {(of_text(written(traits[name])), "name") for name in NAMES if traits.get(name)} if traits else set()
    if properties:
        if number := properties.get("order_id"):
            found.add((of_text(written(number)), "number"))
        said = [properties.get("words")]
        if kind in SPEAKING:
            said += [properties.get("text"), properties.get("criterion")]
        elif text := properties.get("text"):
            found |= {(words, "text") for words in _of_said(text)}
        found |= {(words, "words") for text in said if text for words in _of_said(text)}
        found |= {(of_text(name), "product") for name in _products(event, kind) if name}
    return {(words, field) for words, field in found if words}


def _products(event: Event, kind: str) -> Iterator[str]:
    """Names of the products that an event is about."""
    lines = event.properties.get("products")
    for line in lines if isinstance(lines, (list, tuple)) else ():
        if isinstance(line, Mapping):
            yield written(line.get("name") or "")
    yield written(event.properties.get("product_name") or "")
    if kind.startswith("product_"):
        yield written(event.properties.get("name") or "")


def _of_value(class_: str, value: str) -> set[tuple[str, str]]:
    """The tokens of an identifier: the whole of it, and its parts."""
    if class_ == "phone":
        return {(form, "phone") for form in phone_forms(value)}
    said, why = (value.partition("@")[0], "email") if class_ == "email" else (value, "number")
    lower = said.lower()
    if lower.isascii() and not DOUBLED.search(lower):  # as nearly all are: no form but itself
        parts = [word[:LONGEST] for word in WORD.findall(lower)[:MOST] if len(word) > 1]
    else:
        parts = [*_words(said)]
    return {(token, why) for token in (*parts, value.casefold()[:LONGEST])}


def of_identifiers(rows: Iterable[Sequence[Any]]) -> list[tuple[str, int, str]]:
    """(token, ledger id, what it is) of identifiers (ledger id, type, value, ...), in the order in which the ledger keeps them.

    Numbers that no person ever types have none.
    """
    classes: dict[str, str] = {}
    found: list[tuple[str, int, str]] = []
    for number, type_, value, *_ in rows:
        class_ = classes.get(type_) or classes.setdefault(type_, class_of(type_))
        if class_ not in SILENT:
            found += [(token, number, why) for token, why in _of_value(class_, value)]
    found.sort()
    return found


def _of_said(text: object) -> Iterator[Words]:
    for one in text.values() if isinstance(text, Mapping) else [text]:
        yield of_text(written(one or ""))


def phone_forms(value: str) -> set[str]:
    """Digits of a number as people write it: with country code, and with a leading zero.

    >>> sorted(phone_forms("+495614482"))
    ['05614482', '495614482']
    """
    if PLAIN_PHONE.fullmatch(value):
        return {value[1:], f"0{value[3:]}"}
    digits = re.sub(r"\D", "", value)
    forms = {digits}
    with suppress(phonenumbers.NumberParseException):
        forms.add(f"0{phonenumbers.parse(value).national_number}")
    return {form[:LONGEST] for form in forms if len(form) > 1}
