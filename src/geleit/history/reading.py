"""Reads stored rows as analysis wants them: each event's customer, need and touchpoint, in DuckDB, for base and delta.

Before ``prepare``, the connection holds ``stored`` (the columns of ``STORED``), ``resolved(set_key, customer_id)``,
``sliced(set_key, from_t, until_t, customer_id)`` and ``assigned(event_id, need_id)``; after it, the view ``read_events``.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import sqlalchemy as sa

from geleit.errors import StoreError
from geleit.events.event import Event
from geleit.events.kinds import Catalogue
from geleit.history import snapshot
from geleit.history.statements import load
from geleit.history.stored import COLUMNS
from geleit.ledger import tables
from geleit.ledger.slice_tables import slice_
from geleit.processes import gone

STORED = tuple(name for name in COLUMNS if name != "raw")
MEMORY = "1500MB"  # of an engine that sorts or gathers everything there is
SPILL = "spill-"
WHOLE = 0  # the number of what a set is all the time, but for the slices that are cut out of it

OUTBOX = sa.select(*(tables.outbox.c[name] for name in STORED)).order_by(tables.outbox.c.seq)
RESOLVED = (
    sa.select(tables.identifier_set.c.key.label("set_key"), tables.resolution.c.customer_id)
    .join(tables.resolution, tables.resolution.c.set_id == tables.identifier_set.c.id)
    .where(tables.resolution.c.slice == WHOLE)
)
# What is cut out: the stretches of time in which the events of a set are somebody else's, and whose.
_CUT = slice_.join(tables.identifier_set, tables.identifier_set.c.id == slice_.c.set_id).join(
    tables.resolution, sa.and_(tables.resolution.c.set_id == slice_.c.as_set, tables.resolution.c.slice == WHOLE)
)
SLICED = sa.select(
    tables.identifier_set.c.key.label("set_key"), slice_.c.from_t, slice_.c.until_t, tables.resolution.c.customer_id
).select_from(_CUT)
# Sets that name somebody: all but the empty one.
NAMING = sa.select(tables.identifier_set.c.key.label("set_key")).where(
    tables.identifier_set.c.id.in_(sa.select(tables.identifier_set_member.c.set_id))
)
PLACED = sa.union_all(
    sa.select(
        tables.identifier_set.c.key.label("set_key"), tables.resolution.c.slice, tables.resolution.c.customer_id
    ).join(tables.resolution, tables.resolution.c.set_id == tables.identifier_set.c.id),
    sa.select(
        tables.identifier_set.c.key.label("set_key"), slice_.c.number.label("slice"), tables.resolution.c.customer_id
    ).select_from(_CUT),
)
_WAITING = sa.select(tables.need.c.id).join(tables.recut, tables.recut.c.customer_id == tables.need.c.customer_id)
_ASSIGNED = sa.select(tables.need_event.c.event_id, tables.need_event.c.need_id)

OF_BODY = ("place", "told_kind", "supposed")  # what a touchpoint depends on that stands in an event's body
TOUCH = pa.schema(
    [(name, pa.string()) for name in ("kind", "place", "told_kind", "supposed", "evidence")]
    + [(name, pa.string()) for name in ("read_kind", "stage", "channel", "medium", "ownership", "initiator")]
    + [("contact", pa.bool_()), ("step", pa.bool_()), ("read_evidence", pa.string())]
)


def connect(**settings: str) -> duckdb.DuckDBPyConnection:
    """An engine in memory that loads nothing from outside."""
    return duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false", **settings})


def copy_assigned(
    connection: sa.Connection, duck: duckdb.DuckDBPyConnection, customers: Sequence[str] | None = None
) -> None:
    """Make the table ``assigned``: the need of each event, of these customers or of all.

    Who gave events away and waits to be cut still claims them: there the claim of who is not waiting counts.
    """
    of = tables.need_event.c.need_id
    mine = tables.need.c.customer_id
    for name, rows in (
        ("assigned", _ASSIGNED.where(of.not_in(_WAITING))),
        ("unsettled", _ASSIGNED.where(of.in_(_WAITING))),
    ):
        if customers is None:
            snapshot.copy(connection, rows, duck, name)
        else:
            found = rows.join(tables.need, tables.need.c.id == of)
            snapshot.copy_matching(connection, found, mine, customers, (duck, name))
    duck.execute(load("reading.sql")["unsettled"])
    duck.execute("DROP TABLE unsettled")


def spilling(folder: Path) -> duckdb.DuckDBPyConnection:
    """The same, with what does not fit into ``MEMORY`` in a folder of its own under ``folder``, gone when it is closed."""
    spill = folder / f"{SPILL}{os.getpid()}-{secrets.token_hex(4)}"
    return connect(memory_limit=MEMORY, temp_directory=str(spill))


def sweep(folder: Path) -> None:
    """Remove what engines of processes that were killed left under ``folder``."""
    for path in folder.glob(f"{SPILL}*"):
        number = path.name.removeprefix(SPILL).partition("-")[0]
        if gone(int(number)):
            shutil.rmtree(path, ignore_errors=True)


def gather(duck: duckdb.DuckDBPyConnection, paths: Sequence[Path], after: int) -> None:
    """Make the view ``archived`` of the segments' rows after a sequence number; files are read when it is asked."""
    if paths:
        rows = duck.read_parquet([str(path) for path in paths])
        wanted = rows.filter(duckdb.ColumnExpression("seq") > duckdb.ConstantExpression(after))
        wanted.select(*STORED).create_view("archived")
    else:
        duck.from_arrow(snapshot.schema(OUTBOX).empty_table()).create("archived")


