"""Where people share telephones, addresses, computers, kiosks and junk, customers stay the people they are."""

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def quality(monkeypatch):
    """The benchmark's way to measure, with its invented people."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import identity_quality  # noqa: PLC0415

    yield identity_quality
    for name in ("identity_quality", "identity_people"):
        sys.modules.pop(name, None)


def test_few_are_joined_wrongly_and_most_are_found(quality):
    found = {row["way"]: row for row in quality.compare(1_500)}
    mine = found["geleit"]
    assert (mine["precision"] > 0.95, mine["recall"] > 0.80, mine["moved"]) == (True, True, 0.0)
    assert mine["largest"] <= 50
    assert found["plain components"]["largest"] > 500
