"""What the bulk benchmark measured, as tables: for people at a terminal and as Markdown for docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

NAMES = {"parquet": "Parquet", "csv": "CSV"}
HEAD = ("from the start until", "wall s", "CPU s", "CPU µs per event", "peak MB", "wall ÷ reading", "CPU ÷ reading")
DISK = ("disk alone p99 ms", "longest ms")  # a few bytes of nobody's, written and synced beside
LOCKS = ("stage", "wall s", "CPU s", "locks taken", "held p50 ms", "held p99 ms", "longest ms", "waited s", *DISK)
LIVE = ("live events beside", "batches", "ack p50 ms", "p99", "max", "lock wait p50 ms", "p99", "max")
COSTLY = ("stage", "function", "calls", "seconds")
STAGES = {"import": "import", "adopt": "adopt", "question": "question", "sync": "sync"}


def summarized(events: Sequence[tuple[float, float, float]], stages: dict[str, Any]) -> dict[str, Any]:
    """Live batches (at, ms to acknowledgement, ms of waiting for the lock) by the stage that they began in."""
    first = min(stage["from"] for stage in stages.values())
    spans = {"nothing": (0.0, first)} | {name: (stage["from"], stage["until"]) for name, stage in stages.items()}
    found = {}
    for name, (begin, end) in spans.items():
        some = [event for event in events if begin <= event[0] < end]
        found[name] = {"ack": quantiles([took for _, took, _ in some]), "wait": quantiles([w for _, _, w in some])}
    return found


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Count, median, 99th percentile and maximum; zeros of nothing."""
    ordered = sorted(values)
    if not ordered:
        return {"count": 0, "p50": 0.0, "p99": 0.0, "max": 0.0}
    picked = {"p50": ordered[len(ordered) // 2], "p99": ordered[len(ordered) * 99 // 100], "max": ordered[-1]}
    return {"count": len(ordered)} | {name: round(value, 2) for name, value in picked.items()}


def milestones(run: dict[str, Any]) -> list[tuple[str, dict[str, float]]]:
    """What was reached, in the order of time, and what it had taken from the start of the import."""
    found, total = run["found"], {"wall": 0.0, "cpu": 0.0}
    labels = {
        "answer": "the first question is answered",
        "first": "the first of ten customers is found by e-mail and shown",
        "all": "all ten are",
        "journal": "the first journal is built, and asked the same",
    }
    said = {
        "import": "every event is acknowledged",
        "adopt": "everything is adopted",
        "sync": "needs are cut and the journal is built",
    }
    reached = [(labels[which], found[which]) for which in labels if which in found]
    for name, stage in run["stages"].items():
        total = {key: total[key] + stage[key] for key in total}
        if name in said:
            reached.append((said[name], total | {"peak_mb": stage["peak_mb"]}))
    return sorted(reached, key=lambda one: one[1]["wall"])


def reached_rows(run: dict[str, Any], events: int) -> list[list[str]]:
    """Floors and milestones as cells."""
    read = run["floors"]["read"]
    floors = {"read": "*DuckDB reads the file*", "write": "*DuckDB copies it to Parquet*"}
    lines = [(label, run["floors"][name]) for name, label in floors.items()] + milestones(run)
    return [
        [
            label,
            f"{used['wall']:.1f}",
            f"{used['cpu']:.1f}",
            f"{used['cpu'] / events * 1e6:.1f}",
            f"{used['peak_mb']:,.0f}",
            f"{used['wall'] / max(read['wall'], 0.001):.1f}",
            f"{used['cpu'] / max(read['cpu'], 0.001):.1f}",
        ]
        for label, used in lines
    ]


def stage_rows(run: dict[str, Any]) -> list[list[str]]:
    """Each stage by itself, how it held the ledger's lock, and what the disk alone made others wait meanwhile."""
    rows = []
    for name, stage in run["stages"].items():
        held = stage["held_ms"]
        cells = [f"{stage['wall']:.1f}", f"{stage['cpu']:.1f}", f"{held['count']:,}"]
        rows.append(
            [
                STAGES[name],
                *cells,
                *(f"{held[which]:.1f}" for which in ("p50", "p99", "max")),
                f"{held['waited_s']:.1f}",
                *(f"{stage['disk_ms'][which]:.1f}" for which in ("p99", "max")),
            ]
        )
    return rows


def live_rows(live: dict[str, Any]) -> list[list[str]]:
    """Live events by what went on beside them."""
    which = ("p50", "p99", "max")
    return [
        [
            STAGES.get(name, name),
            f"{one['ack']['count']:,}",
            *(f"{one[what][place]:.1f}" for what in ("ack", "wait") for place in which),
        ]
        for name, one in live.items()
        if one["ack"]["count"]
    ]


def tables(run: dict[str, Any], events: int) -> list[tuple[Sequence[str], list[list[str]]]]:
    """All tables of a run."""
    found = [(HEAD, reached_rows(run, events)), (LOCKS, stage_rows(run))]
    if "live" in run:
        found.append((LIVE, live_rows(run["live"])))
    costly = [
        [STAGES[name], one["function"], f"{one['calls']:,}", f"{one['seconds']:.1f}"]
        for name, stage in run["stages"].items()
        for one in stage.get("costliest", ())
    ]
    return [*found, (COSTLY, costly)] if costly else found


def title(result: dict[str, Any], run: dict[str, Any]) -> str:
    """Which run this is."""
    words = f"{result['truth']['rows']:,} events from {NAMES[run['format']]}"
    words += ", live events beside" if "live" in run else ""
    return words + (", profiled (slower)" if result["profiled"] else "")


def setting(result: dict[str, Any], run: dict[str, Any]) -> str:
    """The machine and the size of the file."""
    machine, truth = result["machine"], result["truth"]
    names = ("user_ids", "anonymous_ids", "emails", "phones")
    size = f"{run['bytes'] / 1e6:,.0f} MB, {truth['people']:,} customers, {sum(truth[name] for name in names):,} identifiers"
    versions = f"Python {machine['python']}, DuckDB {machine['versions']['duckdb']}"
    return f"{size}, {truth['kinds']} kinds; {machine['cores']} cores, {machine['memory_gb']} GB, {versions}."


def markdown(result: dict[str, Any]) -> str:
    """The tables of a result under headings of their own."""
    lines = []
    for run in result["runs"]:
        lines += [f"### {title(result, run)}", "", setting(result, run), ""]
        for head, rows in tables(run, result["truth"]["rows"]):
            places = ["---", *("---:" for _ in head[1:])]
            lines += ["| " + " | ".join(row) + " |" for row in (head, places, *rows)] + [""]
        lines += [f"Wrong: {one}." for one in result["wrong"] if one.startswith(f"{run['format']}:")]
    return "\n".join(lines) + "\n"


def text(result: dict[str, Any]) -> str:
    """The tables with aligned columns."""
    lines = []
    for run in result["runs"]:
        lines += ["", title(result, run), setting(result, run)]
        for head, rows in tables(run, result["truth"]["rows"]):
            every = [list(head), *([cell.strip("*") for cell in row] for row in rows)]
            widths = [max(len(row[place]) for row in every) for place in range(len(head))]
            lines.append("")
            for row in every:
                cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
                lines.append("  ".join(cells))
        steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in run["steps"].items())
        lines += ["", f"steps of adopting and of sync, seconds: {steps}"]
    return "\n".join([*lines, "", *(f"WRONG {one}" for one in result["wrong"])])
