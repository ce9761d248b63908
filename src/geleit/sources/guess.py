"""Drafts sources/NAME.yaml from an export of any format, or a folder of them; a person reads and corrects the draft."""

from __future__ import annotations

import glob
import posixpath
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from geleit.clock import SECOND, moment
from geleit.errors import GeleitError
from geleit.events.kinds import snake
from geleit.sources import database_sample, draft, draft_attached, known_forms, related, sample
from geleit.sources.attach import STAR
from geleit.sources.formats import ARCHIVE, ENDINGS, ending, unpacked
from geleit.sources.located import Located, on_disk
from geleit.sources.patterns import digits_of, pattern_of
from geleit.sources.related import Related, Table
from geleit.sources.roles import columns_of
from geleit.sources.storage import Storage, open_store
from geleit.sources.times import TimeReader

NOTHING = "name an export: CSV, Excel, JSON, Parquet, XES or a zip of them"


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted definition. ``notes`` say what was guessed and what a person has to decide."""

    name: str
    yaml: str
    notes: tuple[str, ...]


def guess(file: Path, *, root: Path, zone: str, now: int, name: str = "") -> Draft:
    """Draft a definition for one export, or for a folder of exports that belong together.

    A pattern (``exports/till_*.csv``) means the files that it matches. What is not there is looked for in the workspace.
    What lies outside the workspace is copied into ``exports/``. In a zip, in a workbook, and beside a file of the workspace
    exports are looked for whose rows belong to its records.

    Errors: GeleitError if the file does not exist, is empty, or is of no known format, or if the files of a folder do not
    belong together; nothing is written then.
    """
    times = TimeReader(zone, "earlier", now)
    file = _found(file, root)
    if glob.has_magic(file.name) and not file.exists():
        here = [on_disk(one, one.name) for one in sorted(file.parent.glob(file.name)) if one.is_file()]
        chosen = _chosen(str(file), here, times)
        if len(chosen.patterns) == 1:
            chosen = replace(chosen, patterns=dict.fromkeys(chosen.patterns, file.name))
        return _drafted(chosen, (name or file.name.split(".")[0], _inside(file.parent, root)), zone)
    if ending(file.name) in sample.DATABASES and file.resolve().is_relative_to(root.resolve()):
        place = file.resolve().relative_to(root.resolve()).as_posix()
        raise GeleitError(f"'{file.name}' is a database", hint=f"its tables: geleit source guess sqlite:///{place}")
    if file.is_dir():
        here = [on_disk(one, one.name) for one in sorted(file.iterdir()) if one.is_file()]
        chosen = _chosen(file.name, here, times)
        folder = _inside(file, root)
        return _drafted(chosen, (name or file.name, folder), zone)
    if not file.is_file():
        raise GeleitError(f"{file} does not exist", hint=NOTHING)
    beside = file.resolve().is_relative_to(root.resolve())
    near = [on_disk(one, one.name) for one in sorted(file.parent.iterdir()) if beside and one.is_file() and one != file]
    chosen = _of_file(on_disk(file, file.name), near, times)
    return _drafted(chosen, (name or file.name.split(".")[0], posixpath.dirname(_inside(file, root))), zone)


def _found(file: Path, root: Path) -> Path:
    """The export where it was named, else where a definition would look for it: in the workspace."""
    there = root / file
    if file.exists() or any(file.parent.glob(file.name)):
        return file
    return there if there.exists() or any(there.parent.glob(there.name)) else file


def guess_stored(
    url: str, *, root: Path, zone: str, now: int, name: str = "", storage: Mapping[str, Any] | None = None
) -> Draft:
    """Draft a definition for a file of a store, or for a folder of it (``s3://bucket/exports/``).

    ``storage``: what a definition says under this name.

    Errors: as ``guess``; GeleitError and Retryable if the store cannot be reached.
    """
    times = TimeReader(zone, "earlier", now)
    folder, _, wanted = url.rpartition("/")
    store = open_store("guess", url, _reached(storage or {}), root)
    found = store.find(f"{folder}/*" if not wanted else url)
    if not wanted:
        chosen = _chosen(folder, found, times)
    else:
        chosen = _of_file(found[0], [one for one in store.find(f"{folder}/*") if one.name != found[0].name], times)
    called = name or (wanted or PurePosixPath(folder).name).split(".")[0]
    return _drafted(chosen, (called, folder), zone, {"storage": storage} if storage else {})


def _reached(storage: Mapping[str, Any]) -> Storage:
    try:
        return Storage.model_validate(storage)
    except ValidationError as error:
        said, field = error.errors()[0]["msg"].removeprefix("Value error, "), error.errors()[0]["loc"][0]
        hint = "--storage endpoint=URL, region=NAME, anonymous=true, key=SECRET, secret=SECRET"
        raise GeleitError(f"the store cannot be reached: {field} {said}; nothing was written", hint=hint) from None


def guess_table(url: str, table: str, *, root: Path, zone: str, now: int, name: str = "", secret: str = "") -> Draft:
    """Draft a definition for a table of a database; ``secret`` names the password of its user.

    Errors: GeleitError and Retryable if the database cannot be reached, has no such table, or the table is empty.
    """
    chosen = snake(name or table.rpartition(".")[2]) or "source"
    found = database_sample.look(url, table, root, secret=secret)
    columns = columns_of(found, TimeReader(zone, "earlier", now))
    today = moment(now, zone).date().isoformat()
    yaml, notes = draft.write(draft.Place(chosen, table, zone, today), found, columns)
    return Draft(chosen, yaml, notes)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The export that is drafted, those whose rows it takes along, and the patterns that stand for files, by their names.

    ``notes``: what was left out when exports were compared.
    """

    head: Table
    belonging: Sequence[Related]
    patterns: Mapping[str, str]
    others: Sequence[str] = ()
    notes: tuple[str, ...] = ()


def _of_file(file: Located, near: Sequence[Located], times: TimeReader) -> _Chosen:
    """One export: with what is inside it, if that belongs together, else with what belongs to it nearby."""
    notes: tuple[str, ...] = ()
    if len(parts := sample.parts(file)) > 1:
        inside = related.compared([(file, part) for part in parts], times)
        notes = inside.notes
        if found := related.together(inside.tables):
            return _Chosen(*found, {}, notes=notes)
    head = Table(file, "", looked := sample.look(file), columns_of(looked, times), ())
    usual = [one for one in near if ending(one.name) in ENDINGS]
    if ending(file.name) == ARCHIVE or not usual or not (whole := related.table_of(file, times)):
        return _Chosen(head, (), {}, notes=notes)
    others = related.compared([(one, "") for one in usual], times, whole)
    notes = (*notes, *others.notes)
    if not (found_ := related.belonging(whole, others.tables)) and (owner := _owner(whole, others.tables)):
        note = f"its rows seem to belong to the records of {owner}: geleit source guess {owner} drafts both together"
        return _Chosen(head, (), {}, notes=(note, *notes))
    return _Chosen(whole, found_, {}, notes=notes)


def _owner(table: Table, others: Sequence[Table]) -> str:
    """The export to whose records the rows of this one belong, if it is one; '' otherwise."""
    owners = [one.name for one in others if related.belonging(one, [table])]
    return owners[0] if len(owners) == 1 else ""


def _chosen(folder: str, files: Sequence[Located], times: TimeReader) -> _Chosen:
    """The exports of a folder, several of one name but for their digits (a day each) as one pattern."""
    groups: dict[str, list[Located]] = {}
    for one in files:
        if ending(one.name) in (ARCHIVE, *ENDINGS) and not PurePosixPath(one.name).name.startswith("."):
            groups.setdefault(unpacked(pattern_of(one.name)), []).append(one)
    if not groups:
        raise GeleitError(f"{folder} holds no exports", hint=NOTHING)
    first = {_shown(some): some[0] for some in groups.values()}
    names = {one.name: PurePosixPath(pattern).name for pattern, one in first.items()}
    if len(first) == 1:
        (only,) = first.values()
        return replace(_of_file(only, (), times), patterns=names)
    looked = related.compared([(one, "") for one in first.values()], times)
    found = related.together(looked.tables)
    if found is None:
        held = ", ".join(sorted(names.values()))
        left = "".join(f"; {note}" for note in looked.notes)
        raise GeleitError(
            f"{folder} holds several exports, and nothing says which belong together: {held}{left}",
            hint="draft each on its own: geleit source guess FILE; rows that belong to records of another file: attach",
        )
    head, belonging = found
    star = digits_of(head.file.name) if "*" in names[head.file.name] else ""
    same = {one.table.file.name for one in belonging if star and digits_of(one.table.file.name) == star}
    patterns = {name: shown.replace("*", STAR) if name in same else shown for name, shown in names.items()}
    used = {head.file.name, *(one.table.file.name for one in belonging)}
    others = [shown for name, shown in names.items() if name not in used]
    return _Chosen(head, belonging, patterns, others, looked.notes)


def _shown(files: Sequence[Located]) -> str:
    """The pattern of files of one name but for their digits, some of them packed perhaps; the name of a single one."""
    patterns = {pattern_of(one.name) for one in files}
    if len(files) == 1:
        return files[0].name
    return patterns.pop() if len(patterns) == 1 else f"{unpacked(patterns.pop())}*"


def _drafted(
    chosen: _Chosen, called: tuple[str, str], zone: str, more: Mapping[str, Mapping[str, Any]] | None = None
) -> Draft:
    """The definition of an export with what belongs to it; ``called``: its name, and the folder where its files lie.

    ``more``: fields of the definition besides those that reading it needs.
    """
    name, folder = snake(called[0]) or "source", called[1]
    head = chosen.head
    pattern = chosen.patterns.get(head.file.name, PurePosixPath(head.file.name).name)
    written = moment(int(head.file.modified_ns // 1_000_000_000 * SECOND), zone).date().isoformat()
    place = draft.Place(name, f"{folder}/{pattern}" if folder else pattern, zone, written)
    found = head.sample
    if chosen.belonging or chosen.others:
        belonging = {one.table.name for one in chosen.belonging}
        notes = [note for note in found.notes if not note.startswith(("drafted for", "there is also"))]
        left = [*chosen.others, *(part for part in sample.parts(head.file) if part not in (head.part, *belonging))]
        notes += [f"beside it there is {', '.join(left)}: what is of another kind is another source"] if left else []
        found = replace(found, notes=tuple(notes))
    along = draft_attached.along(head, chosen.belonging, chosen.patterns)
    found = replace(found, notes=(*found.notes, *chosen.notes))
    columns, let = draft_attached.numbered(head, chosen.belonging)
    found = replace(found, fields={**(more or {}), **found.fields, **({"let": let} if let else {})})
    if ready := known_forms.ready_for(found):
        note = (
            f"the ready definition {ready} reads exports of this form, and knows more of it: geleit source add {ready}"
        )
        found = replace(found, notes=(note, *found.notes))
    yaml, told = draft.write(place, found, columns, along)
    return Draft(name, yaml, told)


def _inside(file: Path, root: Path) -> str:
    """Where a file or folder lies in the workspace; one from outside is copied."""
    resolved = file.resolve()
    if not resolved.is_relative_to(root.resolve()):
        target = root / "exports" / file.name
        if target.exists():
            raise GeleitError(f"exports/{file.name} exists already; nothing was changed", hint="rename the file")
        target.parent.mkdir(exist_ok=True)
        if file.is_dir():
            target.mkdir()
            for one in file.iterdir():
                if one.is_file() and ending(one.name) in (ARCHIVE, *ENDINGS):
                    shutil.copyfile(one, target / one.name)
        else:
            shutil.copyfile(file, target)
        resolved = target.resolve()
    return resolved.relative_to(root.resolve()).as_posix()
