"""Finds a source's files and reads their records in chunks, whatever their format and wherever they lie."""

from __future__ import annotations

import difflib
import glob
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from geleit.errors import GeleitError, Retryable
from geleit.sources import (
    archives,
    csv_records,
    excel_records,
    json_documents,
    json_records,
    parquet_records,
    xes_records,
)
from geleit.sources.attach import is_attached
from geleit.sources.attached_rows import with_attached
from geleit.sources.definition import SourceDefinition
from geleit.sources.formats import ARCHIVE, ending
from geleit.sources.inflating import opened
from geleit.sources.located import Located, on_disk
from geleit.sources.records import DAMAGE, Records, Rejected, UnreadableError, identify
from geleit.sources.storage import is_remote, open_store

READERS = {
    "csv": csv_records.read,
    "jsonl": json_records.read_lines,
    "xes": xes_records.read,
}
SAID = 4  # problems of one source that are told one by one
WHOLE_READERS = {  # formats that are not read from the start to the end
    "json": json_documents.read,
    "parquet": parquet_records.read,
    "excel": excel_records.read,
}


def find(definition: SourceDefinition, root: Path) -> list[Located]:
    """The source's files, sorted by name, each once; an archive is one file.

    Errors: GeleitError if a path or pattern matches nothing, with names that look alike.
    """
    found, missing = look(definition, root)
    if missing:
        raise missing[0]
    return found


def read(definition: SourceDefinition, root: Path, columns: frozenset[str]) -> Iterator[Records]:
    """All records of all files in chunks; ``columns`` are the names that expressions read.

    A damaged file is one rejected record, and the next file goes on.

    Errors: GeleitError for a missing file or column, after all other files were read.
    """
    found, problems = look(definition, root)
    for located in found:
        try:
            yield from read_one(definition, located, columns)
        except GeleitError as error:
            problems.append(error)
    raise_first(problems)


def read_one(definition: SourceDefinition, located: Located, columns: frozenset[str]) -> Iterator[Records]:
    """The records of one file, or of all files of an archive, in chunks. Damage of a file is one rejected record.

    A file that is another one afterwards than before counts as damaged too: what was read of it stays read.

    Errors: GeleitError for a missing column, and for a name that tells no format.
    """
    told = False
    reader = _read_members if ending(located.name) == ARCHIVE else _read_plain
    for records in reader(definition, located, columns):
        told = told or any(one.reason == "unreadable_file" and one.file == located.name for one in records.rejected)
        yield records
    if not told and located.changed():
        yield _unreadable(definition, located.name, "it changed while it was read")


def _read_members(definition: SourceDefinition, located: Located, columns: frozenset[str]) -> Iterator[Records]:
    problems: list[GeleitError] = []
    try:
        for member in archives.members(definition, located):
            if archives.is_packed(member.name):
                yield _unreadable(definition, member.name, archives.NESTED)
                continue
            try:
                yield from _read_plain(definition, member, columns)
            except GeleitError as error:
                problems.append(error)
    except (OSError, UnreadableError) as error:
        yield _unreadable(definition, located.name, _said(error))
    else:
        yield Records(located.name, pa.table({}), [], [], [])  # the archive itself was read to its end
    raise_first(problems)


def _read_plain(definition: SourceDefinition, located: Located, columns: frozenset[str]) -> Iterator[Records]:
    seen: Counter[str] = Counter()
    try:
        for records in with_attached(definition, located, columns, _records):
            yield told_apart(definition, records, seen) if definition.repeats == "each" else records
    except DAMAGE as error:
        yield _unreadable(definition, located.name, _said(error))


def _records(definition: SourceDefinition, located: Located, columns: frozenset[str]) -> Iterator[Records]:
    kind = definition.format_of(located.name)
    if reader := WHOLE_READERS.get(kind):
        yield from reader(definition, located, columns)
        return
    with opened(located) as handle:
        yield from READERS[kind](definition, handle, located.name, columns)


