"""kill -9 at any point of import, archiving and generation building: nothing lost, nothing twice, same customers."""

import random
import shutil
import subprocess
import sys
import time

import pytest
from killing import killed_within

from geleit.workspace import open_workspace


def start(folder):
    return subprocess.Popen(
        [sys.executable, "-m", "geleit", "import", "--json", "-w", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def storm(folder, kills, whole):
    """Kill imports at moments spread over a whole run; one that came through before its kill does not count."""
    chance, killed = random.Random(4711), 0
    while killed < kills:
        child, began = start(folder), time.monotonic()
        if killed_within(child, chance.uniform(0.2, 1.0) * whole):
            killed += 1
        else:
            whole = min(whole, time.monotonic() - began)


@pytest.mark.parametrize("name", ["washing-machine", "northwind"])
def test_a_storm_of_kills_changes_nothing(example, dump, kills, name, tmp_path):
    undisturbed = example(name)
    began = time.monotonic()
    first = start(undisturbed)
    _, errors = first.communicate()
    assert first.returncode == 0, errors.decode()
    whole = time.monotonic() - began
    disturbed = tmp_path / "disturbed"
    shutil.copytree(undisturbed, disturbed, ignore=shutil.ignore_patterns("data"))
    storm(disturbed, kills, whole)
    last = start(disturbed)
    _, errors = last.communicate()
    assert last.returncode == 0, errors.decode()
    with open_workspace(undisturbed) as expected, open_workspace(disturbed) as found:
        assert dump(found) == dump(expected)
        report = found.check()
        assert report.ok, report.text()
