"""What a server holds in memory while an hour's worth of events comes: part of benchmarks/live.py.

Of each process: ``VmRSS`` (now) and ``VmHWM`` (the most it ever held), both with what it shares with files, and ``RssAnon``
without. All in megabytes.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROLES = ("front", "writer", "keeper", "pages")
FIELDS = ("VmRSS", "VmHWM", "RssAnon")
NEW = re.compile(r'^geleit_events_total\{[^}]*outcome="new"[^}]*\} (\S+)$', re.MULTILINE)
QUARTERS = 4


def held(processes: list[int]) -> dict[str, dict[str, int]]:
    """Megabytes of each process, by role and field."""
    found = {}
    for place, pid in enumerate(processes):
        try:
            text = Path(f"/proc/{pid}/status").read_text()
        except OSError:  # it has just ended
            continue
        fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        role = ROLES[place] if place < len(ROLES) else f"other {place}"
        found[role] = {name: int(fields.get(name, "0").split()[0]) // 1024 for name in FIELDS}
    return found


def taken(port: int) -> int:
    """Events that the server took in since it began."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        return int(sum(float(one) for one in NEW.findall(answer.read().decode())))


def points(port: int, events: int, alive: Callable[[], bool]) -> Iterator[tuple[int, int]]:
    """Quarters of the events with how many are in, each as soon as so many are; ends early if nobody sends any more."""
    first = taken(port)
    for quarter in range(1, QUARTERS + 1):
        while (now := taken(port) - first) < events * quarter // QUARTERS:
            if not alive():
                return
            time.sleep(0.5)
        yield quarter, now


def hour(command: list[str], port: int, family: Callable[[], list[int]], events: int) -> list[dict[str, Any]]:
    """Let a load come until so many events are in; what the processes hold before, at each quarter, and 10 s after."""
    rows = [{"at": "start", "events": 0, "held": held(family())}]
    began = time.monotonic()
    load = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for quarter, now in points(port, events, lambda: load.poll() is None):
            rows.append({"at": f"{quarter}/4", "events": now, "held": held(family())})
            rows[-1]["seconds"] = round(time.monotonic() - began)
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    finally:
        load.send_signal(signal.SIGINT)
        load.wait()
    time.sleep(10)  # what waits is archived, the load is gone
    return [*rows, {"at": "after", "events": rows[-1]["events"], "held": held(family())}]


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown: now, the most ever, and of that now what is no file's, for each process."""
    roles = list(dict.fromkeys(role for row in rows for role in row["held"]))
    heads = ["", "events", *(f"{role}: RSS / peak / anonymous, MB" for role in roles)]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    for row in rows:
        cells = [" / ".join(f"{row['held'][role][name]:,}" for name in FIELDS if role in row["held"]) for role in roles]
        lines.append("| " + " | ".join([row["at"], f"{row['events']:,}", *cells]) + " |")
    return "\n".join(lines)
