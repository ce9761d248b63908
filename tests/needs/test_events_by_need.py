"""A ledger of before migration 0012, where events stood in the order of their ids, keeps the events of its needs."""

from importlib import import_module

import pytest
import sqlalchemy as sa

from geleit.ledger import schema, tables
from geleit.ledger.ledger import Ledger, store_of

ROWS = [("n2", "e1"), ("n1", "e3"), ("n1", "e2")]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    return request.getfixturevalue("new_ledger")()


def old_ledger(url):
    engine = store_of(url).engine()
    config = schema.configuration()
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        import_module("alembic.command").upgrade(config, "0011")
        for need, event in ROWS:
            connection.execute(sa.insert(tables.need_event).values(need_id=need, event_id=event))
    engine.dispose()


def test_the_events_of_needs_stay_and_stand_in_the_order_of_needs(url):
    old_ledger(url)
    ledger = Ledger(url)
    try:
        with ledger.write() as connection:
            rows = connection.execute(sa.select(tables.need_event.c.need_id, tables.need_event.c.event_id)).all()
            found = sa.inspect(connection)
            assert found.get_pk_constraint("need_event")["constrained_columns"] == ["need_id", "event_id"]
            assert found.get_indexes("need_event") == []
            connection.execute(sa.insert(tables.need_event).values(need_id="n1", event_id="e1"))  # for a moment in two
        assert sorted(map(tuple, rows)) == sorted(ROWS)
    finally:
        ledger.close()
