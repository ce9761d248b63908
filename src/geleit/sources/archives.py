"""The files inside a zip archive, each read like a file of a folder; their paths are names and nothing is unpacked."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import PurePosixPath
from typing import IO

from geleit.clock import micros
from geleit.sources.attach import is_attached
from geleit.sources.definition import SourceDefinition
from geleit.sources.formats import ARCHIVE, COMPRESSED, ENDINGS, NOT_READ, ending
from geleit.sources.inflating import BLOCK, DAMAGES, Allowance, Inflated, seekable
from geleit.sources.located import Located
from geleit.sources.records import UnreadableError

MEMBERS = 100_000  # files of one archive
NAMED = 8  # files named in a message
NESTED = "it is an archive inside an archive; unpack the outer one and put its files here"
ENCRYPTED = 0x1  # flag of a member


def members(definition: SourceDefinition, located: Located) -> Iterator[Located]:
    """The files of an archive that the definition means; each can be opened until the next one is asked for.

    Meant are those that ``member`` matches (their whole path or their name alone), else all whose ending tells a
    format. Encrypted ones are among them; opening one gives the error. So are archives, which are not read.

    Errors: UnreadableError for a damaged archive, and for one without any such file.
    """
    with seekable(located) as handle:
        try:
            archive = zipfile.ZipFile(handle)
        except (*DAMAGES, ValueError) as error:
            raise UnreadableError(f"not a whole zip archive ({error})") from None
        with archive:
            infos = [info for info in archive.infolist() if not info.is_dir() and not _hidden(info.filename)]
            if len(infos) > MEMBERS:
                raise UnreadableError(f"it holds {len(infos):,} files (at most {MEMBERS:,})")
            chosen = [info for info in infos if _meant(definition, info.filename)]
            if not chosen:
                held = ", ".join(info.filename for info in infos[:NAMED]) or "nothing"
                raise UnreadableError(f"no file inside it fits {_wanted(definition)}; it holds: {held}")
            allowance = Allowance(located.size)
            for info in chosen:
                yield replace(
                    _located(archive, info, f"{located.name}/{info.filename}", allowance),
                    near=partial(_near, archive, located.name, info.filename, allowance),
                )


def _near(archive: zipfile.ZipFile, whole: str, name: str, allowance: Allowance, pattern: str) -> list[Located]:
    """Other files of an archive, by a pattern that begins in the folder of one."""
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(name), pattern))
    depth = wanted.count("/")
    every = [one for one in archive.infolist() if not one.is_dir() and one.filename.count("/") == depth]
    ordered = sorted((one for one in every if fnmatchcase(one.filename, wanted)), key=lambda one: one.filename)
    return [_located(archive, one, f"{whole}/{one.filename}", allowance) for one in ordered]


def _hidden(name: str) -> bool:
    """Files that systems add on their own."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")


def _meant(definition: SourceDefinition, name: str) -> bool:
    if is_attached(definition, name) and PurePosixPath(name).name != PurePosixPath(definition.member).name:
        return False
    if definition.member:
        return any(fnmatchcase(one, definition.member) for one in (name, PurePosixPath(name).name))
    known = ENDINGS.get(ending(name))
    return is_packed(name) or (known is not None and definition.format in (None, known))


def _wanted(definition: SourceDefinition) -> str:
    if definition.member:
        return f"member: {definition.member}"
    return f"format: {definition.format}" if definition.format else "a known format"


def is_packed(name: str) -> bool:
    """Whether a file is an archive, or packed, by its name."""
    return ending(name) in (ARCHIVE, *NOT_READ) or name.lower().endswith(COMPRESSED)


def _located(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, allowance: Allowance) -> Located:
    year, month, day, hour, minute, second = info.date_time
    try:
        written = micros(datetime(year, month, day, hour, minute, second, tzinfo=UTC)) * 1000
    except ValueError:  # some programs write month 0
        written = 0
    return Located(name, info.file_size, written, _opener(archive, info, allowance), version=f"{info.CRC:08x}")


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo, allowance: Allowance) -> Callable[[], IO[bytes]]:
    def open_member() -> IO[bytes]:
        if info.flag_bits & ENCRYPTED:
            raise UnreadableError("it is encrypted; unpack the archive with its password and put its files here")
        try:
            return io.BufferedReader(Inflated(archive.open(info), allowance), BLOCK)
        except DAMAGES as error:
            raise UnreadableError(f"it is damaged or packed in a way that is not known here ({error})") from None

    return open_member
