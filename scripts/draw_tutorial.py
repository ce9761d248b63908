"""Draw the pictures of docs/tutorial.md by the questions that it asks. ``make docs`` runs it."""

from __future__ import annotations

import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from geleit.charts import draw
from geleit.demo.example import Wanted, build_demo
from geleit.workspace import Workspace, open_workspace

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
CHECKOUT = ["checkout_step_completed", "payment_info_entered", "order_completed"]
CRISIS = ["tour_failed", "asked_where_it_is", "complaint_opened", "order_cancelled"]


def save(workspace: Workspace, name: str, answer: Any) -> None:
    """One answer as docs/pictures/tutorial-NAME.svg, in English."""
    picture = draw(answer, "en", catalogue=workspace.catalogue, zone=workspace.company.zone)
    picture.save(PICTURES / f"tutorial-{name}.svg")


def draw_clicks(folder: Path) -> None:
    """The shop's two incidents."""
    shutil.copytree(ROOT / "examples" / "clickstream", folder, ignore=shutil.ignore_patterns("data"))
    with open_workspace(folder) as workspace:
        workspace.import_sources()
        ask = workspace.analytics
        save(workspace, "incidents", ask.trend(["payment_error", "checkout_bug", "contact_made"]))
        spoiled = ask.funnel(CHECKOUT, since=date(2024, 5, 19), until=date(2024, 6, 8))
        save(workspace, "payment", spoiled)


def draw_company(folder: Path) -> None:
    """The example company's questions."""
    build_demo(folder, Wanted())
    with open_workspace(folder) as workspace:
        ask = workspace.analytics
        save(workspace, "repair", ask.flow(anchor=["repair_asked"], own_kinds=True, depth=4))
        save(workspace, "crisis", ask.trend(CRISIS, own_kinds=True, span="month"))
        save(workspace, "typical", ask.typical(having=["order_completed"], said=True))


def main() -> None:
    """Write all of them."""
    with tempfile.TemporaryDirectory() as folder:
        draw_clicks(Path(folder) / "clicks")
        draw_company(Path(folder) / "company")


if __name__ == "__main__":
    main()
