"""A generation of the journal made straight from a benchmark's events, and a desk on it; the format is the journal's own."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import msgspec
import numpy as np

from geleit.analytics.attribution import Attribution
from geleit.analytics.credited import effects_of
from geleit.analytics.desk import Desk
from geleit.analytics.funnel import Funnel
from geleit.analytics.kernels import crediting, pairs
from geleit.analytics.question import Question
from geleit.analytics.retention import Retention
from geleit.analytics.selection import ways
from geleit.analytics.transitions import Transitions
from geleit.analytics.variants import Variants
from geleit.compiling import kernel
from geleit.events.kinds import Catalogue
from geleit.history import journal
from geleit.history.columns import LOTS, Columns
from geleit.history.generation import DATABASE, FORMAT, MANIFEST, Generation, Manifest
from geleit.history.statements import load

LONGEST = 10_000  # events of a customer; there are far fewer
MEMORY = "4GB"  # while building; what is more goes to disk
ROWS = """
SELECT
  printf('%08x', customer) AS customer_id, t, n AS ord, printf('%08x', n) AS event_id, kind::VARCHAR AS kind,
  kind::VARCHAR AS own_kind,  '' AS stage, channel::VARCHAR AS channel, 'person' AS initiator, true AS contact, true AS step, 'log' AS evidence,
  printf('%08x', customer) AS need_id, local_day
FROM read_parquet($path)
"""


def build(data: Path, folder: Path) -> Generation:
    """Database and columns as ``Journal.build`` leaves them, without bodies and sources; once made they are kept."""
    target = folder / f"g-{data.stem}"
    if (target / MANIFEST).exists():
        return Generation(target)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    config = {"threads": "2", "temp_directory": str(folder / "spill"), "memory_limit": MEMORY}
    with duckdb.connect(config=config) as duck:
        duck.execute("ATTACH $path AS built", {"path": str(target / DATABASE)})
        duck.sql(ROWS, params={"path": str(data)}).create_view("read_events")
        for name in ("events", "customer_code", "need_code"):
            duck.execute(load("journal.sql")[name])
        codes = journal._write_columns(duck, target, Catalogue())  # noqa: SLF001 (the journal's own format is the point)
        duck.execute("DETACH built")
    manifest = Manifest(
        format=FORMAT, number=1, change=1, last_seq=1, at=1, definitions="", counts={}, codes=codes, files={}
    )
    (target / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    return Generation(target)


def desk(generation: Generation, dirty: str = "false") -> Desk:
    """A desk on the generation; customers that ``dirty`` (SQL over customer_id) names are read from the delta."""
    duck = generation.connect(threads="2")
    duck.execute(f"CREATE TABLE dirty AS SELECT customer_id FROM base.customer_code WHERE {dirty}")  # noqa: S608 (ours)
    duck.execute(
        "CREATE TABLE delta AS SELECT * FROM base.events WHERE customer_id IN (SELECT customer_id FROM dirty) "
        "ORDER BY customer_id, t, ord, event_id"
    )
    duck.execute(load("delta.sql")["masked_events"])
    duck.execute("CREATE TABLE as_of AS SELECT 1::BIGINT AS g, 1::BIGINT AS c, 1::BIGINT AS l, 1::BIGINT AS a")
    columns = Columns(duck, generation, [])
    return Desk(SimpleNamespace(open_columns=lambda: columns, as_of=lambda: columns.as_of), Catalogue(), "UTC")  # type: ignore[arg-type]


def dirty_desk(generation: Generation) -> Desk:
    """One of a hundred customers is read anew."""
    return desk(generation, "hash(customer_id) % 100 = 0")


def questions(steps: tuple[str, ...]) -> dict[str, Question]:
    """The five questions of the goals, by customer."""
    return {
        "transitions": Transitions(unit="customer", limit=10_000),
        "variants": Variants(unit="customer", limit=20),
        "funnel": Funnel(unit="customer", steps=steps, window="7 days"),
        "retention": Retention(unit="customer", span="week"),
        "attribution": Attribution(unit="customer", conversion=(steps[-1],)),
    }


def bare(asked: Desk, question: Question) -> object:
    """Only counting transitions, without quantiles."""
    selection = asked._state.selection(question.wanted)  # type: ignore[union-attr]  # noqa: SLF001 (measured apart)
    side = len(selection.kinds) + 1
    cells = np.zeros((side, side, 7), np.int64)
    for way in ways(selection, "kind"):
        pairs.count(way, -1, cells)
    return cells


@kernel
def _walk(paths: crediting.Paths, asked: crediting.Asked, follows: Any) -> None:
    touches, ages = np.empty(LONGEST, np.int64), np.empty(LONGEST, np.int64)
    for u in range(len(paths.owners)):
        size, success = crediting.before_success(paths, asked, u, touches, ages)
        if size:
            crediting.follow(touches, size, success, follows, np.int64(paths.lots[u]))


def markov(asked: Desk, question: Attribution) -> object:
    """One model of the seven: how touches follow each other, and the chain solved."""
    selection = asked._state.selection(question.wanted)  # type: ignore[union-attr]  # noqa: SLF001 (measured apart)
    touches = len(selection.values(question.of))
    found = crediting.empty(LOTS, touches)
    for part in selection.parts:
        _walk(question.paths(part), question.asked(selection), found.follows)
    order = [touches, *range(touches)]  # the start first
    follows = found.follows.sum(0)[order][:, [*order, touches + 1, touches + 2]]
    return effects_of(follows[None])


def checksum(name: str, result: Any) -> object:
    """A number that every engine must agree on."""
    if name == "transitions":
        inner = [row for row in result.rows if row.source and row.target]
        return [sum(row.count for row in inner), max(row.count for row in inner)]
    if name == "variants":
        return [row.journeys for row in result.rows[:3]]
    if name == "funnel":
        return [row.journeys for row in result.rows]
    if name == "retention":
        return sum(row.people for row in result.rows if row.later)
    return round(sum(row.linear for row in result.rows))
