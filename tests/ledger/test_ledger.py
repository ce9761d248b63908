import contextlib
import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from geleit.errors import StoreError
from geleit.ledger import live_tables, tables
from geleit.ledger.ledger import Ledger, among, insert_new, upsert


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


def test_migrations_lead_to_the_tables(ledger):
    with ledger.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, live_tables.metadata) == []


def test_acknowledged_means_synced(ledger):
    with ledger.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2


def test_a_failing_unit_of_work_changes_nothing(ledger):
    def fail():
        with ledger.write() as connection:
            connection.execute(insert_new(tables.event_key), [{"id": "a", "content": "x"}])
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    with ledger.read() as connection:
        assert connection.execute(sa.select(tables.event_key)).all() == []


def test_writers_wait_for_each_other_and_number_their_changes(ledger):
    def work():
        for _ in range(20):
            with ledger.write() as connection:
                ledger.next_change(connection)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with ledger.read() as connection:
        assert Ledger.change(connection) == 80


def test_a_reader_sees_one_state_while_another_writes(ledger):
    with ledger.read() as reader:
        before = Ledger.change(reader)
        with ledger.write() as writer:
            ledger.next_change(writer)
        assert Ledger.change(reader) == before


def test_upsert_overwrites_only_where_the_condition_holds(ledger):
    newer = upsert(tables.recut, ["change"], where=lambda excluded: excluded.change > tables.recut.c.change)
    with ledger.write() as connection:
        for change in (5, 3):
            connection.execute(newer, [{"customer_id": "c", "change": change}])
        assert connection.execute(sa.select(tables.recut.c.change)).scalar_one() == 5


def test_a_damaged_file_is_named_with_a_remedy(tmp_path):
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="damaged"):
        Ledger(f"sqlite:///{path}")


def test_a_ledger_of_a_newer_geleit_is_left_alone(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    with contextlib.closing(Ledger(url)) as ledger, ledger.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer geleit"):
        Ledger(url)


def test_only_the_owner_may_read_the_file(tmp_path):
    path = tmp_path / "ledger.sqlite"
    Ledger(f"sqlite:///{path}").close()
    assert path.stat().st_mode & 0o077 == 0


def test_a_list_of_values_is_looked_up_by_the_index(ledger):
    query = sa.select(tables.identifier.c.id).where(among(tables.identifier.c.value, ["a", "b"]))
    with ledger.read() as connection:
        text = str(query.compile(ledger.engine))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ('["a"]',)).all()
    assert any("SEARCH identifier USING" in row[3] for row in plan), plan
