"""What only a browser can tell: widths, sizes, keys, policy. Debian's Chromium; skipped only where it is missing."""

import shutil

import pytest
from listening import SECONDS
from playwright.sync_api import expect

from geleit.web.standing import WIDTHS

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium")
SCREENS = (390, 768, 1440)


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("chromium is missing")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser, site):
    """A function that opens a page and fails on anything the browser complains of."""
    complaints, contexts = [], []

    def go(path, *, width=1440, language="de", **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{path}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        joint = "&" if "?" in path else "?"
        page.goto(f"{site.address}{path}{joint}lang={language}")
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []


def paths(site):
    return [
        "/",
        "/people",
        site.helga,
        site.visitor,
        f"{site.helga}/journey",
        f"{site.helga}/identity",
        "/accounts/till:77",
        "/journeys",
        "/journeys/flow?unit=customer",
        "/journeys/funnel?steps=product_viewed&steps=need_closed",
        "/journeys/flow/people?cell.step=1",
        "/sources",
        "/sources/quarantine",
        "/keys",
    ]


SMALL = """() => [...document.querySelectorAll('a, button, summary, input, select')]
  .filter((e) => e.offsetParent !== null || e.ownerSVGElement)
  .filter((e) => !e.closest('p, .skip') && e.tabIndex >= 0 && getComputedStyle(e).visibility === 'visible')
  .map((e) => [e, (e.querySelector('.press, .m-hit') ?? e).getBoundingClientRect()])
  .filter(([e, box]) => box.width > 0 && (box.height < 23.9 || box.width < 23.9))
  .filter(([e]) => getComputedStyle(e).display !== 'inline')
  .map(([e, box]) => `${e.outerHTML.slice(0, 90)} ${box.width}x${box.height}`)"""


@pytest.mark.parametrize("width", SCREENS)
def test_every_page_fits_its_screen_and_can_be_pressed(opened, site, width):
    page = opened("/", width=width)
    for path in paths(site):
        page.goto(f"{site.address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(SMALL) == [], path


def test_at_four_times_the_size_nothing_is_cut(opened, site):
    page = opened(site.helga, width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_one_picture_is_shown_at_each_width(opened, site):
    strips, maps = opened(site.helga), opened(f"{site.helga}/journey")
    for width in SCREENS:
        for page in (strips, maps):
            page.set_viewport_size({"width": width, "height": 900})
        shown = [name for name in WIDTHS if strips.locator(f".strip-{name}").is_visible()]
        assert len(shown) == 1
        expect(maps.locator(".picture-tall")).to_be_visible(visible=width == 390)
        expect(maps.locator(".picture-wide")).to_be_visible(visible=width != 390)


def test_the_picture_names_what_it_shows_and_leads_to_the_events(opened, site):
    page = opened(f"{site.helga}/journey")
    step = page.locator(".picture-wide a").first
    assert "Bedarf" in step.get_attribute("aria-label")
    step.click()
    page.wait_for_url("**/events?ids=**")
    assert page.locator("article.event").count() >= 1


def test_the_search_and_the_keys_answer_to_the_keyboard(opened, site):
    page = opened(site.helga)
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.locator("#single-keys").uncheck()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert not page.locator("#keys").is_visible()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") != "q"


def test_a_filter_works_by_keyboard_and_without_a_script(opened, site):
    page = opened(site.helga, java_script_enabled=False, width=390)
    page.locator("details.pick summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**stage=**")
    assert page.locator("#happened").inner_text().count(" von ") == 1


def test_the_menu_of_a_phone_opens_without_a_script(opened):
    page = opened("/", java_script_enabled=False, width=390)
    page.locator("details.menu summary").click()
    page.locator("details.menu a", has_text="Quellen").click()
    page.wait_for_url("**/sources")


def test_the_skip_link_comes_first_and_leads_to_the_content(opened, site):
    page = opened(site.helga)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'matter'")


def test_dark_follows_the_reader_and_paper_stays_light(opened, site):
    page = opened(site.helga, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(20, 26, 28)"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    assert not page.locator(".find").is_visible()
