"""How needs stand in the ledger."""

from __future__ import annotations

from geleit.ledger import tables
from geleit.needs.need import Need

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
    }
