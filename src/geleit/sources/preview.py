"""What would become of the first records of a source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from geleit.sources import reading
from geleit.sources.definition import SourceDefinition
from geleit.sources.mapping import Mapper, Setting
from geleit.sources.records import Mapped, Records, Rejected

PREVIEWED = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """The first records of a source and what would become of them."""

    columns: tuple[str, ...]
    records: tuple[str, ...]
    mapped: Mapped


def preview(definition: SourceDefinition, n: int = PREVIEWED, *, root: Path, setting: Setting) -> Preview:
    """The first ``n`` records of the table or of the first file with records, mapped as an import would.

    Errors: as ``mapping.map_source``.
    """
    with closing(Mapper(definition, setting)) as mapper:
        chunks = reading.everything(definition, root, mapper.plan.reads)
        first = _first(chunks, n, onward=bool(definition.attach))
        if first is None:
            return Preview((), (), Mapped("", 0, 0, 0, 0, [], []))
        few = replace(first.take(list(range(min(n, len(first.lines))))), rejected=first.rejected[:n])
        mapped = next(mapper.map_groups([few])) if definition.group else mapper.map(few)
        if definition.attach:
            loose = next((chunk.loose for chunk in chunks if chunk.loose or chunk.file != few.file), ())
            mapped = replace(mapped, loose=tuple(one for one in loose if one.count))
    names = dict.fromkeys(name for raw in few.raw for name in msgspec.json.decode(raw))
    return Preview(tuple(names), tuple(few.raw), mapped)


def _first(chunks: Iterator[Records], n: int, *, onward: bool) -> Records | None:
    """The first chunk that has something; ``onward``: to the first with records, what was rejected before in it."""
    rejected: list[Rejected] = []
    chunk = None
    for chunk in chunks:
        rejected += chunk.rejected[: n - len(rejected)]
        if chunk.lines or (rejected and not onward):
            break
    return replace(chunk, rejected=rejected) if chunk and (chunk.lines or rejected) else None
