"""Records of Parquet files: columns keep their type."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from geleit.sources.definition import SourceDefinition
from geleit.sources.header import require_columns
from geleit.sources.inflating import seekable
from geleit.sources.json_records import Members, column_text
from geleit.sources.located import Located
from geleit.sources.records import Records, UnreadableError
from geleit.sources.vectors import Texts
from geleit.sources.vectors_records import identified

BATCH = 100_000  # rows that are read at once, at most
HEAVY = 64_000_000  # bytes of rows that are read at once, roughly: they may hold whole letters
BUFFER = 1 << 22  # bytes of a column that are read at once: what stands together in a file may be larger than memory


def read(definition: SourceDefinition, located: Located, columns: frozenset[str]) -> Iterator[Records]:
    """The records of one Parquet file in chunks; their "line" is their number in the file, from 1.

    Errors: GeleitError for a missing column; UnreadableError for a damaged file.
    """
    number, name = 0, located.name
    try:
        with seekable(located) as handle, pq.ParquetFile(handle, buffer_size=BUFFER, pre_buffer=False) as file:
            present = file.schema_arrow.names
            require_columns(definition, name, present, columns)
            needed = {column.casefold() for column in columns}
            for table in _batches(file):
                raw, ids = identified(definition.name, table)
                yield Records(
                    name,
                    table.select([c for c in present if c.casefold() in needed]),
                    range(number + 1, number + 1 + len(raw)),
                    Texts(raw),
                    Texts(ids),
                )
                number += len(raw)
    except pa.ArrowException as error:
        raise UnreadableError(f"not a whole Parquet file ({error})") from None


def _batches(file: pq.ParquetFile) -> Iterator[pa.Table]:
    """The rows, so many together as fit; what stands in the file once for many rows counts when it is read."""
    parts = file.metadata
    written = sum(parts.row_group(number).total_byte_size for number in range(parts.num_row_groups))
    for batch in file.iter_batches(batch_size=max(1, min(BATCH, HEAVY * parts.num_rows // max(1, written)))):
        table = pa.Table.from_batches([batch])
        some = -(-table.num_rows // (table.nbytes // HEAVY + 1))
        for first in range(0, table.num_rows, some):
            yield table.slice(first, some)


def schema(located: Located) -> pa.Schema:
    """The column types of a file.

    Errors: UnreadableError for a damaged file.
    """
    try:
        with seekable(located) as handle:
            return pq.read_schema(handle)
    except pa.ArrowException as error:
        raise UnreadableError(f"not a whole Parquet file ({error})") from None


def typed(records: list[Members], columns: frozenset[str], schema: pa.Schema) -> pa.Table:
    """Records that were kept as JSON, with the columns' types of the file they came from.

    Errors: pa.ArrowException for a value that does not fit its column.
    """
    arrays = {}
    for name in sorted(columns):
        kind = schema.field(name).type if name in schema.names else pa.string()
        texts = [column_text(record.get(name)) for record in records]
        if pa.types.is_nested(kind):
            arrays[name] = pa.array([None if t is None else msgspec.json.decode(t) for t in texts], kind)
        else:
            arrays[name] = pa.array(texts, pa.string()).cast(kind)
    return pa.table(arrays)
