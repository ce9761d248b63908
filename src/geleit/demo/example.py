"""Builds the example company: its exports are copied and imported like anybody's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geleit.errors import GeleitError
from geleit.intake.imports import Progress, silent
from geleit.workspace import open_workspace

CUSTOMER = "crm.customer_no:4711"
EXAMPLE = "washing-machine"


@dataclass(frozen=True, slots=True)
class Built:
    """What the demo holds; ``customer`` is the washing-machine customer's id."""

    workspace: str
    company: str
    customer: str
    customers: int
    events: int
    sources: int
    quarantined: int


def example_folder() -> Path:
    """Where the example's files lie: inside the installed package, or in the checkout."""
    places = (Path(__file__).parent / EXAMPLE, Path(__file__).resolve().parents[3] / "examples" / EXAMPLE)
    for place in places:
        if (place / "geleit.yaml").exists():
            return place
    raise GeleitError("the example's files are missing from this installation", hint="install geleit anew")


def build_demo(folder: Path, *, progress: Progress = silent, told: Callable[[str], None] = lambda _: None) -> Built:
    """Copy and import the example; building it again into the same folder changes nothing.

    Errors: GeleitError if the folder holds something else; nothing is changed then.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "geleit.yaml").exists():
        raise GeleitError(f"{folder} holds other files; nothing was changed", hint="name a new folder")
    if not (folder / "geleit.yaml").exists():
        shutil.copytree(example_folder(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("data"))
    with open_workspace(folder) as workspace:
        workspace.import_sources(progress=progress, told=told)
        counts = workspace.counts()
        return Built(
            workspace=str(folder),
            company=workspace.company.company,
            customer=workspace.customer(CUSTOMER),
            customers=counts.customers,
            events=counts.events,
            sources=counts.sources,
            quarantined=len(workspace.quarantine()),
        )
