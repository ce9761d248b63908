"""What the rest of geleit relies on in a ledger holds in PostgreSQL, too; and its errors tell nobody's data."""

import contextlib
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from geleit.errors import GeleitError, Retryable, StoreError
from geleit.ledger import many, tables
from geleit.ledger import postgres as store
from geleit.ledger.columns import MARK
from geleit.ledger.ledger import Ledger, among, insert_new, last_event, take_numbers, upsert, write_rows
from geleit.ledger.prepared import Prepared
from servers import PASSWORD, free_port

ROW = {"source": "s", "reason": "r", "message": "m", "record": "{}", "file": "", "line": 1, "state": "open"}
TIMES = {"first_at": 1, "changed_at": 1}
DYING = 120_000  # milliseconds that the server waits until what it ends has ended


@pytest.fixture
def url(new_ledger):
    return new_ledger()


@pytest.fixture
def ledger(url):
    opened = Ledger(url)
    yield opened
    opened.close()


def keys(ledger):
    with ledger.read() as connection:
        return connection.execute(sa.select(tables.event_key.c.id).order_by(tables.event_key.c.id)).scalars().all()


def test_migrations_lead_to_the_tables(ledger):
    with ledger.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_several_processes_open_an_empty_ledger_at_once(url):
    command = [sys.executable, "-c", f"from geleit.ledger.ledger import Ledger; Ledger({url!r}).close()"]
    openers = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [(opener.communicate()[1], opener.returncode) for opener in openers] == [(b"", 0)] * 3


def test_writers_take_turns_and_see_what_the_one_before_wrote(ledger):
    def work():
        for _ in range(20):
            with ledger.write() as connection:
                change = Ledger.change(connection)
                ledger.next_change(connection)
                assert Ledger.change(connection) == change + 1

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
    with ledger.read() as reader:
        assert Ledger.change(reader) == before + 1


def test_a_view_cannot_write(ledger):
    with pytest.raises(Retryable, match="read-only"), ledger.read() as connection:
        connection.execute(insert_new(tables.event_key), [{"id": "a", "content": "x"}])


def test_a_failing_unit_of_work_changes_nothing(ledger):
    def fail():
        with ledger.write() as connection:
            connection.execute(insert_new(tables.event_key), [{"id": "a", "content": "x"}])
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert keys(ledger) == []


def test_commits_are_durable_even_where_the_role_says_otherwise(ledger, postgres, url):
    postgres.run(f"ALTER DATABASE {sa.make_url(url).database} SET synchronous_commit = off")
    ledger.engine.dispose()
    with ledger.read() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


def test_only_what_asks_for_it_is_not_synced(ledger):
    for synced, setting in ((True, "on"), (False, "off"), (True, "on")):
        with ledger.write(synced=synced) as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == setting


def test_one_statement_changes_a_row_twice_in_order(ledger):
    newer = upsert(tables.recut, ["change"], where=lambda excluded: excluded.change > tables.recut.c.change)
    with ledger.write() as connection:
        connection.execute(newer, [{"customer_id": "c", "change": change} for change in (5, 3, 7, 6)])
        write_rows(connection, tables.recut, ("customer_id", "change"), [("d", 1), ("d", 2)], "DO NOTHING")
        found = connection.execute(sa.select(tables.recut).order_by(tables.recut.c.customer_id)).all()
    assert [tuple(row) for row in found] == [("c", 7), ("d", 1)]


@pytest.mark.parametrize("way", ["core", "prepared"])
def test_many_rows_go_in_few_statements(ledger, monkeypatch, way):
    monkeypatch.setattr(many, "TOGETHER", 40)
    said, before = [], many.statements
    monkeypatch.setattr(many, "statements", lambda *given: said.extend(before(*given)) or said)
    rows = [{"type": "t", "value": f"{n:03}", "first_t": n} for n in range(100)]
    with ledger.write() as connection:
        if way == "core":
            connection.execute(insert_new(tables.identifier), rows)
        else:
            Prepared(sa.insert(tables.identifier)).many(connection, rows)
        found = connection.execute(sa.select(sa.func.count(), sa.func.sum(tables.identifier.c.first_t))).one()
    assert len(said) == 3
    assert tuple(found) == (100, 4950)


def test_many_values_are_one_parameter(ledger):
    with ledger.write() as connection:
        connection.execute(sa.insert(tables.event_key), [{"id": f"{n:05}", "content": "x"} for n in range(2000)])
        found = connection.execute(
            sa.select(sa.func.count()).where(among(tables.event_key.c.id, [f"{n:05}" for n in range(0, 99_999, 2)]))
        )
        assert found.scalar_one() == 1000
        assert not connection.execute(sa.select(tables.load).where(among(tables.load.c.id, []))).all()


def test_a_text_with_nul_is_taken_and_what_is_compared_comes_back_as_it_was(ledger):
    odd = ["a\0b", f"a{MARK}0b", f"{MARK}\0{MARK}1", "plain"]
    with ledger.write() as connection:
        rows = [ROW | TIMES | {"fingerprint": text, "message": text} for text in odd]
        connection.execute(sa.insert(tables.quarantine), rows)
        connection.execute(sa.insert(tables.quarantine), [ROW | TIMES | {"fingerprint": "\0", "message": "x\0"}])
        names = [*ROW, *TIMES, "fingerprint"]
        write_rows(connection, tables.quarantine, names, [(*ROW.values(), *TIMES.values(), "raw\0")])
        connection.execute(sa.insert(tables.event_key), {"id": "one", "content": "\0"})
        found = connection.execute(sa.select(tables.quarantine.c.fingerprint, tables.quarantine.c.message)).all()
        asked = sa.select(sa.func.count()).where(tables.quarantine.c.fingerprint.in_(["a\0b", "raw\0"]))
        assert connection.execute(asked).scalar_one() == 2
    assert {row.fingerprint for row in found} == {*odd, "\0", "raw\0"}
    assert {row.message for row in found} >= {"a\u2400b", "x\u2400", "plain"}


