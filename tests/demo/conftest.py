"""The example company: written once in full, and once small and imported."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from geleit.demo import company
from geleit.demo.example import Wanted, build_demo
from geleit.workspace import open_workspace


@dataclass(frozen=True)
class Example:
    """Where it lies and what is true of it."""

    folder: Path
    truth: Path

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    def told(self, name: str) -> Any:
        return json.loads((self.truth / f"{name}.json").read_text(encoding="utf-8"))

    def rows(self, name: str) -> list[dict[str, Any]]:
        return pq.read_table(self.truth / f"{name}.parquet").to_pylist()


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """The whole company as it is written, not imported."""
    folder = tmp_path_factory.mktemp("whole")
    company.write(folder / "company", folder / "truth")
    return Example(folder / "company", folder / "truth")


@pytest.fixture(scope="session")
def imported(tmp_path_factory):
    """250 people, imported through the real thing."""
    folder = tmp_path_factory.mktemp("some") / "company"
    built = build_demo(folder, Wanted(scale=0.05))
    with open_workspace(folder) as workspace:
        yield Example(folder, folder / "truth"), workspace, built
