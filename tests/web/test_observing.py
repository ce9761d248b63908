import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as families

from geleit.access import write_keys
from geleit.errors import StoreError
from geleit.ledger import tables
from geleit.web.app import create_app
from geleit.web.security import allowed_hosts
from geleit.web.serve import listen, running, server_for
from geleit.workspace import open_workspace

COMPANY = "company: Lindner\nlanguages: [en, de]\nzone: Europe/Berlin\ncountry: DE\ncurrency: EUR\n"
PERSON = "marked-person-7f3a"
DOCS = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


class Watched:
    """A running server in this process: ``client`` asks it, ``app`` is what is asked."""

    def __init__(self, workspace, app, client, key):
        self.workspace, self.app, self.client, self.key = workspace, app, client, key

    def send(self, path="/v1/track", **call):
        return self.client.post(path, json={"event": "Product Viewed", **call}, auth=(self.key, ""))

    def metrics(self, **headers):
        answer = self.client.get("/metrics", headers=headers)
        assert answer.status_code == 200
        return answer.text

    def value(self, name, **labels):
        return samples(self.metrics())[name, frozenset(labels.items())]

    def problems(self):
        self.app.readiness._looked = float("-inf")
        answer = self.client.get("/ready")
        said = answer.json()
        assert (answer.status_code, said["ready"]) == ((200, True) if not said["problems"] else (503, False))
        return said["problems"]


def samples(text):
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families(text)
        for sample in family.samples
    }


@pytest.fixture
def watched(tmp_path):
    (tmp_path / "geleit.yaml").write_text(COMPANY, encoding="utf-8")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "web.yaml").write_text("collect: true\n", encoding="utf-8")
    with open_workspace(tmp_path) as workspace:
        key = write_keys.create(workspace.ledger, "web")[1]
        with running(workspace, create_app(workspace), hosts=allowed_hosts(["pages.example"])) as app:
            socket = listen("127.0.0.1", 0)
            server = server_for(app)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
            thread.start()
            with httpx.Client(base_url=f"http://127.0.0.1:{socket.getsockname()[1]}", timeout=60) as client:
                yield Watched(workspace, app, client, key)
            server.should_exit = True
            thread.join(10)
            socket.close()


def test_a_running_server_lives_and_is_ready(watched):
    assert watched.client.get("/health").json() == {"alive": True}
    assert watched.problems() == []
    assert watched.client.head("/ready").status_code == 200
    assert watched.client.post("/ready").status_code == 405


def test_a_full_disk_is_named_with_what_to_do(watched):
    watched.app.readiness.room = 2**62
    (problem,) = watched.problems()
    assert "MB left" in problem["what"]
    assert "free some room" in problem["hint"]
    assert watched.client.get("/health").status_code == 200


def test_a_fault_of_the_upkeep_is_named(watched, monkeypatch):
    def faulty(*_):
        raise StoreError("the journal cannot be written", hint="free disk space")

    monkeypatch.setattr("geleit.workspace.upkeep.recut.slices", faulty)
    upkeep = watched.app.readiness.server.upkeep
    upkeep.committed()
    until = time.monotonic() + 30
    while not upkeep.fault and time.monotonic() < until:
        time.sleep(0.02)
    assert {"what": "the journal cannot be written", "hint": "free disk space"} in watched.problems()
    assert watched.value("geleit_upkeep_fault") == 1


def test_a_ledger_that_cannot_be_written_is_named(watched):
    with contextlib.closing(sa.create_engine(f"sqlite:///{watched.workspace.ledger.name}").connect()) as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        watched.app.readiness.patience = 0.3
        (problem,) = watched.problems()
        assert "no commit was possible within 0.3 seconds" in problem["what"]
    assert watched.problems() == []
    assert watched.send(userId="7").json() == {"success": True}  # the writer is none the worse


def test_a_writer_that_ended_is_named(watched):
    watched.app.readiness.server.collector.stop()
    (problem,) = watched.problems()
    assert "the writer has ended" in problem["what"]


