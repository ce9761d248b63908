"""A real ``geleit serve`` in a process of its own, with one source that takes what browsers send."""

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import sqlalchemy as sa
from household import GELEIT
from shop import until

from geleit.access import write_keys
from geleit.ledger import tables
from geleit.workspace import open_workspace
from servers import free_port

SECONDS = 180


@dataclass
class Collecting:
    """The server, its write key, and what it knows."""

    folder: Path
    key: str = ""
    port: int = 0
    process: subprocess.Popen | None = None
    told: dict = field(default_factory=dict)  # how many events each person must have

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "geleit", "serve", "-w", str(self.folder), "--no-browser"]
        with (self.folder / "said.txt").open("ab") as said:
            self.process = subprocess.Popen([*command, "--port", str(self.port)], stdout=said, stderr=said)
        until(self.answers, SECONDS, (self.folder / "said.txt").read_text)

    def answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "said.txt").read_text()
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.address}/geleit.js").status_code == 200
        return False

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(SECONDS)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(SECONDS)

    def person(self, identifier) -> list:
        """The events of whoever has the identifier, as they happened; none if nobody has it."""
        answer = httpx.get(f"{self.address}/api/people/web.{identifier}", timeout=SECONDS)
        found = [one["event"] for one in answer.json()["events"]] if answer.status_code == 200 else []
        return sorted(found, key=lambda one: one["t"])

    def kinds(self, identifier) -> list:
        return [event["kind"] for event in self.person(identifier)]

    def kept(self) -> dict:
        """How many keys of events, customers and refused records the stores hold."""
        counted = {"events": tables.event_key, "customers": tables.customer, "refused": tables.quarantine}
        with open_workspace(self.folder) as workspace, workspace.ledger.read() as connection:
            return {
                name: connection.scalar(sa.select(sa.func.count()).select_from(one)) for name, one in counted.items()
            }


@contextlib.contextmanager
def collecting(folder):
    """A workspace with the source ``web``, served on a free port."""
    (folder / "sources").mkdir()
    (folder / "geleit.yaml").write_text(GELEIT, encoding="utf-8")
    (folder / "sources" / "web.yaml").write_text("collect: true\n", encoding="utf-8")
    made = Collecting(folder, port=free_port())
    with open_workspace(folder) as workspace:
        made.key = write_keys.create(workspace.ledger, "web")[1]
    try:
        made.start()
        yield made
    finally:
        if made.process and made.process.poll() is None:
            made.kill()