def prepare(duck: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """Find the touchpoint of every distinct combination once, and make the view ``read_events``.

    It reads and joins nothing that says nothing: no bodies without a place, no needs where there are none.
    """
    sql, found = load("reading.sql"), touch(duck, catalogue)
    if not any(value for name in OF_BODY for value in found[name].to_pylist()):
        duck.execute(sql["plainly_keyed"])
    for table, some, none in (
        ("sliced", "owned_sliced", "owned_whole"),
        ("assigned", "needed_by_some", "needed_by_none"),
    ):
        duck.execute(sql[some if duck.table(table).limit(1).fetchall() else none])
    duck.execute(sql["read_events"])


def touch(duck: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> pa.Table:
    """Make the view ``keyed`` of ``stored``, and the table ``touch`` of every distinct combination's touchpoint, numbered."""
    sql = load("reading.sql")
    duck.execute(sql["keyed"])
    rows = [_touch(catalogue, combination) for combination in duck.execute(sql["combinations"]).fetchall()]
    columns = list(zip(*rows, strict=True)) or [()] * len(TOUCH)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, TOUCH, strict=True)]
    found = pa.table(arrays, schema=TOUCH).append_column("no", pa.array(range(len(rows)), pa.int32()))
    duck.from_arrow(found).create("touch")
    return found


def translate_error(error: duckdb.Error, what: str) -> StoreError:
    """DuckDB's refusal of a damaged file as ours."""
    text = str(error).splitlines()[0]
    return StoreError(
        f"{what} cannot be read ({text}); nothing was changed, the ledger is safe",
        hint="run 'geleit check' to see which file is damaged",
    )


def _touch(catalogue: Catalogue, combination: tuple[Any, ...]) -> tuple[Any, ...]:
    kind, place, told_kind, supposed, evidence = combination
    properties = {
        name: msgspec.json.decode(value) for name, value in (("step", told_kind), ("supposed", supposed)) if value
    }
    event = Event(
        source="",
        key="",
        kind=kind,
        t=0,
        properties=properties,
        place=msgspec.json.decode(place) if place else {},
        evidence=evidence,
    )
    read = catalogue.touchpoint(event)
    where = (read.kind, read.stage, read.channel, read.medium, read.ownership, read.initiator)
    return (*combination, *where, read.contact, read.step, read.evidence)