def test_every_number_counts_what_was_done(watched):
    first = watched.send(userId=PERSON, messageId="a", timestamp="2026-11-20T10:00:00Z")
    assert first.json() == {"success": True}
    watched.send(userId=PERSON, messageId="a", timestamp="2026-11-20T10:00:00Z")
    watched.send(userId=PERSON, event="")
    watched.client.post("/v1/batch", json={"batch": [{"type": "page", "userId": "8"}]}, auth=(watched.key, ""))
    watched.client.get(f"/people/{PERSON}")
    watched.client.post("/v1/track", json={}, auth=("gl_no_such_key", ""))
    events = {outcome: watched.value("geleit_events_total", source="web", outcome=outcome) for outcome in OUTCOMES}
    assert events == {"new": 2, "duplicate": 1, "quarantined": 1}
    found = samples(watched.metrics())
    requests = {tuple(dict(labels).values()): value for (name, labels), value in found.items() if name == REQUESTS}
    answered = {tuple(sorted(pair)): value for pair, value in requests.items()}
    assert answered == {
        ("200", "call"): 2, ("400", "call"): 1, ("401", "call"): 1, ("200", "batch"): 1, ("307", "pages"): 1
    }  # fmt: skip
    assert found["geleit_lag_seconds_count", frozenset({("source", "web")})] == 2
    assert found["geleit_lag_seconds_sum", frozenset({("source", "web")})] > 1000
    assert found["geleit_commit_seconds_count", frozenset()] == 4
    assert found["geleit_commit_events_sum", frozenset()] == 4
    assert found["geleit_outbox_events", frozenset()] == 2
    assert found["geleit_source_silent", frozenset({("source", "web")})] == 0
    assert found["geleit_queue_events", frozenset()] == 0
    assert found["process_cpu_seconds_total", frozenset()] > 0


OUTCOMES = ("new", "duplicate", "quarantined")
REQUESTS = "geleit_requests_total"


def test_histograms_add_up_and_say_what_they_hold(watched):
    watched.send(userId="7", timestamp=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 30)))
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in samples(watched.metrics()).items()
        if name == "geleit_lag_seconds_bucket"
    }
    assert buckets["8.192"] == 0
    assert buckets["65.536"] == buckets["+Inf"] == 1


def test_both_formats_of_the_numbers_can_be_read(watched):
    watched.send(userId="7")
    plain = {family.name for family in families(watched.metrics())}
    modern = watched.metrics(accept="application/openmetrics-text; version=1.0.0")
    assert {family.name for family in openmetrics(modern)} == {
        name.removesuffix("_info") for name in plain
    }  # the modern format names an info without its ending


def test_the_numbers_name_nobody_and_hold_no_key(watched):
    watched.send(userId=PERSON, traits={"email": f"{PERSON}@example.com"})
    watched.client.get(f"/people/{PERSON}", params={"q": PERSON})
    watched.client.post(f"/hooks/{PERSON}", json={})
    watched.client.post(f"/v1/{PERSON}", json={}, auth=(watched.key, ""))
    text = watched.metrics()
    assert PERSON not in text
    assert watched.key not in text


def test_foreign_names_read_no_details(watched):
    foreign, known = {"host": "evil.example"}, {"host": "pages.example:8420"}
    assert watched.client.get("/metrics", headers=foreign).status_code == 400
    assert watched.client.get("/metrics", headers=known).status_code == 200
    watched.app.readiness.room = 2**62
    watched.app.readiness._looked = float("-inf")
    answer = watched.client.get("/ready", headers=foreign)
    assert (answer.status_code, answer.json()) == (503, {"ready": False})


def test_asking_again_and_again_commits_once_a_second(watched):
    before = len(watched.app.readiness.server.collector.tally.seconds.counts)
    began = time.monotonic()
    asked = sum(watched.client.get("/ready").status_code == 200 for _ in range(50))
    assert asked == 50
    assert time.monotonic() - began < 10
    assert len(watched.app.readiness.server.collector.tally.seconds.counts) == before


def test_every_number_is_in_the_docs_and_no_other(watched):
    watched.send(userId="7")
    while not list(watched.workspace.journal.folder.glob("CURRENT")):
        watched.workspace.sync()
    watched.client.get("/people")
    names = {name for name in _families(watched.metrics()) if name.startswith("geleit")}
    told = set(re.findall(r"^\| `(geleit\w*)`", DOCS, re.MULTILINE))
    assert names | {"geleit_mapping_records"} == told


