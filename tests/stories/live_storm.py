"""A shop's visitors who send through several clients at once, and a server that is killed under them."""

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

from geleit.access import write_keys
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init
from servers import free_port

SECONDS = 180
# Everything a server does beside taking events happens all the time, so that every kill may meet it.
SERVER = """
import sys
from geleit.web.serve import serve
from geleit.workspace import open_workspace
from geleit.workspace.upkeep import Pace

with open_workspace(sys.argv[1]) as workspace:
    serve(workspace, port=int(sys.argv[2]), pace=Pace(pause=0.01, archived=40, settled=0.2, built=0.4, span=0.5))
"""
EVENTS = ("Product Viewed", "Product Added", "Order Completed", "Question Asked", "Repair Wanted")


def make(folder, prepare=lambda _folder: None):
    """A workspace whose website takes events, prepared before it is opened; returns its write key."""
    init(folder, name="Acme")
    prepare(folder)
    (folder / "sources" / "website.yaml").write_text("collect: true\n")
    with open_workspace(folder) as workspace:
        workspace.sync()
        return write_keys.create(workspace.ledger, "website")[1]


def batch(number, size):
    """The calls of one batch: always the same for the same number, some of them without anybody."""
    chance = random.Random(number)
    return [_call(chance, f"{number}-{place}", number * 10 + place) for place in range(size)]


def _call(chance, key, minute):
    person = chance.randrange(60)
    t = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(1_780_000_000 + minute * 60 - chance.choice([0, 0, 0, 90_000])))
    call = {"messageId": key, "anonymousId": f"a{person}", "timestamp": t}
    kind = chance.random()
    if kind < 0.1:
        mail = f"p{person // chance.choice([1, 1, 1, 2])}@example.org"
        return call | {"type": "identify", "userId": f"u{person}", "traits": {"email": mail, "firstName": f"P{person}"}}
    if kind < 0.13:
        return {"type": "track", "event": "Nobody", "messageId": key, "timestamp": t}
    properties = {"product_id": str(chance.randrange(9)), "order_id": f"o{key}", "total": 5, "text": "how?"}
    return call | {"type": "track", "event": chance.choice(EVENTS), "properties": properties}


class Server:
    """One server on one port, in a process that may die at any moment; ``over``: it will not be started again."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.process, self.over = None, False

    def start(self):
        command = [sys.executable, "-c", SERVER, str(self.folder), str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def stop(self):
        self.process.terminate()
        _, errors = self.process.communicate(timeout=SECONDS)
        code, self.process = self.process.returncode, None
        assert code in (0, -15), errors.decode()
        assert b"Traceback" not in errors, errors.decode()


@contextmanager
def server_of(folder):
    """A server that is to be started, on a port of its own; whatever happens, it has ended afterwards."""
    server = Server(folder, free_port())
    try:
        yield server
    finally:
        server.over = True
        server.kill()


class Client(threading.Thread):
    """Sends its batches one after another, each until it is acknowledged; remembers which were."""

    def __init__(self, server, key, numbers, size):
        super().__init__(daemon=True)
        self.server, self.key, self.numbers, self.size = server, key, list(numbers), size
        self.acknowledged = []

    def run(self):
        for number in self.numbers:
            body = json.dumps({"batch": batch(number, self.size), "writeKey": self.key}).encode()
            while not self._sent(body):
                if self.server.over:
                    return
                time.sleep(0.05)
            self.acknowledged.append(number)

    def _sent(self, body):
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
            try:
                connection.request("POST", "/v1/batch", body)
                return connection.getresponse().status == 200
            finally:
                connection.close()
        return False
