"""Rows made of columns equal those made of single events, for every source of the examples."""

from contextlib import closing
from pathlib import Path

import pytest

from geleit.identity.rules import Rules
from geleit.intake.staging import Stage
from geleit.sources import files, vectors_joined
from geleit.sources.columnar import ColumnarMapper
from geleit.sources.mapping import Setting
from geleit.workspace.definitions import load_definitions

EXAMPLES = Path(__file__).parents[2] / "examples"
NOW = 1_790_000_000_000_000
SOURCES = [  # grouped sources are mapped one by one
    (folder.name, path.stem)
    for folder in sorted(EXAMPLES.iterdir())
    for path in sorted((folder / "sources").glob("*.yaml"))
    if "\ngroup:" not in path.read_text()
]


@pytest.mark.parametrize("worth", [0, 10**9], ids=["machine code", "DuckDB"])
@pytest.mark.parametrize("states", [False, True])
@pytest.mark.parametrize(("example", "name"), SOURCES)
def test_columns_give_the_rows_of_single_events(example, name, states, worth, monkeypatch):
    monkeypatch.setattr(vectors_joined, "WORTH", worth)
    listing = frozenset({name} if states else ())
    definitions = load_definitions(EXAMPLES / example)
    definition, company = definitions.sources[name], definitions.company
    stage = Stage(Rules(definitions.identity), company.country, company.zone, NOW, listing)
    columnar_events = 0
    with closing(ColumnarMapper(definition, Setting(definitions.catalogue, company.zone, NOW))) as mapper:
        for records in files.read(definition, definitions.root, mapper.plan.reads):
            columnar = mapper.map_columns(records)
            columnar_events += sum(len(columns.key) for columns in columnar.events)
            rows = stage.rows(definition, columnar).to_pylist()
            single = stage.from_events(mapper.map(records).events).to_pylist()
            assert sorted(rows, key=repr) == sorted(single, key=repr)
    assert columnar_events > 0
