"""Everybody in a segment stands on pages and in a file; people behind a number can be made a segment."""

import csv
import io
import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from crowd import SOURCES, crowd
from household import GELEIT, NEEDS, at

from conftest import Site, folder_with, running
from geleit.intake.following import keep_segments
from geleit.web.posting import Form
from geleit.web.segments.rows import read
from geleit.workspace import open_workspace
from geleit.workspace.segment_saving import draft_of
from geleit.workspace.segments import Segments

VIEWED = "label: {en: Looked, de: Hat geschaut}\nwho: {did: product_viewed}\n"
FUNNEL = "/journeys/funnel/people?steps=product_viewed&steps=order_completed&unit=customer"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    files = {"geleit.yaml": GELEIT, "needs.yaml": NEEDS, "segments/looked.yaml": VIEWED} | SOURCES
    root = folder_with(tmp_path_factory.mktemp("crowd"), files)
    with open_workspace(root, clock=lambda: at("2026-11-22T08:15")) as workspace:
        workspace.intake.accept(crowd())
        workspace.sync()
        keep_segments(workspace.intake, workspace.history, workspace.segment_files.now)
        with running(workspace) as address, httpx.Client(base_url=address, timeout=60) as client:
            yield Site(address, client, "", "", workspace)


def test_all_people_of_a_segment_stand_on_pages_and_in_a_file(shop):
    inside = {one["customer"] for one in shop.client.get("/api/segments/looked").json()["members"]}
    assert len(inside) > 50
    found = []
    for page in (1, 2):
        text = shop.page(f"/segments/looked/people?page={page}", "en").text
        assert f"{len(inside)} people are in" in text
        found += re.findall(r'<th scope="row"><a href="/people/([^"]+)"', text)
    assert sorted(found) == sorted(inside)
    answer = shop.client.get("/segments/looked/people?rows=csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert answer.headers["content-disposition"].endswith('.csv"')
    assert (rows[0], {row[0] for row in rows[1:]}) == (["customer", "since_at"], inside)
    assert "/segments/looked/people" in shop.page("/segments/looked").text
    assert f"Alle {len(inside)} Menschen" in shop.page("/segments/looked", "de").text
    assert shop.client.get("/segments/nobody/people").status_code == 404


def offered(shop, address):
    page = shop.page(address, "en").text
    hit = re.search(r'href="(/segments/new\?[^"]+)"', page)
    return unescape(hit[1]) if hit else ""


def fulfilling(shop, address):
    """Everybody who fulfills the rows that an address gives the builder."""
    draft = read(Form(tuple(parse_qsl(urlsplit(address).query))))
    segment = draft_of(draft.tree("en"))
    with Segments(shop.workspace).census([segment.who]) as census:
        return set(census.ids(segment.who))


def behind(shop, address):
    rows = csv.reader(io.StringIO(shop.client.get(f"{address}&rows=csv").text))
    return {row[0] for row in rows} - {"customer"}


@pytest.mark.parametrize(
    "address",
    [
        f"{FUNNEL}&cell.part=reached&cell.step=1",
        f"{FUNNEL}&cell.part=reached&cell.step=2",
        f"{FUNNEL}&cell.part=reached&cell.step=2&window=1+hour",
        "/journeys/compare/people?having=question_asked&unit=customer&cell.group=a&cell.value=order_completed",
        "/journeys/compare/people?having=question_asked&unit=customer&cell.group=b&cell.value=order_completed",
        "/journeys/compare/people?segment=looked&unit=customer&cell.group=a&cell.value=order_completed",
        "/journeys/correlation/people?success=order_completed&unit=customer&cell.group=b&cell.value=question_asked",
        "/journeys/rfm/people?cell.name=no_order",
    ],
)
def test_people_behind_a_number_become_the_rows_of_a_segment(shop, address):
    there = offered(shop, address)
    assert there
    people = behind(shop, address)
    assert people
    assert fulfilling(shop, there) == people
    assert shop.page(there, "en").status_code == 200


def test_the_builder_begins_with_the_rows(shop):
    page = shop.page(offered(shop, f"{FUNNEL}&cell.part=lost&cell.step=1"), "en").text
    assert re.search(r'name="0.did">.*?value="product_viewed" selected', page, re.DOTALL)
    assert re.search(r'name="0.unless">.*?value="order_completed" selected', page, re.DOTALL)


@pytest.mark.parametrize(
    "address",
    [
        "/journeys/transitions/people?cell.source=product_viewed&cell.target=product_added",
        f"{FUNNEL}&cell.part=reached&cell.step=1&since=2026-03-01",
        f"{FUNNEL}&cell.part=reached&cell.step=1&topic=washing_machine",
        f"{FUNNEL}&cell.part=lost&cell.step=1&cell.next=question_asked",
    ],
)
def test_what_rows_cannot_say_is_not_offered(shop, address):
    assert shop.page(address, "en").status_code == 200
    assert offered(shop, address) == ""
