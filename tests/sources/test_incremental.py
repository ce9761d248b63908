"""The second reading of a table takes what is new or changed, loses nothing that was committed late, and goes on after a break."""

import json
import sqlite3
import threading
import time
import tracemalloc

import pytest
import sqlalchemy as sa

from geleit.errors import Retryable
from geleit.sources import reading
from geleit.sources.definition import SourceDefinition
from servers import PASSWORD

EVENTS = [{"kind": "contact_made", "time": "at", "identifiers": {"email": "mail"}}]
SQLITE = "sqlite:///shop.sqlite"


class Follower:
    """Reads one table again and again and keeps its positions, as an import does that acknowledges every chunk."""

    def __init__(self, root, url, **database):
        self.root, self.positions = root, {}
        if not url.startswith("sqlite"):
            database["password"] = {"secret": "SHOP_PASSWORD"}
        self.definition = SourceDefinition.model_validate(
            {"database": {"url": url} | database, "events": EVENTS}
        ).named("shop")

    def chunks(self, **more):
        for chunk in reading.read(self.definition, self.root, frozenset(("id",)), self.positions, **more):
            yield chunk
            if chunk.position:
                self.positions[chunk.position[0]] = chunk.position[1]

    def ids(self, **more):
        return [json.loads(raw)["id"] for chunk in self.chunks(**more) for raw in chunk.raw]


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)


@pytest.fixture
def shop(tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.sqlite", isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database(request, tmp_path):
    """One of the three: its URL, and a function that writes to it as its own program does."""
    if request.param == "sqlite":
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'shop.sqlite'}", poolclass=sa.NullPool)
        url = SQLITE
    else:
        server = request.getfixturevalue(request.param)
        engine, url = server.engine, server.url

    def run(*statements):
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    run("DROP TABLE IF EXISTS orders")
    return url, run


def test_by_key_only_new_rows_come(database, tmp_path):
    url, run = database
    run("CREATE TABLE orders (id INTEGER PRIMARY KEY)", "INSERT INTO orders VALUES (3), (1), (2)")
    follower = Follower(tmp_path, url, table="orders", since="id", overlap=0)
    assert follower.ids() == [1, 2, 3]
    run("INSERT INTO orders VALUES (4), (5)")
    assert follower.ids() == [3, 4, 5]  # the last one again: others may share its value
    assert follower.ids() == [5]
    assert follower.ids(again=True) == [1, 2, 3, 4, 5]


def test_by_time_new_and_changed_rows_come(database, tmp_path):
    url, run = database
    stamp = "TIMESTAMP" if "sqlite" not in url else "TEXT"
    run(
        f"CREATE TABLE orders (id INTEGER PRIMARY KEY, state VARCHAR(9), changed {stamp} NULL)",
        "INSERT INTO orders VALUES (1, 'new', '2026-03-01 10:00:00'), (2, 'new', '2026-03-01 11:00:00')",
        "INSERT INTO orders VALUES (3, 'new', '2026-03-01 12:00:00'), (4, 'new', NULL)",
    )
    follower = Follower(tmp_path, url, table="orders", key="id", since="changed")
    assert sorted(follower.ids()) == [1, 2, 3, 4]
    run(
        "UPDATE orders SET state = 'paid', changed = '2026-03-01 13:00:00' WHERE id = 1",
        "INSERT INTO orders VALUES (5, 'new', '2026-03-01 12:30:00')",
    )
    assert sorted(follower.ids()) == [1, 3, 4, 5]  # 3: within the overlap; 4: nobody knows when it changes
    assert sorted(follower.ids()) == [1, 4]


def test_a_row_committed_late_is_found_within_the_overlap(postgres, tmp_path):
    postgres.run("DROP TABLE IF EXISTS late", "CREATE TABLE late (id serial, changed timestamptz)")
    follower = Follower(tmp_path, postgres.url, table="late", key="id", since="changed", overlap="10 minutes")
    with postgres.engine.begin() as slow:
        slow.exec_driver_sql("INSERT INTO late (changed) VALUES ('2026-03-01 10:00Z')")
        postgres.run("INSERT INTO late (changed) VALUES ('2026-03-01 10:05Z')")
        assert follower.ids() == [2]
    assert follower.ids() == [1, 2]
    blind = Follower(tmp_path, postgres.url, table="late", key="id", since="changed", overlap=0)
    blind.positions = dict(follower.positions)
    assert blind.ids() == [1, 2]  # another definition reads from the start


