"""Arrow loads pandas only for whoever asks for a data frame."""

from __future__ import annotations

import subprocess
import sys

ASKED = """
import sys
import pyarrow as pa
from geleit.processes import without_frames
if {kept}:
    without_frames()
table = pa.table({{"word": pa.array(["a", "b"])}})
print("pandas" in sys.modules, len(table.to_pandas()), "pandas" in sys.modules, len(sys.meta_path))
"""


def asked(kept: bool) -> list[str]:
    program = ASKED.format(kept=kept)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_no_frame_is_made_until_somebody_asks_for_one():
    kept, free = asked(True), asked(False)
    assert kept[:3] == ["False", "2", "True"]
    assert free[:3] == ["True", "2", "True"]
    assert kept[3] == free[3], "the finder is gone again"