def test_numbers_go_on_behind_those_that_were_left_out(ledger):
    row = dict.fromkeys(("type", "value"), "x") | {"first_t": 1}
    with ledger.write() as connection:
        assert take_numbers(connection, tables.identifier, 0) == 0
        assert take_numbers(connection, tables.identifier, 5) == 0
        assert take_numbers(connection, tables.identifier, 2) == 5
        assert connection.execute(sa.insert(tables.identifier).values(row)).inserted_primary_key == (8,)
        assert take_numbers(connection, tables.identifier, 1) == 8
        assert last_event(connection) == 0


@pytest.mark.parametrize("language", ["de", "en-US-u-kf-upper"])
def test_text_is_ordered_by_code_points_whatever_the_database_speaks(new_ledger, language):
    url = new_ledger(f"TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE '{language}'")
    opened = Ledger(url)
    with opened.write() as connection:
        connection.execute(sa.insert(tables.event_key), [{"id": text, "content": ""} for text in "äzaZ_-ß"])
    assert keys(opened) == sorted("äzaZ_-ß")
    opened.close()


def test_a_database_that_cannot_hold_every_text_is_refused(new_ledger):
    with pytest.raises(StoreError, match="LATIN1") as caught:
        Ledger(new_ledger("TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"))
    assert "UTF8" in caught.value.hint


def test_a_refused_password_is_told_without_it(url):
    wrong = sa.make_url(url).set(password="hunter2").render_as_string(hide_password=False)
    with pytest.raises(Retryable, match="refuses the user or the password") as caught:
        Ledger(wrong)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_not_there_is_named(url):
    gone = sa.make_url(url).set(port=free_port()).render_as_string(hide_password=False)
    with pytest.raises(Retryable, match="cannot be reached") as caught:
        Ledger(gone)
    assert PASSWORD not in str(caught.value)


def test_a_missing_database_says_what_to_do(url):
    with pytest.raises(Retryable, match="no such database") as caught:
        Ledger(sa.make_url(url).set(database="nowhere").render_as_string(hide_password=False))
    assert "create" in caught.value.hint


def test_a_ledger_elsewhere_is_refused():
    with pytest.raises(GeleitError, match="mysql is not possible"):
        Ledger("mysql://user:hunter2@host/x")


def test_a_lost_connection_is_told_and_made_anew(ledger, postgres):
    def cut_off():
        with ledger.write() as connection:
            connection.execute(insert_new(tables.event_key), [{"id": "lost", "content": "x"}])
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            postgres.run(f"SELECT pg_terminate_backend({pid}, {DYING})")
            ledger.next_change(connection)

    with pytest.raises(Retryable, match=r"recognized|shutting down"):
        cut_off()
    with ledger.write() as connection:
        connection.execute(insert_new(tables.event_key), [{"id": "kept", "content": "x"}])
    assert keys(ledger) == ["kept"]


def test_connections_that_died_while_nobody_used_them_are_not_noticed(ledger, postgres, url):
    assert keys(ledger) == []
    name = sa.make_url(url).database
    postgres.run(f"SELECT pg_terminate_backend(pid, {DYING}) FROM pg_stat_activity WHERE datname = '{name}'")
    assert keys(ledger) == []


def test_a_refused_statement_quotes_nobody(ledger):
    def twice():
        with ledger.write() as connection:
            row = {"id": "jo@example.com", "content": "secret"}
            connection.execute(sa.insert(tables.event_key), [row, row])

    with pytest.raises(StoreError, match=r"23505, event_key, pk_event_key") as caught:
        twice()
    assert "jo@example.com" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_read_only_server_is_told(ledger, postgres, url):
    postgres.run(f"ALTER DATABASE {sa.make_url(url).database} SET default_transaction_read_only = on")
    ledger.engine.dispose()
    with pytest.raises(Retryable, match="read-only") as caught, ledger.write() as connection:
        ledger.next_change(connection)
    assert "primary" in caught.value.hint


def test_a_writer_that_waits_too_long_is_told_that_the_ledger_is_busy(url, monkeypatch):
    monkeypatch.setattr(store, "SETTINGS", store.SETTINGS.replace(store.BUSY, "200ms"))
    one = Ledger(url)
    with one.write(), pytest.raises(Retryable, match="busy"), one.write():
        pass
    one.close()


def test_who_stands_still_inside_a_transaction_loses_its_turn(url, monkeypatch):
    one, other = Ledger(url), Ledger(url)

    def stand_still():
        with contextlib.ExitStack() as stack:
            with monkeypatch.context() as patch:
                patch.setattr(store, "TURN", store.TURN.replace(store.STILL, "300ms"))
                connection = stack.enter_context(one.write())
            try:
                connection.execute(insert_new(tables.event_key), [{"id": "late", "content": "x"}])
            finally:  # also where this process has stood still already
                with other.write() as quick:
                    quick.execute(insert_new(tables.event_key), [{"id": "quick", "content": "x"}])
            one.next_change(connection)

    with pytest.raises(Retryable, match=r"stood still|lost its connection"):
        stand_still()
    assert keys(other) == ["quick"]
    one.close()
    other.close()


def test_a_ledger_of_a_newer_geleit_is_left_alone(ledger, url):
    with ledger.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer geleit"):
        Ledger(url)
