"""What one event says about a person, as rows of the ledger; the same facts in any order and number of arrivals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from babel.numbers import get_currency_precision

from geleit.clock import deadline
from geleit.customers import tokens
from geleit.events.event import Event, Identifier
from geleit.events.kinds import Catalogue
from geleit.ledger import tables
from geleit.ledger.ledger import insert_new, upsert
from geleit.ledger.prepared import Prepared
from geleit.ledger.search_tables import search_identifier, search_text, search_word

Row = dict[str, Any]
Properties = Mapping[str, Any]

_json = msgspec.json.Encoder(order="deterministic")

DIGITS = 18  # of the largest integer that a ledger holds
PLAIN = 10.0**9  # amounts below it have, in minor units, no more digits than a float tells apart

CONSENTS = frozenset(("consent_given", "consent_withdrawn"))
MEMBERSHIPS = frozenset(("account_joined", "account_left"))
ORDERS = frozenset(
    ("order_completed", "order_updated", "order_refunded", "order_cancelled", "order_progress", "delivery_promised")
)


@dataclass(frozen=True, slots=True)
class Setting:
    """What facts need besides the event: kinds, the company's zone and currency, whose order numbers a source uses."""

    catalogue: Catalogue
    zone: str
    currency: str
    systems: Mapping[str, str]

    def system(self, source: str) -> str:
        """The system whose order and account numbers a source uses."""
        return self.systems.get(source, source)


@dataclass(slots=True)
class Facts:
    """Rows by table that one or more events give."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: sa.Table, row: Row) -> None:
        """One more row."""
        self.rows.setdefault(table.name, []).append(row)

    def of(self, table: sa.Table) -> list[Row]:
        """The rows of one table."""
        return self.rows.get(table.name, [])


def facts_of(events: Sequence[tuple[Event, int]], setting: Setting) -> Facts:
    """The facts of events, each with its identifier set (ledger id)."""
    facts = Facts()
    for event, set_id in events:
        kind = setting.catalogue.canonical(event.kind)
        place = {"set_id": set_id, "source": event.source, "t": event.t, "ord": event.order, "event_id": event.id}
        _traits(facts, event, place)
        told(facts, kind, event.properties, place, setting)
        for words, why in tokens.of_event(event, kind):
            key = tokens.text_key(words)
            facts.add(search_text, {"set_id": set_id, "text_key": key, "field": why})
            for token in words:
                facts.add(search_word, {"token": token, "text_key": key})
    return facts


def told(facts: Facts, kind: str, properties: Properties, place: Row, setting: Setting) -> None:
    """Add what an event of a kind says with its properties; ``place``: the columns of whose, whence, when and which it is."""
    if kind in CONSENTS:
        facts.add(tables.consent_fact, place | _consent(properties, given=kind == "consent_given"))
    elif kind in MEMBERSHIPS:
        system = setting.system(place["source"])
        facts.add(tables.account_fact, place | _membership(properties, system, joined=kind == "account_joined"))
    elif kind in ORDERS and _text(properties, "order_id"):
        _order(facts, properties, place | {"kind": kind}, setting)
    if kind == "product_registered" or _text(properties, "serial"):
        facts.add(tables.product_fact, place | _product(properties, setting))


def write(connection: sa.Connection, facts: Facts) -> None:
    """Write in the caller's transaction; what is there already stays, a trait yields to a later one."""
    _TRAIT.many(connection, newest(facts.of(tables.trait)))
    for table, new in _NEW.items():
        rows = facts.of(table)
        new.many(connection, _once(rows) if table in (search_text, search_word) else rows)


def name_identifiers(connection: sa.Connection, added: Mapping[Identifier, int]) -> None:
    """Write the words of identifiers (with their ledger ids) in the transaction that writes them."""
    named = tokens.of_identifiers((number, one.type, one.value) for one, number in added.items())
    rows = [{"token": token, "identifier_id": number, "field": why} for token, number, why in named]
    _NAMED.many(connection, rows)


def _later(new: Any) -> Any:
    """Whether a trait is of a later event than the one that stands there."""
    old = tables.trait.c
    return sa.tuple_(new.t, new.ord, new.event_id) > sa.tuple_(old.t, old.ord, old.event_id)


_TRAIT = Prepared(upsert(tables.trait, ["value", "t", "ord", "event_id"], where=_later))
_NEW = {
    table: Prepared(insert_new(table))
    for table in (
        tables.consent_fact,
        tables.account_fact,
        tables.order_fact,
        tables.order_line,
        tables.product_fact,
        search_text,
        search_word,
    )
}
_NAMED = Prepared(insert_new(search_identifier))


def newest(traits: Iterable[Row]) -> list[Row]:
    """The latest of each set's traits by name and source: a visitor says the same with every click."""
    newest: dict[tuple[int, str, str], Row] = {}
    for row in traits:
        key = (row["set_id"], row["name"], row["source"])
        known = newest.get(key)
        if known is None or _moment(row) > _moment(known):
            newest[key] = row
    return list(newest.values())


