"""The benchmark of records of which several are one runs from end to end."""

import subprocess
import sys
from pathlib import Path

RECEIPTS = Path(__file__).parent.parent.parent / "benchmarks" / "receipts.py"


def test_every_receipt_is_mapped():
    command = [sys.executable, str(RECEIPTS), "--receipts", "300"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("300 events of 900 lines in 1 pieces: ")
