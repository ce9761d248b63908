"""How far the reading of a source is: records, and bytes of its files where these are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import IO

from geleit.sources.located import Located
from geleit.sources.records import Records


@dataclass(frozen=True, slots=True)
class Reached:
    """So many ``records`` of a source were read; ``share`` of all there is to read (0 to 1), None if nobody knows.

    ``taking``: so many events of it are being taken in now.
    """

    source: str
    records: int
    share: float | None = None
    taking: int = 0


Progress = Callable[[Reached], None]


class Meter:
    """Counts what is read of one source, and says it after each chunk."""

    def __init__(self, source: str, progress: Progress) -> None:
        self.source, self.progress = source, progress
        self.records = self.size = self.passed = 0
        self.share: float | None = None
        self.handle: IO[bytes] | None = None
        self.file: Located | None = None

    def expect(self, files: Iterable[Located]) -> None:
        """Say which files will be read."""
        self.size = sum(located.size for located in files)

    def watch(self, located: Located) -> Located:
        """The file, watched while it is read; those watched before count as read."""
        self.leave()
        self.file = located

        def opened() -> IO[bytes]:
            self.handle = located.open()
            return self.handle

        return replace(located, opener=opened)

    def leave(self) -> None:
        """The file that was watched is read."""
        self.passed += self.file.size if self.file else 0
        self.file = self.handle = None

    def count(self, records: Records) -> None:
        """Count a chunk and say how far it is."""
        self.records += len(records.lines) + len(records.rejected)
        if self.records:
            self.share = self._share()
            self.progress(Reached(self.source, self.records, self.share))

    def _share(self) -> float | None:
        if not self.size:
            return None
        try:
            here = self.handle.tell() if self.handle else 0
        except (OSError, ValueError):  # closed behind its last record, or no place to tell
            here = self.file.size if self.file else 0
        most = self.file.size if self.file else 0
        return min(1.0, (self.passed + min(here, most)) / self.size)
