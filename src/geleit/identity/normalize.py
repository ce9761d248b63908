"""Writes an identifier the one way it is compared: e-mail in small letters, phone as E.164, ids trimmed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import phonenumbers

from geleit.events.event import Event, Identifier, Refused
from geleit.identity.rules import Rules

LONGEST = 400
TOLD = LONGEST  # letters of a refused value that are kept
RefusalReason = Literal["empty", "blocked", "too_long"]

# Control characters and the invisible marks that exports leave at the ends of values.
INVISIBLE = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]")
ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]{2,}")
# Plain values of each class, for RE2: nothing to trim, to fold, to block. Germany, Austria and Switzerland write 0 before
# a number only inside the country, so a number behind their code that begins otherwise is complete.
PLAIN_ADDRESS = r"^[a-z0-9][a-z0-9._+-]*@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z]+$"
PLAIN_NUMBER = r"^\+(49|43|41)[1-9][0-9]{6,11}$"
PLAIN_ID = r"^([1-9][\w.@+:/=|-]*|[A-Za-z0][\w.@+:/=|-]*[1-9][\w.@+:/=|-]*)$".replace(r"\w", "A-Za-z0-9_")
PLAIN_LONGEST = 100  # bytes; the patterns say nothing of length, for counting would make them slow
NEVER = "^$."
E164 = re.compile(r"\+[1-9][0-9]{3,14}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An identifier that is left out because it points at nobody, in its one form as far as it has one."""

    identifier: Identifier
    reason: RefusalReason

    @property
    def told(self) -> tuple[Refused, ...]:
        """As the event keeps it. An empty value is none, and nothing is told of it."""
        if self.reason == "empty":
            return ()
        return ((self.identifier.type, self.identifier.value[:TOLD], self.reason),)


def normalize(identifier: Identifier, rules: Rules, region: str = "") -> Identifier | Refusal:
    """The identifier in its one form, or why it is left out.

    ``region`` is the country (``DE``) that phone numbers without a country code are read in. What is no e-mail address
    or phone number keeps its text: it stays an identifier of its type but links nobody (``malformed``).

    >>> normalize(Identifier("email", " mailto:Anna.Berg@Example.ORG"), Rules())
    Identifier(type='email', value='anna.berg@example.org')
    >>> normalize(Identifier("phone", "0171 / 555 01 23"), Rules(), "DE").value
    '+491715550123'
    """
    type_ = identifier.type.strip()
    value = bare(identifier.value)
    if not value:
        return Refusal(identifier, "empty")
    kind = rules.of(type_).class_
    form = _address(value) if kind == "email" else _number(value, region) if kind == "phone" else value
    found = Identifier(type_, form)
    if rules.blocks(Identifier(type_, value)) or rules.blocks(found):
        return Refusal(found if form else Identifier(type_, value), "blocked")
    return found if len(form) <= LONGEST else Refusal(found, "too_long")


def bare(value: str) -> str:
    """A value without blanks and invisible marks around it."""
    if value.isascii() and value.isprintable():  # as nearly all are
        return value.strip()
    return INVISIBLE.sub("", unicodedata.normalize("NFC", value)).strip()


def plain(type_: str, rules: Rules) -> str:
    """A pattern of values of up to PLAIN_LONGEST bytes that ``normalize`` surely leaves as they are, for whole columns.

    >>> import re
    >>> re.match(plain("email", Rules()), "ada@example.org") is not None
    True
    """
    rule = rules.of(type_)
    if rules.definition.blocked or rule.blocked or type_ != type_.strip():
        return NEVER
    return {"email": PLAIN_ADDRESS, "phone": PLAIN_NUMBER}.get(rule.class_, PLAIN_ID)


def normalize_all(
    identifiers: Iterable[Identifier], rules: Rules, region: str = ""
) -> tuple[tuple[Identifier, ...], tuple[Refusal, ...]]:
    """One event's identifiers, normalised, each once, in canonical order; and those left out."""
    kept: set[Identifier] = set()
    refused: list[Refusal] = []
    for identifier in identifiers:
        found = normalize(identifier, rules, region)
        if isinstance(found, Refusal):
            refused.append(found)
        else:
            kept.add(found)
    return tuple(sorted(kept)), tuple(refused)


def settled(event: Event, rules: Rules, region: str = "") -> tuple[tuple[Identifier, ...], tuple[Refused, ...]]:
    """An event's identifiers in their one form, and those that were refused, now or before."""
    kept, refusals = normalize_all(event.identifiers, rules, region)
    if not refusals:
        return kept, event.refused
    told = {one for refusal in refusals for one in refusal.told}
    return kept, tuple(sorted({*event.refused, *told}))


def malformed(identifier: Identifier, rules: Rules) -> bool:
    """Whether a normalised e-mail or phone is none: it is kept and found, but links nobody."""
    kind = rules.of(identifier.type).class_
    if kind == "email":
        return ADDRESS.fullmatch(identifier.value) is None
    return kind == "phone" and E164.fullmatch(identifier.value) is None


def _address(value: str) -> str:
    """A mail address without its dress; lower, not casefold: straße.de and strasse.de are two domains."""
    plainly = value.lower().removeprefix("mailto:").split("?", 1)[0].strip()
    if plainly.endswith(">") and "<" in plainly:
        plainly = plainly[plainly.rindex("<") + 1 : -1]
    return plainly.strip(" \"'.,;")


@lru_cache(maxsize=65_536)
def _number(value: str, region: str) -> str:
    try:
        number = phonenumbers.parse(value, region or None)
    except phonenumbers.NumberParseException:
        return value
    if not phonenumbers.is_possible_number(number):
        return value
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if number.italian_leading_zero and found != value and _number(found, region) != found:
        return value  # +49 000 000 is no number: each reading would take a zero off, and an event is read twice
    return found
