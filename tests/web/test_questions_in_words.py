"""What an address asks wrongly is told with what was meant; segments, topics and days are named as people name them."""

import csv
import io
import json
import re
from html import unescape

import httpx
import pytest
from crowd import SOURCES, crowd
from household import GELEIT, NEEDS, at
from typer.testing import CliRunner

from conftest import Site, folder_with, running
from geleit.cli.app import app
from geleit.workspace import open_workspace

ASKED = "label: {en: Asked something, de: Hat gefragt}\nwho: {did: question_asked}\n"
BOUGHT = "label: {en: Bought, de: Hat gekauft}\nwho: {did: order_completed}\n"
FUNNEL = "/journeys/funnel?steps=question_asked&steps=order_completed"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    files = {"geleit.yaml": GELEIT, "needs.yaml": NEEDS} | SOURCES
    files |= {"segments/asked.yaml": ASKED, "segments/bought.yaml": BOUGHT}
    root = folder_with(tmp_path_factory.mktemp("crowd"), files)
    with open_workspace(root, clock=lambda: at("2026-11-22T08:15")) as workspace:
        workspace.intake.accept(crowd())
        workspace.sync()
        with running(workspace) as address, httpx.Client(base_url=address, timeout=60) as client:
            yield Site(address, client, "", "", workspace)


def told(page):
    return unescape(re.sub(r"<[^>]+>", "", page.text))


def sentence(page):
    return unescape(re.search(r'<p class="lead counted">(.*?)</p>', page.text, re.DOTALL)[1])


def command(shop, *arguments):
    return CliRunner().invoke(app, ["analyze", *arguments, "-w", str(shop.workspace.root)])


def test_a_segment_is_named_in_the_sentence(shop):
    many = len(shop.client.get("/api/segments/asked").json()["members"]) or 1
    english = sentence(shop.client.get(f"{FUNNEL}&segment=asked&lang=en"))
    assert re.search(r"Only people of the segment “Asked something”: \d+\.", english), many
    assert "des Segments „Hat gefragt“" in sentence(shop.client.get(f"{FUNNEL}&segment=asked&lang=de"))
    answer = shop.client.get("/api/analytics/transitions?segment=asked").json()
    assert answer["definition"]["of_segment"] == "asked"
    assert "segment asked:" in command(shop, "transitions", "--segment", "asked", "-l", "en").output


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("topic=washing_machin", "Did you mean washing_machine"),
        ("topic=zzz", "There is no need “zzz”. There is: "),
        ("segment=akded", "There is no segment “akded”. Did you mean asked (Asked something)?"),
        ("window=soon", "“soon” is no span of time"),
        ("steps=order_complet", "Did you mean order_completed"),
        ("since=never", "is no day"),
        ("segmnet=asked", "This page has no filter 'segmnet'. Did you mean segment (Segment)?"),
    ],
)
def test_an_unknown_value_is_told_with_what_was_meant(shop, asked, said):
    page = shop.client.get(f"{FUNNEL}&{asked}&lang=en")
    assert page.status_code == 400
    assert said in told(page)
    german = shop.client.get(f"{FUNNEL}&{asked}&lang=de")
    wrong = re.search(r'<div class="wrong".*?</div>', german.text, re.DOTALL)[0]
    assert 'lang="en"' not in wrong
    assert not re.search(r"\b(the|There is|did you|write|kind)\b", re.sub(r"<[^>]+>", "", wrong)), wrong


def test_values_of_channels_and_stages_are_checked_as_well(shop):
    page = shop.client.get("/journeys/flow?of=channel&anchor=wbe&lang=en")
    assert (page.status_code, "There is no “wbe” to choose. Did you mean web" in told(page)) == (400, True)
    for question in ("flow?of=channel&anchor=wbe", "trend?of=stage&values=informm", "transitions?topic=washing"):
        answer = shop.client.get(f"/api/analytics/{question}")
        assert answer.status_code == 404, question
        assert "did you mean" in answer.json()["error"]
    refused = command(shop, "transitions", "--topic", "washing")
    assert "did you mean washing_machine" in str(refused.exception)


def test_german_spans_and_days_are_understood(shop):
    page = shop.client.get(f"{FUNNEL}&window=30+Tage&since=1.3.2026&lang=de")
    assert page.status_code == 200
    assert "Nur Reisen, die am 01.03.2026 oder später begannen." in sentence(page)
    same = shop.client.get(f"{FUNNEL}&window=30+days&since=2026-03-01&lang=de")
    assert sentence(page) == sentence(same)
    until = sentence(shop.client.get(f"{FUNNEL}&until=2026-06-01&lang=en"))
    assert "Only journeys that began before 1 Jun 2026." in until
    assert "…" not in until
    iso = command(shop, "transitions", "--since", "2026-03-01", "--csv").output
    assert command(shop, "transitions", "--since", "1.3.2026", "--csv").output == iso
    refused = command(shop, "transitions", "--since", "bald")
    assert refused.exit_code == 2
    assert "2026-05-01" in refused.output


