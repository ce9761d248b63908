"""docs/sources/databases.md and storage.md are true: the example gives what it says, and every field is named."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from geleit.clock import iso
from geleit.sources import reading
from geleit.sources.database import Database
from geleit.sources.mapping import Mapper
from geleit.sources.storage import Storage

FOLDER = Path(__file__).parent.parent.parent / "docs" / "sources"
BLOCK = re.compile(r"<!-- (sqlite|file|gives)(?:: (\S+))? -->\n```\w+\n(.*?)```", re.DOTALL)


def test_the_example_gives_what_it_says(bench, setting):
    text = (FOLDER / "databases.md").read_text(encoding="utf-8").split("## Example: ")[1]
    parts = {what: (name, content) for what, name, content in BLOCK.findall(text)}
    path = bench.write(parts["sqlite"][0], b"")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(parts["sqlite"][1])
    definition = bench.define(parts["file"][1], "shop")
    with closing(Mapper(definition, setting)) as mapper:
        (mapped,) = map(mapper.map, reading.read(definition, bench.root, mapper.plan.reads, {}))
    given = [" ".join([iso(e.t), e.kind, e.key, *map(str, e.identifiers)]) for e in mapped.events]
    given += [f"quarantine: line {r.line} {r.reason}" for r in mapped.rejected]
    assert given == parts["gives"][1].splitlines()


@pytest.mark.parametrize(("page", "model"), [("databases", Database), ("storage", Storage)])
def test_every_field_is_named(page, model):
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    assert [name for name in model.model_fields if f"`{name}`" not in text] == []
