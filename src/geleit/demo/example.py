"""Builds the example company: its exports are written and imported like anybody's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from geleit.demo import company
from geleit.demo.company import SEED, UNFINISHED, example_folder
from geleit.errors import GeleitError
from geleit.intake import beside
from geleit.intake.imports import silent
from geleit.processes import prepared, seldom_searched
from geleit.sources.meter import Progress
from geleit.workspace import open_workspace

CUSTOMER = "crm.customer_no:4711"
TRUTH = "truth"

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to build: a factor on 5,000 people, a seed, where the truth goes (default: beside the exports).

    ``small``: only the washing-machine example's ten files.
    """

    scale: float = 1.0
    seed: int = SEED
    truth: Path | None = None
    small: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """What the demo holds; ``customer`` is the washing-machine customer's id, ``customer_key`` how to ask for her."""

    workspace: str
    company: str
    customer: str
    customer_key: str
    customers: int
    events: int
    sources: int
    quarantined: int
    truth: str


@dataclass(frozen=True, slots=True)
class Written:
    """What was written without importing it; ``events`` are those that the exports hold."""

    workspace: str
    people: int
    events: int
    truth: str


SMALL = Wanted(small=True)


@seldom_searched()
def build_demo(
    folder: Path, wanted: Wanted = SMALL, *, progress: Progress = silent, told: Told = lambda _: None
) -> Built:
    """Write and import the example; building it again into the same folder changes nothing.

    Errors: GeleitError if the folder holds something else; nothing is changed then.
    """
    with ExitStack() as stack:
        if not wanted.small:
            stack.enter_context(prepared(beside.__name__))  # reads and maps beside: ready by the time all is written
        write_demo(folder, wanted, told=told)
        workspace = stack.enter_context(open_workspace(folder))
        workspace.import_sources(progress=progress, told=told)
        counts = workspace.counts()
        return Built(
            workspace=str(folder),
            company=workspace.company.company,
            customer=workspace.customer(CUSTOMER),
            customer_key=CUSTOMER,
            customers=counts.customers,
            events=counts.events,
            sources=counts.sources,
            quarantined=sum(count for source in workspace.sources() for _, count in source.reasons),
            truth=str(_truth(folder, wanted)) if _truth(folder, wanted).exists() else "",
        )


def write_demo(folder: Path, wanted: Wanted, *, told: Told = lambda _: None) -> Written:
    """Write the example's definitions and exports, unless they are there; what was not finished begins anew.

    Errors: GeleitError if the folder holds something else; nothing is changed then.
    """
    truth = _truth(folder, wanted)
    if (folder / "geleit.yaml").exists():
        told(f"{folder} is there already; nothing is written anew")
        return Written(str(folder), 0, 0, str(truth) if truth.exists() else "")
    if (folder / UNFINISHED).exists():
        shutil.rmtree(folder / "exports", ignore_errors=True)
    elif folder.exists() and any(folder.iterdir()):
        raise GeleitError(f"{folder} holds other files; nothing was changed", hint="name a new folder")
    if wanted.small:
        shutil.copytree(example_folder(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("data"))
        return Written(str(folder), 6, 0, "")
    told("writing the exports of ten systems")
    counts = company.write(folder, truth, seed=wanted.seed, scale=wanted.scale, told=told)
    return Written(str(folder), counts["people"], counts["events"], str(truth))


def _truth(folder: Path, wanted: Wanted) -> Path:
    return wanted.truth or folder / TRUTH
