"""Lines of a text that may be larger than memory: found encoding, bounded length, and a way back from a bad quote."""

from __future__ import annotations

import codecs
import hashlib
import io
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, cast

from geleit.sources.records import DAMAGE, RECORD_CHARACTERS

BOMS = (  # the longer ones first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MANY = 0.3  # share of zero bytes on one side of every pair that text of one byte per character never has
PART = 1 << 13  # characters read at once; what precedes damage is lost with its part


def encoding_of(declared: str, head: bytes) -> str:
    r"""The encoding to read a text with: the declared one, else by its BOM, its zero bytes, else UTF-8.

    >>> encoding_of("", b"a\0;\0b\0"), encoding_of("", b"a;b"), encoding_of("cp1252", b"a;b")
    ('utf-16-le', 'utf-8-sig', 'cp1252')
    """
    if declared:
        return "utf-8-sig" if codecs.lookup(declared).name == "utf-8" else declared
    for bom, name in BOMS:
        if head.startswith(bom):
            return name
    pairs = len(head) // 2
    low, high = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if high > MANY * pairs and not low:
        return "utf-16-le"
    return "utf-16-be" if low > MANY * pairs and not high else "utf-8-sig"


@dataclass(frozen=True, slots=True)
class Overlong:
    """A line longer than a record may be: its beginning, its length, and a hash that tells it from others."""

    text: str
    length: int
    digest: str


class OverlongError(Exception):
    """The next line is longer than a record may be."""

    def __init__(self, line: Overlong) -> None:
        super().__init__(line.length)
        self.line = line


class UnclosedError(Exception):
    """A record goes on and on: a quote in it was never closed."""


class Lines:
    """Lines of a text that can be given back when they turn out not to belong to a record.

    Never holds more than one record of the largest size, or a block.
    """

    def __init__(self, source: IO[str]) -> None:
        self.source = source
        self.waiting: deque[str | Overlong] = deque()
        self.number = 0
        self.taken: list[str] = []
        self.characters = 0
        self.damage: Exception | None = None

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if self.characters > RECORD_CHARACTERS:
            raise UnclosedError
        line = self.waiting.popleft() if self.waiting else self._read()
        if line is None:
            raise StopIteration
        if isinstance(line, Overlong):
            if self.taken:  # it may belong to an open quote, but that record is too long then
                self.waiting.appendleft(line)
                raise UnclosedError
            self.number += 1
            raise OverlongError(line)
        self.number += 1
        self.taken.append(line)
        self.characters += len(line)
        return line

    def block(self, size: int) -> str:
        """The next whole lines, about so many characters; '' where single lines have to be taken.

        That is at the end, before a line that is too long, and where no line feed ends lines.
        """
        parts: list[str] = []
        count = 0
        while count < size:
            part = self.waiting.popleft() if self.waiting else self._part(PART)
            if isinstance(part, Overlong):
                self.waiting.appendleft(part)
                break
            if not part:
                break
            parts.append(part)
            count += len(part)
        while parts and parts[-1].endswith("\r") and not self.waiting:
            parts.append(self._part(1))  # a line feed may belong to it
        text = "".join(parts)
        end = text.rfind("\n") + 1
        if end < len(text):
            self._give_back(text[end:], whole=False)
        self.number += text.count("\n", 0, end)
        return text[:end]

    def give_back(self, block: str) -> None:
        """Let the lines of the last block be taken one by one."""
        self.number -= block.count("\n")
        self._give_back(block, whole=True)

    def begin(self) -> None:
        """A new record begins here."""
        self.taken.clear()
        self.characters = 0

    def peek(self, count: int) -> list[str]:
        """The next lines, without taking them; overlong ones are left out. Damage shows when its line is taken."""
        try:
            while len(self.waiting) < count and (line := self._read()) is not None:
                self.waiting.append(line)
        except DAMAGE as error:
            self.damage = error
        return [line for line in list(self.waiting)[:count] if isinstance(line, str)]

    def skip(self, count: int) -> None:
        """Leave out the next lines."""
        for _ in range(count):
            if (self.waiting.popleft() if self.waiting else self._read()) is not None:
                self.number += 1

    def keep_first(self) -> str:
        """Give back all lines of the present record but its first."""
        first, *rest = self.taken
        self.waiting.extendleft(reversed(rest))
        self.number -= len(rest)
        self.begin()
        return first

    def _part(self, size: int) -> str:
        """Some characters, wherever they end; '' at the end and before damage, which shows when its line is taken."""
        try:
            return "" if self.damage else self.source.read(size)
        except DAMAGE as error:
            self.damage = error
            return ""

    def _give_back(self, text: str, *, whole: bool) -> None:
        lines = list(io.StringIO(text, newline=""))
        if not whole and not lines[-1].endswith("\r") and (last := self._continued(lines.pop())) is not None:
            self.waiting.appendleft(last)
        self.waiting.extendleft(reversed(lines))

    def _continued(self, begun: str) -> str | Overlong | None:
        """A line whose beginning was read already; None if damage cuts it, for half a value looks like a whole one."""
        try:
            return cast("str | Overlong", read_bounded(self.source.readline, ("\r", "\n"), begun))
        except DAMAGE as error:
            self.damage = error
            return None

    def _read(self) -> str | Overlong | None:
        if self.damage:
            raise self.damage
        return cast("str | Overlong", read_bounded(self.source.readline, ("\r", "\n"))) or None


def read_bounded(readline: Callable[[int], Any], ends: Any, begun: str | bytes = "") -> str | bytes | Overlong:
    """The next line, empty at the end; of a longer one than a record may be, its beginning, length and a hash.

    ``ends`` is what a line ends with, text or bytes like the line itself; ``begun`` is what was read of the line before.
    """
    line: str | bytes = begun
    if len(begun) <= RECORD_CHARACTERS:
        rest = readline(RECORD_CHARACTERS + 1 - len(begun))
        line = begun + rest if begun else rest
    if len(line) <= RECORD_CHARACTERS or line.endswith(ends):
        return line
    digest, length, part = hashlib.blake2b(digest_size=16), 0, line
    while part:
        digest.update(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part)
        length += len(part)
        if part.endswith(ends):
            break
        part = readline(RECORD_CHARACTERS)
    start = line[:RECORD_CHARACTERS]
    text = start if isinstance(start, str) else start.decode("utf-8", "surrogateescape")
    return Overlong(text, length, digest.hexdigest())
