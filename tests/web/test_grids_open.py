"""On the pages of grids, ways, graphs, bars and dots every number opens to exactly its people."""

import re
from html import unescape

import pytest
from test_journeys import LINK, heading, numbers, shop, text_of

__all__ = ["shop"]


@pytest.mark.parametrize(
    "path",
    [
        "/journeys/retention?span=day",
        "/journeys/variants?limit=4",
        "/journeys/transitions?limit=12",
        "/journeys/stages",
        "/journeys/attribution?of=kind",
        "/journeys/correlation",
        "/journeys/compare?having=product_added",
    ],
)
def test_every_number_opens_to_exactly_its_people(shop, path):
    html = shop.page(path).text
    followed = {}
    for href, inner in LINK.findall(html):
        titled = re.search(r"<title>(.*?)</title>", inner)
        said = unescape(titled[1]) if titled else text_of(inner)
        followed.setdefault(unescape(href), set()).add((numbers(said.rpartition(":")[2]) or numbers(said))[0])
    assert followed
    for href, said in list(followed.items())[:12]:
        answer = shop.page(href)
        assert answer.status_code == 200, href
        assert {heading(answer.text)[0]} == said, href


@pytest.mark.parametrize(
    "path",
    [
        "/journeys/frequency/people?cell.channel=web&cell.often=x",
        "/journeys/attribution/people?conversion=order_completed&cell.touch=web&cell.success=x",
        "/journeys/retention/people?cell.cohort=x",
    ],
)
def test_what_names_no_cell_is_told(shop, path):
    assert shop.page(path).status_code == 400
