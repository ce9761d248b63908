"""Facts of many orders at once, in columns: plain ones only; whatever is written otherwise is left to ``facts.told``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from geleit.clock import deadline
from geleit.customers.facts import DIGITS, Setting, minor_units
from geleit.ledger import tables

Number = int | float | str | None
Text = str | None
LARGEST = 10**DIGITS


class _Line(msgspec.Struct):
    """One position of a plain order; a quantity in pieces."""

    product_id: Text = None
    sku: Text = None
    id: Text = None
    name: Text = None
    quantity: int | None = None
    price: Number = None
    serial: Text = None


class _Order(msgspec.Struct):
    """What a plain order says; ``products`` may stand there as a text of JSON."""

    order_id: Text = None
    total: Number = None
    revenue: Number = None
    value: Number = None
    currency: Text = None
    state: Text = None
    due_at: Number = None
    products: list[_Line] | str | None = None
    serial: Text = None


class _Body(msgspec.Struct):
    properties: _Order


_body = msgspec.json.Decoder(_Body)
_lines = msgspec.json.Decoder(list[_Line])

Columns = dict[str, Sequence[object] | pa.ChunkedArray]


def facts_of_orders(
    rows: pa.Table, kinds: Mapping[str, str], setting: Setting
) -> tuple[dict[sa.Table, Columns], pa.Array]:
    """The columns of orders and their lines, and which rows are not plain; ``kinds``: what the rows' kinds mean."""
    odd = np.zeros(rows.num_rows, bool)
    places: list[int] = []
    orders: list[_Order] = []
    lines: list[tuple[int, int, _Line]] = []  # the order's place among orders, and the line's in it
    for place, body in enumerate(rows["body"].to_pylist()):
        try:
            order = _body.decode(body).properties
            given = order.products
            products = _lines.decode(given) if isinstance(given, str) and given else given or []
        except msgspec.MsgspecError:
            odd[place] = True
            continue
        odd[place] = bool(order.serial)
        if order.order_id and not order.serial:
            lines += [(len(orders), number, line) for number, line in enumerate(products)]
            places.append(place)
            orders.append(order)
    told = rows.take(pa.array(places, pa.int64()))
    currencies = [order.currency or setting.currency for order in orders]
    found = {tables.order_fact: _orders(told, orders, currencies, setting)}
    found[tables.order_fact]["kind"] = [kinds[kind] for kind in told["kind"].to_pylist()]
    found[tables.order_line] = _positions(told["event_id"], lines, currencies)
    return found, pa.array(odd)


def _orders(told: pa.Table, orders: Sequence[_Order], currencies: Sequence[str], setting: Setting) -> Columns:
    amounts = (next((one for one in (o.total, o.revenue, o.value) if one not in (None, "")), None) for o in orders)
    return {name: told[name] for name in ("set_key", "source", "t", "ord", "event_id")} | {
        "system": [setting.system(source) for source in told["source"].to_pylist()],
        "order_id": [order.order_id for order in orders],
        "state": [order.state or "" for order in orders],
        "total": list(map(minor_units, amounts, currencies)),
        "currency": currencies,
        "due_at": [deadline(order.due_at, setting.zone) for order in orders],
    }


def _positions(ids: pa.ChunkedArray, lines: Sequence[tuple[int, int, _Line]], currencies: Sequence[str]) -> Columns:
    of = [order for order, _, _ in lines]
    positions = [line for _, _, line in lines]
    theirs = [currencies[order] for order in of]
    pieces = (line.quantity or 1 for line in positions)
    return {
        "event_id": ids.take(pa.array(of, pa.int64())),
        "line": [number for _, number, _ in lines],
        "product_id": [line.product_id or line.sku or line.id or "" for line in positions],
        "name": [line.name or "" for line in positions],
        "quantity": [number if 0 < number < LARGEST else 1 for number in pieces],
        "unit_price": [minor_units(line.price, currency) for line, currency in zip(positions, theirs, strict=True)],
        "currency": theirs,
        "serial": [line.serial or "" for line in positions],
    }
