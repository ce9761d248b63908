"""Where rows that are taken in stand in their files: kept beside them for those few that a person has to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geleit.sources.columnar import Columnar
from geleit.sources.contradictions import Place
from geleit.sources.records import told_briefly
from geleit.sources.vectors import array_of


@dataclass(frozen=True, slots=True)
class Places:
    """The lines of one chunk's records, and per kind of event the records it came from; without these, one row per record."""

    file: str
    records: Sequence[int]
    rows: tuple[pa.Array, ...]

    def lines(self) -> Iterator[int]:
        """The line of each staged row, in their order."""
        if not self.rows:
            yield from self.records
            return
        rows = np.concatenate([part.to_numpy(zero_copy_only=False) for part in self.rows])
        for row in np.sort(rows, kind="stable") if len(self.rows) > 1 else rows:
            yield self.records[int(row)]


def places(columnar: Columnar) -> Places:
    """Where the rows stand that ``Stage.rows`` makes of some records."""
    records = columnar.records
    rows = [columns.rows for columns in columnar.events if len(columns.key)]
    if single := columnar.mapped.events:
        rows.append(pc.index_in(pa.array([one.record for one in single], pa.string()), array_of(records.ids)))
    count = len(records.lines)
    if len(rows) == 1 and len(rows[0]) == count and bool((rows[0].to_numpy() == np.arange(count)).all()):
        rows = []
    return Places(records.file, told_briefly(records.lines), tuple(rows))


def found(chunks: Iterable[tuple[pa.Table, Places]], waiting: Mapping[str, int]) -> dict[int, Place]:
    """Where those staged rows stand that wait as contradictions, by the numbers of their entries.

    ``waiting``: as in ``contradictions.waiting``. The first row of a key that is none stands, or says what stands.
    """
    keys = pa.array({fingerprint.partition(":")[2] for fingerprint in waiting}, pa.string())
    places: dict[int, Place] = {}
    stands: dict[str, str] = {}
    for staged, there in chunks:
        wanted = pc.is_in(staged["key"], keys).to_numpy()
        if not wanted.any():
            continue
        lines = np.fromiter(there.lines(), np.int64)[wanted]
        rows = staged.filter(pa.array(wanted)).select(["record", "key"])
        for row, line in zip(rows.to_pylist(), lines.tolist(), strict=True):
            place = Place(there.file, line)
            number = waiting.get(f"{row['record']}:{row['key']}")
            if number is None:
                stands.setdefault(row["key"], str(place))
            else:
                places.setdefault(number, replace(place, earlier=stands.get(row["key"], "")))
    return places
