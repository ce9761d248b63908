"""Orders and owned products, folded from their events in total order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from geleit.customers.profile import Order, OrderLine, OwnedProduct
from geleit.ledger import tables
from geleit.ledger.ledger import given
from geleit.ledger.prepared import Prepared

PLACED = "order_completed"

Fact = Mapping[str, Any] | sa.RowMapping  # a row of order_fact
Key = tuple[str, str]  # system, number
Lines = Mapping[str, tuple[OrderLine, ...]]  # by event

NAMES = [column.name for column in tables.order_fact.columns]
_fact, _line = tables.order_fact.c, tables.order_line.c
_OF_SETS = Prepared(sa.select(tables.order_fact).where(given(_fact.set_id)))
_OF_ORDERS = Prepared(
    sa.select(tables.order_fact).where(_fact.system == sa.bindparam("system", type_=sa.Text), given(_fact.order_id))
)
_LINES = Prepared(
    sa.select(_line.event_id, _line.product_id, _line.name, _line.quantity, _line.unit_price, _line.serial)
    .where(given(_line.event_id))
    .order_by(_line.event_id, _line.line)
)


def orders(connection: sa.Connection, own: Sequence[Fact]) -> list[Order]:
    """The orders of a customer, oldest first; ``own`` are the customer's order facts.

    What other systems said of an order (a carrier who knows only its number) belongs to it, whoever they said it of;
    an order that somebody else placed does not.
    """
    return folded(connection, {"": own})[""]


def facts_of(connection: sa.Connection, sets: Sequence[int]) -> list[Fact]:
    """What was said of orders under these identifier sets."""
    return [dict(zip(NAMES, row, strict=True)) for row in _OF_SETS.all(connection, values=list(sets))]


def folded(
    connection: sa.Connection, own: Mapping[str, Sequence[Fact]], *, lines: bool = True
) -> dict[str, list[Order]]:
    """The orders of several customers, as ``orders``: a few statements for all. Without ``lines`` nobody asks what of."""
    told = _told_by_all(connection, own)
    events = [fact["event_id"] for some in told.values() for fact in some] if lines else []
    known = _lines(connection, events)
    return {customer: _fold(facts, told, known) for customer, facts in own.items()}


def _fold(own: Sequence[Fact], told: Mapping[Key, Sequence[Fact]], lines: Lines) -> list[Order]:
    mine = {_key(fact) for fact in own if fact["kind"] == PLACED}
    here = {fact["event_id"] for fact in own}
    found = []
    for key in {_key(fact): None for fact in own}:
        placed = any(fact["kind"] == PLACED for fact in told[key])
        facts = [fact for fact in told[key] if fact["kind"] != PLACED or fact["event_id"] in here]
        if facts and (key in mine or not placed):
            found.append(_order(facts, lines))
    return sorted(found, key=lambda order: (order.ordered_at, order.system, order.order_id))


def _key(fact: Fact) -> Key:
    return fact["system"], fact["order_id"]


def _told_by_all(connection: sa.Connection, own: Mapping[str, Sequence[Fact]]) -> dict[Key, list[Fact]]:
    """Every fact of the orders that these facts speak of, in total order."""
    numbers: dict[str, set[str]] = {}
    for some in own.values():
        for fact in some:
            numbers.setdefault(fact["system"], set()).add(fact["order_id"])
    found: dict[Key, list[Fact]] = {}
    for system, ids in numbers.items():
        for row in _OF_ORDERS.all(connection, system=system, values=sorted(ids)):
            one = dict(zip(NAMES, row, strict=True))
            found.setdefault(_key(one), []).append(one)
    for facts in found.values():
        facts.sort(key=lambda fact: (fact["t"], fact["ord"], fact["event_id"]))
    return found


def _lines(connection: sa.Connection, events: Sequence[str]) -> Lines:
    found: dict[str, list[OrderLine]] = {}
    for event, *line in _LINES.all(connection, values=sorted(events)):
        found.setdefault(event, []).append(OrderLine(*line))
    return {event: tuple(some) for event, some in found.items()}


def _order(facts: Sequence[Fact], lines: Lines) -> Order:
    placed = [fact for fact in facts if fact["kind"] in ("order_completed", "order_updated")]
    told = placed[-1] if placed else facts[0]
    with_lines = [fact for fact in placed if fact["event_id"] in lines]
    total = next((fact["total"] for fact in reversed(placed) if fact["total"] is not None), None)
    refunds = [fact for fact in facts if fact["kind"] == "order_refunded"]
    # A refund without an amount gives everything back.
    refunded = sum(total or 0 if fact["total"] is None else fact["total"] for fact in refunds)
    return Order(
        system=told["system"],
        order_id=told["order_id"],
        ordered_at=(placed or facts)[0]["t"],
        state=_state(facts, total, refunded if refunds else None),
        total=total,
        refunded=refunded,
        currency=told["currency"],
        due_at=next((fact["due_at"] for fact in reversed(facts) if fact["due_at"] is not None), None),
        lines=lines[with_lines[-1]["event_id"]] if with_lines else (),
        event_ids=tuple(fact["event_id"] for fact in facts),
        source=told["source"],
    )


def _state(facts: Sequence[Fact], total: int | None, refunded: int | None) -> str:
    if refunded is not None:
        return "returned" if total is None or refunded >= total else "part_returned"
    if any(fact["kind"] == "order_cancelled" for fact in facts):
        return "cancelled"
    return next(
        (fact["state"] for fact in reversed(facts) if fact["kind"] == "order_progress" and fact["state"]), "ordered"
    )


def products(bought: Iterable[Order], rows: Sequence[sa.RowMapping]) -> list[OwnedProduct]:
    """What the person owns: order lines with a serial number that were not given back, and registered products."""
    owned: dict[str, OwnedProduct] = {}
    for order in bought:
        if order.state in ("returned", "cancelled"):
            continue
        for line in order.lines:
            if line.serial:
                owned[line.serial] = OwnedProduct(
                    line.name, line.serial, line.product_id, "", order.ordered_at, None, order.order_id, order.source
                )
    for row in rows:
        key = row["serial"] or f"product {row['product_id']}"
        owned[key] = _told_again(owned.get(key), row)
    return sorted(owned.values(), key=lambda product: (product.since, product.serial, product.product_id))


def _told_again(known: OwnedProduct | None, row: sa.RowMapping) -> OwnedProduct:
    """What is known of a product, completed by a later event about it."""
    if known is None:
        return OwnedProduct(
            row["name"],
            row["serial"],
            row["product_id"],
            row["version"],
            row["t"],
            row["warranty_until"],
            "",
            row["source"],
        )
    return OwnedProduct(
        name=known.name or row["name"],
        serial=known.serial,
        product_id=known.product_id or row["product_id"],
        version=row["version"] or known.version,
        since=min(known.since, row["t"]),
        warranty_until=row["warranty_until"] if row["warranty_until"] is not None else known.warranty_until,
        order_id=known.order_id,
        source=known.source,
    )
