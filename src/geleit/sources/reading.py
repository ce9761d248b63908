"""Reads a source, wherever its records lie: what is new or changed since the positions that the last reading gave."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pyarrow as pa

from geleit.errors import GeleitError
from geleit.sources import database_records, files
from geleit.sources.attach import attached_files, files_of
from geleit.sources.definition import SourceDefinition
from geleit.sources.located import Located
from geleit.sources.meter import Meter
from geleit.sources.positions import fingerprint
from geleit.sources.records import Records

SETTLED_NS = 2_000_000_000  # a file written within two seconds may be written again without a later time
HASHED_BYTES = 1 << 20


class Left(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of an attached file: its rows, how many of them no record took along, and line and key of the first of these."""

    rows: int
    count: int = 0
    first: tuple[tuple[int, str], ...] = ()


class Token(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file as it was when it was read to its end; ``definition`` is the fingerprint of how it was read.

    ``modified_ns`` is 0 where it does not prove that the content is the same. ``attached``: the files whose rows its
    records took along, by name, as they were; ``left`` what was left of them. ``empty``: it held no record.
    """

    definition: str
    size: int
    modified_ns: int = 0
    version: str = ""
    sha256: str = ""
    attached: dict[str, Token] = {}
    left: dict[str, Left] = {}
    empty: bool = False


def read(
    definition: SourceDefinition,
    root: Path,
    columns: frozenset[str],
    positions: Mapping[str, str],
    *,
    again: bool = False,
    meter: Meter | None = None,
) -> Iterator[Records]:
    """All records of a source that are new or may be, in chunks; ``columns`` are the names that expressions read.

    ``positions``: place to token, as earlier chunks carried them in ``Records.position``; each is to be stored when
    its chunk and all before it are acknowledged. Files that are as they were give one chunk without records, marked
    ``unchanged``. ``again`` reads everything, whatever the positions say. ``meter`` counts what is read.

    Errors: GeleitError and Retryable for a missing file or column or a database out of reach; what came before is
    valid, and the next reading goes on behind it.
    """
    meter = meter or Meter(definition.name, lambda _: None)
    if definition.database:
        for records in _told_apart(
            definition, database_records.read(definition, root, columns, positions, again=again)
        ):
            meter.count(records)
            yield records
        return
    found, problems = files.look(definition, root)
    known = {} if again else {one.name: _known(definition, one, positions) for one in found}
    if definition.group and not all(known.get(one.name) for one in found):
        known = {}  # a group may have records in several files: all are read, or none
    meter.expect(one for one in found if not known.get(one.name))
    for located in found:
        if token := known.get(located.name):
            touched = (located.name, token) if token != positions[located.name] else None
            yield Records(located.name, pa.table({}), [], [], [], unchanged=True, position=touched)
            continue
        try:
            yield from _positioned(definition, located, columns, meter)
        except GeleitError as error:
            problems.append(error)
    files.raise_first(problems)


def everything(definition: SourceDefinition, root: Path, columns: frozenset[str]) -> Iterator[Records]:
    """All records of a source, for looking at them: no positions, no hashes.

    Errors: as ``read``.
    """
    return read(definition, root, columns, {}) if definition.database else files.read(definition, root, columns)


def _told_apart(definition: SourceDefinition, rows: Iterator[Records]) -> Iterator[Records]:
    seen: Counter[str] = Counter()
    for records in rows:
        yield files.told_apart(definition, records, seen) if definition.repeats == "each" else records


def _positioned(
    definition: SourceDefinition, located: Located, columns: frozenset[str], meter: Meter
) -> Iterator[Records]:
    """The records of a file, and behind them the position of a file read to its end without damage."""
    began = time.time_ns()
    whole = empty = True
    left: dict[str, Left] = {}
    attached = files_of(attached_files(definition, located))
    for records in files.read_one(definition, meter.watch(located), columns):
        meter.count(records)
        left |= {one.file: Left(one.rows, one.count, one.first) for one in records.loose}
        empty = empty and not (len(records.lines) or records.rejected)
        whole = whole and not any(one.reason == "unreadable_file" for one in records.rejected)
        yield records
    if not whole:
        return
    along = {name: _token("", one, _sha256(one), began) for name, one in attached.items()}
    own = _token(fingerprint(definition), located, _sha256(located), began)
    token = msgspec.structs.replace(own, attached=along, left=left, empty=empty)
    if not any(
        one.changed() for one in (located, *attached.values())
    ):  # while its hash was computed; else it is another file
        yield Records(located.name, pa.table({}), [], [], [], position=(located.name, _written(token)))


def _token(definition: str, located: Located, sha256: str, began: int) -> Token:
    settled = located.modified_ns < began - SETTLED_NS
    modified = located.modified_ns if settled else 0
    return Token(definition, located.size, modified, located.version, sha256)


def _written(token: Token) -> str:
    return msgspec.json.encode(token).decode()


def _known(definition: SourceDefinition, located: Located, positions: Mapping[str, str]) -> str:
    """The position of a file that is the one that was read to its end, with this very definition; '' for others.

    A file that was only touched gets a new one, so that it is not hashed each time. So do those whose rows it took along.
    """
    text = positions.get(located.name, "")
    try:
        token = msgspec.json.decode(text, type=Token)
    except msgspec.MsgspecError:
        return ""
    if token.definition != fingerprint(definition):
        return ""
    try:
        attached = files_of(attached_files(definition, located))
    except GeleitError:  # it is told when the file is read
        return ""
    now = _same(located, token)
    if now is None or attached.keys() != token.attached.keys():
        return ""
    along = {name: found for name, one in attached.items() if (found := _same(one, token.attached[name]))}
    if len(along) < len(attached):
        return ""
    found = msgspec.structs.replace(now, attached=along, left=token.left, empty=token.empty)
    return text if found == token else _written(found)


def _same(located: Located, token: Token) -> Token | None:
    """The token of a file that is as it was, anew if it was only touched; None for another content."""
    if token.size != located.size:
        return None
    if located.path is None and located.version:
        return token if located.version == token.version else None  # the store numbers or hashes its contents
    if (located.modified_ns, located.version) == (token.modified_ns, token.version):
        return token if located.modified_ns else None
    began = time.time_ns()
    same = bool(token.sha256) and _sha256(located) == token.sha256
    return _token(token.definition, located, token.sha256, began) if same else None


def _sha256(located: Located) -> str:
    """The hash of a file's content; none for files elsewhere, whose store tells their version."""
    if located.path is None:
        return ""
    digest = hashlib.sha256()
    try:
        with located.open() as handle:
            while block := handle.read(HASHED_BYTES):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()
