"""A real `geleit serve` in a process of its own, with a workspace whose sources take events, and what it then knows."""

import contextlib
import socket
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from geleit.access import write_keys
from geleit.ledger import tables
from geleit.workspace import open_workspace

SECONDS = 60
COMPANY = """\
company: Lindner Hausgeräte, Kassel
languages: [en, de]
zone: Europe/Berlin
currency: EUR
country: DE
"""
SOURCE = "collect: true\n"


@dataclass
class Served:
    """The server of one workspace on one port; ``keys``: the write key of each source."""

    folder: Path
    port: int = 0
    keys: dict = field(default_factory=dict)
    process: subprocess.Popen | None = None

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def errors(self):
        return self.folder / "errors.txt"

    def start(self):
        """Serve, always on the port of the first time."""
        self.port = self.port or free_port()
        command = [*GELEIT, "serve", "-w", str(self.folder), "--port", str(self.port), "--no-browser"]
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        until(self._listens, self.errors.read_text)
        return self

    def _listens(self):
        assert self.process.poll() is None, self.errors.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self):
        """No farewell."""
        if self.process:
            self.process.kill()
            self.process.wait(SECONDS)

    def known(self):
        """What the workspace knows now: its customers by identifier, the events of each, and what waits in quarantine."""
        with open_workspace(self.folder) as workspace, workspace.ledger.read() as connection:
            members = sa.select(
                tables.identifier_set_member.c.set_id,
                tables.identifier.c.type,
                tables.identifier.c.value,
                tables.resolution.c.customer_id,
            ).where(
                tables.identifier.c.id == tables.identifier_set_member.c.identifier_id,
                tables.resolution.c.set_id == tables.identifier_set_member.c.set_id,
            )
            owners, sets = {}, {}
            for row in connection.execute(members):
                owners[f"{row.type}:{row.value}"] = sets[row.set_id] = row.customer_id
            held = [row.key for row in connection.execute(sa.select(tables.identifier_set.c.key))]
            keys = {
                row.key: row.id
                for row in connection.execute(sa.select(tables.identifier_set.c.key, tables.identifier_set.c.id))
            }
            quarantined = [
                f"{row.source}: {row.reason}: {row.message}" for row in connection.execute(sa.select(tables.quarantine))
            ]
            events = defaultdict(list)
            for stored in workspace.history.events_of(held):
                events[sets[keys[stored.set_key]]].append(stored.event)
            return Known(owners, events, quarantined)


@dataclass(frozen=True)
class Known:
    """``owners``: customers by identifier, ``events`` of each customer."""

    owners: dict
    events: dict
    quarantined: list

    def of(self, identifier):
        """The events of whoever has the identifier, as they happened."""
        return sorted(self.events.get(self.owners.get(identifier), []), key=lambda event: event.t)


GELEIT = [sys.executable, "-m", "geleit"]


@contextlib.contextmanager
def serving(folder, sources):
    """A workspace with these sources, a write key for each, and its running server."""
    (folder / "sources").mkdir(parents=True)
    (folder / "geleit.yaml").write_text(COMPANY, encoding="utf-8")
    for name in sources:
        (folder / "sources" / f"{name}.yaml").write_text(SOURCE, encoding="utf-8")
    served = Served(folder)
    with open_workspace(folder) as workspace:
        served.keys = {name: write_keys.create(workspace.ledger, name)[1] for name in sources}
    try:
        yield served.start()
    finally:
        served.kill()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def until(true, told=lambda: "", seconds=SECONDS, every=0.05):
    """Wait until it is so; asks again after ``every`` seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {told()}"
        time.sleep(every)
