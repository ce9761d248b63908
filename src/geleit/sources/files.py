"""Finds a source's files and reads their records in chunks, whatever their format."""

from __future__ import annotations

import difflib
import gzip
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from geleit.errors import GeleitError
from geleit.sources import csv_records, json_records, parquet_records
from geleit.sources.definition import SourceDefinition
from geleit.sources.located import Located, on_disk
from geleit.sources.records import Records, Rejected, UnreadableError, identify


def find(definition: SourceDefinition, root: Path) -> list[Located]:
    """The source's files, sorted by name, each once.

    Errors: GeleitError if a path or pattern matches nothing, with names that look alike.
    """
    found: set[Path] = set()
    for pattern in definition.file:
        matches = [path for path in root.glob(pattern) if path.is_file()]
        if not matches:
            raise _missing(definition, root, pattern)
        found.update(matches)
    return [on_disk(path, path.relative_to(root).as_posix()) for path in sorted(found)]


def _missing(definition: SourceDefinition, root: Path, pattern: str) -> GeleitError:
    folder = root / Path(pattern).parent
    if not folder.is_dir():
        known = [path.name for path in folder.parent.iterdir()] if folder.parent.is_dir() else []
        close = difflib.get_close_matches(folder.name, known, n=1)
        hint = (
            f"did you mean {close[0]}/?" if close else f"create the folder or correct 'file:' in {definition.name}.yaml"
        )
        return GeleitError(f"sources/{definition.name}: the folder {Path(pattern).parent} does not exist", hint=hint)
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    close = difflib.get_close_matches(Path(pattern).name, names, n=3, cutoff=0.5) or names[:3]
    hint = f"in {Path(pattern).parent}/ there is: {', '.join(close)}" if close else "the folder is empty"
    return GeleitError(f"sources/{definition.name}: no file matches '{pattern}'; nothing was imported", hint=hint)


def read(definition: SourceDefinition, root: Path, columns: frozenset[str]) -> Iterator[Records]:
    """All records of all files in chunks; ``columns`` are the names that expressions read.

    Errors: GeleitError for a missing file or column. A damaged file is one rejected record, the next file goes on.
    """
    for located in find(definition, root):
        seen: Counter[str] = Counter()
        try:
            for records in _read_one(definition, located, columns):
                yield _told_apart(definition, records, seen) if definition.repeats == "each" else records
        except (OSError, EOFError, UnicodeError, UnreadableError) as error:
            yield _unreadable(definition, located.name, str(error))


def _told_apart(definition: SourceDefinition, records: Records, seen: Counter[str]) -> Records:
    """Give the second and third of equal records ids of their own; the same ones whenever the file is read again."""
    ids = []
    for identity in records.ids:
        seen[identity] += 1
        turn = f"{identity}\0{seen[identity]}".encode()
        ids.append(identity if seen[identity] == 1 else identify(definition.name, turn))
    return replace(records, ids=ids)


def _read_one(definition: SourceDefinition, located: Located, columns: frozenset[str]) -> Iterator[Records]:
    name = located.name
    kind = definition.format_of(name)
    if kind == "parquet":
        yield from parquet_records.read(definition, located, columns)
        return
    with _opened(located) as handle:
        if kind == "csv":
            yield from csv_records.read(definition, handle, name, columns)
        elif kind == "jsonl":
            yield from json_records.read_lines(definition, handle, name, columns)
        else:
            yield from json_records.read_document(definition, handle, name, columns)


@contextmanager
def _opened(located: Located) -> Iterator[IO[bytes]]:
    with located.open() as handle:
        if not located.name.endswith(".gz"):
            yield handle
            return
        with gzip.open(handle, "rb") as inflated:
            yield cast("IO[bytes]", inflated)


def _unreadable(definition: SourceDefinition, name: str, problem: str) -> Records:
    message = f"{name} cannot be read further: {problem}; correct or replace the file and import it again"
    identity = identify(definition.name, f"file\0{name}".encode())
    rejected = Rejected(definition.name, name, 0, "unreadable_file", message, "", identity)
    return Records(name, pa.table({}), [], [], [], [rejected])
