"""The needs with most to tell, found by an index that holds but the long ones."""

import pytest
import sqlalchemy as sa

from geleit.ledger import tables
from geleit.workspace import open_workspace


@pytest.fixture
def workspace(example):
    with open_workspace(example("clickstream")) as opened:
        yield opened


def enter(workspace, **events):
    common = {"topic": "t", "opened_at": 0, "closed_by": "", "last_at": 0, "quote": "", "quote_event": "", "stage": ""}
    rows = [common | {"id": name, "customer_id": f"c{name}", "events": count} for name, count in events.items()]
    with workspace.ledger.write() as connection:
        connection.execute(sa.insert(tables.need), rows)


def test_long_needs_come_first_and_short_ones_where_there_are_no_others(workspace):
    enter(workspace, a=3, b=19, c=7)
    assert workspace.fullest(2) == [("cb", "b"), ("cc", "c")]
    enter(workspace, d=20, e=300)
    assert workspace.fullest(2) == [("ce", "e"), ("cd", "d")]
    assert workspace.fullest(3) == [("ce", "e"), ("cd", "d"), ("cb", "b")]


def test_the_index_holds_long_needs_only_and_serves(workspace):
    with workspace.ledger.read() as connection:
        query = f"SELECT id FROM need WHERE {tables.LONG_NEED} ORDER BY events DESC, id LIMIT 200"
        plan = " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
        (made,) = connection.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE name = 'ix_need_events'").scalars()
    assert "ix_need_events" in plan
    assert tables.LONG_NEED in made
