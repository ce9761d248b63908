"""kill -9 at any moment of a bulk load while another process takes in live events: nothing lost, nothing twice, same customers."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import bulk_company

from geleit.workspace import open_workspace

LIVE = 60
# Takes in the same people's events, a few at a time and again and again, until its standard input closes.
BESIDE = """
import select, sys, time
sys.path[:0] = [{tests!r}, {stories!r}]
import bulk_company
from geleit.workspace import open_workspace

with open_workspace({folder!r}) as workspace:
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        number = time.monotonic_ns() // 1_000_000 % {last}
        workspace.intake.accept(bulk_company.live(number, 3))
"""


def start(folder, *words):
    return subprocess.Popen(
        bulk_company.command(folder, *words, "--json"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def start_beside(folder):
    stories = Path(__file__).parent
    text = BESIDE.format(tests=str(stories.parent), stories=str(stories), folder=str(folder), last=LIVE - 3)
    child = subprocess.Popen(
        [sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout.readline() == b"ready\n"
    return child


def finish(child):
    _, errors = child.communicate()
    assert child.returncode == 0, errors.decode()


def storm(folder, kills, whole):
    """Kill as often as wanted: first as soon as a load has begun, then at moments spread over a whole run."""
    chance = random.Random(4711)
    killed = 0
    for number in range(kills):
        child = start(folder, "import" if not number or chance.random() < 0.8 else "sync")
        while not number and child.poll() is None and not any((folder / "data" / "loads").glob("*")):
            time.sleep(0.002)
        time.sleep(chance.uniform(0.25, 1.0) * whole if number else 0)
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            killed += 1
        child.communicate()
    return killed


def test_a_storm_of_kills_in_a_bulk_load_changes_nothing(dump, kills, tmp_path):
    undisturbed = bulk_company.make(tmp_path / "undisturbed")
    began = time.monotonic()
    finish(start(undisturbed, "import"))
    whole = time.monotonic() - began
    disturbed = bulk_company.make(tmp_path / "disturbed")
    beside = start_beside(disturbed)
    killed = storm(disturbed, max(2, kills // 2), whole)
    finish(beside)
    assert killed > 0
    finish(start(disturbed, "import"))
    with open_workspace(undisturbed) as expected, open_workspace(disturbed) as found:
        for workspace in (expected, found):
            workspace.intake.accept(bulk_company.live(0, LIVE))
            workspace.sync()
        report = found.check()
        assert report.ok, report.text()
        assert dump(found) == dump(expected)
