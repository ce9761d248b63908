"""The same five questions by kernels, by reference SQL on DuckDB, and by the same SQL on servers of Spark Connect, in one run.

Run it inside ``scripts/spark_long.py`` to have a cluster (GELEIT_SPARK), and beside a Sail server (GELEIT_SAIL). CPU
seconds are those of this process and of the servers' processes, all threads.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from analytics_generation import Desk, build, checksum, desk, questions

from analytics import FUNNEL, invent
from geleit.analytics.exported import ExportAnalytics
from geleit.analytics.frequency import Frequencies
from geleit.analytics.orders import BOUGHT
from geleit.events.kinds import Catalogue
from geleit.history.columns import Columns
from geleit.history.engine import DuckEngine, Engine
from geleit.history.export import Origin, write
from geleit.history.exported import Exports
from geleit.history.place import Place
from geleit.history.reading import connect
from geleit.history.spark import SparkEngine

TICKS = os.sysconf("SC_CLK_TCK")
OF = Origin("Benchmark", "UTC", "definitions")
NEEDS = pa.schema(
    {name: pa.string() for name in ("need_id", "customer_id", "topic", "stage")}
    | {name: pa.int64() for name in ("opened_at", "closed_at")}
)


def spent(pattern: str) -> float:
    """CPU seconds of this process and of all whose command holds the pattern (a server, its workers)."""
    total = time.process_time()
    for folder in Path("/proc").glob("[0-9]*") if pattern else ():
        try:
            if pattern in (folder / "cmdline").read_text():
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                total += (int(fields[11]) + int(fields[12])) / TICKS
        except OSError:  # it has ended meanwhile
            continue
    return total


def timed(what: Callable[[], object], pattern: str = "") -> tuple[float, object]:
    """CPU seconds and the answer."""
    before = spent(pattern)
    found = what()
    return round(spent(pattern) - before, 3), found


def ask(name: str, asked: Desk, engine: str, pattern: str = "") -> None:
    """Each question once cold and once warm; one line of JSON."""
    found: dict[str, object] = {"engine": name}
    asked.ask(Frequencies(), engine)  # type: ignore[arg-type]  # what is loaded and started once is no question's cost
    for title, question in questions(FUNNEL).items():
        cold, _ = timed(lambda question=question: asked.ask(question, engine), pattern)  # type: ignore[misc]
        warm, result = timed(lambda question=question: asked.ask(question, engine), pattern)  # type: ignore[misc]
        found[title] = {"cold": cold, "warm": warm, "sum": checksum(title, result)}
    print(json.dumps(found), flush=True)


def export(columns: Columns, folder: Path) -> None:
    """The generation as ``geleit journal export`` writes it, without needs and orders."""
    columns.duck.from_arrow(NEEDS.empty_table()).create("needs")
    columns.duck.from_arrow(BOUGHT.empty_table()).create("orders")
    write(columns, Place(str(folder)), OF)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm/geleit-engines"))  # noqa: S108 (by hand, in memory)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    here = desk(build(invent(chosen.folder, chosen.events), chosen.folder))
    ask("kernels", here, "kernels")
    ask("DuckDB on the journal", here, "sql")
    place = chosen.folder / f"export-{chosen.events}"
    cost, _ = timed(lambda: export(here._newest().columns, place))  # noqa: SLF001 (the state that was just asked)
    size = sum(path.stat().st_size for path in place.rglob("*.parquet"))
    print(json.dumps({"export": cost, "megabytes": round(size / 1e6, 1)}), flush=True)
    engines: dict[str, tuple[Callable[[], Engine], str]] = {"DuckDB on the export": (lambda: DuckEngine(connect()), "")}
    for name, variable, pattern in (("Sail", "GELEIT_SAIL", "sail"), ("Spark", "GELEIT_SPARK", "org.apache.spark")):
        if address := os.environ.get(variable):
            engines[name] = (lambda address=address: SparkEngine(address), pattern)  # type: ignore[misc]
    for name, (engine, pattern) in engines.items():
        exports = Exports(Place(str(place)), OF.company, engine)
        ask(name, ExportAnalytics(exports, Catalogue(), {}), "sql", pattern)


if __name__ == "__main__":
    main()
