import contextlib
import re
import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from listening import SECONDS, listening
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as families
from shop import until

from geleit.access import write_keys
from geleit.errors import StoreError
from geleit.web.app import create_app
from geleit.web.security import allowed_hosts
from geleit.web.serve import running
from geleit.workspace import open_workspace

COMPANY = "company: Lindner\nlanguages: [en, de]\nzone: Europe/Berlin\ncountry: DE\ncurrency: EUR\n"
PERSON = "marked-person-7f3a"
DOCS = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


@contextlib.contextmanager
def opened(ledger):
    """Another program that writes to the ledger, when it has its turn."""
    engine = sa.create_engine(f"sqlite:///{ledger}", poolclass=sa.NullPool, connect_args={"timeout": SECONDS})
    with engine.connect() as connection:
        yield connection


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
            app.readiness.patience = SECONDS
            with (
                listening(app) as port,
                httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=2 * SECONDS) as client,
            ):
                yield Watched(workspace, app, client, key)


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
    until(lambda: upkeep.fault)
    assert {"what": "the journal cannot be written", "hint": "free disk space"} in watched.problems()
    assert watched.value("geleit_upkeep_fault") == 1


def test_a_ledger_that_cannot_be_written_is_named(watched):
    with opened(watched.workspace.ledger.name) as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        watched.app.readiness.patience = 0.3
        (problem,) = watched.problems()
        assert "no commit was possible within 0.3 seconds" in problem["what"]
    watched.app.readiness.patience = SECONDS
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


def test_asking_again_and_again_commits_once_a_second(watched, monkeypatch):
    collector, commits = watched.app.readiness.server.collector, []
    submit = collector.submit
    monkeypatch.setattr(collector, "submit", lambda *what: commits.append(what) or submit(*what))
    began = time.monotonic()
    asked = sum(watched.client.get("/ready").status_code == 200 for _ in range(50))
    assert asked == 50
    assert 1 <= len(commits) <= 1 + time.monotonic() - began


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
