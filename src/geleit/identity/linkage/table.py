"""Reads the records to be linked: CSV, Parquet or JSON, every value as text, rows numbered through all files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from geleit.errors import GeleitError

_READERS = {
    ".csv": "read_csv($file, all_varchar = true, header = true, sample_size = -1, encoding = '{encoding}')",
    ".tsv": "read_csv($file, all_varchar = true, header = true, sample_size = -1, encoding = '{encoding}')",
    ".txt": "read_csv($file, all_varchar = true, header = true, sample_size = -1, encoding = '{encoding}')",
    ".parquet": "read_parquet($file)",
    ".json": "read_json_auto($file)",
    ".jsonl": "read_json_auto($file)",
    ".ndjson": "read_json_auto($file)",
}


def read_records(files: Sequence[Path]) -> tuple[pa.Table, list[int]]:
    """All records of the files as text columns (the union of their columns), and how many each file gave.

    Column names are trimmed. Errors: GeleitError if a file is missing, of no known format, or unreadable.
    """
    tables = [_read(file) for file in files]
    joined = pa.concat_tables(tables, promote_options="default") if len(tables) > 1 else tables[0]
    return joined, [table.num_rows for table in tables]


def _read(file: Path) -> pa.Table:
    endings = [ending.lower() for ending in file.suffixes if ending.lower() != ".gz"]
    reader = _READERS.get(endings[-1] if endings else "")
    if not file.is_file():
        raise GeleitError(f"there is no file {file}", hint="give the path of a CSV, Parquet or JSON file")
    if reader is None:
        known = ", ".join(_READERS)
        raise GeleitError(f"'{file.name}' is of no known format", hint=f"known endings: {known}")
    problem = ""
    for encoding in ("utf-8", "latin-1"):
        try:
            with duckdb.connect() as connection:
                connection.execute("SET enable_progress_bar = false")
                relation = connection.sql(
                    f"SELECT * FROM {reader.format(encoding=encoding)}",  # noqa: S608 -- one of our own readers
                    params={"file": str(file)},
                )
                chosen = ", ".join(
                    f"CAST({_quoted(name)} AS VARCHAR) AS {_quoted(name.strip())}" for name in relation.columns
                )
                return relation.project(chosen).to_arrow_table()
        except duckdb.Error as error:
            problem = problem or str(error).splitlines()[0]
    raise GeleitError(
        f"{file.name} cannot be read: {problem}", hint="is it complete, and is its header line in the first row?"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