def test_a_key_committed_late_is_found_within_the_overlap(postgres, tmp_path):
    postgres.run("DROP TABLE IF EXISTS keys", "CREATE TABLE keys (id serial PRIMARY KEY)")
    follower = Follower(tmp_path, postgres.url, table="keys", since="id")
    blind = Follower(tmp_path, postgres.url, table="keys", since="id", overlap=0)
    with postgres.engine.begin() as slow:
        slow.exec_driver_sql("INSERT INTO keys DEFAULT VALUES")
        postgres.run("INSERT INTO keys DEFAULT VALUES")
        assert (follower.ids(), blind.ids()) == ([2], [2])
    assert (follower.ids(), blind.ids()) == ([1, 2], [2])


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_after_a_break_the_next_reading_goes_on(kind, request, tmp_path):
    server = request.getfixturevalue(kind)
    sequence = {  # 45 MB: more than may wait between server and client, for what is there already no break takes away
        "postgres": "SELECT n, repeat('x', 1500) FROM generate_series(1, 30000) AS n",
        "mariadb": "SELECT seq, repeat('x', 1500) FROM seq_1_to_30000",
    }[kind]
    server.run(
        "DROP TABLE IF EXISTS wide",
        "CREATE TABLE wide (id INTEGER PRIMARY KEY, words VARCHAR(1500))",
        f"INSERT INTO wide {sequence}",
    )
    follower = Follower(tmp_path, server.url, table="wide", since="id", overlap=0)
    first = []

    def read_until_the_server_hangs_up():
        for number, chunk in enumerate(follower.chunks()):
            first.extend(json.loads(raw)["id"] for raw in chunk.raw)
            if number == 1:
                hang_up(server, kind)

    with pytest.raises(Retryable, match="broke off; what was read before stays") as caught:
        read_until_the_server_hangs_up()
    assert "it goes on where it stopped" in caught.value.hint
    assert first[:2] == [1, 2]
    rest = follower.ids()
    assert rest[0] == first[-1]
    assert sorted({*first, *rest}) == list(range(1, 30_001))


def hang_up(server, kind):
    with server.engine.connect() as connection:
        if kind == "postgres":
            asked = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'shop'"
            connection.exec_driver_sql(asked).all()
            return
        for one in connection.exec_driver_sql("SHOW PROCESSLIST").all():
            if one[0] != connection.connection.driver_connection.thread_id() and one[3] == "shop":
                connection.exec_driver_sql(f"KILL {one[0]}")


def test_a_preview_of_a_large_table_stops_early(mariadb, postgres, tmp_path):
    mariadb.run(
        "DROP TABLE IF EXISTS many", "CREATE TABLE many (id INT)", "INSERT INTO many SELECT seq FROM seq_1_to_200000"
    )
    postgres.run("DROP TABLE IF EXISTS many", "CREATE TABLE many AS SELECT generate_series(1, 200000) AS id")
    for server in (mariadb, postgres):
        chunks = Follower(tmp_path, server.url, table="many").chunks()
        assert len(next(chunks).raw) == 5_000
        chunks.close()


def test_a_slow_import_is_not_thrown_out_by_postgres(postgres, new_ledger, tmp_path):
    """In a database of its own: nobody else is to be thrown out who is slow."""
    name = sa.make_url(new_ledger()).database
    own = sa.create_engine(postgres.engine.url.set(database=name), poolclass=sa.NullPool)
    with own.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE idle AS SELECT generate_series(1, 7000) AS id")
    postgres.run(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '1s'")
    count = 0
    for chunk in Follower(tmp_path, postgres.url.replace("/shop", f"/{name}"), table="idle", key="id").chunks():
        count += len(chunk.raw)
        time.sleep(1.5)
    assert count == 7_000


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_sqlite_is_read_while_another_program_writes(shop, tmp_path, journal):
    shop.execute(f"PRAGMA journal_mode={journal}")
    shop.execute("PRAGMA busy_timeout=0")
    shop.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    shop.execute("BEGIN")
    shop.executemany("INSERT INTO orders VALUES (?)", [(i,) for i in range(12_000)])
    shop.execute("COMMIT")
    follower = Follower(tmp_path, SQLITE, table="orders", since="id", overlap=0)
    seen = []
    for chunk in follower.chunks():
        seen += chunk.raw
        shop.execute(
            "INSERT INTO orders VALUES (?)", (20_000 + len(seen),)
        )  # would be refused while a reader holds the file
    assert len(seen) == 12_000
    assert len(follower.ids()) == 1 + 3


def test_sqlite_locked_by_a_writer_is_waited_for(shop, tmp_path):
    shop.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    other = sqlite3.connect(tmp_path / "shop.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    other.execute("INSERT INTO orders VALUES (1)")
    timer = threading.Timer(0.5, lambda: other.execute("COMMIT"))
    timer.start()
    try:
        assert Follower(tmp_path, SQLITE, table="orders", since="id").ids() == [1]
    finally:
        timer.join()
        other.close()


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_large_table_is_never_in_memory(shop, tmp_path, journal):
    shop.execute(f"PRAGMA journal_mode={journal}")
    shop.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, words TEXT)")
    shop.execute("BEGIN")
    shop.executemany("INSERT INTO orders VALUES (?, ?)", ((i, "x" * 2_000) for i in range(40_000)))  # 80 MB
    shop.execute("COMMIT")
    follower = Follower(tmp_path, SQLITE, table="orders", since="id")
    count = 0
    tracemalloc.start()
    try:
        for chunk in follower.chunks():
            count += len(chunk.raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 40_000
    assert peak < 30_000_000
