"""docs/sources.md is true: its examples give what it says, and it names every field, function and reason."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geleit.clock import iso
from geleit.sources import allowed
from geleit.sources.definition import EventDefinition, SourceDefinition, Touchpoint
from geleit.sources.formats import Csv, Excel
from geleit.sources.records import REASONS

TEXT = (Path(__file__).parent.parent.parent / "docs" / "sources.md").read_text()
BLOCK = re.compile(r"<!-- (file|parquet|gives)(?:: (\S+))? -->\n```\w+\n(.*?)```", re.DOTALL)
EXAMPLES = {part.splitlines()[0]: part for part in TEXT.split("## Example: ")[1:]}


@pytest.mark.parametrize("title", EXAMPLES)
def test_examples(bench, title):
    source, expected = "", ""
    for what, name, content in BLOCK.findall(EXAMPLES[title]):
        if what == "gives":
            expected = content
        elif what == "parquet":
            table = pa.Table.from_pylist([json.loads(content)])
            at = table["at"].cast(pa.timestamp("us"))
            bench.write(name, b"")
            pq.write_table(table.set_column(table.column_names.index("at"), "at", at), bench.root / name)
        else:
            bench.write(name, content)
            source = content if name.startswith("sources/") else source
    result = bench.map(source)
    given = [
        " ".join([iso(e.t), e.kind, "*" if e.record in e.key else e.key, *map(str, e.identifiers)])
        for e in result.events
    ]
    given += [f"quarantine: line {r.line} {r.reason}" for r in result.rejected]
    given += [f"skipped: {result.skipped}"] if result.skipped else []
    assert given == expected.splitlines()


def test_every_field_is_named():
    names = {
        name for model in (SourceDefinition, EventDefinition, Csv, Excel, Touchpoint) for name in model.model_fields
    }
    assert [name for name in sorted(names) if f"`{name}`" not in TEXT] == []


def test_every_function_and_reason_is_named():
    functions = (allowed.SCALAR | allowed.AGGREGATE) - allowed.OPERATORS - allowed.MACROS
    assert [name for name in sorted({*functions, *REASONS}) if f"`{name}`" not in TEXT] == []
