"""What people said along the typical way, and the pages of places and loops: their numbers open to their people."""

import re
from html import unescape

import httpx
import pytest
from crowd import SOURCES
from household import GELEIT, NEEDS, WASHER, Teller, at

from conftest import Site, folder_with, running
from geleit.web.journeys import pages
from geleit.workspace import open_workspace

DOOR = re.compile(r'<a href="(/journeys/\w+/people[^"]*)"[^>]*aria-label="([^"]*)"')
NUMBER = re.compile(r"\d[\d.]*")


def people():
    """Twelve who ask, look and buy; most say something about it, and are promised something."""
    found = []
    for number in range(12):
        one = Teller(("crm.customer_no", str(4700 + number)))
        day = f"2026-03-{number + 1:02}"
        one.tell("crm", f"{day}T08:00", "need_opened", topic=WASHER)
        one.tell("website", f"{day}T09:00", "product_viewed", topic=WASHER, product_id="p1", name="Leise 7")
        one.tell("website", f"{day}T09:30", "product_viewed", topic=WASHER, product_id="p2", name="Leise 9")
        criterion = {"de": "Preis", "en": "price"} if number % 2 else "leise"
        one.tell("website", f"{day}T09:01", "criterion_stated", topic=WASHER, criterion=criterion)
        one.tell(
            "till", f"{day}T10:00", "order_completed", topic=WASHER, order_id=f"o{number}", total=700.0, currency="EUR"
        )
        one.tell(
            "till",
            f"{day}T10:01",
            "promise_made",
            topic=WASHER,
            promise_id=f"p{number}",
            text="Lieferung",
            due_at="2026-04-01",
        )
        if number % 4:
            one.tell("till", f"{day}T10:02", "judgement_given", topic=WASHER, judged=number % 3)
            one.tell("crm", f"{day}T18:00", "promise_kept", topic=WASHER, promise_id=f"p{number}")
        found += one.events
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = folder_with(tmp_path_factory.mktemp("said"), {"geleit.yaml": GELEIT, "needs.yaml": NEEDS} | SOURCES)
    with open_workspace(root, clock=lambda: at("2026-11-22T08:15")) as workspace:
        workspace.intake.accept(people())
        workspace.sync()
        with running(workspace) as address, httpx.Client(base_url=address, timeout=60) as client:
            yield Site(address, client, "", "", workspace)


def doors(site, path):
    """Addresses of people with the number that leads there, each once."""
    html = site.page(path).text
    found = {unescape(href): NUMBER.findall(label.rpartition(":")[2])[0] for href, label in DOOR.findall(html)}
    return html, found


def heading(html):
    bare = re.sub(r"<[^>]+>", " ", re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)[1])
    return NUMBER.findall(bare)[0]


def test_what_was_said_stands_in_its_lanes_and_opens(site):
    html, found = doors(site, "/journeys/typical")
    for lane in ("Wie es für sie war", "Woran sie es messen", "Zusagen an sie"):
        assert lane in html
    said = {part: [href for href in found if f"cell.part={part}" in href] for part in ("felt", "criterion", "promise")}
    assert all(said.values())
    for href in [some[0] for some in said.values()] + [said["criterion"][-1]]:
        page = site.page(href)
        assert page.status_code == 200
        assert heading(page.text) == found[href]
    told = unescape(site.page(said["criterion"][-1]).text)
    assert "nannten, woran sie es messen" in told
    assert "{" not in re.sub(r"<(script|style)\b.*?</\1>", "", told, flags=re.DOTALL)
    assert "75\xa0% gehalten" in html


def test_page_and_api_say_the_same_of_what_was_said(site):
    html = site.page("/journeys/typical").text
    api = unescape(re.search(r'href="(/api/analytics/typical[^"]*)"', html)[1])
    assert "said=1" in api
    rows = site.client.get(api).json()["rows"]
    assert rows[0]["felt"]["journeys"] == 9
    assert [one["journeys"] for one in rows[0]["criteria"]] == [12, 6, 6]
    assert {one["value"]: one["journeys"] for one in rows[0]["promises"]} == {"kept": 9, "broken": 3}
    bought = next(row for row in rows if row["kind"] == "order_completed")
    assert (bought["felt"]["journeys"], bought["criteria"]) == (9, [])
    csv = site.client.get(unescape(re.search(r'href="(/journeys/typical.csv[^"]*)"', html)[1])).text
    assert '""median""' in csv
    assert site.client.get("/api/analytics/typical").json()["rows"][0]["felt"]["journeys"] == 0


def test_the_ways_most_taken_stand_below(site):
    html = site.page("/journeys/typical").text
    below = html[html.index('id="ways"') : html.index('id="table"')]
    assert "Die am häufigsten gegangenen Wege" in below
    href = unescape(re.search(r'href="(/journeys/variants/people[^"]*)"', below)[1])
    assert site.page(href).status_code == 200
    assert site.page(unescape(re.search(r'href="(/journeys/variants\?[^"]*)"', below)[1])).status_code == 200


@pytest.mark.parametrize("name", ["loops", "occurrences", "positions"])
def test_their_numbers_open(site, name):
    _, found = doors(site, f"/journeys/{name}")
    assert found
    for href in list(found)[:3]:
        assert heading(site.page(href).text) == found[href]
    for form in ("csv", "svg", "png"):
        assert site.client.get(f"/journeys/{name}.{form}").status_code == 200


def test_high_pictures_stand_upright_on_paper(site, monkeypatch):
    assert "upright" not in site.page("/journeys/loops").text
    monkeypatch.setattr(pages, "HIGH", 0.01)
    assert 'class="charts both upright"' in site.page("/journeys/loops").text
