"""The floors of the bulk benchmark: what DuckDB needs to read the same file, and to write it as Parquet."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
from bulk_meter import between, spent

READ = "SELECT bit_xor(hash(COLUMNS(*))) FROM '{file}'"  # every value of every column
WRITE = "COPY (FROM '{file}') TO '{target}' (FORMAT parquet, COMPRESSION zstd)"


def floor(task: str, file: Path, threads: int) -> dict[str, float]:
    """Run one floor with so many threads; ``task``: read or write."""
    target = file.with_name("floor.parquet")
    before = spent()
    with duckdb.connect(config={"threads": str(threads)}) as duck:
        duck.execute({"read": READ, "write": WRITE}[task].format(file=file, target=target)).fetchall()
    used = between(before, spent())
    target.unlink(missing_ok=True)
    return used


if __name__ == "__main__":
    print(json.dumps(floor(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
