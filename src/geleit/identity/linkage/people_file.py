"""Writes the found people: every row as it came, with the person's number beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from geleit.errors import GeleitError

PERSON = "geleit_person"  # the column with the person's number
ENDINGS = (".csv", ".parquet")


def check_target(file: Path) -> None:
    """Errors: GeleitError if people cannot be written there; asked before the work, not after it."""
    if file.suffix.lower() not in ENDINGS:
        raise GeleitError(f"'{file.name}' cannot be written", hint=f"people are written as {' or '.join(ENDINGS)}")
    if not file.parent.is_dir():
        raise GeleitError(f"there is no folder {file.parent}", hint="make it, or choose another")


def write_people(table: pa.Table, people: np.ndarray, file: Path) -> None:
    """All rows and columns, and the person's number (the number of its first row, from 0) in ``geleit_person``."""
    name = PERSON
    while name in table.column_names:
        name += "_"
    with_people = table.append_column(name, pa.array(people.astype(np.int64)))
    if file.suffix.lower() == ".csv":
        csv.write_csv(with_people, file)
    else:
        parquet.write_table(with_people, file)
