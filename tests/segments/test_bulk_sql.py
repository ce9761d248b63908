"""The bulk evaluator's SQL can be said to Spark as well."""

import re

import pytest
import sqlglot
from sqlglot import ErrorLevel

from geleit.segments.bulk import SQL, _marked, _ways

NAMES = {"more": "", "order": "t, ord, event_id"}


def texts():
    for name, text in SQL.items():
        places = {place: NAMES.get(place, f"{place}_1") for place in re.findall(r"\{(\w+)\}", text)}
        yield name, f"{text.format(**places)}\n"
    yield "marked", _marked(["a", "b", "a"], "c")
    yield "ways", _ways("marked", 3)


@pytest.mark.parametrize(("name", "text"), list(texts()), ids=[name for name, _ in texts()])
def test_every_text_is_portable(name, text):
    assert sqlglot.transpile(text, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE), name
    assert not re.search(r"\b(list|unnest|EXCLUDE|RECURSIVE|ASOF|date_diff|GROUP BY ALL)\b", text), name
