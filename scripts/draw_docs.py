"""Draw the pictures of docs/pictures from the real thing: the example's journey map, the quick start's, two charts, two pages.

``make docs`` runs it. Pages are photographed with Debian's Chromium where there is one; their pictures stay otherwise.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, sync_playwright

from geleit.analytics.result import Result
from geleit.charts import draw
from geleit.clock import micros
from geleit.demo.example import CUSTOMER, build_demo
from geleit.maps import identities
from geleit.maps.export import export, write_pictures
from geleit.web.app import create_app
from geleit.web.serve import listen
from geleit.workspace import Workspace, naming, open_workspace
from geleit.workspace.scaffold import init

DOCS = Path(__file__).resolve().parent.parent / "docs"
PICTURES = DOCS / "pictures"
FILE_BLOCK = re.compile(r"^<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CLICKSTREAM = DOCS.parent / "examples" / "clickstream"
BOUGHT, CLOCK = "order_completed", micros(datetime(2026, 11, 22, tzinfo=UTC))
WIDE, HIGH = 1440, 1000
ENDS = ("app.installation:5b22-e7c1", "till.receipt_no:2026-0219-0047")  # between which a chain of evidence leads
# Picture -> page of the example, opened in English.
PAGES = {"start.png": "/?lang=en", "person.png": "/people/{customer}?lang=en"}


def draw_example(folder: Path) -> None:
    """The washing-machine journey in both languages, as PNG for the front page, and the pages."""
    build_demo(folder)
    with open_workspace(folder) as workspace:
        customer = workspace.customer(CUSTOMER)
        journeys = [workspace.journey(customer, None, language) for language in ("en", "de")]
        write_pictures(journeys, PICTURES)
        export(journeys[0], PICTURES / "journey-map.png")
        explained = workspace.explain(*ENDS)
        identities.export(explained, naming.in_words(workspace, "en"), PICTURES / "identity.png")
        photograph(workspace, customer)


def draw_quick_start(folder: Path) -> None:
    """The journey that docs/quick-start.md ends with, from the very files it shows."""
    for name, text in FILE_BLOCK.findall((DOCS / "quick-start.md").read_text(encoding="utf-8")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    init(folder / "camping", name="Camping Corner")
    with open_workspace(folder / "camping") as workspace:
        workspace.import_sources()
        customer = workspace.customer("jana.vogt@example.org")
        export(workspace.journey(customer, None, "en"), PICTURES / "quick-start.svg")


def draw_charts(folder: Path) -> None:
    """Answers about all journeys of the clickstream: what follows the cart, and how many come from it to the purchase."""
    shutil.copytree(CLICKSTREAM, folder, ignore=shutil.ignore_patterns("data"))
    with open_workspace(folder, clock=lambda: CLOCK) as workspace:
        workspace.import_sources()
        workspace.sync()
        asked, steps = workspace.analytics, ["product_view", "add_to_cart", "checkout_step_completed", BOUGHT]
        answers: list[Result[Any]] = [
            asked.flow(anchor=["add_to_cart"], goal=[BOUGHT], depth=4),
            asked.funnel(steps, window="2 days"),
            asked.retention(span="month"),
            asked.variants(collapse=True, limit=8),
            asked.transitions(limit=30),
            asked.correlation(success=[BOUGHT]),
        ]
        for answer in answers:
            picture = draw(answer, "en", catalogue=workspace.catalogue, zone=workspace.company.zone)
            picture.save(PICTURES / f"{answer.question.name}.svg")


def photograph(workspace: Workspace, customer: str) -> None:
    """The pages as people see them."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return
    with served(workspace) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        for name, path in PAGES.items():
            shoot(browser, address + path.format(customer=customer), PICTURES / name)
        browser.close()


def shoot(browser: Browser, address: str, target: Path) -> None:
    """One page, as much of it as a screen shows."""
    page = browser.new_page(viewport={"width": WIDE, "height": HIGH})
    page.goto(address)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=target)
    page.close()


@contextmanager
def served(workspace: Workspace) -> Iterator[str]:
    """The pages on a free port of this machine, as long as the block runs."""
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(create_app(workspace), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def main() -> None:
    """Draw everything."""
    with tempfile.TemporaryDirectory() as scratch:
        draw_quick_start(Path(scratch) / "quick-start")
        draw_example(Path(scratch) / "demo")
        draw_charts(Path(scratch) / "clickstream")


if __name__ == "__main__":
    main()
