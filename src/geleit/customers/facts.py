"""What one event says about a person, as rows of the ledger; the same facts in any order and number of arrivals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
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

_json = msgspec.json.Encoder(order="deterministic")

DIGITS = 18  # of the largest integer that a ledger holds

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
        if kind in CONSENTS:
            facts.add(tables.consent_fact, place | _consent(event, given=kind == "consent_given"))
        elif kind in MEMBERSHIPS:
            facts.add(tables.account_fact, place | _membership(event, setting, joined=kind == "account_joined"))
        elif kind in ORDERS and text_of(event, "order_id"):
            _order(facts, event, place | {"kind": kind}, setting)
        if text_of(event, "serial") or kind == "product_registered":
            facts.add(tables.product_fact, place | _product(event, setting))
        for words, why in tokens.of_event(event, kind):
            key = tokens.text_key(words)
            facts.add(search_text, {"set_id": set_id, "text_key": key, "field": why})
            for token in words:
                facts.add(search_word, {"token": token, "text_key": key})
    return facts


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


def text_of(event: Event, *names: str) -> str:
    """The first of these properties that is filled, as text."""
    return next((str(value) for name in names if (value := event.properties.get(name)) not in (None, "")), "")


def minor_units(value: object, currency: str) -> int | None:
    """An amount in minor units, exactly; None if it is none.

    >>> minor_units(749.9, "EUR"), minor_units("500", "JPY"), minor_units("free", "EUR")
    (74990, 500, None)
    """
    amount = _decimal(value)
    return None if amount is None else _whole(amount.scaleb(get_currency_precision(currency)))


def _decimal(value: object) -> Decimal | None:
    """A number of JSON or text; None for anything else."""
    if value in (None, "") or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _whole(number: Decimal) -> int | None:
    """As an integer that the ledger can hold; None if it is too large to be true."""
    return int(number.to_integral_value()) if number.adjusted() < DIGITS else None


def _traits(facts: Facts, event: Event, place: Row) -> None:
    for name, value in event.traits.items():
        if value not in (None, ""):
            facts.add(tables.trait, place | {"name": name, "value": _json.encode(value).decode()})


def _consent(event: Event, *, given: bool) -> Row:
    return {
        "purpose": text_of(event, "purpose"),
        "channel": text_of(event, "channel"),
        "given": given,
        "wording": text_of(event, "wording"),
    }


def _membership(event: Event, setting: Setting, *, joined: bool) -> Row:
    return {
        "account_id": f"{setting.system(event.source)}:{text_of(event, 'account_id')}",
        "name": text_of(event, "account_name", "name"),
        "role": text_of(event, "role"),
        "joined": joined,
    }


def _order(facts: Facts, event: Event, place: Row, setting: Setting) -> None:
    currency = text_of(event, "currency") or setting.currency
    amount = text_of(event, "total", "revenue", "value")
    order = place | {
        "system": setting.system(event.source),
        "order_id": text_of(event, "order_id"),
        "state": text_of(event, "state"),
        "total": minor_units(amount, currency),
        "currency": currency,
        "due_at": deadline(event.properties.get("due_at"), setting.zone),
    }
    facts.add(tables.order_fact, order)
    for number, product in enumerate(_products(event.properties.get("products"))):
        facts.add(tables.order_line, _line(product, event, number, currency))


def _products(value: object) -> Iterable[Mapping[str, Any]]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _line(product: Mapping[str, Any], event: Event, number: int, currency: str) -> Row:
    price = _decimal(product.get("price"))
    quantity = _decimal(product.get("quantity"))
    if quantity is None or quantity <= 0:
        quantity = Decimal(1)
    if (
        price is not None and quantity != quantity.to_integral_value()
    ):  # 1.5 m of cable, .245 kg of screws: one at its price
        price, quantity = price * quantity, Decimal(1)
    return {
        "event_id": event.id,
        "line": number,
        "product_id": str(product.get("product_id") or product.get("sku") or product.get("id") or ""),
        "name": str(product.get("name") or ""),
        "quantity": _whole(quantity) or 1,
        "unit_price": minor_units(price, currency),
        "currency": currency,
        "serial": str(product.get("serial") or ""),
    }


def _product(event: Event, setting: Setting) -> Row:
    return {
        "serial": text_of(event, "serial"),
        "product_id": text_of(event, "product_id", "sku"),
        "name": text_of(event, "product_name", "name"),
        "version": text_of(event, "version"),
        "warranty_until": deadline(event.properties.get("warranty_until"), setting.zone),
    }
