"""kill -9 at any moment of a bulk load while another process takes in live events: nothing lost, nothing twice, same customers."""

import itertools
import random
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import bulk_company
from killing import killed_within

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


@contextmanager
def beside(folder):
    """A process that takes in events beside; at the end it has to have been well all the time."""
    stories = Path(__file__).parent
    text = BESIDE.format(tests=str(stories.parent), stories=str(stories), folder=str(folder), last=LIVE - 3)
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", text], **pipes) as child:
        assert child.stdout.readline() == b"ready\n"
        yield
        finish(child)


def finish(child):
    _, errors = child.communicate()
    assert child.returncode == 0, errors.decode()


def storm(folder, kills, whole):
    """Kill so often: first as soon as a load has begun, then at moments spread over a whole run.

    A command that came through before its kill does not count.
    """
    chance, killed = random.Random(4711), 0
    for number in itertools.count():
        child = start(folder, "import" if not number or chance.random() < 0.8 else "sync")
        began = time.monotonic()
        while not number and child.poll() is None and not any((folder / "data" / "loads").glob("*")):
            time.sleep(0.002)
        if killed_within(child, chance.uniform(0.25, 1.0) * whole if number else 0):
            killed += 1
        else:
            whole = min(whole, time.monotonic() - began)
        if killed == kills:
            return


def test_a_storm_of_kills_in_a_bulk_load_changes_nothing(dump, kills, tmp_path):
    undisturbed = bulk_company.make(tmp_path / "undisturbed")
    began = time.monotonic()
    finish(start(undisturbed, "import"))
    whole = time.monotonic() - began
    disturbed = bulk_company.make(tmp_path / "disturbed")
    with beside(disturbed):
        storm(disturbed, max(2, kills // 2), whole)
    finish(start(disturbed, "import"))
    with open_workspace(undisturbed) as expected, open_workspace(disturbed) as found:
        for workspace in (expected, found):
            workspace.intake.accept(bulk_company.live(0, LIVE))
            workspace.sync()
        report = found.check()
        assert report.ok, report.text()
        assert dump(found) == dump(expected)
