"""Reference SQL stays inside the subset that DuckDB, Spark and Sail read alike."""

import re

import pytest
import sqlglot
from sqlglot import ErrorLevel, exp

from geleit.analytics.attribution import Attribution
from geleit.analytics.conformance import Conformance
from geleit.analytics.flow import Flow
from geleit.analytics.frequency import Frequencies
from geleit.analytics.funnel import Funnel
from geleit.analytics.lifecycle import Lifecycle
from geleit.analytics.loops import Loops
from geleit.analytics.occurrences import Occurrences, Positions
from geleit.analytics.reference import FOLDER
from geleit.analytics.retention import Retention
from geleit.analytics.rfm import Rfm
from geleit.analytics.stages import Stages
from geleit.analytics.stickiness import Stickiness
from geleit.analytics.transitions import Transitions
from geleit.analytics.trend import Trend
from geleit.analytics.typical import Typical
from geleit.analytics.variants import Variants
from geleit.history.statements import load_from

QUESTIONS = (
    Transitions(),
    Flow(),
    Funnel(steps=("a", "b", "c")),
    Funnel(steps=("a", "b"), order="strict", window="1 day"),
    Funnel(steps=("a", "b"), order="unordered", window="1 day"),
    Variants(),
    Typical(),
    Trend(),
    Retention(),
    Attribution(conversion=("a",)),
    Occurrences(),
    Positions(),
    Loops(),
    Stages(),
    Frequencies(),
    Stickiness(),
    Lifecycle(),
    Rfm(),
    Conformance(
        design={
            "name": "d",
            "label": "D",
            "steps": [
                {"kind": "a"},
                {"kind": "b", "repeats": True, "optional": True},
                {"kind": "c", "within": "1 day"},
            ],
        }
    ),
)
SAFE = (
    exp.Count, exp.Sum, exp.Min, exp.Max, exp.Lag, exp.Lead, exp.RowNumber, exp.DenseRank, exp.FirstValue, exp.Coalesce,
    exp.Cast, exp.Case, exp.If, exp.GroupConcat, exp.Least, exp.Length, exp.And, exp.Or, exp.MD5, exp.Substring,
)  # fmt: skip
REFUSED = (exp.Array, exp.List, exp.Struct, exp.Lambda, exp.Bracket, exp.Interval, exp.Pivot, exp.Unnest)
RESERVED = {"at"}
HYPHEN = re.compile(r"OVER \w+ -")


def texts():
    for question in QUESTIONS:
        found = load_from(FOLDER / f"{question.name}.sql")
        for which in ("cells", "counts"):
            yield f"{question.name}-{which}", question.statement(found, which)
    for name, text in load_from(FOLDER / "selection.sql").items():
        yield f"selection-{name}", text


def reads_all(window):
    """Whether a window over the events themselves has no partition; over what is grouped already it may."""
    named = window.args.get("alias")
    whole = not window.args.get("partition_by") and not named
    return whole and any(
        table.name in {"steps", "events", "chosen"} for table in window.parent_select.find_all(exp.Table)
    )


def complaints(text):
    """What of a text is outside the subset."""
    tree = sqlglot.parse_one(text, read="duckdb")
    found = [f"function {node.sql()}" for node in tree.find_all(exp.Func) if not isinstance(node, SAFE)]
    found += [f"{type(node).__name__}" for node in tree.find_all(*REFUSED)]
    found += [f"star with {node.args}" for node in tree.find_all(exp.Star) if any(node.args.values())]
    found += [f"name {node.name}" for node in tree.find_all(exp.Identifier) if node.name.lower() in RESERVED]
    found += ["recursive" for node in tree.find_all(exp.With) if node.recursive]
    found += ["group by all" for node in tree.find_all(exp.Group) if node.args.get("all")]
    found += ["asof" for node in tree.find_all(exp.Join) if (node.method or "").upper() == "ASOF"]
    found += [
        f"{node.sql()}: Sail takes it in WHERE only, elsewhere join"
        for node in tree.find_all(exp.In)
        if node.args.get("query") and not isinstance(node.find_ancestor(exp.Where, exp.Select), exp.Where)
    ]
    found += [f"{node.sql()} without a type" for node in tree.find_all(exp.Alias) if isinstance(node.this, exp.Null)]
    found += [f"{node.sql()} brings all rows to one machine" for node in tree.find_all(exp.Window) if reads_all(node)]
    found += [
        f"{part}: Spark reads a name with a hyphen, put the window in parentheses" for part in HYPHEN.findall(text)
    ]
    for node in tree.find_all(exp.Sum):
        inside = node.find_ancestor(exp.Cast) or node.find_ancestor(exp.Where)
        found += [] if inside else [f"{node.sql()} without cast"]
    return found


@pytest.mark.parametrize(("name", "text"), list(texts()), ids=[name for name, _ in texts()])
def test_every_text_is_portable(name, text):
    assert complaints(text) == [], name
    assert sqlglot.transpile(text, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT list(x ORDER BY y) FROM t",
        "SELECT * EXCLUDE (a) FROM t",
        "SELECT date_diff('day', a, b) FROM t",
        "SELECT x FROM t ASOF JOIN u ON t.a >= u.a",
        "SELECT a, count(*) FROM t GROUP BY ALL",
        "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r) SELECT x FROM r",
        "SELECT sum(x) FROM t",
        "SELECT x AS at FROM t",
        "SELECT quantile_cont(x, 0.5) FROM t",
        "SELECT max(CASE WHEN kind IN (SELECT kind FROM k) THEN 1 ELSE 0 END) OVER (PARTITION BY c) AS x FROM t",
        "SELECT NULL AS gap FROM t",
        "SELECT lead(x) OVER way - x AS gap FROM t WINDOW way AS (PARTITION BY y ORDER BY x)",
        "SELECT dense_rank() OVER (ORDER BY customer_id) AS journey FROM events",
    ],
)
def test_what_is_not_portable_is_refused(text):
    assert complaints(text)
