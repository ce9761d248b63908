"""The benchmark of archive, journal and reading runs from end to end."""

import subprocess
import sys
from pathlib import Path

HISTORY = Path(__file__).parent.parent.parent / "benchmarks" / "history.py"


def test_everything_is_measured_and_agrees():
    command = [sys.executable, str(HISTORY), "20000", "500"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ledger, archive and journal agree on 20005 events" in done.stdout
