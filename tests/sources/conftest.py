"""A source of one's own for each test: files as bytes, a definition as YAML, and what mapping makes of them."""

import textwrap
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from geleit.clock import micros
from geleit.events.kinds import Catalogue
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
        return result

    def map_record(self, definition, record, **more):
        return map_record(definition, record, root=self.root, setting=SETTING, **more)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def setting():
    return SETTING
