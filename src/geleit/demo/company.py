"""Writes the example company: its definitions, the exports of its ten systems, and apart from them what is true."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from geleit.demo import lives, people, receipts, stories
from geleit.demo.exports import Exports
from geleit.demo.rows import Rows, together
from geleit.demo.systems import SYSTEMS
from geleit.demo.truth import Truth
from geleit.demo.world import World
from geleit.errors import GeleitError

FOLDER = Path(__file__).parent / "company"
EXAMPLE = "washing-machine"
UNFINISHED = ".unfinished"
PEOPLE = 5_000  # at scale 1; also the most that are in memory at once
SEED = 4711
_STORY = (
    "asks",
    "question",
    "answered",
    "recorded",
    "bought",
    "sold_out",
    "cooling",
    "toured",
    "crisis",
    "late",
    "cancelled",
)
_STORY_TIMES = (
    "promise",
    "has_it",
    "missed",
    "asks_status",
    "opened",
    "ordered_at",
    "turn",
    "felt",
    "felt_at",
    "bought_again",
)


def example_folder() -> Path:
    """Where the washing-machine example's files lie: inside the installed package, or in the checkout."""
    places = (Path(__file__).parent / EXAMPLE, Path(__file__).resolve().parents[3] / "examples" / EXAMPLE)
    for place in places:
        if (place / "geleit.yaml").exists():
            return place
    raise GeleitError("the example's files are missing from this installation", hint="install geleit anew")


def write(
    folder: Path,
    truth_folder: Path | None,
    *,
    seed: int = SEED,
    scale: float = 1.0,
    told: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Write definitions and exports into ``folder`` (and what is true into ``truth_folder``); returns the counts.

    Equal seed and scale give equal bytes. People come in portions of 5,000, so memory does not grow with ``scale``.
    The washing-machine customer's own files lie among the exports, as they are. The definitions come last: a folder
    without ``geleit.yaml`` was not finished.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / UNFINISHED).touch()
    exports, truth = Exports(folder / "exports"), Truth(truth_folder)
    shutil.copytree(example_folder() / "exports", folder / "exports", dirs_exist_ok=True)
    count = max(60, round(PEOPLE * scale))
    needs: list[Rows] = []
    complaints: list[Rows] = []
    for number, first in enumerate(range(0, count, PEOPLE)):
        world = make(seed, number, (first, min(PEOPLE, count - first)), (exports, truth))
        for system in SYSTEMS:
            system(world)
        _tell_people(world)
        needs.append(Rows({name: world.needs[name] for name in (*_STORY, *_STORY_TIMES)}))
        complaints.append(Rows({name: world.complaints[name] for name in ("cause", "outcome", "recorded")}))
        if count > PEOPLE:
            told(f"{first + len(world.people):,} of {count:,} people written")
    exports.close()
    _example_truth(truth)
    about = {"seed": seed, "scale": scale, "people": count, "needs": sum(len(part) for part in needs)}
    parts = {"needs": together(needs), "complaints": together(complaints)}
    truth.close(about, stories.told(parts, {}))
    kept = shutil.ignore_patterns("geleit.yaml", "example_truth.csv")
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True, ignore=kept)
    (folder / UNFINISHED).unlink()
    shutil.copy(FOLDER / "geleit.yaml", folder)
    return about | {"events": sum(truth.events_by_source.values())}


def make(seed: int, number: int, who: tuple[int, int], to: tuple[Exports, Truth]) -> World:
    """One portion of people with their lives; ``who``: the first one's number, and how many."""
    rng = np.random.default_rng([seed, number])
    first, count = who
    folk = people.make(rng, count, first)
    needs, complaints = lives.live(rng, folk)
    receipts.number(rng, folk, needs, number)
    return World(seed, number, folk, needs, complaints, *to)


def _tell_people(world: World) -> None:
    """Who is who: people, needs, and whose each identifier is."""
    folk, truth, ids = world.people, world.truth, world.people["id"]
    truth.people(folk)
    truth.needs(world.needs, world.persons(world.needs["who"]))
    own = {
        "crm.customer_no": ("crm", "in_crm"),
        "shop.user_id": ("shop", "in_shop"),
        "loyalty_card": ("card", "has_card"),
        "email": ("email", "has_mail"),
        "app.installation": ("installation", "in_app"),
    }
    for type_, (column, condition) in own.items():
        which = folk[condition]
        truth.identifiers(type_, folk[column][which].astype(str), ids[which])
    changed = folk["has_mail"] & (folk["mail_day"] < people.NEVER)
    truth.identifiers("email", folk["email2"][changed], ids[changed])
    truth.identifiers("crm.customer_no", folk["crm2"][folk["crm_twice"]].astype(str), ids[folk["crm_twice"]])
    for column in ("landline", "mobile"):
        which = folk[f"has_{column}"]
        truth.identifiers("phone", folk[column][which], ids[which])
    for column in ("phone_web", "desk_web"):
        truth.identifiers("web.visitor", folk[column], ids)
    truth.identifiers("web.visitor", np.where(folk["has_tablet"], folk["tablet"], folk["work_web"]), ids)


def _example_truth(truth: Truth) -> None:
    """The events of the washing-machine example, whose people have negative numbers."""
    with (FOLDER / "example_truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for source in dict.fromkeys(row["source"] for row in rows):
        own = [row for row in rows if row["source"] == source]
        people_ = np.array([int(row["person"]) for row in own])
        truth.events(source, [row["key"] for row in own], people_, np.array([int(row["at"]) for row in own]))
    for source, reason in (("einwilligungen", "bad_time"), ("telefon", "no_identifier"), ("web", "bad_json")):
        truth.spoiled(source, reason, ["of the washing-machine example"])
