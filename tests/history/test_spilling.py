"""What does not fit into memory goes to the disk while a question is answered, and is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from geleit.history import reading

FILLED = "CREATE TABLE filled AS SELECT range AS number, repeat('x', 200) || range AS text FROM range(400000)"


def test_memory_is_bounded_and_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MEMORY", "40MB")
    with reading.spilling(tmp_path) as duck:
        duck.execute(FILLED)
        assert list(tmp_path.glob("spill-*/*"))
        assert duck.execute("SELECT count(DISTINCT text) FROM filled").fetchall() == [(400000,)]
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_swept_and_that_of_living_ones_stays(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, used = tmp_path / f"spill-{ended.pid}-ab", tmp_path / f"spill-{os.getpid()}-cd"
    for folder in (left, used):
        folder.mkdir()
        (folder / "block").write_text("somebody's data")
    reading.sweep(tmp_path)
    assert not left.exists()
    assert used.exists()
