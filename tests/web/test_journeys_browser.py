"""The pages of all journeys in Debian's Chromium: they fit every screen, work without a script, and print."""

import os
import shutil
from itertools import product

import httpx
import pytest
from crowd import SOURCES, crowd
from household import GELEIT, NEEDS, at
from listening import SECONDS
from playwright.sync_api import expect
from test_browser import CHROMIUM, SCREENS, SMALL

from conftest import Site, folder_with, running
from geleit.web.journeys.views import VIEWS
from geleit.workspace import open_workspace

# Each width and each language; every width in every language in ``make analytics-long``.
SEEN = [(390, "de"), (768, "en"), (1440, "de")]
if "GELEIT_LOGS" in os.environ:
    SEEN = list(product(SCREENS, ["de", "en"]))

pytestmark = pytest.mark.browser
LONG_KINDS = """\
kinds:
  product_viewed: {stage: inform, label: {de: vergleicht die Energieeffizienzklassen und Anschlussmaße mehrerer Geschirrspülmaschinen, en: compares dishwashers}}
  product_added: {stage: configure, label: {de: Donaudampfschifffahrtsgesellschaftskapitänswitwenversicherungsanstalt, en: puts it into the basket}}
"""
OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('.chart svg text')].filter((t) => t.getClientRects().length)
    .map((t) => [t.textContent, t.getBoundingClientRect()]);
  const hits = [];
  boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
    if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4) hits.push(`${one} / ${other}`);
  }));
  return hits;
}"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    files = {"geleit.yaml": GELEIT, "needs.yaml": NEEDS, "kinds.yaml": LONG_KINDS}
    root = folder_with(tmp_path_factory.mktemp("crowd"), files | SOURCES)
    with open_workspace(root, clock=lambda: at("2026-11-22T08:15")) as workspace:
        workspace.intake.accept(crowd())
        workspace.sync()
        with running(workspace) as address, httpx.Client(base_url=address, timeout=60) as client:
            yield Site(address, client, "", "", workspace)


@pytest.fixture(scope="module")
def browser():
    if shutil.which("chromium") is None:
        pytest.skip("chromium is missing")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser, shop):
    complaints, contexts = [], []

    def go(path, *, width=1440, language="de", **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{path}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        page.goto(f"{shop.address}{path}{'&' if '?' in path else '?'}lang={language}")
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []


def paths():
    return [
        "/journeys",
        *(f"/journeys/{name}" for name in VIEWS),
        "/journeys/flow?anchor=product_viewed&depth=12&open=1&top=3",
        "/journeys/flow?anchor=order_completed&direction=before&depth=1&goal=need_opened",
        "/journeys/funnel?steps=product_viewed&steps=product_added&steps=checkout_started&steps=order_completed",
        "/journeys/flow/people?anchor=product_viewed&cell.step=1",
    ]


@pytest.mark.parametrize(("width", "language"), SEEN)
def test_every_page_fits_and_no_text_covers_another(opened, shop, width, language):
    page = opened("/journeys", width=width, language=language)
    for path in paths():
        page.goto(f"{shop.address}{path}")
        page.evaluate("document.fonts.ready")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(OVERLAPS) == [], path
        assert page.evaluate(SMALL) == [], path


def test_a_question_is_asked_and_opened_without_a_script(opened):
    page = opened("/journeys", width=390, java_script_enabled=False)
    page.locator(".questions h2 a").first.click()
    page.locator("select[name=anchor]").select_option("product_viewed")
    page.locator("select[name=goal]").select_option("order_completed")
    page.locator("button.go").first.click()
    page.wait_for_url("**anchor=product_viewed**")
    assert "goal=order_completed" in page.url
    door = page.locator(".chart:visible a:not([tabindex])").nth(1)
    label = door.get_attribute("aria-label")
    door.click()
    page.wait_for_url("**/people?**")
    said = [part for part in label.replace(":", " ").split() if part.isdigit()][-1]
    assert page.locator("h1").inner_text().split()[0] == said


def test_others_open_and_close_where_they_stand(opened):
    page = opened("/journeys/flow?anchor=product_viewed&top=1")
    assert page.locator(".chart:visible text", has_text="Liste schließen").count() == 0
    page.locator(".chart:visible a", has_text="Liste öffnen").first.click()
    page.wait_for_url("**#picture")
    assert page.locator(".chart:visible text", has_text="Liste schließen").count() == 1
    page.locator(".chart:visible a", has_text="Liste schließen").click()
    expect(page.locator(".chart:visible text", has_text="Liste schließen")).to_have_count(0)


def test_a_funnel_is_drawn_for_the_screen_it_is_seen_on(opened):
    for width, shown in ((390, "small"), (768, "middle"), (1440, "wide")):
        page = opened("/journeys/funnel", width=width)
        seen = [name for name in ("wide", "middle", "small") if page.locator(f".chart-{name}").is_visible()]
        assert seen == [shown]


def test_numbers_answer_to_the_keyboard(opened):
    page = opened("/journeys/flow?anchor=product_viewed")
    page.locator(".chart:visible a:not([tabindex])").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/people?**")


def test_paper_holds_the_whole_picture_and_no_form(opened):
    page = opened("/journeys/flow?anchor=product_viewed&depth=8")
    page.emulate_media(media="print")
    assert not page.locator(".asking").is_visible()
    assert page.locator(".chart:visible svg").bounding_box()["width"] <= page.evaluate(
        "document.documentElement.clientWidth"
    )
    assert page.locator("table.answers").is_visible()
    assert len(page.pdf(prefer_css_page_size=True)) > 20_000
