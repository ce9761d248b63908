"""The load benchmark: events per second that `geleit serve` acknowledges durably, with everything applied.

The load comes from wrk (Debian's package) over loopback, in a process of its own on the same processors; see live.lua.
What is measured and what the columns mean stands in docs/benchmarks.md. Examples:

    python benchmarks/live.py --existing 0 --seconds 20
    python benchmarks/live.py --existing 1_000_000 --folder DIR --json live-1m.json    # DIR is kept and used again
    python benchmarks/live.py --hour 3_600_000 --folder DIR     # memory while an hour of 1,000 a second comes
    python benchmarks/live.py --render live-1m.json live-10m.json
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import live_floor
import live_memory

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
SOURCE = "collect: true\n"
READY = 200
LONGEST = 36_000  # seconds that an hour's worth of events may take


@dataclass(frozen=True)
class Load:
    """One kind of load: calls per batch, connections, and events per second that are sent (0: as many as are taken)."""

    batch: int
    connections: int
    rate: int = 0


LOADS = (Load(1, 64), Load(20, 32), Load(100, 16), Load(500, 8), Load(1, 200, 1_000))


def arguments() -> argparse.Namespace:
    """What the caller wants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--existing", type=int, default=0, metavar="N", help="events that the workspace holds before (default 0)")
    add("--people", type=int, default=100_000, metavar="N", help="visitors of whom events come (default 100_000)")
    add("--seconds", type=int, default=20, help="of each load (default 20)")
    add("--folder", type=Path, help="where the workspace is made, or used again; default: a temporary folder")
    add("--batch", type=int, nargs="*", help="only these batch sizes")
    add(
        "--hour",
        type=int,
        metavar="N",
        help="send N events in batches of 100 and tell what the processes hold meanwhile",
    )
    add("--json", type=Path, help="write what was measured")
    add("--render", type=Path, nargs="+", metavar="FILE", help="print measured files as Markdown, and measure nothing")
    return parser.parse_args()


def main() -> None:
    """Measure every load after one another."""
    wanted = arguments()
    if wanted.render:
        print(table([json.loads(file.read_text()) for file in wanted.render]))
        return
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    with folder(wanted.folder) as root:
        key = workspace(root, wanted.existing)
        loads = [load for load in LOADS if not wanted.batch or load.batch in wanted.batch]
        if wanted.hour:
            print(an_hour(root, (key, Load(100, 16), wanted.people), wanted.hour))
            return
        runs = []
        with serving(root) as (process, port):
            for number, load in enumerate(loads):
                with live_floor.beside(root / "data") as floor:
                    run = measured(process, port, (key, load, wanted.people), wanted.seconds, number)
                runs.append(run | {"floor_p50_ms": floor.ms(0.5), "floor_p99_ms": floor.ms(0.99)})
                print(json.dumps(runs[-1]), file=sys.stderr)
        result = {"existing": wanted.existing, "cores": os.cpu_count(), "seconds": wanted.seconds, "runs": runs}
        result["present"] = present(root, runs)
    if wanted.json:
        wanted.json.write_text(json.dumps(result, indent=1))
    print(table([result]))


def an_hour(root: Path, what: tuple[str, Load, int], events: int) -> str:
    """What the server's processes hold while so many events come, as Markdown."""
    with serving(root) as (process, port):
        command = wrk(port, what, LONGEST, 0)
        rows = live_memory.hour(command, port, lambda: family(process.pid), events)
    if not present(root, rows[-1:]):
        raise SystemExit("events that were acknowledged are missing")
    return live_memory.table(rows)


@contextmanager
def folder(given: Path | None) -> Iterator[Path]:
    """The workspace's folder."""
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made) / "workspace"


def workspace(root: Path, existing: int) -> str:
    """A workspace with so many events, made if it is not there; returns a new write key."""
    if not (root / "geleit.yaml").exists():
        geleit("init", root, "--name", "Load")
        (root / "sources" / "website.yaml").write_text(SOURCE)
    if existing and not (root / "sources" / "past.yaml").exists():
        subprocess.run([sys.executable, HERE / "live_past.py", root, str(existing)], check=True)
        geleit("import", "-w", root)
    return str(json.loads(geleit("key", "create", "website", "-w", root, "--json"))["key"])


