"""The same questions to other libraries, each as its own documentation would ask them; imported only where installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

Ask = Callable[[Any, tuple[str, ...], int], object]
MONDAY = 3


def _polars_load(path: Path) -> Any:
    return import_module("polars").scan_parquet(path)


def _polars_transitions(log: Any, _steps: tuple[str, ...], _window: int) -> object:
    pl = import_module("polars")
    pairs = (
        log.sort("customer", "t", "n")
        .with_columns(
            b=pl.col("kind").shift(-1),
            same=pl.col("customer").shift(-1) == pl.col("customer"),
            gap=pl.col("t").shift(-1) - pl.col("t"),
        )
        .filter(pl.col("same"))
        .group_by("kind", "b")
        .agg(
            pl.len().alias("count"),
            pl.col("customer").n_unique(),
            pl.col("gap").median(),
            pl.col("gap").quantile(0.95).alias("p95"),
        )
        .collect(engine="streaming")
    )
    return [pairs["count"].sum(), pairs["count"].max()]


def _polars_variants(log: Any, _steps: tuple[str, ...], _window: int) -> object:
    pl = import_module("polars")
    ways = (
        log.sort("customer", "t", "n")
        .group_by("customer", maintain_order=True)
        .agg(pl.col("kind").cast(pl.String).str.join(">"))
        .group_by("kind")
        .agg(pl.len().alias("count"))
        .top_k(20, by="count")
        .collect()
    )
    return sorted(ways["count"].to_list(), reverse=True)[:3]


def _polars_retention(log: Any, _steps: tuple[str, ...], _window: int) -> object:
    pl = import_module("polars")
    weeks = log.select("customer", week=(pl.col("local_day") + MONDAY) // 7).unique()
    first = weeks.group_by("customer").agg(pl.col("week").min().alias("cohort"))
    grid = (
        weeks.join(first, on="customer")
        .group_by("cohort", pl.col("week") - pl.col("cohort"))
        .agg(pl.len().alias("people"))
    )
    return grid.filter(pl.col("week") > 0).select(pl.col("people").sum()).collect(engine="streaming").item()


def _chdb_load(path: Path) -> Any:
    session = import_module("chdb.session").Session()
    session.query("SET max_threads = 2")
    session.query("CREATE DATABASE b ENGINE = Atomic")
    session.query(
        "CREATE TABLE b.log (customer Int32, t Int64, kind LowCardinality(String), channel LowCardinality(String), local_day Int32, "
        "n Int64) ENGINE = MergeTree ORDER BY (customer, t, n)"
    )
    session.query(f"INSERT INTO b.log SELECT * FROM file('{path.resolve()}')")  # noqa: S608 (our own file)
    return session


def _chdb(session: Any, query: str) -> list[list[str]]:
    return [line.split(",") for line in str(session.query(query, "CSV")).strip().splitlines()]


def _chdb_transitions(session: Any, _steps: tuple[str, ...], _window: int) -> object:
    rows = _chdb(
        session,
        "SELECT count() AS c, a, kind, uniqExact(customer), quantileExact(0.5)(g), quantileExact(0.95)(g) FROM ("
        "SELECT customer, kind, lagInFrame(kind) OVER w AS a, row_number() OVER w AS r, t - lagInFrame(t) OVER w AS g FROM b.log "
        "WINDOW w AS (PARTITION BY customer ORDER BY t, n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) WHERE r > 1 GROUP BY a, kind",
    )
    counts = [int(row[0]) for row in rows]
    return [sum(counts), max(counts)]


def _chdb_variants(session: Any, _steps: tuple[str, ...], _window: int) -> object:
    rows = _chdb(
        session,
        "SELECT count() AS c, way FROM (SELECT arrayMap(x -> x.2, arraySort(groupArray(((t, n), kind)))) AS way FROM b.log "
        "GROUP BY customer) GROUP BY way ORDER BY c DESC LIMIT 20",
    )
    return [int(row[0]) for row in rows[:3]]


def _chdb_funnel(session: Any, steps: tuple[str, ...], window: int) -> object:
    conditions = ", ".join(f"kind = '{step}'" for step in steps)
    rows = _chdb(
        session,
        f"SELECT level, count() FROM (SELECT windowFunnel({window})(toUInt64(t), {conditions}) AS level FROM b.log GROUP BY customer) "  # noqa: S608 (our own steps)
        "GROUP BY level",
    )
    found = {int(level): int(count) for level, count in rows}
    return [sum(count for level, count in found.items() if level >= step) for step in range(1, len(steps) + 1)]


def _chdb_retention(session: Any, _steps: tuple[str, ...], _window: int) -> object:
    rows = _chdb(
        session,
        "SELECT sum(people) FROM (SELECT cohort, week - cohort AS later, count() AS people FROM (SELECT DISTINCT customer, "
        "intDiv(local_day + 3, 7) AS week FROM b.log) AS w INNER JOIN (SELECT customer, min(intDiv(local_day + 3, 7)) AS cohort "
        "FROM b.log GROUP BY customer) AS f USING (customer) GROUP BY cohort, later) WHERE later > 0",
    )
    return int(rows[0][0])


def _frame(path: Path) -> Any:
    pd = import_module("pandas")
    frame = pd.read_parquet(path).sort_values(["customer", "t", "n"], kind="stable")
    frame["time"] = pd.to_datetime(frame["t"], unit="us", utc=True)
    frame["kind"] = frame["kind"].astype(str)
    return frame


def _pm4py_load(path: Path) -> Any:
    pm4py = import_module("pm4py")
    frame = _frame(path)
    frame["customer"] = frame["customer"].astype(str)
    return pm4py.format_dataframe(frame, case_id="customer", activity_key="kind", timestamp_key="time")


def _pm4py_transitions(frame: Any, _steps: tuple[str, ...], _window: int) -> object:
    pm4py = import_module("pm4py")
    counts = pm4py.discover_dfg(frame)[0]
    pm4py.discover_performance_dfg(frame)
    return [sum(counts.values()), max(counts.values())]


def _pm4py_variants(frame: Any, _steps: tuple[str, ...], _window: int) -> object:
    return sorted(import_module("pm4py").get_variants(frame).values(), reverse=True)[:3]


def _retentioneering_load(path: Path) -> Any:
    stream = import_module("retentioneering.eventstream").Eventstream
    frame = _frame(path).rename(columns={"customer": "user_id", "kind": "event", "time": "timestamp"})
    return stream(frame[["user_id", "event", "timestamp"]])


def _retentioneering_transitions(stream: Any, _steps: tuple[str, ...], _window: int) -> object:
    counts = stream.transition_graph_data(edge_weight="count")
    for weight in ("unique_paths", "time_median", "time_q95"):
        stream.transition_graph_data(edge_weight=weight)
    inner = counts.drop(
        index=["path_start", "path_end"], columns=["path_start", "path_end"], errors="ignore"
    ).to_numpy()
    return [int(inner.sum()), int(inner.max())]


LOAD: dict[str, Callable[[Path], Any]] = {
    "polars": _polars_load,
    "chdb": _chdb_load,
    "pm4py": _pm4py_load,
    "retentioneering": _retentioneering_load,
}
ASK: dict[str, dict[str, Ask]] = {
    "polars": {"transitions": _polars_transitions, "variants": _polars_variants, "retention": _polars_retention},
    "chdb": {
        "transitions": _chdb_transitions,
        "variants": _chdb_variants,
        "funnel": _chdb_funnel,
        "retention": _chdb_retention,
    },
    "pm4py": {"transitions": _pm4py_transitions, "variants": _pm4py_variants},
    "retentioneering": {"transitions": _retentioneering_transitions},
}
