"""The segments as their files say now: read anew when one changes, so that a running server needs no restart."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

from geleit.errors import DefinitionError
from geleit.segments.definition import Segment, check_all
from geleit.workspace.definitions import Definitions, load_segments

log = logging.getLogger("geleit.segments")

Signature = tuple[tuple[str, int, int], ...]


class SegmentFiles:
    """Watches the folder ``segments``; while a file there is wrong, what was right before stands."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.problems: list[DefinitionError] = []
        self._segments = definitions.segments
        self._seen = self._signature()
        self._lock = threading.Lock()

    @property
    def now(self) -> Mapping[str, Segment]:
        """The segments by name."""
        with self._lock:
            if (signature := self._signature()) != self._seen:
                self._seen = signature
                self._read()
            return self._segments

    def _read(self) -> None:
        problems: list[DefinitionError] = []
        found = load_segments(self.definitions.root, problems)
        problems += check_all(found, self.definitions.kinds, self.definitions.needs)
        self.problems = problems
        if problems:
            log.warning("changed segments are not used: %s", problems[0])
        else:
            self._segments = found

    def _signature(self) -> Signature:
        found = []
        for path in sorted((self.definitions.root / "segments").glob("*.y*ml")):
            try:
                stat = path.stat()
            except OSError:  # taken away this very moment
                continue
            found.append((path.name, stat.st_mtime_ns, stat.st_size))
        return tuple(found)