def geleit(*words: object) -> str:
    """Run a command; its output."""
    command = [sys.executable, "-m", "geleit", *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def serving(root: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A server, until it is told to end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "geleit", "serve", "-w", str(root), "--port", str(port), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not ready(port):
            time.sleep(0.1)
        yield process, port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def ready(port: int) -> bool:
    """Whether the server says that it can take events."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=10) as answer:
        return bool(answer.status == READY)
    return False


def measured(
    process: subprocess.Popen[bytes], port: int, what: tuple[str, Load, int], seconds: int, number: int
) -> dict[str, Any]:
    """One load, and what it cost the server."""
    load = what[1]
    before = spent(process.pid)
    done = subprocess.run(wrk(port, what, seconds, number), check=True, capture_output=True, text=True)
    said = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("RESULT")).partition(" ")[2])
    events = (said["requests"] - said["failed"]) * load.batch
    each = [after - before.get(pid, 0) for pid, after in spent(process.pid).items()]
    cost = sum(each)
    return asdict(load) | {
        "events": events,
        "per_second": round(events / said["microseconds"] * 1e6),
        "per_cpu_second": round(events / cost) if cost else None,
        "cpu_us": round(cost / events * 1e6) if events else None,
        "each_us": [round(one / events * 1e6) for one in (*each[:2], sum(each[2:]))] if events else None,
        "p50_ms": round(said["p50"] / 1000, 1),
        "p95_ms": round(said["p95"] / 1000, 1),
        "p99_ms": round(said["p99"] / 1000, 1),
        "failed": said["failed"],
        "broken": said["broken"],
        "memory_mb": memory(process.pid),
    }


def wrk(port: int, what: tuple[str, Load, int], seconds: int, number: int) -> list[str]:
    """The command that sends a load; ``number`` makes its keys differ from those of other loads."""
    key, load, people = what
    pace = load.rate / load.batch / load.connections
    words = [key, load.batch, people, f"{time.time_ns():x}{number}", pace]
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{seconds}s", "--timeout", "30s", "-s", HERE / "live.lua"]
    return [*map(str, command), f"http://127.0.0.1:{port}", "--", *map(str, words)]


def family(pid: int) -> list[int]:
    """A process and those it started, and so on."""
    found = [pid]
    for one in found:
        for thread in Path(f"/proc/{one}/task").iterdir():
            more = (thread / "children").read_text().split()
            found += [int(child) for child in more if int(child) not in found]
    return found


def spent(pid: int) -> dict[int, float]:
    """CPU seconds until now of a process (the front) and those it started (the writer, then the keeper and its own)."""
    seconds = {}
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        seconds[one] = (int(fields[11]) + int(fields[12])) / TICKS
    return seconds


def memory(pid: int) -> int:
    """Megabytes that a process and those it started hold, without what they share with files."""
    held = 0
    for one in family(pid):
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{one}/status").read_text().splitlines())
        held += int(lines.get("RssAnon", "0").split()[0])  # nothing of one that has ended
    return held // 1024


def present(root: Path, runs: list[dict[str, Any]]) -> bool:
    """Whether everything that was acknowledged is there; some that wrk did not wait for may be there as well."""
    from geleit.workspace import open_workspace  # noqa: PLC0415 (only after the server has ended)

    with open_workspace(root) as opened:
        return opened.check().ok and opened.counts().events >= sum(run["events"] for run in runs)


def table(results: list[dict[str, Any]]) -> str:
    """What was measured, as Markdown."""
    heads = (
        "events before",
        "calls per request",
        "connections",
        "events/s",
        "events/CPU-s",
        "CPU µs of front + writer + keeper",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "disk alone p50, p99 ms",
        "refused",
        "memory MB",
    )
    lines = ["| " + " | ".join(heads) + " |", "|" + "---:|" * len(heads)]
    for result in results:
        for run in result["runs"]:
            rate = f"{run['per_second']:,}" + (f" (sent: {run['rate']:,})" if run["rate"] else "")
            row = (
                f"{result['existing']:,}",
                run["batch"],
                run["connections"],
                rate,
                f"{run['per_cpu_second']:,}",
                " + ".join(map(str, run.get("each_us") or ["?"])),
                run["p50_ms"],
                run["p95_ms"],
                run["p99_ms"],
                f"{run.get('floor_p50_ms', '?')}, {run.get('floor_p99_ms', '?')}",
                run["failed"],
                run["memory_mb"],
            )
            lines.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
