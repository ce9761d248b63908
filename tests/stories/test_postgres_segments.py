"""Segments on a ledger in PostgreSQL: the live and the bulk evaluator agree there too."""

import sys
from pathlib import Path

import pytest

from postgres_ledgers import move

sys.path.append(str(Path(__file__).parent.parent / "segments"))
from random_worlds import World
from test_agreement import walk


@pytest.mark.parametrize("seed", [3, 104])
def test_live_and_bulk_agree_there_too(seed, tmp_path, new_ledger, monkeypatch):
    world = World(tmp_path / "acme", seed, lambda folder: move(folder, new_ledger(), monkeypatch))
    try:
        walk(world, seed)
    finally:
        world.space.close()
