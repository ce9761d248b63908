"""The same question, the same text, the same rows: on DuckDB over the journal, on its export, and on a server of Spark Connect."""

import contextlib
import gc
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from random_logs import CATALOGUE, KINDS, asked, desk_of, invent, opened, topic_of

from geleit.analytics.analytics import QUESTIONS
from geleit.analytics.exported import ExportAnalytics
from geleit.analytics.orders import BOUGHT
from geleit.analytics.question import Supplies
from geleit.errors import StoreError
from geleit.history import reading
from geleit.history.engine import DuckEngine
from geleit.history.export import Origin, write
from geleit.history.exported import Exports
from geleit.history.place import Place
from geleit.history.spark import SparkEngine
from servers import SECONDS, free_port

LOGS = min(int(os.environ.get("GELEIT_LOGS", "1")), 20)
OF = Origin("Example", "Europe/Berlin", "definitions")
ADDRESS = os.environ.get("GELEIT_SPARK", "")  # a server that runs already; by default Sail is started
NEED = pa.schema(
    {name: pa.string() for name in ("need_id", "customer_id", "topic", "stage")}
    | {name: pa.int64() for name in ("opened_at", "closed_at")}
)
MORE = {
    "flow": ({"anchor": KINDS[1:2], "depth": 3}, {"direction": "before", "of": "channel"}),
    "funnel": (
        {"steps": (KINDS[0], KINDS[1], KINDS[3]), "window": "2 days"},
        {"steps": KINDS[:2], "order": "strict", "step_window": "1 day"},
        {"steps": KINDS[:3], "order": "unordered", "window": "3 hours"},
    ),
    "variants": ({"of": "kind", "collapse": True}, {"of": "channel"}),
    "retention": ({"span": "day", "unit": "customer"}, {"span": "month", "start": KINDS[:1], "unit": "customer"}),
    "attribution": ({"conversion": KINDS[3:4]}, {"conversion": KINDS[3:], "of": "kind", "lookback": "3 days"}),
    "frequency": ({"unit": "customer"},),
    "compare": ({"having": KINDS[2:3]}, {"segment": ("c0", "c1"), "against": ("c2", "c3", "c4")}),
    "correlation": ({"success": KINDS[3:4]},),
    "conformance": (
        {
            "design": {
                "name": "d",
                "label": "D",
                "begins": KINDS[:2],
                "steps": [
                    {"kind": KINDS[0], "repeats": True},
                    {"kind": KINDS[1:3], "within": 10**10},
                    {"kind": KINDS[3], "optional": True},
                ],
            }
        },
    ),
    "loops": ({}, {"of": "channel"}),
    "transitions": ({}, {"of": "stage"}),
}


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of a Sail server with bounded memory, or of the one that GELEIT_SPARK names."""
    if ADDRESS:
        yield ADDRESS
        return
    folder = tmp_path_factory.mktemp("sail")
    limits = {
        "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair",
        "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE": str(512 << 20),
        "SAIL_EXECUTION__CHECKPOINT__PATH": (folder / "kept").as_uri(),
    }
    sail = Path(sys.executable).with_name("sail")
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sail, "spark", "server", "--port", str(port)],
            env=os.environ | limits, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until_it_listens(port, process, folder / "log")
        yield f"sc://127.0.0.1:{port}"
    finally:
        end(process)


def wait_until_it_listens(port, process, log):
    until = time.monotonic() + SECONDS
    while True:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > until:
            pytest.fail(log.read_text())
        time.sleep(0.1)


def end(process):
    """The server and whatever it started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):  # they have ended
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)


@pytest.fixture(scope="session")
def spark(server):
    """One session on the server."""
    engine = SparkEngine(server)
    yield engine
    engine.close()


def written(events, folder):
    """An export of a log, in three parts by chance: base and delta of the journal are one to it."""
    columns = opened(events)
    ids = sorted({(one.need_id, one.customer_id) for one in events if one.need_id})
    rows = [
        {"need_id": need, "customer_id": customer, "topic": topic_of(need), "stage": "", "opened_at": 0}
        for need, customer in ids
    ]
    columns.duck.from_arrow(pa.Table.from_pylist(rows, schema=NEED)).create("needs")
    columns.duck.from_arrow(orders_of(events)).create("orders")
    manifest = write(columns, Place(str(folder)), OF)
    columns.close()
    return manifest


def orders_of(events):
    """Orders as the profile would tell them."""
    bought = [one for one in events if one.kind == KINDS[3]]
    rows = [
        {"customer_id": one.customer_id, "local_day": one.local_day, "currency": "EUR", "kept": 100 * one.ord}
        for one in bought
    ]
    return pa.Table.from_pylist(rows, schema=BOUGHT)


def asks(folder, engine):
    return ExportAnalytics(Exports(Place(str(folder)), OF[0], engine), CATALOGUE, {})


def questions(chance):
    """Every question in every shape whose text differs, with random surroundings."""
    for name, model in sorted(QUESTIONS.items()):
        for more in MORE.get(name, ({},)):
            if model.only:
                more = {"unit": model.only} | more  # noqa: PLW2901 (the unit that makes sense)
            yield asked(chance, model, **more)


def difference(left, right):
    """EXCEPT ALL both ways."""
    with reading.connect() as duck:
        duck.register("l", left)
        duck.register("r", right)
        return duck.execute(
            "(SELECT 'only left', * FROM (FROM l EXCEPT ALL FROM r)) UNION ALL (SELECT 'only right', * FROM (FROM r EXCEPT ALL FROM l))"
        ).fetchall()


@pytest.mark.parametrize("seed", range(LOGS))
def test_every_question_is_answered_alike_everywhere(seed, spark, tmp_path):
    chance = random.Random(seed + 77)
    events = invent(chance)
    while len(events) < 20:
        events = invent(chance)
    written(events, tmp_path)
    here, exported, far = (
        desk_of(events),
        asks(tmp_path, lambda: DuckEngine(reading.connect())),
        asks(tmp_path, lambda: spark),
    )
    here._supplies = Supplies({}, lambda: orders_of(events))
    for question in questions(chance):
        answer = here.ask(question)
        for engine in (exported, far):
            other = engine.ask(question)
            assert other.population == answer.population, (seed, question)
            assert other.rows == answer.rows, (seed, question)
            assert other.as_of == answer.as_of
            renamed = question.completed(engine._supplies).renamed(CATALOGUE.canonical)
            counts = here._state.counts(renamed, "kernels"), engine._state.counts(renamed, "sql")
            assert counts[0].schema == counts[1].schema
            assert difference(*counts) == [], (seed, question)
        for row in answer.rows[:2]:
            cell = {name: getattr(row, name) for name in question.keys if hasattr(row, name)}
            if len(cell) == len(question.keys):
                assert far._state.actors(renamed, cell) == here._state.actors(renamed, cell), (seed, question, cell)


def test_what_a_server_keeps_stays_until_it_is_dropped(spark):
    spark.put("few", pa.table({"n": [1, 2, 3]}))
    spark.save("kept", "SELECT n FROM few WHERE n > $least", {"least": 1})
    gc.collect()
    time.sleep(1)
    assert sorted(spark.rows("SELECT n FROM kept", {})["n"].to_pylist()) == [2, 3]
    spark.drop("kept")
    with pytest.raises(StoreError, match="could not answer"):
        spark.rows("SELECT n FROM kept", {})
