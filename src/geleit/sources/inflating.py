"""Opens files that are packed, and stops before a small file inflates into something that fills the machine."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Protocol, cast

import pyarrow as pa

from geleit.sources.formats import COMPRESSED
from geleit.sources.located import Located
from geleit.sources.records import UnreadableError

FREE = 1 << 30  # bytes that any packed file may inflate to
TIMES = 250  # beyond that, at most so many times its packed size; exports inflate 3 to 50 times, bombs a thousand times
MOST = 256 << 30  # and never more bytes than this
BLOCK = 1 << 18
DAMAGES = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException, NotImplementedError)


class Readable(Protocol):
    """What gives bytes: a decompressor of the standard library or of pyarrow."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        ...


class Allowance:
    """How many bytes may still come out of one packed file, all its members together."""

    def __init__(self, packed: int) -> None:
        self.limit = min(MOST, max(FREE, TIMES * packed))
        self.taken = 0

    def take(self, count: int) -> None:
        """Count bytes that came out.

        Errors: UnreadableError beyond the limit.
        """
        self.taken += count
        if self.taken > self.limit:
            raise UnreadableError(
                f"it inflates to more than {self.limit:,} bytes, which no export does; if it is sound, unpack it yourself"
            )


class Inflated(io.RawIOBase):
    """Unpacked bytes, counted; damage of any kind is an UnreadableError."""

    def __init__(self, source: Readable, allowance: Allowance) -> None:
        # read would lose what precedes damage
        self.take: Callable[[int], bytes] = getattr(source, "read1", source.read)
        self.source, self.allowance = source, allowance

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any writable buffer
        """Fill the buffer as far as bytes come."""
        try:
            data = self.take(len(buffer))
        except DAMAGES as error:
            raise UnreadableError(f"it is packed, and damaged or cut off ({error})") from None
        self.allowance.take(len(data))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def opened(located: Located) -> Iterator[io.BufferedReader]:
    """A file's bytes from the start; unpacked, if its name says that it is packed.

    Errors: OSError if it cannot be opened or read; UnreadableError while reading, for damage and for bombs.
    """
    with located.open() as handle:
        suffix = next((one for one in COMPRESSED if located.name.lower().endswith(one)), "")
        if not suffix:
            yield handle if isinstance(handle, io.BufferedReader) else _buffered(handle)
            return
        with _decompressor(suffix, handle) as unpacked:
            yield io.BufferedReader(Inflated(cast("Readable", unpacked), Allowance(located.size)), BLOCK)


@contextmanager
def seekable(located: Located) -> Iterator[IO[bytes]]:
    """The same for formats that are read from their end: a packed or remote file is put into a temporary one first.

    Errors: as ``opened``.
    """
    with opened(located) as handle:
        if handle.seekable():
            yield handle
            return
        with tempfile.TemporaryFile() as aside:
            while block := handle.read(BLOCK):
                aside.write(block)
            aside.seek(0)
            yield aside


def _buffered(handle: IO[bytes]) -> io.BufferedReader:
    if isinstance(handle, io.RawIOBase):
        return io.BufferedReader(handle, BLOCK)
    return io.BufferedReader(Inflated(handle, Allowance(MOST)), BLOCK)


def _decompressor(suffix: str, handle: IO[bytes]) -> IO[bytes]:
    if suffix == ".gz":
        return cast("IO[bytes]", gzip.open(handle, "rb"))
    if suffix == ".bz2":
        return cast("IO[bytes]", bz2.open(handle, "rb"))
    if suffix == ".xz":
        return cast("IO[bytes]", lzma.open(handle, "rb"))
    return cast("IO[bytes]", pa.input_stream(handle, compression="zstd"))
