"""How needs stand in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from geleit.ledger import tables
from geleit.ledger.ledger import among, given, write_rows
from geleit.ledger.live_tables import need_tip
from geleit.ledger.prepared import Prepared
from geleit.needs.need import Cut, Need

_HAVING = Prepared(sa.select(tables.need_event.c.need_id).where(given(tables.need_event.c.need_id)).distinct())
UPDATED = [column.name for column in tables.need.columns if column.name != "id"]


def need_row(customer: str, need: Need) -> dict[str, object]:
    """The row of one need."""
    return {
        "id": need.id,
        "customer_id": customer,
        "topic": need.topic,
        "opened_at": need.opened_at,
        "closed_at": need.closed_at,
        "closed_by": need.closed_by,
        "last_at": need.last_at,
        "silent_at": need.silent_at,
        "quote": need.quote,
        "quote_event": need.quote_event,
        "stage": need.stage,
        "events": len(need.event_ids),
        "stage_at": need.stage_at,
    }


NAMES = ("id", *UPDATED)
UPDATE = "(id) DO UPDATE SET " + ", ".join(f'"{name}" = excluded."{name}"' for name in UPDATED)


def write_cuts(connection: sa.Connection, found: Mapping[str, Cut]) -> None:
    """Write the needs of customers who have none any more.

    An event that came from another customer who is cut later is in two needs until then (see ``history.reading``).
    """
    tips = [(customer, one.tip, one.noted) for customer, one in found.items() if one.tip is not None]
    write_rows(connection, need_tip, ("customer_id", "t", "noted_t"), sorted(tips))
    cut = [(customer, need) for customer, one in found.items() for need in one.needs]
    if not cut:
        return
    rows = [tuple(need_row(customer, need).values()) for customer, need in cut]
    write_rows(connection, tables.need, NAMES, sorted(rows), UPDATE)
    if another := _elsewhere(connection, [need.id for _, need in cut]):
        connection.execute(sa.delete(tables.need_event).where(among(tables.need_event.c.need_id, another)))
    members = sorted((need.id, event) for _, need in cut for event in need.event_ids)
    write_rows(connection, tables.need_event, ("need_id", "event_id"), members)


def _elsewhere(connection: sa.Connection, needs: Sequence[str]) -> list[str]:
    """Those needs that were another customer's until now, and so still have events."""
    return [need for (need,) in _HAVING.all(connection, values=needs)]
