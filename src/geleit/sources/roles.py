"""What the columns of an export seem to be, by their names (German and English) and by how their values look."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from geleit.events.kinds import snake
from geleit.sources.expression import ExpressionError, check
from geleit.sources.sample import SAMPLE, Sample
from geleit.sources.time_forms import Form, form_of
from geleit.sources.times import TimeError, TimeReader

WELL = 0.5  # of the values that the best filled column of a role has
MOSTLY = 0.8  # share of filled values that must look alike
EMAIL = re.compile(r"[^@\s{}\[\]\"]+@[^@\s{}\[\]\"]+\.[^@\s{}\[\]\"]+")
PHONE = re.compile(r"\+?[\d ()/.-]{6,20}")
DIALLED = re.compile(r"(\+|00)[1-9][\d ()/.-]{7,20}")
CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?", re.IGNORECASE)
AMOUNT = re.compile(r"-?[\d., ]*\d(?:[.,]\d+)?\s*(?:€|EUR|USD|CHF)?")
LETTERS = re.compile(r"[^\W\d_]{3}")
KINDS_MOST = 60  # different names that a column of kinds has at most

# What a column is, by words in its name (German and English).
NUMBERED = r"_?(id|nr|no|number|nummer|key|code)?$"
NAMED: tuple[tuple[str, str], ...] = (
    ("case", r"^case_concept_name$|^(case|fall|vorgangs?)_?(id|nr|no|number|nummer|key)$"),
    ("event", r"^concept_name$"),
    (
        "order",
        r"(^|_)(order|bestell(ungs?)?|auftrags?|rechnungs?|invoice|bon|belegs?|receipt|purchase|transaktions?|transaction)"
        + NUMBERED,
    ),
    ("first_name", r"(^|_)(first_?name|vorname|given_?name)$"),
    ("last_name", r"(^|_)(last_?name|nachname|surname|family_?name|familienname)$"),
    ("name", r"^(name|full_?name|customer_?name|kundenname)$"),
    (
        "person",
        r"(customer|kunden?|client|user|member|mitglieds?|contact|kontakt|person(en)?|account|konto|requester|buyer|purchaser|"
        r"subscriber|caller|attendee|participant|anrufer|besteller|k(ä|ae)ufer|teilnehmer|(^|_)(kd|debitor(en)?))"
        + NUMBERED,
    ),
    ("anonymous", r"(session|visitor|visit|besucher|anonymous|cookie|client_id|device)" + NUMBERED),
    ("card", r"(loyalty|kundenkarten?|bonus|card|karten?)" + NUMBERED),
    (
        "event",
        r"^(event|ereignis|action|aktion|activity|aktivitaet|aktivität|type|typ|art|vorgang|vorgangsart)(_?(name|type|typ))?$",
    ),
    ("amount", r"(total|gesamt|amount|betrag|summe|umsatz|revenue|brutto)"),
    ("price", r"(netto|wert(?!ung|et)|value|price|preis)"),
    ("product_id", r"^(sku|(article|artikel|produkt|product|item)_?(id|nr|no|number|nummer|code))$"),
    ("product", r"^(article|artikel|produkt|product|item|ware)(_?(name|bezeichnung|text|title))?$|^bezeichnung$"),
    ("quantity", r"^(menge|quantity|qty|anzahl|stück|stueck)$"),
    ("currency", r"^(currency|waehrung|währung)$"),
    ("words", r"^(comment|kommentar|note|notiz|bemerkung|message|nachricht|text|beschreibung|description|feedback)$"),
    ("trait", r"(city|ort|stadt|zip|plz|postal|country|land|street|strasse|straße|birth|geburt|gender|segment|cohort)"),
    ("ticket", r"^(ticket|anfrage|request)_?(id|nr|no|number|nummer|key)$"),
    ("id", r"^(_?key|id|uid|uuid|nr|no|nummer|number)$"),
)
OWN = re.compile(r"(^|_)(to|cc|recipient|empf(ae|ä)nger|agent|assignee|staff|mitarbeiter|bearbeiter)(_|$)")
NUMBERS = frozenset(
    ("order", "person", "anonymous", "card", "case", "ticket", "id")
)  # roles whose values are numbers of something
NUMBER_LIKE = re.compile(r"(?=.*\d)\S{1,64}|[\w-]{16,64}|\d[\d ]{5,}")
SINGLE = frozenset(  # roles that one column has
    (
        "time",
        "clock",
        "order",
        "person",
        "event",
        "amount",
        "currency",
        "first_name",
        "last_name",
        "name",
        "words",
        "case",
        "product",
        "product_id",
        "quantity",
    )
)
TIMELY = re.compile(r"date|datum|time|zeit|created|am$|_at$|timestamp|wann|tag$|seit$|since$")
WORDED = {  # roles as the draft names them to people
    "time": "when it happened",
    "clock": "time of day",
    "order": "order number",
    "person": "number of a person",
    "anonymous": "visitor or device",
    "card": "customer card",
    "case": "number of a case",
    "ticket": "number of a ticket",
    "event": "what happened",
    "codes": "what happened, as codes",
    "amount": "sum",
    "price": "price",
    "words": "words of a person",
    "product": "what was bought",
    "product_id": "number of a product",
    "trait": "fact about a person",
    "id": "number of the record",
}
SHAPES: tuple[tuple[str, str], ...] = (
    ("whole numbers", r"-?\d{1,18}"),
    ("numbers", r"-?[\d.,]*\d"),
    ("true or false", r"(?i)true|false|ja|nein|yes|no"),
    ("JSON", r"(?s)[\[{].*[\]}]"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the export: its name, some filled values, and what it seems to be; ``form`` is that of its times.

    ``depth``: how many objects it lies in. ``second``: a role that it could have, too, and another column has.
    """

    name: str
    values: tuple[str, ...]
    role: str
    depth: int = 0
    form: Form | None = None
    second: str = ""

    @property
    def sql(self) -> str:
        """The column as an SQL expression; ``user.email`` is the field of an object.

        >>> Column("response.user.email", (), "email", 2).sql
        "response->'user'->>'email'"
        """
        if self.depth:
            outer, *inner = self.name.split(".", self.depth)
            *path, last = ["'" + field.replace("'", "''") + "'" for field in inner]
            return "->".join((Column(outer, (), "").sql, *path)) + f"->>{last}"
        return self.name if _stands_alone(self.name) else '"' + self.name.replace('"', '""') + '"'

    @property
    def key(self) -> str:
        """The column's name as a property or trait."""
        return snake(self.name) or "value"

    def described(self, count: int) -> str:
        """What it seems to be, for people; never a value, for a definition is read by many."""
        if not self.values:
            return f"{self.name}: empty"
        shape = next((name for name, form in SHAPES if share(self.values, re.compile(form).fullmatch)), "text")
        filled = "" if len(self.values) >= count else f", {round(100 * len(self.values) / count)} % filled"
        if self.role in ("time", "clock"):
            shape = "readable as it is" if self.form is None else self.form.text
        role = WORDED.get(self.role, "" if self.role == "property" else self.role.replace("_", " "))
        return f"{self.name}: {f'{role}, ' if role else ''}{shape}{filled}"