def _moment(row: Row) -> tuple[int, int, str]:
    return row["t"], row["ord"], row["event_id"]


def _once(words: Iterable[Row]) -> list[Row]:
    return list({tuple(row.values()): row for row in words}.values())


def _text(properties: Properties, *names: str) -> str:
    """The first of these properties that is filled, as text."""
    value = _filled(properties, names)
    return "" if value is None else tokens.written(value)


def _filled(properties: Properties, names: Sequence[str]) -> Any:
    for name in names:
        value = properties.get(name)
        if value not in (None, ""):
            return value
    return None


def minor_units(value: object, currency: str) -> int | None:
    """An amount in minor units, exactly; None if it is none.

    >>> minor_units(749.9, "EUR"), minor_units("500", "JPY"), minor_units("free", "EUR")
    (74990, 500, None)
    """
    precision = _precision(currency)
    if type(value) is float and -PLAIN < value < PLAIN:
        scale = 10**precision
        units: int = round(value * scale)
        if units / scale == value:  # then these few digits are the ones that the float stands for
            return units
    elif type(value) is str and len(value) < DIGITS - precision and value.isascii():
        whole, _, part = value.partition(".")
        if len(part) <= precision and whole.isdigit() and (part.isdigit() or not part):
            return int(whole + part.ljust(precision, "0"))
    amount = _decimal(value)
    return None if amount is None else _whole(amount.scaleb(precision))


@lru_cache(maxsize=1024)
def _precision(currency: str) -> int:
    return get_currency_precision(currency)


def _decimal(value: object) -> Decimal | None:
    """A number of JSON or text; None for anything else, and for what is too large to be true."""
    if value in (None, "") or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < DIGITS else None


def _whole(number: Decimal) -> int | None:
    """As an integer that the ledger can hold; None if it is too large to be true."""
    return int(number.to_integral_value()) if number.adjusted() < DIGITS else None


def _traits(facts: Facts, event: Event, place: Row) -> None:
    for name, value in event.traits.items():
        if value not in (None, ""):
            facts.add(tables.trait, place | {"name": name, "value": _json.encode(value).decode()})


def _consent(properties: Properties, *, given: bool) -> Row:
    return {
        "purpose": _text(properties, "purpose"),
        "channel": _text(properties, "channel"),
        "given": given,
        "wording": _text(properties, "wording"),
    }


def _membership(properties: Properties, system: str, *, joined: bool) -> Row:
    return {
        "account_id": f"{system}:{_text(properties, 'account_id')}",
        "name": _text(properties, "account_name", "name"),
        "role": _text(properties, "role"),
        "joined": joined,
    }


def _order(facts: Facts, properties: Properties, place: Row, setting: Setting) -> None:
    currency = _text(properties, "currency") or setting.currency
    amount = _filled(properties, ("total", "revenue", "value"))
    order = place | {
        "system": setting.system(place["source"]),
        "order_id": _text(properties, "order_id"),
        "state": _text(properties, "state"),
        "total": minor_units(amount, currency),
        "currency": currency,
        "due_at": deadline(properties.get("due_at"), setting.zone),
    }
    facts.add(tables.order_fact, order)
    for number, product in enumerate(_products(properties.get("products"))):
        facts.add(tables.order_line, _line(product, place["event_id"], number, currency))


def _products(value: object) -> Iterable[Mapping[str, Any]]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _line(product: Properties, event_id: str, number: int, currency: str) -> Row:
    price, quantity = product.get("price"), product.get("quantity")
    if type(quantity) is not int or quantity <= 0:
        price, quantity = _of_pieces(price, quantity)
    return {
        "event_id": event_id,
        "line": number,
        "product_id": tokens.written(product.get("product_id") or product.get("sku") or product.get("id") or ""),
        "name": tokens.written(product.get("name") or ""),
        "quantity": quantity if quantity < 10**DIGITS else 1,
        "unit_price": minor_units(price, currency),
        "currency": currency,
        "serial": tokens.written(product.get("serial") or ""),
    }


def _of_pieces(price: object, quantity: object) -> tuple[object, int]:
    """What each costs, and how many whole ones they are: at least one."""
    number, amount = _decimal(quantity), _decimal(price)
    if number is None or number <= 0:
        return price, 1
    if amount is None or number == number.to_integral_value():
        return price, _whole(number) or 1
    return amount * number, 1  # 1.5 m of cable, .245 kg of screws: one at its price


def _product(properties: Properties, setting: Setting) -> Row:
    return {
        "serial": _text(properties, "serial"),
        "product_id": _text(properties, "product_id", "sku"),
        "name": _text(properties, "product_name", "name"),
        "version": _text(properties, "version"),
        "warranty_until": deadline(properties.get("warranty_until"), setting.zone),
    }