def test_people_are_printed_as_csv(shop):
    printed = command(shop, "stages", "--people", "stage=inform", "--csv").output
    rows = list(csv.reader(io.StringIO(printed)))
    assert rows[0] == ["customer", "need"]
    everybody = {one.customer for one in shop.workspace.analytics.occurrences().actors()}
    assert {row[0] for row in rows[1:]} <= everybody
    assert len(rows) > 10


def test_a_segment_is_compared_with_another_and_with_everybody_else(shop):
    page = shop.client.get("/journeys/compare?segment=asked&lang=en")
    assert page.status_code == 200
    assert "Group a: “Asked something”. Group b: everybody else." in told(page)
    asked = shop.client.get("/api/analytics/compare?segment=asked").json()
    printed = command(shop, "compare", "--segment", "asked", "--json").output
    assert json.loads(printed)["rows"] == asked["rows"]
    everybody = shop.workspace.analytics.occurrences().population.journeys
    row = asked["rows"][0]
    assert row["of_a"] + row["of_b"] == everybody
    assert "against" not in asked["definition"]
    two = shop.client.get("/journeys/compare?segment=asked&against=bought&lang=de")
    assert "Gruppe a: „Hat gefragt“. Gruppe b: „Hat gekauft“." in told(two)
    assert '<option value="bought" selected>Hat gekauft</option>' in two.text
    of_b = shop.client.get("/api/analytics/compare?segment=asked&against=bought").json()["rows"][0]["of_b"]
    assert of_b == shop.client.get("/api/analytics/compare?segment=bought").json()["rows"][0]["of_a"]
    both = shop.client.get("/journeys/compare?segment=asked&against=bought&having=question_asked&lang=en")
    assert "leave one of both empty" in told(both)
    alone = shop.client.get("/journeys/compare?against=bought&lang=en")
    assert "Choose the segment of group a as well." in told(alone)


def test_the_people_of_group_b_open(shop):
    asked = shop.client.get("/api/analytics/compare?segment=asked").json()["rows"][0]
    people = shop.client.get(
        f"/journeys/compare/people?segment=asked&cell.group=b&cell.value={asked['value']}&rows=csv"
    )
    assert len(people.text.splitlines()) - 1 == asked["journeys_b"]


@pytest.mark.parametrize("question", ["rfm", "rfm?by=score", "funnel", "variants?limit=12", "occurrences?limit=30"])
def test_what_a_page_begins_with_opens_no_further_filters(shop, question):
    page = shop.client.get(f"/journeys/{question}")
    assert page.status_code == 200
    assert "<details open><summary>" not in page.text


def test_what_the_reader_filters_stays_open(shop):
    assert "<details open><summary>" in shop.client.get("/journeys/rfm?notes=1").text


def test_why_populations_differ_is_told_with_their_numbers(shop):
    ask, known = shop.workspace.analytics.occurrences, shop.workspace.counts().customers
    by_person, by_need = ask(unit="customer").population.people, ask(unit="need").population.people
    page = told(shop.client.get("/journeys/transitions?lang=en"))
    assert f"Why {by_need} people?" in page
    assert (
        f"geleit knows {known} customers. {by_person} of them have steps; of the other {known - by_person} only" in page
    )
    assert f"{by_need} of these have a need" in page
    assert "This page asks about all with a need." in page
    few = told(shop.client.get("/journeys/transitions?segment=asked&lang=de"))
    people = ask(segment=tuple(one.customer for one in ask(having=("question_asked",)).actors())).population.people
    assert f"Diese Seite fragt nach {people}: Die übrigen lassen die Filter oben aus." in few


def test_a_wide_table_says_so_on_phones(shop):
    assert "table-hint" in shop.client.get("/journeys/transitions").text
    style = shop.client.get(re.search(r'href="(/static/[^"]+\.css[^"]*)"', shop.client.get("/journeys").text)[1]).text
    assert re.search(r"max-width: ?600px\) ?{ ?\.table-hint ?{ ?display: ?block", style)


def test_the_table_of_transitions_is_in_the_order_of_its_headline(shop):
    rows = shop.workspace.analytics.transitions().rows
    journeys = [row.journeys for row in rows]
    assert journeys == sorted(journeys, reverse=True)
    page = shop.client.get("/journeys/transitions?lang=en").text
    headline = re.search(r'facts-said"><a class="n"[^>]*>([\d,]+)', page)[1]
    plain = [row for row in rows if row.source and row.target and row.source != row.target]
    assert headline == f"{plain[0].journeys:,}"


def test_programs_are_told_which_segment_was_meant(shop):
    answer = shop.client.get("/api/analytics/transitions?segment=akded")
    assert (answer.status_code, "did you mean 'asked'?" in answer.json()["error"]) == (400, True)
    person = shop.workspace.analytics.occurrences().actors()[0].customer
    assert shop.client.get(f"/api/analytics/transitions?segment={person}").json()["filters"]["segment"] == 1
