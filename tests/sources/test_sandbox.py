"""The sandbox itself holds, even for SQL that the allow-list would never let through."""

import threading
import time
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from geleit.sources import sandbox as sandboxes
from geleit.sources.sandbox import Sandbox, Stopped

ENDLESS = "SELECT sum(sin(a.range * b.range)) FROM range(100000) a, range(100000) b"
secret_table = pa.table({"password": ["x"]})


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Nothing waits to be used again yet, and only time of the processor stops anything, however busy the machine is."""
    monkeypatch.setattr(sandboxes, "_idle", [])
    monkeypatch.setattr(sandboxes, "PATIENCE", 2_000)


@pytest.fixture
def sandbox():
    box = Sandbox()
    box.offer(pa.table({"a": ["x"]}))
    yield box
    box.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "ATTACH '/tmp/geleit-test.db'",
        "COPY record TO '/tmp/geleit-test.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET threads = 8",
        "RESET lock_configuration",
        "SELECT * FROM secret_table",
        "SELECT getenv('HOME')",
    ],
)
def test_no_way_out(sandbox, sql):
    with pytest.raises(Stopped):
        sandbox.ask(sql)


def test_time_limit_stops_and_the_next_question_is_answered():
    box = Sandbox(seconds=0.2)
    box.offer(pa.table({"a": ["x"]}))
    with pytest.raises(Stopped, match=r"longer than 0\.2 s") as caught:
        box.ask(ENDLESS)
    assert caught.value.why == "limit"
    assert box.ask("SELECT a FROM record").table.to_pylist() == [{"a": "x"}]
    box.close()


def test_memory_limit_stops_and_the_next_question_is_answered():
    box = Sandbox(memory="50MB")
    box.offer(pa.table({"a": ["x"]}))
    with pytest.raises(Stopped, match="too much memory") as caught:
        box.ask("SELECT list(repeat('text', 500) || range) FROM range(10000000)")
    assert caught.value.why == "limit"
    assert box.ask("SELECT a FROM record").table.to_pylist() == [{"a": "x"}]
    box.close()


def money(text, decimal=""):
    box = Sandbox(decimal=decimal)
    box.offer(pa.table({"a": [text]}))
    try:
        return box.ask("SELECT money(a) AS m FROM record").table["m"][0].as_py()
    finally:
        box.close()


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1234.5", "1234.50"),
        ("749", "749.00"),
        ("-12,5", "-12.50"),
        ("12,50-", "-12.50"),
        ("\N{MINUS SIGN}3,00", "-3.00"),
        ("€ 12,00", "12.00"),
        ("12,00 EUR", "12.00"),
        ("12,-", "12.00"),
        ("1.234.567", "1234567.00"),
        ("1 234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("0.125", "0.13"),
        (".50", "0.50"),
    ],
)
def test_money_reads_what_systems_write(text, amount):
    assert money(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "  ", None])
def test_money_of_nothing_is_nothing(text):
    assert money(text) is None


@pytest.mark.parametrize("text", ["abc", "24.12.2025", "10.5.", "1.23.4", "1,2,3"])
def test_money_refuses_what_is_no_amount(text):
    with pytest.raises(Stopped, match="DECIMAL"):
        money(text)


def test_money_does_not_guess_between_thousands_and_decimals():
    assert money("1.234", ",") == 1234
    assert money("1.234", ".") == Decimal("1.23")
    with pytest.raises(Stopped, match="declare csv: decimal"):
        money("1.234")


def test_a_machine_that_is_busy_with_something_else_is_no_fault_of_the_record():
    box = Sandbox(seconds=0.1)

    def slowly():
        time.sleep(0.5)
        yield pa.record_batch({"a": ["x"]})

    box.offer(pa.table({"a": ["x"]}))
    box.connection.register("record", pa.RecordBatchReader.from_batches(pa.schema({"a": pa.string()}), slowly()))
    assert box.ask("SELECT a FROM record").table.to_pylist() == [{"a": "x"}]
    box.close()


def test_what_is_slow_itself_is_stopped_by_its_own_time():
    box = Sandbox(seconds=0.1)
    before = time.thread_time()
    with pytest.raises(Stopped, match="longer"):
        box.ask(ENDLESS)
    assert time.thread_time() - before >= 0.09  # nobody else computes, so the limit watches the right thread
    box.close()


def test_what_waits_for_something_else_too_long_is_stopped_in_the_end(monkeypatch):
    monkeypatch.setattr(sandboxes, "PATIENCE", 2)
    box, interrupted = Sandbox(seconds=0.1), threading.Event()

    class Waits:
        def interrupt(self):
            interrupted.set()

        def sql(self, _):
            interrupted.wait(60)
            raise duckdb.InterruptException

    connection, box.connection = box.connection, Waits()
    with pytest.raises(Stopped, match="longer"):
        box.ask("SELECT 1")
    assert interrupted.is_set()
    connection.close()


def test_nobody_is_stopped_for_a_question_that_was_answered():
    """The answer may come while its time runs out: whoever asks next must not be interrupted."""
    box, late, stopped = Sandbox(seconds=0.01), threading.Event(), threading.Event()

    class Slow:
        def interrupt(self):
            late.set()
            time.sleep(0.5)
            stopped.set()

        def sql(self, sql):
            while not late.is_set():  # its time is used up
                pass
            return connection.sql(sql)

    connection, box.connection = box.connection, Slow()
    box.ask("SELECT 1 AS a")
    assert stopped.is_set(), "it is interrupted while somebody else may ask"
    connection.close()


def test_an_engine_that_nothing_stopped_is_used_again():
    first = Sandbox(decimal=",")
    first.offer(secret_table)
    first.close()
    second = Sandbox(decimal=",")
    assert second.connection is first.connection
    with pytest.raises(Stopped, match="record"):
        second.ask("SELECT * FROM record")
    second.close()


def test_an_engine_that_was_stopped_is_not_used_again():
    first = Sandbox(decimal=",", seconds=0.1)
    first.offer(secret_table)
    with pytest.raises(Stopped):
        first.ask(ENDLESS)
    first.close()
    second = Sandbox(decimal=",")
    assert second.connection is not first.connection
    second.close()


def test_an_engine_is_used_by_one_sandbox_at_a_time_and_for_its_own_decimal_mark():
    first = Sandbox(decimal=",")
    first.close()
    first.close()
    boxes = [Sandbox(decimal=","), Sandbox(decimal=","), Sandbox(decimal=".")]
    assert len({id(box.connection) for box in boxes}) == len(boxes)
    boxes[2].offer(pa.table({"a": ["1.234"]}))
    assert boxes[2].ask("SELECT money(a) AS m FROM record").table["m"].to_pylist() == [Decimal("1.23")]
    for box in boxes:
        box.close()
