"""Questions about all journeys, geleit beside others in one run: ``python benchmarks/analytics.py --events 1_000_000``.

Every engine runs in a process of its own over the same events and prints CPU seconds (all threads) and a checksum; engines
that disagree on a number are named. Peers are never requirements: what is not installed in ``--python`` is left out. pm4py is
under the AGPL, so whoever wants it beside the others installs it by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import analytics_peers
import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

SLICE = 10_000_000  # events invented at once
EACH = 10  # events of a customer
KINDS, CHANNELS, DAYS = 30, 8, 365
DAY = 86_400_000_000
START = 20_454  # 1 January 2026 as days since 1970
FUNNEL = ("k00", "k01", "k02", "k03")
WEEK = 7 * DAY
PEERS = ("polars", "chdb", "pm4py", "retentioneering")


def invent(folder: Path, events: int) -> Path:
    """Events of an invented shop as Parquet, in the order of arrival; some kinds are frequent, others rare.

    They are made in slices of time of at most ``SLICE`` events, so that memory does not grow with their number.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 (peers may run without it)

    path = folder / f"events-{events}.parquet"
    if path.exists():
        return path
    chance = np.random.default_rng(7)
    slices = -(-events // SLICE)
    writer = None
    for nth in range(slices):
        table = _slice(chance, events, (nth, slices))
        writer = writer or pq.ParquetWriter(path.with_suffix(".part"), table.schema)
        writer.write_table(table)
    assert writer is not None  # noqa: S101 (there is at least one slice)
    writer.close()
    path.with_suffix(".part").rename(path)
    return path


def _slice(chance: np.random.Generator, events: int, place: tuple[int, int]) -> pa.Table:
    """The events of one of so many equal stretches of the year."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    nth, slices = place
    first, last = events * nth // slices, events * (nth + 1) // slices
    size, year = last - first, DAYS * DAY // 1000
    began = START * DAY // 1000
    t = np.sort(chance.integers(began + year * nth // slices, began + year * (nth + 1) // slices, size)) * 1000
    weights = 1 / np.arange(1, KINDS + 1)
    kind = chance.choice(KINDS, size, p=weights / weights.sum()).astype(np.int32)
    channel = chance.integers(0, CHANNELS, size).astype(np.int32)
    customer = chance.integers(0, events // EACH, size).astype(np.int32)
    return pa.table(
        {
            "customer": customer,
            "t": t,
            "kind": pa.DictionaryArray.from_arrays(kind, [f"k{n:02d}" for n in range(KINDS)]),
            "channel": pa.DictionaryArray.from_arrays(channel, [f"c{n}" for n in range(CHANNELS)]),
            "local_day": (t // DAY).astype(np.int32),
            "n": np.arange(first, last),
        }
    )


def timed(what: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds and the answer."""
    began = time.process_time()
    found = what()
    return time.process_time() - began, found


class Memory:
    """The memory of this process: the highest it had, with mapped pages, and the highest without (looked at often)."""

    def __init__(self) -> None:
        self.own = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.own = max(self.own, self._read("RssAnon"))
            time.sleep(0.02)

    def now(self) -> dict[str, int]:
        """Megabytes: ``peak`` with what is mapped from disk, ``own`` without."""
        return {"peak_mb": self._read("VmHWM") // 1024, "own_mb": max(self.own, self._read("RssAnon")) // 1024}

    @staticmethod
    def _read(name: str) -> int:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name))


def report(engine: str, spent: dict[str, float], sums: dict[str, object], memory: dict[str, int]) -> None:
    """One line of JSON for the parent."""
    print(json.dumps({"engine": engine, "cpu": spent, "sums": sums, **memory}))


def run_geleit(data: Path, folder: Path, *, sql: bool) -> None:
    """Geleit over a generation in the journal's format; each question twice: the first call loads machine code and columns."""
    import analytics_generation  # noqa: PLC0415 (peers run without geleit)

    spent: dict[str, float] = {}
    sums: dict[str, object] = {}
    spent["build"], generation = timed(lambda: analytics_generation.build(data, folder))
    memory = Memory()
    spent["open"], desk = timed(lambda: analytics_generation.desk(generation))
    questions = analytics_generation.questions(FUNNEL)
    for name, question in questions.items():
        spent[f"{name} first"], result = timed(
            lambda question=question: desk.ask(question, "sql" if sql else "kernels")
        )
        spent[name] = spent[f"{name} first"]
        if not sql:
            spent[name], result = timed(lambda question=question: desk.ask(question))
        sums[name] = analytics_generation.checksum(name, result)
    used = memory.now()
    if not sql:
        for _ in range(2):  # the first compiles
            spent["counts only"], _ = timed(lambda: analytics_generation.bare(desk, questions["transitions"]))
            spent["Markov alone"], _ = timed(lambda: analytics_generation.markov(desk, questions["attribution"]))
        dirty = analytics_generation.dirty_desk(generation)
        for name, question in questions.items():
            spent[f"{name} 1 % dirty, first"], _ = timed(lambda question=question: dirty.ask(question))
            spent[f"{name} 1 % dirty"], _ = timed(lambda question=question: dirty.ask(question))
    report("geleit, reference SQL" if sql else "geleit, kernels", spent, sums, used)


def run_peer(name: str, data: Path) -> None:
    """One of the others."""
    spent: dict[str, float] = {}
    sums: dict[str, object] = {}
    memory = Memory()
    spent["load"], loaded = timed(lambda: analytics_peers.LOAD[name](data))
    for question, ask in analytics_peers.ASK[name].items():
        spent[question], sums[question] = timed(lambda ask=ask: ask(loaded, FUNNEL, WEEK))
    report(name, spent, sums, memory.now())


def main() -> None:
    """Run every engine in a process of its own and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("analytics-bench"))
    parser.add_argument("--python", default=sys.executable, help="an interpreter in which the peers are installed")
    parser.add_argument("--only", nargs="*", help="engines to run")
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    if chosen.engine:
        data = chosen.folder / f"events-{chosen.events}.parquet"
        if chosen.engine.startswith("geleit"):
            run_geleit(data, chosen.folder, sql=chosen.engine.endswith("sql"))
        else:
            run_peer(chosen.engine, data)
        return
    invent(chosen.folder, chosen.events)
    found = []
    for engine in chosen.only or ("geleit", "geleit-sql", *PEERS):
        python = sys.executable if engine.startswith("geleit") else chosen.python
        command = [python, __file__, "--events", str(chosen.events), "--folder", str(chosen.folder), "--engine", engine]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONWARNINGS": "ignore"}
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode or not lines:
            print(f"{engine}: left out ({(done.stderr.strip().splitlines() or ['no answer'])[-1]})")
            continue
        found.append(json.loads(lines[-1]))
        print(json.dumps(found[-1]), flush=True)
    show(found)


def show(found: list[dict[str, dict[str, object]]]) -> None:
    """The table, and what disagrees with the first engine."""
    names = ("transitions", "variants", "funnel", "retention", "attribution")
    print("\n| engine | " + " | ".join(names) + " | peak MB | own MB |\n|---|" + "---:|" * (len(names) + 2))
    for one in found:
        cells = [f"{one['cpu'][name]:.3f}" if name in one["cpu"] else "-" for name in names]
        print(f"| {one['engine']} | {' | '.join(cells)} | {one['peak_mb']} | {one['own_mb']} |")
        for name, value in one["sums"].items():
            if name in found[0]["sums"] and value != found[0]["sums"][name]:
                print(f"  {one['engine']} disagrees on {name}: {value} instead of {found[0]['sums'][name]}")


if __name__ == "__main__":
    main()
