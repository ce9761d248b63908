"""A source of one's own for each test: files as bytes, a definition as YAML, and what mapping makes of them."""

import textwrap
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from geleit.clock import micros
from geleit.events.kinds import Catalogue
from geleit.sources import reading
from geleit.sources.columnar import ColumnarMapper
from geleit.sources.definition import load_source
from geleit.sources.mapping import Setting, map_record, map_source

NOW = micros(datetime(2026, 11, 22, 12, tzinfo=UTC))
SETTING = Setting(Catalogue(), "Europe/Berlin", NOW)


@dataclass
class Result:
    events: list = field(default_factory=list)
    rejected: list = field(default_factory=list)
    read: int = 0
    skipped: int = 0
    unseen: set = field(default_factory=set)

    @property
    def reasons(self):
        return [r.reason for r in self.rejected]

    def sorted(self):
        """All of it, in no order of the records."""
        rejected = [(r.reason, r.file, r.line, r.message, r.record, r.record_id, r.position) for r in self.rejected]
        return told(self.events), sorted(rejected), self.read, self.skipped, self.unseen


def told(events):
    """Events as texts that can be sorted and compared."""
    return sorted(
        repr(
            [e.source, e.key, e.kind, e.t, [str(i) for i in e.identifiers], e.evidence, e.record, e.raw]
            + [
                sorted((n, msgspec.json.encode(v, order="deterministic")) for n, v in g.items())
                for g in (e.traits, e.properties)
            ]
            + [sorted(e.place.items())]
        )
        for e in events
    )


def told_columns(columns, records, definition):
    """The events of columns, told alike."""
    lists = {name: getattr(columns, name).to_pylist() for name in ("rows", "key", "kind", "t")}
    groups = {
        name: {label: column.to_pylist() for label, column in getattr(columns, name).items()}
        for name in ("identifiers", "traits", "properties", "place")
    }

    def of(group, place):
        return {label: values[place] for label, values in groups[group].items() if values[place] is not None}

    return [
        repr(
            [definition.name, key, kind, t, [f"{n}:{v}" for n, v in of("identifiers", place).items()]]
            + [columns.evidence, records.ids[row], records.raw[row]]
            + [sorted((n, v.encode()) for n, v in of(group, place).items()) for group in ("traits", "properties")]
            + [sorted(of("place", place).items())]
        )
        for place, (row, key, kind, t) in enumerate(zip(*lists.values(), strict=True))
    ]


class Bench:
    """One source in a folder: ``write`` files, ``define`` it, ``map`` it."""

    def __init__(self, root: Path):
        self.root = root
        (root / "sources").mkdir()

    def write(self, name, content, encoding="utf-8"):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def define(self, yaml, name="till"):
        self.write(f"sources/{name}.yaml", textwrap.dedent(yaml))
        return load_source(self.root / "sources" / f"{name}.yaml", self.root)

    def map(self, yaml, name="till"):
        result = Result()
        definition = self.define(yaml, name)
        for mapped in map_source(
            definition, root=self.root, catalogue=SETTING.catalogue, zone=SETTING.zone, now=SETTING.now
        ):
            result.events += mapped.events
            result.rejected += mapped.rejected
            result.read += mapped.read
            result.skipped += mapped.skipped
            result.unseen |= set(mapped.unseen)
        assert self.columns(definition) == told(result.events), "columns and single mapping differ"
        return result

    def columns(self, definition):
        """The same files mapped as columns, as told events."""
        setting = Setting(SETTING.catalogue, SETTING.zone, SETTING.now)
        events = []
        with closing(ColumnarMapper(definition, setting)) as mapper:
            chunks = reading.everything(definition, self.root, mapper.plan.reads)
            for columnar in mapper.map_group_columns(chunks) if definition.group else map(mapper.map_columns, chunks):
                events += told(columnar.mapped.events)
                for columns in columnar.events:
                    events += told_columns(columns, columnar.records, definition)
        return sorted(events)

    def map_record(self, definition, record, **more):
        return map_record(definition, record, root=self.root, setting=SETTING, **more)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def setting():
    return SETTING
