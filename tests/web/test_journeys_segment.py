"""Pages and API ask about a segment by its name: the same people as the segment's own page and the command say."""

import json

import httpx
import pytest
from crowd import SOURCES, crowd
from household import GELEIT, NEEDS, at
from typer.testing import CliRunner

from conftest import Site, folder_with, running
from geleit.cli.app import app
from geleit.workspace import open_workspace

ASKED = "label: {en: Asked something, de: Hat gefragt}\nwho: {did: question_asked}\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    files = {"geleit.yaml": GELEIT, "needs.yaml": NEEDS, "segments/asked.yaml": ASKED} | SOURCES
    root = folder_with(tmp_path_factory.mktemp("crowd"), files)
    with open_workspace(root, clock=lambda: at("2026-11-22T08:15")) as workspace:
        workspace.intake.accept(crowd())
        workspace.sync()
        with running(workspace) as address, httpx.Client(base_url=address, timeout=60) as client:
            yield Site(address, client, "", "", workspace)


def test_page_api_and_command_ask_the_same_people(shop):
    page = shop.client.get("/journeys/funnel?steps=question_asked&steps=order_completed&segment=asked&lang=de")
    assert page.status_code == 200
    assert '<option value="asked" selected>Hat gefragt</option>' in page.text
    question = "/api/analytics/funnel?steps=question_asked&steps=order_completed&segment=asked"
    answer = shop.client.get(question).json()
    everybody = shop.client.get(question.replace("&segment=asked", "")).json()
    assert 0 < answer["filters"]["segment"] == answer["population"]["people"] < everybody["population"]["people"]
    root = ["-w", str(shop.workspace.root), "--json"]
    told = CliRunner().invoke(
        app, ["analyze", "funnel", "question_asked", "order_completed", "--segment", "asked", *root]
    )
    assert json.loads(told.output)["rows"] == answer["rows"]
    people = shop.client.get(
        "/journeys/funnel/people?steps=question_asked&steps=order_completed&segment=asked&cell.step=1"
    )
    assert people.status_code == 200


def test_who_comes_is_counted_at_the_next_question(shop):
    question = "/api/analytics/trend?values=question_asked&segment=asked"
    before = shop.client.get(question).json()["filters"]["segment"]
    shop.workspace.intake.accept(list(crowd(30, first=5000)))
    assert shop.client.get(question).json()["filters"]["segment"] > before


def test_own_kinds_are_offered_where_they_are_counted(shop):
    page = shop.client.get("/journeys/trend?own_kinds=1")
    assert page.status_code == 200
    assert "question_asked" in page.text
