"""A real `geleit serve` in a process of its own, with a workspace whose sources take events, and what it then knows."""

import contextlib
import json
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
from servers import free_port

SECONDS = 300
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
        """What the workspace knows now."""
        member, owner, known = tables.identifier_set_member.c, tables.resolution.c, tables.identifier.c
        identifiers = sa.select(owner.set_id, owner.customer_id, known.type, known.value).where(
            known.id == member.identifier_id, owner.set_id == member.set_id
        )
        found = Known()
        with open_workspace(self.folder) as workspace, workspace.ledger.read() as connection:
            sets = {}
            for row in connection.execute(identifiers):
                found.owners[f"{row.type}:{row.value}"] = sets[row.set_id] = row.customer_id
            for row in connection.execute(sa.select(tables.trait)):
                found.traits[sets[row.set_id]][row.name] = json.loads(row.value)
            for row in connection.execute(sa.select(tables.quarantine)):
                found.quarantined.append(f"{row.source}: {row.reason}: {row.message}")
            keys = {row.key: sets[row.id] for row in connection.execute(sa.select(tables.identifier_set))}
            for stored in workspace.history.events_of(list(keys)):
                found.events[keys[stored.set_key]].append(stored.event)
        return found


@dataclass(frozen=True)
class Known:
    """``owners``: customers by identifier; ``events`` and ``traits`` of each customer; what waits in the quarantine."""

    owners: dict = field(default_factory=dict)
    events: dict = field(default_factory=lambda: defaultdict(list))
    traits: dict = field(default_factory=lambda: defaultdict(dict))
    quarantined: list = field(default_factory=list)

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


def until(true, told=lambda: "", seconds=SECONDS, every=0.05):
    """Wait until it is so; asks again after ``every`` seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {told()}"
        time.sleep(every)
