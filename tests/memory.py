"""A folder in memory for what need not outlive a test: there a sync costs nothing."""

import shutil
from pathlib import Path

FOLDER = Path("/dev/shm")  # noqa: S108 (whoever uses it makes a folder of their own in it)
ROOM = 2**31  # bytes; containers often have but 64 MB there, for all their processes


def folder() -> Path | None:
    """Where files lie in memory, if there is room; None stands for the usual place."""
    return FOLDER if FOLDER.is_dir() and shutil.disk_usage(FOLDER).free > ROOM else None
