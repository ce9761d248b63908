"""The log of a real server: what happened and how bad it was, and nothing of a person."""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys

import httpx
import pytest
import sqlalchemy as sa
from hooked import COMPANY
from listening import SECONDS
from shop import until
from test_observing import PERSON, opened

from geleit.access import write_keys
from geleit.ledger import tables
from geleit.workspace import open_workspace
from servers import free_port

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
        port = free_port()
        command = [sys.executable, "-m", "geleit", "serve", "-w", str(root), "--no-browser", "--port", str(port)]
        with (root / "log.txt").open("wb") as log:
            self.process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=log)
        self.client = httpx.Client(  # a server closes the connection after a fault
            base_url=f"http://127.0.0.1:{port}", timeout=SECONDS, headers={"connection": "close"}
        )

    def __enter__(self):
        try:
            until(self.lives, told=lambda: self.log)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def lives(self):
        assert self.process.poll() is None, self.log
        with contextlib.suppress(httpx.TransportError):
            return self.client.get("/health").status_code == 200
        return False

    @property
    def log(self):
        return (self.root / "log.txt").read_text(encoding="utf-8")

    def send(self, path, call, **options):
        return self.client.post(path, json=call, auth=(self.key, ""), **options)

    def stop(self):
        """End it as a machine that is shut down; returns how it ended."""
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(SECONDS)
        finally:
            self.process.kill()
            self.process.wait()


def break_ledger(root, statement):
    with opened(root / "data" / "ledger.sqlite") as connection:
        connection.exec_driver_sql(statement)
        connection.commit()


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The log of a server that was sent everything good and bad, and the folder of its stores."""
    with Process(tmp_path_factory.mktemp("logged"), "--log-format", "json", "--log-level", "debug") as server:
        send, key = server.send, server.key
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
    assert server.process.returncode == 0, server.log
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
    assert events[-1] == "stopped"
    assert {"started", "records went to the quarantine", "an event cannot be stored", "a commit failed"} <= set(events)
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
    with Process(tmp_path, "--log-level", "warning") as server:
        server.send("/v1/track", {"userId": "7"})
    assert re.fullmatch(
        r"(\S+Z (warning|error) geleit\.\S+ .+\n)+", server.log
    )  # a slow commit is worth a warning, too
    said = r"^\S+Z warning geleit\.collector records went to the quarantine source=web records=1$"
    assert len(re.findall(said, server.log, re.MULTILINE)) == 1


def test_further_names_are_allowed(tmp_path):
    with Process(tmp_path, "--allowed-host", "data.example.com", "--allowed-host", "*.intern.example") as server:
        answers = {
            name: [server.client.get(path, headers={"host": name}).status_code for path in ("/sources", "/metrics")]
            for name in ("data.example.com", "a.intern.example:8420", "other.example")
        }
    assert answers == {
        "data.example.com": [200, 200], "a.intern.example:8420": [200, 200], "other.example": [400, 400]
    }  # fmt: skip
    shutil.rmtree(tmp_path / "data")
