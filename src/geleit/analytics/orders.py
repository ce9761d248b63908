"""What people bought, as the profile tells it: an order as it stands now, without what was canceled or given back wholly."""

from __future__ import annotations

import pyarrow as pa

from geleit.clock import local_day
from geleit.history import reading, snapshot
from geleit.history.history import History
from geleit.segments import state
from geleit.segments.bulk import SQL
from geleit.segments.conditions import Orders

BOUGHT = pa.schema(
    [("customer_id", pa.string()), ("local_day", pa.int32()), ("currency", pa.string()), ("kept", pa.int64())]
)


def bought(history: History, zone: str) -> pa.Table:
    """Every order: whose, its day in the company's calendar, currency, and what was kept of it in minor units."""
    with reading.connect() as duck:
        with history.ledger.read() as connection:
            for name, selection in state.tables_for([Orders.model_construct()]):
                if name != "person":
                    snapshot.copy(connection, selection, duck, name)
        duck.execute(SQL["order_of"])
        found = duck.sql("SELECT customer_id, ordered_at, coalesce(currency, '') AS currency, kept FROM order_of")
        rows = found.to_arrow_table()
    days = pa.array([local_day(t, zone) for t in rows["ordered_at"].to_pylist()], pa.int32())
    return pa.table([rows["customer_id"], days, rows["currency"], rows["kept"].cast(pa.int64())], schema=BOUGHT)
