"""Orders and owned products, folded from their events in total order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from geleit.customers.profile import Order, OrderLine, OwnedProduct
from geleit.ledger import tables
from geleit.ledger.ledger import among, chunked

PLACED = "order_completed"


def orders(connection: sa.Connection, own: Sequence[sa.RowMapping]) -> list[Order]:
    """The orders of a customer, oldest first; ``own`` are the customer's order facts.

    What other systems said of an order (a carrier who knows only its number) belongs to it, whoever they said it of;
    an order that somebody else placed does not.
    """
    rows = _told_by_all(connection, own)
    placed = {_key(row) for row in rows if row["kind"] == PLACED}
    mine = {_key(row) for row in own if row["kind"] == PLACED}
    by_order: dict[tuple[str, str], list[sa.RowMapping]] = {}
    here = {row["event_id"] for row in own}
    for row in sorted(rows, key=lambda row: (row["t"], row["ord"], row["event_id"])):
        if (_key(row) in mine or _key(row) not in placed) and (row["kind"] != PLACED or row["event_id"] in here):
            by_order.setdefault(_key(row), []).append(row)
    lines = _lines(connection, [row.event_id for row in rows])
    found = [_order(facts, lines) for facts in by_order.values()]
    return sorted(found, key=lambda order: (order.ordered_at, order.system, order.order_id))


def _key(row: sa.RowMapping) -> tuple[str, str]:
    return row["system"], row["order_id"]


def _told_by_all(connection: sa.Connection, own: Sequence[sa.RowMapping]) -> list[sa.RowMapping]:
    """Every fact of the orders that these facts speak of."""
    numbers: dict[str, set[str]] = {}
    for row in own:
        numbers.setdefault(row["system"], set()).add(row["order_id"])
    fact = tables.order_fact.c
    return [
        row
        for system, some in numbers.items()
        for row in connection.execute(
            sa.select(tables.order_fact).where(fact.system == system, among(fact.order_id, sorted(some)))
        ).mappings()
    ]


def _lines(connection: sa.Connection, events: Sequence[str]) -> dict[str, tuple[OrderLine, ...]]:
    found: dict[str, list[OrderLine]] = {}
    line = tables.order_line.c
    for some in chunked(events):
        query = sa.select(tables.order_line).where(line.event_id.in_(some)).order_by(line.event_id, line.line)
        for row in connection.execute(query).mappings():
            one = OrderLine(row["product_id"], row["name"], row["quantity"], row["unit_price"], row["serial"])
            found.setdefault(row["event_id"], []).append(one)
    return {event: tuple(some) for event, some in found.items()}


def _order(facts: Sequence[sa.RowMapping], lines: dict[str, tuple[OrderLine, ...]]) -> Order:
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


def _state(facts: Sequence[sa.RowMapping], total: int | None, refunded: int | None) -> str:
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
