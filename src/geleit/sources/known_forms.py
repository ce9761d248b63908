"""Which ready definition reads exports of the form that a file has, told by its columns."""

from __future__ import annotations

import re

from geleit.sources.expression import ExpressionError
from geleit.sources.plan import plan
from geleit.sources.ready_made import SHELF, definition_of
from geleit.sources.sample import Sample

WORD = re.compile(r'""?([^"\n]+?)""?|([A-Za-z_]\w*)')
LIKELY = 3  # definitions whose columns are compared exactly
FEWEST = 4  # columns that tell a form
SHARE = 0.5  # of the columns that a definition reads
DEEP = 8  # names, those inside objects among them, that tell a form where its columns are few


def ready_for(sample: Sample) -> str:
    """The name of the ready definition that reads most of its columns here; '' if none reads many."""
    here = {name.casefold() for name in sample.columns}
    inside = {name.rpartition(".")[2].casefold() for name in sample.values}
    best, most = "", (0.0, 0)
    for name, words in _likely(here | inside):
        try:
            wanted = {column.casefold() for column in plan(definition_of(name)).reads}
        except ExpressionError:
            continue
        found = len(wanted & here)
        told = (found / max(len(wanted), 1), words)
        enough = (found >= FEWEST and told[0] >= SHARE) or (found == len(wanted) and words >= DEEP)
        if enough and told > most:
            best, most = name, told
    return best


def _likely(here: set[str]) -> list[tuple[str, int]]:
    """The definitions that say the most of some names, and how many of them."""
    counted = []
    for path in SHELF.glob("*.yaml"):
        words = {(a or b).casefold() for a, b in WORD.findall(path.read_text(encoding="utf-8"))}
        counted.append((len(words & here), path.stem))
    return [(name, count) for count, name in sorted(counted, reverse=True)[:LIKELY] if count >= FEWEST]