def _families(text):
    return re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE)


# --- the log of a real server -----------------------------------------------------------------------------------------

MARKS = (PERSON, "0561998877", "Markfrau", "marked@example.com")
CALL = {"userId": PERSON, "event": "Order Completed", "traits": {"phone": MARKS[1]}}
TRAITS = {"email": MARKS[3], "lastName": MARKS[2], "phone": MARKS[1]}
HOOK = """\
label: Shop
hook: {signature: shopify, secret: {secret: SHOP_SECRET}}
events:
  - kind: asked_for_a_call
    time: created_at
    identifiers: {email: email}
"""


class Process:
    """A real ``geleit serve`` that logs JSON, with everything that must not stand in its log."""

    def __init__(self, root, *options):
        self.root = root
        (root / "geleit.yaml").write_text(COMPANY, encoding="utf-8")
        (root / "sources").mkdir()
        (root / "sources" / "web.yaml").write_text("collect: true\n", encoding="utf-8")
        (root / "sources" / "shop.yaml").write_text(HOOK, encoding="utf-8")
        (root / "secrets").mkdir()
        (root / "secrets" / "SHOP_SECRET").write_text("an invented secret", encoding="utf-8")
        (root / "secrets" / "SHOP_SECRET").chmod(0o600)
        with open_workspace(root) as workspace:
            self.key = write_keys.create(workspace.ledger, "web")[1]
        with contextlib.closing(listen("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "geleit", "serve", "-w", str(root), "--no-browser", "--port", str(port)]
        with (root / "log.txt").open("wb") as log:
            self.process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=log)
        self.client = httpx.Client(  # a server closes the connection after a fault
            base_url=f"http://127.0.0.1:{port}", timeout=60, headers={"connection": "close"}
        )
        end = time.monotonic() + 60
        while not self.lives():
            assert time.monotonic() < end, self.log
            time.sleep(0.1)

    def lives(self):
        with contextlib.suppress(httpx.TransportError):
            return self.client.get("/health").status_code == 200
        return False

    @property
    def log(self):
        return (self.root / "log.txt").read_text(encoding="utf-8")

    def send(self, path, call, **options):
        return self.client.post(path, json=call, auth=(self.key, ""), **options)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.client.close()
        return code


def break_ledger(root, statement):
    with contextlib.closing(sa.create_engine(f"sqlite:///{root / 'data' / 'ledger.sqlite'}").connect()) as connection:
        connection.exec_driver_sql(statement)
        connection.commit()


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The log of a server that was sent everything good and bad, and the folder of its stores."""
    server = Process(tmp_path_factory.mktemp("logged"), "--log-format", "json", "--log-level", "debug")
    send, key = server.send, server.key
    try:
        good = [
            send("/v1/identify", {"userId": PERSON, "traits": TRAITS, "writeKey": key}),
            send("/v1/batch", {"writeKey": key, "batch": [{**CALL, "type": "track", "writeKey": key}]}),
            server.client.post("/v1/track", content=escaped({**CALL, "writeKey": key})),
            server.client.get("/pixel/v1/track", params={"writeKey": key, "userId": PERSON, "event": MARKS[2]}),
        ]
        assert [answer.status_code for answer in good] == [200] * 4
        bad = [
            send("/v1/track", {**CALL, "event": "", "writeKey": key}),  # to the quarantine
            send("/v1/track", {**CALL, "messageId": "m", "writeKey": key, "timestamp": MARKS[2]}),
            server.client.post("/v1/track", content=f'{{"userId": "{PERSON}", "writeKey": "{key}"'),  # no JSON
            server.client.post(f"/v1/track?writeKey={PERSON}", json=CALL),  # no such key
            server.client.post("/hooks/shop", json={"email": MARKS[3]}, headers={"x-shopify-hmac-sha256": PERSON}),
            server.client.get(f"/people/email:x{PERSON}@example.com"),
        ]
        assert [answer.status_code for answer in bad] == [400, 400, 400, 401, 401, 404]
        kept = stores(server.root)
        break_ledger(server.root, "ALTER TABLE search_identifier RENAME TO gone")
        assert server.client.get("/people", params={"q": MARKS[2]}).status_code == 500
        assert send("/v1/identify", {"userId": PERSON, "traits": {"lastName": MARKS[2]}}).status_code == 200
        break_ledger(server.root, "ALTER TABLE gone RENAME TO search_identifier")
        break_ledger(server.root, "ALTER TABLE outbox RENAME TO away")
        assert send("/v1/track", CALL).json() == {"success": True}  # it is kept: in the quarantine
        break_ledger(server.root, "ALTER TABLE quarantine RENAME TO lost")
        assert send("/v1/track", {**CALL, "event": "Order Cancelled"}).status_code == 500
        break_ledger(server.root, "ALTER TABLE lost RENAME TO quarantine")
        break_ledger(server.root, "ALTER TABLE away RENAME TO outbox")
        assert send("/v1/track", CALL).status_code == 200
    finally:
        code = server.stop()
    assert code == 0, server.log
    return server, kept


def escaped(call):
    """A call as clients may write it, too: the key's name in escapes."""
    return json.dumps(call).replace('"writeKey"', '"write\\u004bey"')


def stores(root):
    """Everything that a workspace keeps, as bytes; the ledger's journal is written into it first."""
    with open_workspace(root) as workspace:
        while workspace.archive.drain():
            pass
        workspace.sync()
        with workspace.ledger.read() as connection:
            rows = [str(row) for table in tables.metadata.sorted_tables for row in connection.execute(sa.select(table))]
    files = b"".join(path.read_bytes() for path in (root / "data").rglob("*") if path.is_file())
    return "\n".join(rows).encode() + files, rows


def test_the_log_holds_nothing_of_a_person_and_no_key(told):
    server, _ = told
    for mark in (*MARKS, server.key, "an invented secret"):
        assert mark.casefold() not in server.log.casefold()


def test_every_line_is_json_and_says_when_what_and_how_bad(told):
    lines = [json.loads(line) for line in told[0].log.splitlines()]
    events = [line["event"] for line in lines]
    assert events[0] == "started"
    assert events[-1] == "stopped"
    assert {"records went to the quarantine", "an event cannot be stored", "a commit failed"} <= set(events)
    assert any(event.startswith("a webhook was refused: ") for event in events)
    for line in lines:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert line["level"] in ("debug", "info", "warning", "error", "critical")


def test_a_fault_is_told_with_its_places_in_code(told):
    faults = [json.loads(line)["fault"] for line in told[0].log.splitlines() if '"fault"' in line]
    places = [place for fault in faults for one in fault for place in one["at"]]
    assert any(place.startswith("geleit/web/pages/people.py:") for place in places)
    assert any(place.startswith("geleit/intake/") for place in places)


def test_no_store_keeps_a_write_key(told):
    server, (kept, rows) = told
    assert PERSON.encode() in kept  # it is looked for in the right place
    assert sum(PERSON in row for row in rows) > 3
    assert server.key.encode() not in kept


def test_text_is_for_people_and_a_level_hides_what_is_below(tmp_path):
    server = Process(tmp_path, "--log-level", "warning")
    server.send("/v1/track", {"userId": "7"})
    server.stop()
    assert "started" not in server.log
    assert re.fullmatch(
        r"\S+Z warning geleit.collector records went to the quarantine source=web records=1\n", server.log
    )


def test_further_names_are_allowed(tmp_path):
    server = Process(tmp_path, "--allowed-host", "data.example.com", "--allowed-host", "*.intern.example")
    answers = {
        name: [server.client.get(path, headers={"host": name}).status_code for path in ("/sources", "/metrics")]
        for name in ("data.example.com", "a.intern.example:8420", "other.example")
    }
    server.stop()
    assert answers == {
        "data.example.com": [200, 200], "a.intern.example:8420": [200, 200], "other.example": [400, 400]
    }  # fmt: skip
    shutil.rmtree(tmp_path / "data")
