"""What a process used up: seconds on the wall and of the processors, and its peak of memory."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

MEMORY = Path("/proc/self/status")


def spent() -> dict[str, float]:
    """Seconds on the wall, CPU seconds with those of ended children, and the peak of resident memory in MB.

    The kernel hands a parent's peak down to a new program; where /proc says the program's own, that counts.
    """
    used = os.times()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if MEMORY.exists():
        own = next(int(line.split()[1]) for line in MEMORY.read_text().splitlines() if line.startswith("VmHWM"))
    below = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "at": time.time(),
        "wall": time.perf_counter(),
        "cpu": used.user + used.system + used.children_user + used.children_system,
        "peak_mb": (own + below) / 1000,
    }


def between(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What was used from one moment to another; ``peak_mb`` is that of the process until then."""
    used = {name: round(after[name] - before[name], 3) for name in ("wall", "cpu")}
    return used | {"peak_mb": round(after["peak_mb"], 1), "from": before["at"], "until": after["at"]}
