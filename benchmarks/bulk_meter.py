"""What a process used up: seconds on the wall and of the processors, and its peak of memory."""

from __future__ import annotations

import os
import resource
import threading
import time
from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")
OFTEN = 0.1  # seconds between two looks at the children


class Below(threading.Thread):
    """Looks how much memory the children hold; ``most``: the largest sum of their peaks at one time, in KiB.

    Never ask the kernel for the peak of ended children: a new program inherits it from whoever started it.
    """

    def __init__(self) -> None:
        super().__init__(name="bulk-meter", daemon=True)
        self.most = 0

    def run(self) -> None:
        """Look, again and again."""
        while True:
            self.most = max(self.most, sum(map(_peak, _children())))
            time.sleep(OFTEN)


def _children() -> set[str]:
    found: set[str] = set()
    for task in (PROCESSES / "self" / "task").glob("*/children"):
        with suppress(OSError):  # a thread that has just ended
            found.update(task.read_text().split())
    return found


def _peak(process: str) -> int:
    """KiB that a process held at most; 0 for one that has just ended, or that is still the image of this one."""
    try:
        said = (PROCESSES / process / "status").read_text()
    except OSError:
        return 0
    held = next((int(line.split()[1]) for line in said.splitlines() if line.startswith("VmHWM")), 0)
    return held if process == "self" or held != _peak("self") else 0


_below = Below()


def spent() -> dict[str, float]:
    """Seconds on the wall, CPU seconds with those of ended children, and the peak of resident memory in MB.

    That of the process and, as long as they ran, those of its children; where the kernel has no /proc, of the process alone.
    """
    used = os.times()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if (PROCESSES / "self" / "status").exists():
        own = _peak("self")
        if not _below.is_alive():
            _below.start()
    return {
        "at": time.time(),
        "wall": time.perf_counter(),
        "cpu": used.user + used.system + used.children_user + used.children_system,
        "peak_mb": (own + _below.most) / 1000,
    }


def between(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What was used from one moment to another; ``peak_mb`` is that of the process until then."""
    used = {name: round(after[name] - before[name], 3) for name in ("wall", "cpu")}
    return used | {"peak_mb": round(after["peak_mb"], 1), "from": before["at"], "until": after["at"]}
