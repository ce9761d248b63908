"""What is true of the example, kept apart from its exports: who is who, what really happened when, what was spoiled."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from geleit.demo.rows import Array, Rows

_EVENTS = pa.schema(
    [("source", pa.string()), ("key", pa.string()), ("person", pa.int64()), ("at", pa.timestamp("s", tz="UTC"))]
)
_IDENTIFIERS = pa.schema([("type", pa.string()), ("value", pa.string()), ("person", pa.int64())])
_PEOPLE = {
    "id": "person",
    "household": "household",
    "first": "first_name",
    "last": "last_name",
    "known": "known",
    "firm": "account",
    "shares_mail": "shares_email",
    "has_tablet": "shares_tablet",
    "crm_twice": "twice_in_crm",
}


class Truth:
    """Collects what is true while the exports are written; ``None`` as folder keeps only the counts."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.quarantined: Counter[tuple[str, str]] = Counter()
        self.repeated: Counter[str] = Counter()
        self.events_by_source: Counter[str] = Counter()
        self.noted: dict[str, int] = {}
        self._spoiled: list[tuple[str, str, str]] = []
        self._writers: dict[str, pq.ParquetWriter] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def events(self, source: str, keys: Sequence[str], people: Array, at: Array) -> None:
        """Events that the export holds: key, whose, and when truly (seconds UTC)."""
        self.events_by_source[source] += len(keys)
        if self.folder is None or not len(keys):
            return
        columns = [
            pa.repeat(source, len(keys)),
            pa.array(keys, pa.string()),
            pa.array(people, pa.int64()),
            pa.array(np.asarray(at, np.int64)).cast(pa.timestamp("s", tz="UTC")),
        ]
        self._write("events", pa.Table.from_arrays(columns, schema=_EVENTS))

    def identifiers(self, type_: str, values: Array, people: Array) -> None:
        """Whose an identifier is, in its normal form; one that several share has several rows."""
        if self.folder is not None and values.size:
            columns = [pa.repeat(type_, values.size), pa.array(values, pa.string()), pa.array(people, pa.int64())]
            self._write("identifiers", pa.Table.from_arrays(columns, schema=_IDENTIFIERS))

    def people(self, people: Rows) -> None:
        """Who there is, in which household, at which firm."""
        if self.folder is not None:
            self._write("people", pa.table({new: pa.array(people[old]) for old, new in _PEOPLE.items()}))

    def needs(self, needs: Rows, people: Array) -> None:
        """What people wanted and what became of it."""
        names = (
            "id",
            "topic",
            "opened",
            "asks",
            "question",
            "answered",
            "sold_out",
            "bought",
            "late",
            "cancelled",
            "felt",
        )
        if self.folder is not None:
            table = pa.table({name: pa.array(needs[name]) for name in names} | {"person": pa.array(people)})
            self._write("needs", table)

    def spoiled(self, source: str, reason: str, shown: Sequence[str]) -> None:
        """Records that must wait in quarantine, as they stand in the export (their beginning)."""
        self.quarantined[source, reason] += len(shown)
        self._spoiled.extend((source, reason, text[:200]) for text in shown)

    def _write(self, name: str, table: pa.Table) -> None:
        if self.folder is None:
            return
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(self.folder / f"{name}.parquet", table.schema, compression="zstd")
        self._writers[name].write_table(table)

    def close(self, about: dict[str, Any], stories: dict[str, Any]) -> None:
        """Finish all files; ``about`` is what was built."""
        for writer in self._writers.values():
            writer.close()
        if self.folder is None:
            return
        names = ("source", "reason", "record")
        columns = list(zip(*self._spoiled, strict=True)) or [(), (), ()]
        table = pa.table(
            {name: pa.array(list(values), pa.string()) for name, values in zip(names, columns, strict=True)}
        )
        pq.write_table(table, self.folder / "quarantine.parquet", compression="zstd")
        quarantined: dict[str, dict[str, int]] = {}
        for (source, reason), count in sorted(self.quarantined.items()):
            quarantined.setdefault(source, {})[reason] = count
        counts = {
            **about,
            "events_by_source": dict(sorted(self.events_by_source.items())),
            "quarantined": quarantined,
            "records_repeated_word_for_word": dict(sorted(self.repeated.items())),
            **self.noted,
        }
        _json(self.folder / "counts.json", counts)
        _json(self.folder / "stories.json", stories)


def _json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
