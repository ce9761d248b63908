import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import ledgers


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_it_measures_every_size_of_batch(kind, request, tmp_path, monkeypatch):
    monkeypatch.setattr(ledgers, "BEFORE", 20)
    monkeypatch.setattr(ledgers, "BATCHES", (1, 20))
    url = request.getfixturevalue("new_ledger")() if kind == "postgresql" else ""
    with ledgers.workspace(tmp_path / "acme", url) as space:
        found = list(ledgers.rates(space, 60))
        assert space.counts().events == 20 + 6 + 60
        assert space.ledger.engine.dialect.name == kind
    assert [size for size, *_ in found] == [1, 20]
    assert all(rate > 0 and slowest > 0 for _, rate, _, slowest in found)


def test_it_measures_every_way_of_taking_turns(new_ledger, monkeypatch):
    monkeypatch.setattr(ledgers, "TURNS", 80)
    found = dict(ledgers.turns(new_ledger()))
    assert found.keys() == ledgers.LOCKS.keys()
    assert all(milliseconds > 0 for milliseconds in found.values())
