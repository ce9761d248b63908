"""On the pages of grids, ways, graphs, bars and dots every number opens to exactly its people."""

import pytest
from test_journeys import FOLLOWED, heading, numbers_that_open, shop, spread

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
    doors = numbers_that_open(shop.page(path).text)
    assert doors
    for href, said in spread(doors, FOLLOWED // 2):
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
