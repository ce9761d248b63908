"""Writes the journal as it is now (base and delta) as partitioned Parquet, for engines on other machines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import NamedTuple

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from pyarrow import parquet

from geleit.errors import Retryable
from geleit.history import delta, reading, snapshot
from geleit.history.columns import Columns
from geleit.history.delta import AsOf
from geleit.history.disk import writing
from geleit.history.history import History
from geleit.history.place import Place
from geleit.history.statements import load
from geleit.ledger import tables

FORMAT = 1
MANIFEST = "manifest.json"
EACH = 1_000_000  # events of one part, about
LEAST = 4  # parts, so that several workers have something to do
ONCE = 16  # parts written in one pass over the events
HELD = 32_768  # rows of a part held in memory
SAFE = "ledger, archive and journal are as they were, and parts already written are kept"
TABLES = ("events", "needs", "orders")
NEEDS = sa.select(
    tables.need.c.id.label("need_id"),
    *(tables.need.c[name] for name in ("customer_id", "topic", "stage", "opened_at", "closed_at")),
)


class File(msgspec.Struct, frozen=True):
    """Size and rows of one file of an export."""

    bytes: int
    rows: int


class ExportManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an export holds; written last, so whoever reads it reads a whole export.

    ``data``: the folder of its files. ``days``: first and last day of the events, since 1970. ``codes``: the values of
    kind, channel and stage; stages in their order. ``definitions``: hash of those that the events were read with.
    """

    format: int
    company: str
    zone: str
    as_of: AsOf
    definitions: str
    data: str
    counts: dict[str, int]
    days: tuple[int, int]
    codes: dict[str, list[str]]
    files: dict[str, File]


class Origin(NamedTuple):
    """Whose journal it is: the company, its time zone, the hash of the definitions its events are read with."""

    company: str
    zone: str
    definitions: str


def export(
    history: History, place: Place, of: Origin, orders: pa.Table, told: Callable[[str], None] = lambda _what: None
) -> ExportManifest:
    """Write what questions read, all of one state, and take the place of an export that is there.

    ``orders``: what people bought, by ``customer_id``. Parts that an interrupted export of the same state left are kept.

    Errors: Retryable if the place cannot be written; StoreError if journal or archive is damaged.
    """
    told("reading the journal")
    with closing(_opened(history)) as columns:
        columns.duck.from_arrow(orders).create("orders")
        return write(columns, place, of, told)


def write(
    columns: Columns, place: Place, of: Origin, told: Callable[[str], None] = lambda _what: None
) -> ExportManifest:
    """Write one state whose connection has the view ``events`` and the tables ``needs`` and ``orders``; as ``export``."""
    duck = columns.duck
    with writing("the export", SAFE):
        events, customers, first, last = map(int, duck.execute(load("export.sql")["size"]).fetchall()[0])
        needs, orders = map(int, duck.execute(load("export.sql")["counts"]).fetchall()[0])
        counts = {"events": events, "customers": customers, "needs": needs, "orders": orders}
        parts = max(LEAST, math.ceil(events / EACH))
        as_of = columns.as_of
        data = f"state-{as_of.change}-{as_of.last_seq}-{of.definitions[:8]}-{parts}"
        duck.execute(load("export.sql")["placed"], {"parts": parts})
        _write(duck, place, data, parts, told)
        manifest = ExportManifest(
            format=FORMAT,
            company=of.company,
            zone=of.zone,
            as_of=as_of,
            definitions=of.definitions,
            data=data,
            counts=counts,
            days=(first, last),
            codes={
                "kind": columns.kinds,
                "own_kind": columns.own_kinds,
                "channel": columns.channels,
                "stage": columns.stages,
            },
            files=_files(place, data, counts),
        )
    with place.put(MANIFEST) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    for folder in place.folders():
        if folder.startswith("state-") and folder != data:
            place.remove(folder)
    return manifest


def _opened(history: History) -> Columns:
    """The view of events, and the needs, of one moment of the ledger."""
    base = history._usable()  # noqa: SLF001 (of this room: one transaction must see both)
    with history.ledger.read() as connection:
        beyond, base = history._tail(connection, base)  # noqa: SLF001 (as above)
        duck = delta.open_view(connection, history.archive, base, beyond, history.catalogue, coded=True)
        snapshot.copy(connection, NEEDS, duck, "needs")
    return Columns(duck, base, [stage.id for stage in history.catalogue.stages])


def _write(duck: duckdb.DuckDBPyConnection, place: Place, data: str, parts: int, told: Callable[[str], None]) -> None:
    there = place.find(data)
    for name in TABLES:
        missing = [part for part in range(parts) if _path(data, name, part) not in there]
        for start in range(0, len(missing), ONCE):
            told(f"{name}: {parts - len(missing) + start} of {parts} parts are written")
            some = missing[start : start + ONCE]
            try:
                answer = duck.sql(load("export.sql")[name], params={"chosen": some}).to_arrow_reader(HELD)
                _write_some(answer, place, {part: _path(data, name, part) for part in some})
            except duckdb.Error as error:
                raise reading.translate_error(error, "the journal") from None


def _path(data: str, name: str, part: int) -> str:
    return f"{data}/{name}/part={part:03}/{name}.parquet"


def _write_some(answer: pa.RecordBatchReader, place: Place, paths: dict[int, str]) -> None:
    """Write one pass's rows, each to the file of its part; none of them is shown before all are whole."""
    form = pa.schema([field for field in answer.schema if field.name != "part"])
    with ExitStack() as stack:
        writers, held = {}, {part: [form.empty_table()] for part in paths}
        for part, path in paths.items():
            stream = stack.enter_context(place.put(path))
            writers[part] = stack.enter_context(parquet.ParquetWriter(stream, form, compression="zstd"))
        for batch in answer:
            for part, rows in _parted(batch):
                held[part].append(rows)
                if sum(map(len, held[part])) >= HELD:
                    writers[part].write_table(pa.concat_tables(held[part]))
                    held[part] = []
        for part, rows in held.items():
            if rows:
                writers[part].write_table(pa.concat_tables(rows))


def _parted(batch: pa.RecordBatch) -> Sequence[tuple[int, pa.Table]]:
    """A batch's rows by part, in the order they came."""
    part = batch["part"].to_numpy()
    order = np.argsort(part, kind="stable")
    sorted_rows = pa.Table.from_batches([batch]).drop_columns("part").take(pa.array(order))
    found, starts = np.unique(part[order], return_index=True)
    ends = [*starts[1:], len(order)]
    return [(int(p), sorted_rows.slice(a, b - a)) for p, a, b in zip(found, starts, ends, strict=True)]


def _files(place: Place, data: str, counts: dict[str, int]) -> dict[str, File]:
    """What is there, as each file itself says."""
    found = {}
    for name, size in sorted(place.find(data).items()):
        if name.endswith(".parquet"):
            try:
                with place.telling(), place.open(name) as stream:
                    found[name] = File(bytes=size, rows=parquet.read_metadata(stream).num_rows)
            except pa.ArrowInvalid:
                raise _wrong(place, data, f"{name} is no Parquet file") from None
    rows = {table: sum(file.rows for name, file in found.items() if f"/{table}/" in name) for table in TABLES}
    for table, count in counts.items():
        if table in rows and rows[table] != count:
            raise _wrong(place, data, f"it holds {rows[table]:,} {table} of {count:,}")
    return found


def _wrong(place: Place, data: str, what: str) -> Retryable:
    """What an interrupted export left is no good: let go of it."""
    place.remove(data)
    return Retryable(
        f"what an earlier export left in {place.uri} is damaged ({what}) and was removed", hint="export again"
    )