@lru_cache(maxsize=4_096)
def _stands_alone(name: str) -> bool:
    """Whether a name means its column without quotes: ``comment`` begins a statement of SQL."""
    try:
        return re.fullmatch(r"[a-z_][a-z0-9_]*", name) is not None and check(name).columns == {name}
    except ExpressionError:
        return False


def columns_of(sample: Sample, times: TimeReader) -> list[Column]:
    """The columns with their roles; of roles that only one can have, the first has it that is filled well."""
    every = [
        _column(name, tuple(values), times, 0 if name in sample.columns else 1 + (name in sample.deep))
        for name, values in sample.values.items()
    ]
    filled: dict[str, int] = {}
    for column in every:
        filled[column.role] = max(filled.get(column.role, 0), len(column.values))
    columns = []
    taken: set[str] = set()
    for column in every:
        well = len(column.values) >= WELL * filled[column.role]
        if column.role in SINGLE and (column.role in taken or not well):
            columns.append(replace(column, role="property", second=column.role))
            continue
        taken.add(column.role)
        columns.append(column)
    return [_of_no_customer(column) if "person" in taken else column for column in columns]


def _of_no_customer(column: Column) -> Column:
    """An address that is the company's own where another column tells the person: that which a ticket was sent to."""
    own = column.role == "email" and OWN.search(snake(column.name))
    return replace(column, role="property") if own else column


def by_role(columns: Sequence[Column]) -> Mapping[str, list[Column]]:
    """The columns of each role; under ``second time`` those that could have been the one that has it."""
    found: dict[str, list[Column]] = {}
    for column in columns:
        found.setdefault(column.role, []).append(column)
        if column.second:
            found.setdefault(f"second {column.second}", []).append(column)
    return found


def share(values: Sequence[str], holds: Callable[[str], object]) -> bool:
    """Whether something holds for most of the values."""
    some = values[:SAMPLE]
    return sum(bool(holds(value)) for value in some) >= MOSTLY * len(some)


def _column(name: str, values: tuple[str, ...], times: TimeReader, depth: int) -> Column:
    role = _role(name, values, times) if values else "property"
    if role == "time" and not share(values, _readable(times)):
        return Column(name, values, role, depth, form_of(values, mostly=MOSTLY))
    return Column(name, values, role, depth)


def _role(name: str, values: Sequence[str], times: TimeReader) -> str:
    plain = snake(name)
    if share(values, EMAIL.fullmatch):
        return "email"
    if share(values, DIALLED.fullmatch) or (
        re.search(r"phone|telefon|tel$|mobil|handy|rufnummer|anrufer", plain) and share(values, PHONE.fullmatch)
    ):
        return "phone"
    role = next((role for role, words in NAMED if re.search(words, plain)), "property")
    if role in ("amount", "price") and not share(values, AMOUNT.fullmatch):
        return "property"
    if share(values, CLOCK.fullmatch):
        return "clock"
    if role not in ("amount", "price", "trait") and _is_time(plain, values, times):
        return "time"
    if role in NUMBERS and not share(values, NUMBER_LIKE.fullmatch):
        return "name" if role == "person" and share(values, LETTERS.search) else "property"
    if role == "event":
        return _kinds_or_codes(values)
    return role


def _kinds_or_codes(values: Sequence[str]) -> str:
    """Names of what happened, codes for it (V, R, 10), or neither."""
    if len(set(values)) > KINDS_MOST or share(values, re.compile(r"(?s)[\[{].*").fullmatch):
        return "property"
    return "event" if share(values, LETTERS.search) else "codes"


def _is_time(name: str, values: Sequence[str], times: TimeReader) -> bool:
    digits = all(value.replace(".", "").isdigit() and len(value) != len("2026-01-01") for value in values[:20])
    readable = share(values, _readable(times)) or form_of(values, mostly=MOSTLY) is not None
    return readable and (bool(TIMELY.search(name)) or not digits)


def _readable(times: TimeReader) -> Callable[[str], bool]:
    def readable(value: str) -> bool:
        try:
            times.micros(value)
        except TimeError:
            return False
        return True

    return readable
