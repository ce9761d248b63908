"""The bulk benchmark: how long ten million events take from a file to customers who can be found, asked and shown.

Invents an export (Parquet and CSV, see bulk_data.py), measures DuckDB's bare reading and writing of the same file as
floors, and loads it with geleit, everything in processes of their own. What is measured and what the columns mean stands
in docs/benchmarks.md. Examples:

    python benchmarks/bulk.py --events 1_000_000 --json run.json
    python benchmarks/bulk.py --events 1_000_000 --format parquet --live --json live.json
    python benchmarks/bulk.py --events 1_000_000 --format parquet --profile
    python benchmarks/bulk.py --render run.json live.json       # the tables as Markdown
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import live_floor
from bulk_table import markdown, quantiles, summarized, text

HERE = Path(__file__).parent
FLOOR_THREADS = 2
FLOOR_TRIES = 3
LEAST = 3_000
EARLY = ("first answer", "answer of the first journal")
NEAR = 0.01  # devices that two people share make the answer differ by no more than this


def arguments() -> argparse.Namespace:
    """What the caller wants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add(
        "--events",
        type=int,
        default=1_000_000,
        metavar="N",
        help="rows of the export (default 1_000_000, at least 3_000)",
    )
    add("--format", nargs="+", choices=("parquet", "csv"), default=["parquet", "csv"], help="default: both")
    add(
        "--shared",
        type=int,
        default=2,
        metavar="N",
        help="of 1000 customers, who log in at another's device (default 2)",
    )
    add(
        "--folder",
        type=Path,
        help="where everything is written; the export is kept there (default: a temporary folder)",
    )
    add("--cores", type=int, default=2, metavar="N", help="processors to use, where the system can say so (default 2)")
    add(
        "--until",
        choices=("import", "adopt", "sync", "question"),
        default="question",
        help="stop after this stage (default: question); with --live, sync is the journal alone: needs are never all cut then",
    )
    add("--live", action="store_true", help="a second process accepts live events meanwhile")
    add("--every", type=float, default=0.1, metavar="S", help="seconds between live batches of 20 (default 0.1)")
    add("--alone", type=float, default=3.0, metavar="S", help="seconds of live events before the load (default 3)")
    add("--profile", action="store_true", help="name the costliest functions of each stage (slows it down)")
    add("--json", type=Path, metavar="FILE", help="write what was measured")
    add("--render", nargs="+", type=Path, metavar="FILE", help="print the tables of earlier runs as Markdown, and end")
    asked = parser.parse_args()
    if asked.events < LEAST:
        parser.error(f"--events: at least {LEAST:,}: fewer do not go in bulk")
    return asked


def child(name: str, *values: object) -> Any:
    """What a program of this folder prints, run in a process of its own."""
    command = [sys.executable, str(HERE / f"{name}.py"), *map(str, values)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f"{name} {' '.join(map(str, values))} failed")
    return json.loads(done.stdout)


@contextmanager
def live(root: Path, people: int, asked: argparse.Namespace) -> Iterator[list[Any]]:
    """Live events beside the block; the list holds them afterwards: (at, ms to acknowledgement, ms of waiting)."""
    command = [sys.executable, str(HERE / "bulk_live.py"), str(root), str(people), str(asked.every)]
    found: list[Any] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdout is not None:
            process.stdout.readline()  # the first batch is in
        time.sleep(asked.alone)
        yield found
        said, _ = process.communicate()
    if process.returncode:
        raise SystemExit("the live events failed")
    found += json.loads(said)


def quickest(task: str, file: Path) -> dict[str, float]:
    """A floor: the quickest of some tries, as it is so short that anything else on the machine spoils it."""
    tries = [child("bulk_floor", task, file, FLOOR_THREADS) for _ in range(FLOOR_TRIES)]
    return min(tries, key=lambda used: float(used["wall"]))


def measure(folder: Path, kind: str, truth: dict[str, Any], asked: argparse.Namespace) -> dict[str, Any]:
    """One format: floors, then the load."""
    file, root = folder / f"events.{kind}", folder / f"workspace-{kind}"
    floors = {task: quickest(task, file) for task in ("read", "write")}
    child("bulk_run", "prepare", root, file)
    events: list[Any] = []
    with ExitStack() as stack:
        if asked.live:
            events = stack.enter_context(live(root, truth["people"], asked))
        disk = stack.enter_context(live_floor.beside(folder, asked.every))
        profile = "profile" if asked.profile else "plain"
        found = child(
            "bulk_run", "run", root, folder / "truth.json", asked.until, profile, "live" if asked.live else "alone"
        )
    shutil.rmtree(root)
    for stage in found["stages"].values():
        turns = [took * 1000 for at, took in disk.turns if stage["from"] <= at < stage["until"]]
        stage["disk_ms"] = quantiles(turns)
    run = {"format": kind, "bytes": truth["bytes"][kind], "floors": floors, **found}
    return run | ({"live": summarized(events, found["stages"])} if asked.live else {})


def wrong(run: dict[str, Any], shared: int) -> list[str]:
    """What the load got otherwise than it truly is.

    Where devices are shared, people may be told apart otherwise; live events bring people of their own, and whom they meet
    counts once the ledger has them.
    """
    found = []
    for name, (expected, got) in run["checks"].items():
        close = shared and name in (*EARLY, "answer", "customers") and abs(got - expected) <= max(10, NEAR * expected)
        more = "live" in run and name == "customers" and got >= expected
        later = "live" in run and name in EARLY and got <= expected
        if got != expected and not (close or more or later):
            found.append(f"{run['format']}: {name}: expected {expected}, got {got}")
    return found


def machine() -> dict[str, Any]:
    """The machine by cores and memory, and what ran on it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    used = {name: version(name) for name in ("geleit", "duckdb", "pyarrow", "sqlalchemy")}
    return {"cores": cores, "memory_gb": round(memory), "python": platform.python_version(), "versions": used}


def measured(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Everything that was asked for."""
    if asked.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.cores])
    truth = child("bulk_data", folder, asked.events, asked.shared)
    result = {"machine": machine(), "truth": {name: truth[name] for name in truth if name != "probes"}, "runs": []}
    result |= {"profiled": asked.profile, "every": asked.every if asked.live else None, "wrong": []}
    for kind in dict.fromkeys(asked.format):
        run = measure(folder, kind, truth, asked)
        result["runs"].append(run)
        result["wrong"] += wrong(run, asked.shared)
    return result


def main() -> int:
    """Measure and print; 1 if the load got something wrong."""
    asked = arguments()
    if asked.render:
        print("\n".join(markdown(json.loads(path.read_text())) for path in asked.render), end="")
        return 0
    with ExitStack() as stack:
        folder = asked.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bulk-")))
        result = measured(asked, folder.resolve())
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=1) + "\n")
    print(text(result))
    return 1 if result["wrong"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
