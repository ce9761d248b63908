"""Connected components of string edges: what geleit's bulk way takes, against libraries that do nothing else.

igraph (GPL), rustworkx and Splink are no part of geleit: ``pip install igraph rustworkx splink`` to compare with them.
Each way runs in a process of its own: seconds of CPU, peak memory, and the number of components, which must agree.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import duckdb
import numpy as np

DRAWN = """
CREATE TABLE edges AS
SELECT
  CASE WHEN i % 4 = 3 THEN 'u' || (i // 4 * 4 + 7) % (4 * ($edges // 4)) // 4
    ELSE 'u' || i // 4 END || '@example.org' AS low,
  CASE WHEN i % 100 = 99 THEN 'u' || hash(i) % ($edges // 4) || '@example.org'
    ELSE 'browser-' || hash(i // 4, i % 4) END AS high
FROM range($edges) AS t(i)
"""
CODED = """
CREATE TABLE node AS
SELECT name, row_number() OVER () - 1 AS no
FROM (SELECT low AS name FROM edges UNION SELECT high FROM edges)
"""
ENDS = """
SELECT one.no AS low, other.no AS high FROM edges
INNER JOIN node AS one ON one.name = edges.low INNER JOIN node AS other ON other.name = edges.high
"""


def _coded(duck: duckdb.DuckDBPyConnection) -> tuple[int, np.ndarray, np.ndarray]:
    duck.execute(CODED)
    table = duck.sql(ENDS).to_arrow_table()
    return duck.table("node").count("*").fetchall()[0][0], table["low"].to_numpy(), table["high"].to_numpy()


def _kept(duck: duckdb.DuckDBPyConnection, labels: np.ndarray) -> int:
    """Write who is in which component back beside the strings, as any use of it must."""
    duck.register("labels", {"no": np.arange(len(labels)), "component": np.asarray(labels, np.int64)})
    duck.execute("CREATE TABLE found AS SELECT name, component FROM node INNER JOIN labels ON labels.no = node.no")
    return duck.sql("SELECT count(DISTINCT component) FROM found").fetchall()[0][0]


def geleit(duck: duckdb.DuckDBPyConnection) -> int:
    """As ``geleit.identity.groups`` does: DuckDB numbers the strings, scipy finds the components."""
    from geleit.identity.groups import components  # noqa: PLC0415 (each way loads only what it needs)

    return _kept(duck, components(*_coded(duck)))


def igraph(duck: duckdb.DuckDBPyConnection) -> int:
    """The same with igraph."""
    import igraph  # noqa: PLC0415

    count, low, high = _coded(duck)
    graph = igraph.Graph(n=count, edges=np.column_stack((low, high)))
    return _kept(duck, np.array(graph.connected_components().membership))


def rustworkx(duck: duckdb.DuckDBPyConnection) -> int:
    """The same with rustworkx."""
    import rustworkx  # noqa: PLC0415

    count, low, high = _coded(duck)
    graph = rustworkx.PyGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from_no_data(list(zip(low.tolist(), high.tolist(), strict=True)))
    labels = np.zeros(count, np.int64)
    for number, some in enumerate(rustworkx.connected_components(graph)):
        labels[list(some)] = number
    return _kept(duck, labels)


def splink(duck: duckdb.DuckDBPyConnection) -> int:
    """Splink's clustering on DuckDB."""
    from splink import DuckDBAPI  # noqa: PLC0415
    from splink.clustering import cluster_pairwise_predictions_at_threshold  # noqa: PLC0415

    duck.execute("CREATE TABLE names AS SELECT low AS unique_id FROM edges UNION SELECT high FROM edges")
    duck.execute(
        "CREATE TABLE pairs AS SELECT low AS unique_id_l, high AS unique_id_r, 1.0 AS match_probability FROM edges"
    )
    api = DuckDBAPI(duck)
    found = cluster_pairwise_predictions_at_threshold(
        "names", "pairs", api, node_id_column_name="unique_id", threshold_match_probability=0.5
    )
    rows = found.as_duckdbpyrelation().aggregate("count(DISTINCT cluster_id)").fetchall()
    return rows[0][0]


WAYS: dict[str, Callable[[duckdb.DuckDBPyConnection], int]] = {
    "geleit": geleit,
    "igraph": igraph,
    "rustworkx": rustworkx,
    "splink": splink,
}


LOADED = {"geleit": "geleit.identity.groups", "igraph": "igraph", "rustworkx": "rustworkx", "splink": "splink"}


def run(way: str, edges: int) -> dict[str, float]:
    """One way, in this process; the time without inventing the edges."""
    with duckdb.connect(config={"threads": "2", "memory_limit": "3GB"}) as duck:
        duck.execute(DRAWN, {"edges": edges})
        import_module(LOADED[way])  # not counted
        before = resource.getrusage(resource.RUSAGE_SELF)
        count = WAYS[way](duck)
        after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu, "peak": after.ru_maxrss / 1024, "components": count}


def say(edges: int) -> None:
    """Print all ways as a table."""
    print(
        f"### Components of {edges:,} string edges\n\n| way | CPU s | peak MB | components |\n| --- | ---: | ---: | ---: |"
    )
    for way in WAYS:
        if way != "geleit" and not find_spec(way):
            print(f"| {way} | not installed | | |")
            continue
        done = subprocess.run([sys.executable, __file__, way, str(edges)], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"| {way} | failed: {done.stderr.strip().splitlines()[-1][:80]} | | |")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        print(f"| {way} | {found['cpu']:.1f} | {found['peak']:,.0f} | {found['components']:,} |", flush=True)


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
