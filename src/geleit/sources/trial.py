"""Looks at all records of a source as an import would, and takes nothing in: how many there are, what would become of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from geleit.errors import GeleitError
from geleit.sources import reading
from geleit.sources.definition import SourceDefinition
from geleit.sources.mapping import Mapper, Setting
from geleit.sources.meter import Meter, Progress
from geleit.sources.plan import plan
from geleit.sources.records import Mapped

COUNTED = 50_000  # records that are counted for somebody who wants to see a few


@dataclass(frozen=True, slots=True)
class Size:
    """How many ``records`` a source has; not ``whole``: it has more. ``error`` says what could not be read."""

    records: int
    whole: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What an import of all records would give: read = skipped + nothing + those that gave events or would wait.

    ``kinds`` and ``reasons``: the commonest first. ``first_at`` and ``last_at``: of its events, microseconds UTC.
    ``examples``: the first message of each reason. ``error`` says why it did not come to the end.
    """

    read: int
    skipped: int
    nothing: int
    events: int
    first_at: int | None
    last_at: int | None
    kinds: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, int], ...]
    examples: Mapping[str, str]
    error: str = ""


def count(definition: SourceDefinition, root: Path, most: int = COUNTED) -> Size:
    """How many records a source has, as far as ``most``."""
    found = 0
    try:
        for chunk in reading.everything(definition, root, plan(definition).reads):
            found += len(chunk.lines) + len(chunk.rejected)
            if found > most:
                return Size(most, whole=False)
    except GeleitError as error:
        return Size(found, whole=False, error=error.message)
    return Size(found, whole=True)


def run(definition: SourceDefinition, *, root: Path, setting: Setting, progress: Progress) -> Trial:
    """Map all records of a source; what cannot be read ends it, and is told."""
    tally = _Tally()
    error = ""
    meter = Meter(definition.name, progress)
    with closing(Mapper(definition, setting)) as mapper:
        chunks = reading.read(definition, root, mapper.plan.reads, {}, meter=meter)
        try:
            tally.take(mapper.map_groups(chunks) if definition.group else map(mapper.map, chunks))
        except GeleitError as stopped:
            error = stopped.message
    return tally.trial(error)


class _Tally:
    """Adds up what becomes of records, chunk by chunk."""

    def __init__(self) -> None:
        self.read = self.skipped = self.nothing = 0
        self.kinds: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.times: list[int] = []

    def take(self, chunks: Iterable[Mapped]) -> None:
        for mapped in chunks:
            self.read += mapped.read
            self.skipped += mapped.skipped
            self.nothing += mapped.nothing
            self.kinds.update(event.kind for event in mapped.events)
            self.reasons.update(one.reason for one in mapped.rejected)
            for one in mapped.rejected:
                self.examples.setdefault(one.reason, f"{one.file} {one.line}: {one.message}")
            here = [event.t for event in mapped.events]
            self.times = [min(here + self.times), max(here + self.times)] if here else self.times

    def trial(self, error: str) -> Trial:
        first, last = self.times or (None, None)
        kinds, reasons = tuple(self.kinds.most_common()), tuple(self.reasons.most_common())
        counts = (self.read, self.skipped, self.nothing, self.kinds.total())
        return Trial(*counts, first, last, kinds, reasons, self.examples, error)