def told_apart(definition: SourceDefinition, records: Records, seen: Counter[str]) -> Records:
    """Give the second and third of equal records ids of their own; the same ones whenever the file is read again."""
    ids = []
    for identity in records.ids:
        seen[identity] += 1
        turn = f"{identity}\0{seen[identity]}".encode()
        ids.append(identity if seen[identity] == 1 else identify(definition.name, turn))
    return replace(records, ids=ids)


def _unreadable(definition: SourceDefinition, name: str, problem: str) -> Records:
    message = f"{name} cannot be read further: {problem}; correct or replace the file and import it again"
    identity = identify(definition.name, f"file\0{name}".encode())
    rejected = Rejected(definition.name, name, 0, "unreadable_file", message, "", identity)
    return Records(name, pa.table({}), [], [], [], [rejected])


def _said(error: Exception) -> str:
    """What is wrong, without paths of this machine."""
    if isinstance(error, FileNotFoundError):
        return "it is gone, or a link that leads nowhere"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__


def raise_first(problems: list[GeleitError]) -> None:
    """Say the first of several problems, and each of the others in a line of its own (of very many, the first few).

    Errors: GeleitError, if there are any.
    """
    if problems:
        others = [f"\nand {one.message}" for one in problems[1:SAID]]
        left = len(problems) - SAID
        others += [f"\nand {left} more like this"] if left > 0 else []
        kind = Retryable if isinstance(problems[0], Retryable) else GeleitError
        raise kind("".join([problems[0].message, *others]), hint=problems[0].hint)


def look(definition: SourceDefinition, root: Path) -> tuple[list[Located], list[GeleitError]]:
    """The files that are there, here or in a store, and what is wrong with the patterns that match none."""
    found: set[Path] = set()
    elsewhere: dict[str, Located] = {}
    problems = []
    for pattern in definition.file:
        if is_remote(pattern):
            try:
                store = open_store(definition.name, pattern, definition.storage, root)
                elsewhere |= {one.name: one for one in store.find(pattern) if _own(definition, pattern, one.name)}
            except GeleitError as error:
                problems.append(error)
            continue
        every = _matches(root, pattern)
        matches = [one for one in every if _own(definition, pattern, one.relative_to(root).as_posix())]
        if not matches and not definition.hook:  # what is sent needs no files; older exports may lie beside
            problems.append(_missing(definition, root, pattern))
        found.update(matches)
    here = [on_disk(path, path.relative_to(root).as_posix()) for path in sorted(found)]
    return here + list(elsewhere.values()), problems


def _own(definition: SourceDefinition, pattern: str, name: str) -> bool:
    """Whether a file is the source's own, and not one whose rows its records take along; what is written out is."""
    return not (glob.has_magic(pattern) and is_attached(definition, name))


def _matches(root: Path, pattern: str) -> list[Path]:
    """What a pattern means: a path written out even if it is no file (to say so), else files and broken links."""
    if not glob.has_magic(pattern):
        path = root / pattern
        return [path] if os.path.lexists(path) else []
    return [path for path in root.glob(pattern) if not _is_folder(path)]


def _missing(definition: SourceDefinition, root: Path, pattern: str) -> GeleitError:
    shown, place = Path(pattern).parent, f"sources/{definition.name}"
    folder = root / shown
    if not glob.has_magic(str(shown)) and not _is_folder(folder):
        known = _listed(folder.parent) if _is_folder(folder.parent) else []
        close = difflib.get_close_matches(folder.name, known, n=1)
        hint = (
            f"did you mean {close[0]}/?" if close else f"create the folder or correct 'file:' in {definition.name}.yaml"
        )
        return GeleitError(f"{place}: the folder {shown} does not exist", hint=hint)
    names = _listed(folder) if _is_folder(folder) else []
    close = difflib.get_close_matches(Path(pattern).name, names, n=3, cutoff=0.5) or names[:3]
    hint = f"in {shown}/ there is: {', '.join(close)}" if close else "the folder is empty or closed to you"
    return GeleitError(f"{place}: no file matches '{pattern}'; nothing was imported", hint=hint)


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 (Path.is_dir raises for what lies in a closed folder)


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
