"""Runs a real client in a process of its own: the snippet of docs/clients.md, then the calls of a story."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from story import EVERY, cloud, visit

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "clients.md"
SNIPPET = re.compile(r"^<!-- client: (\w+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS, KEY = "https://events.example.com", "WRITE_KEY"
MODULES = HERE / "node_modules"


@dataclass(frozen=True)
class Client:
    """One client library: its snippet on the page, the file that makes a story's calls with it, and what it can say.

    ``corrects``: it says when it sent, so that its wrong clock can be corrected. ``own_time``: a call may name its time.
    ``switches``: each call names who made it.
    """

    name: str
    calls: str
    says: frozenset = EVERY
    snippet: str = ""
    corrects: bool = True
    own_time: bool = True
    switches: bool = True
    browser: bool = False

    @property
    def python(self):
        return self.calls.endswith(".py")

    @property
    def clouds(self):
        return self.calls.startswith("cloudevents")

    def tell(self, run):
        """The story as far as the client can tell it."""
        if self.clouds:
            return cloud(run)
        return visit(run, self.says, own_time=self.own_time, switches=self.switches)


JITSU = {
    "calls": "stateful.mjs",
    "says": EVERY - {"screen", "alias"},
    "snippet": "jitsu",
    "own_time": False,
    "switches": False,
}
LIBRARIES = (
    Client("segment_python", "spec.py"),
    Client("rudder_python", "spec.py"),
    Client("cloudevents_python", "cloudevents.py", corrects=False),
    Client("segment_node", "spec.mjs"),
    Client("customerio_node", "spec.mjs", corrects=False),
    Client("rudder_node", "spec.mjs"),
    Client("jitsu_node", **JITSU),
    Client("cloudevents_node", "cloudevents.mjs", corrects=False),
)
BROWSERS = (
    Client("segment_browser", "stateful.mjs", switches=False, browser=True),
    Client("segment_browser_batches", "stateful.mjs", switches=False, browser=True),
    Client("jitsu_browser", **JITSU, browser=True),
)
CLIENTS = {client.name: client for client in LIBRARIES + BROWSERS}


@cache
def snippets():
    return dict(SNIPPET.findall(PAGE.read_text(encoding="utf-8")))


def pointed(snippet, address, key):
    """A snippet of the page with our address and key."""
    text = snippets()[snippet].replace(KEY, key)
    host = address.removeprefix("http://")
    return text.replace(ADDRESS, address).replace(ADDRESS.removeprefix("https://"), host).replace('"https"', '"http"')


def require_node():
    if not (shutil.which("node") and MODULES.is_dir()):
        say = pytest.fail if os.environ.get("GELEIT_REQUIRE_CLIENTS") else pytest.skip
        say("the clients for Node are missing. Hint: sh scripts/ensure_clients.sh")


def start(client, folder, calls, address, key, *, clock=0):
    """Start a client on a story; ``clock``: hours by which its clock is wrong."""
    folder.mkdir(parents=True)
    (folder / "story.json").write_text(json.dumps(calls), encoding="utf-8")
    made = (HERE / "clients" / client.calls).read_text(encoding="utf-8")
    if client.python:
        program = folder / "program.py"
        shutil.copy(HERE / "clients" / "clock.py", folder)
        program.write_text(
            f"import clock\n{pointed(client.snippet or client.name, address, key)}\n{made}", encoding="utf-8"
        )
        command = [sys.executable, "-X", "utf8", str(program)]
    else:
        require_node()
        (folder / "node_modules").symlink_to(MODULES)
        program = folder / "program.mjs"
        program.write_text(f"{pointed(client.snippet or client.name, address, key)}\n{made}", encoding="utf-8")
        command = ["node", "--require", str(HERE / "clients" / "clock.js"), str(program)]
    said = folder / "said.txt"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [*command, str(folder / "story.json")],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"GELEIT_CLOCK": str(clock)},
        )
    return Started(process, said)


@dataclass(frozen=True)
class Started:
    """A running client; ``said``: the file with what it prints."""

    process: subprocess.Popen
    said: Path

    def done(self, seconds=300):
        """What it printed until it ended by itself."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = f"not ended within {seconds} s"
        text = self.said.read_text(encoding="utf-8")
        assert code == 0, f"{code}: {text}"
        return text

    def kill(self):
        self.process.kill()
        self.process.wait()
