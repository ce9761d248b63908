"""The pages of all journeys: they count what the API counts, every number opens to its people, mistakes get sentences."""

import csv
import inspect
import io
import json
import os
import re
import subprocess
import sys
import threading
from html import unescape

import httpx
import pytest
from babel.messages.extract import extract_from_dir
from crowd import SOURCES, crowd
from household import GELEIT, NEEDS, at
from listening import SECONDS
from test_language import KEYWORDS
from typer.testing import CliRunner

import geleit
import geleit.charts
from conftest import Site, folder_with, running
from geleit.charts.gallery import CHARTS
from geleit.cli.app import app
from geleit.language.words import translations
from geleit.web.app import create_app
from geleit.web.journeys.views import COMMON, VIEWS, WHEN
from geleit.workspace import open_workspace

FLOW = "/journeys/flow?anchor=product_viewed&depth=4"
FUNNEL = "/journeys/funnel?steps=product_viewed&steps=product_added&steps=order_completed"
FOLLOWED = (
    10_000 if "GELEIT_LOGS" in os.environ else 8
)  # numbers of a page, from all over it; all in ``make analytics-long``
LINK = re.compile(r'<a (?:class="n" )?href="(/journeys/\w+/people[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    root = folder_with(tmp_path_factory.mktemp("crowd"), {"geleit.yaml": GELEIT, "needs.yaml": NEEDS} | SOURCES)
    with open_workspace(root, clock=lambda: at("2026-11-22T08:15")) as workspace:
        workspace.intake.accept(crowd())
        workspace.sync()
        with running(workspace) as address, httpx.Client(base_url=address, timeout=60) as client:
            yield Site(address, client, "", "", workspace)


def text_of(html):
    bare = re.sub(r"<(script|style|title|desc)\b.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    return unescape(re.sub(r"\s+", " ", bare))


def numbers(text):
    return [int(found.replace(".", "")) for found in re.findall(r"\d[\d.]*", text)]


def heading(html):
    return numbers(text_of(re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)[1]))


def definition(html):
    return json.loads(unescape(re.search(r'<pre id="definition">(.*?)</pre>', html, re.DOTALL)[1]))


def numbers_that_open(html):
    """What each link to people says of their number, in the order of the page."""
    found = {}
    for href, inner in LINK.findall(html):
        titled = re.search(r"<title>(.*?)</title>", inner)
        said = unescape(titled[1]) if titled else text_of(inner)
        found.setdefault(unescape(href), set()).add((numbers(said.rpartition(":")[2]) or numbers(said))[0])
    return found


def spread(doors, most):
    """About so many of them from all over the page."""
    return list(doors.items())[:: -(-len(doors) // most)]


@pytest.mark.parametrize("path", ["/journeys", *(f"/journeys/{name}" for name in VIEWS), FLOW, FUNNEL])
def test_every_page_answers_in_both_languages(shop, path):
    for language, said in (("de", "Reisen"), ("en", "Journeys")):
        answer = shop.page(path, language)
        assert answer.status_code == 200
        assert said in answer.text
        assert f'<html lang="{language}"' in answer.text


def test_the_hub_asks_every_question_and_shows_numbers_of_now(shop):
    html = shop.page("/journeys").text
    population = shop.workspace.analytics.occurrences().population
    assert f"{population.journeys} Kundenreisen von {population.people} Menschen" in text_of(html)
    for name, view in VIEWS.items():
        assert f'href="/journeys/{name}"' in html
        assert translations("de").gettext(view.title) in unescape(html)
    assert 'aria-current="page">Reisen' in html


@pytest.mark.parametrize("path", [FLOW, FUNNEL, "/journeys/flow?goal=order_completed&unit=customer&of=kind"])
def test_the_page_shows_what_the_api_says(shop, path):
    html = shop.page(f"{path}&rows=all").text
    api = unescape(re.search(r'href="(/api/analytics/[^"]*)"', html)[1])
    said = shop.client.get(api).json()
    table = re.search(r'<table class="answers">(.*?)</table>', html, re.DOTALL)[1]
    shown = [int(found.replace(".", "")) for found in re.findall(r'class="n"[^>]*>([\d.]+)</a>', table)]
    if "flow" in path:
        expected = [row["journeys"] for row in said["rows"]]
    else:
        expected = [n for row in said["rows"] for n in (row["journeys"], *(i["journeys"] for i in row["instead"]))]
    assert shown == expected
    assert sum(shown) > 100
    found = definition(html)
    assert found["definition"] == said["definition"]
    assert found["as_of"] == {name: said["as_of"][name] for name in ("generation", "change", "last_seq")}


@pytest.mark.parametrize(
    "path",
    [
        f"{FLOW}&top=2&open=1",
        f"{FUNNEL}&rows=all",
        "/journeys/flow?direction=before&anchor=order_completed&depth=3&top=2",
        "/journeys/flow?goal=order_completed&depth=6&top=3&unit=customer",
        "/journeys/flow?of=stage&anchor=inform&depth=3",
        "/journeys/funnel?steps=product_viewed&steps=question_asked&steps=product_added&order=unordered",
    ],
)
def test_every_number_opens_to_exactly_its_people(shop, path):
    doors = numbers_that_open(shop.page(path).text)
    assert len(doors) > 8
    for href, said in spread(doors, FOLLOWED):
        assert len(said) == 1, href
        answer = shop.page(href)
        assert answer.status_code == 200
        assert heading(answer.text)[0] == said.pop(), href
        rows = list(csv.reader(io.StringIO(shop.client.get(f"{href}&rows=csv").text)))
        assert len(rows) - 1 == heading(answer.text)[0]


def test_the_people_are_named_and_lead_to_person_and_need(shop):
    html = shop.page("/journeys/flow/people?anchor=product_viewed&cell.step=1").text
    total = heading(html)[0]
    assert total > 25
    assert html.count('<th scope="row">') == 25
    last = unescape(re.findall(r'href="([^"]*page=\d+)"', html)[-1])
    assert shop.page(last).text.count('<th scope="row">') == total - 25 * (-(-total // 25) - 1)
    person = re.search(r'<th scope="row"><a href="(/people/[^"]+)"', html)[1]
    assert shop.page(person).status_code == 200
    need = unescape(re.search(r'<a href="(/people/[^"]+/journey\?need=[^"]+)"', html)[1])
    assert shop.page(need).status_code == 200


def test_page_and_command_line_give_the_same_csv(shop):
    ours = shop.client.get("/journeys/flow.csv?anchor=product_viewed&depth=3").text
    asked = ["analyze", "flow", "product_viewed", "--depth", "3", "--csv", "-w", str(shop.workspace.root)]
    assert ours == CliRunner().invoke(app, asked).stdout_bytes.decode()
    assert ours.startswith("step,source,target,journeys,people")


def test_pictures_come_as_files(shop):
    svg = shop.page(f"{FUNNEL.replace('funnel?', 'funnel.svg?')}")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert "Wie viele kommen wie weit?" in svg.text
    assert "Stand: " in svg.text
    assert "style-src 'unsafe-inline'" in svg.headers["content-security-policy"]
    png = shop.page(FLOW.replace("flow?", "flow.png?"), "en")
    assert png.content.startswith(b"\x89PNG")
    assert 'filename="what-happens-next.png"' in png.headers["content-disposition"]
    assert shop.page("/journeys/flow.gif").status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "german", "english"),
    [
        ("/journeys/nothing", 404, "Was diese Adresse nennt", "not in this workspace"),
        (
            "/journeys/flow?anchor=product_veiwed",
            400,
            "der Art „product_veiwed“ gibt es nicht",
            "of the kind “product_veiwed”",
        ),
        ("/journeys/flow?depth=99", 400, "„99“ ist keine Zahl von 1 bis 12", "'99' is no number from 1 to 12"),
        ("/journeys/flow?depth=-1", 400, "keine Zahl", "no number"),
        ("/journeys/flow?since=31.02.2026", 400, "„31.02.2026“ ist kein Tag", "'31.02.2026' is no day"),
        ("/journeys/flow?since=2026-05-01&until=2026-04-01", 400, "endet, bevor er beginnt", "ends before it begins"),
        ("/journeys/flow?of=colour", 400, "„colour“ gibt es nicht", "'colour' is none of kind, channel, stage"),
        ("/journeys/flow?wrong=1", 400, "keinen Filter „wrong“", "no filter 'wrong'"),
        ("/journeys/flow?limit=0", 400, "lässt sich so nicht fragen", "cannot be asked"),
        ("/journeys/funnel?steps=product_viewed", 400, "mindestens zwei Schritte", "two steps at least"),
        (
            "/journeys/funnel?steps=product_viewed&steps=product_added&window=soon",
            400,
            "„soon“ ist keine Zeitspanne",
            "“soon” is no span of time",
        ),
        ("/journeys/flow/people?cell.colour=1", 400, "steht nicht auf der Seite", "not on the page"),
        ("/journeys/flow/people?cell.step=one", 400, "steht nicht auf der Seite", "not on the page"),
    ],
)
def test_mistakes_get_sentences_in_both_languages(shop, path, status, german, english):
    for language, said in (("de", german), ("en", english)):
        answer = shop.page(path, language)
        assert answer.status_code == status, text_of(answer.text)
        assert said in text_of(answer.text)
        assert "Traceback" not in answer.text
    if status == 400 and "people" not in path:
        assert '<form class="asking' in shop.page(path).text
        assert shop.page(path.replace("flow?", "flow.csv?").replace("funnel?", "funnel.csv?")).status_code == 400


@pytest.mark.parametrize(
    ("path", "german", "english"),
    [
        ("flow?limit=0", "limit: „0“ ist zu wenig, mindestens 1.", "limit: '0' is too little, at least 1."),
        ("flow?limit=viel", "limit: „viel“ ist keine ganze Zahl.", "limit: 'viel' is no whole number."),
        ("attribution?half_life=1+hour", "„1 hour“ ist zu wenig, mindestens 1 Tag.", "at least 1 day."),
        ("conformance?limit=0", "„0“ ist zu wenig", "'0' is too little"),
    ],
)
def test_errors_of_values_keep_no_english_on_german_pages(shop, path, german, english):
    said = shop.page(f"/journeys/{path}", "de").text
    assert german in text_of(said)
    assert '<p lang="en">' not in said
    assert english in text_of(shop.page(f"/journeys/{path}", "en").text)


def test_days_may_be_written_the_german_way(shop):
    assert definition(shop.page("/journeys/flow?since=1.5.2026").text)["definition"]["since"] == "2026-05-01"


def test_what_was_probably_meant_is_named(shop):
    assert "Did you mean product_viewed" in shop.page("/journeys/flow?anchor=product_veiwed", "en").text


def test_nobody_there_is_said(shop, empty_site):
    for path in ("/journeys", "/journeys/flow"):
        assert "Noch gibt es keine Kundenreisen" in text_of(empty_site.page(path).text)
    assert "Wählen Sie oben" in text_of(empty_site.page("/journeys/funnel").text)
    assert "In dieser Zeit" in text_of(shop.page("/journeys/flow?since=2030-01-01").text)
    nobody = text_of(shop.page("/journeys/flow?anchor=order_refunded").text)
    assert re.search(r"Von \d+ Kundenreisen geht keine diesen Schritt", nobody)


def test_the_form_keeps_what_was_asked(shop):
    html = shop.page("/journeys/funnel?steps=product_viewed&steps=product_added|products_searched&window=7 days&since=2026-02-01&unit=customer").text  # fmt: skip
    chosen = re.findall(r'<option value="([^"]+)" selected>', html)
    assert {"product_viewed", "product_added|products_searched", "7 days", "customer"} <= set(chosen)
    assert 'name="since" value="2026-02-01"' in html
    assert "<details open>" in html


def test_every_text_has_its_german():
    catalog = translations("de")._catalog
    folder = inspect.getfile(geleit.charts).rpartition("/")[0]
    texts = {m for _, _, m, _, _ in extract_from_dir(folder, method_map=[("**.py", "python")], keywords=KEYWORDS) if m}
    texts |= {chart.title for chart in CHARTS.values()} | {view.title for view in VIEWS.values()}
    texts |= {view.tells for view in VIEWS.values()}
    for view in VIEWS.values():
        for field in (*view.fields, *WHEN, *COMMON):
            texts |= {field.label, field.empty, *(said for _, said in field.options)} - {""}
    for text in texts:
        assert (text[0], 0) in catalog if isinstance(text, tuple) else text in catalog, text


def test_a_question_runs_in_a_thread_and_the_start_waits_for_no_compiler(shop):
    routes = [route for route in create_app(shop.workspace).routes if "/journeys" in getattr(route, "path", "")]
    assert len(routes) == 4
    assert not any(inspect.iscoroutinefunction(route.endpoint) for route in routes if "/people/{id}" not in route.path)
    code = "import sys, geleit.web.app; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class Witnesses:
    """What page, API, command and notebook said of each state they saw."""

    def __init__(self, root, client, workspace):
        self.root, self.client, self.workspace = root, client, workspace
        self.said = {}
        self.asked = threading.Semaphore(0)  # how often

    def note(self, who, as_of, counts):
        state = tuple(as_of[name] for name in ("generation", "change", "last_seq"))
        self.said.setdefault(state, {}).setdefault(json.dumps(counts), set()).add(who)
        return state

    def ask(self):
        """One question, four ways; returns the states they answered of."""
        html = self.client.get("/journeys/flow?depth=2&unit=customer&rows=all&lang=de").text
        table = re.search(r'<table class="answers">(.*?)</table>', html, re.DOTALL)[1]
        shown = [int(found.replace(".", "")) for found in re.findall(r'class="n"[^>]*>([\d.]+)</a>', table)]
        options = ["--depth", "2", "--unit", "customer", "--json", "-w", str(self.root)]
        answers = {
            "api": self.client.get("/api/analytics/flow?depth=2&unit=customer").json(),
            "command": json.loads(CliRunner().invoke(app, ["analyze", "flow", *options]).stdout),
            "notebook": self.workspace.analytics.flow(depth=2, unit="customer").to_dict(),
        }
        states = [self.note("page", definition(html)["as_of"], shown)]
        for who, answer in answers.items():
            states.append(self.note(who, answer["as_of"], [row["journeys"] for row in answer["rows"]]))
        self.asked.release()
        return states


def write_crowd(root, witnesses, done):
    """Twelve batches, one after the other; now and then it waits until somebody has asked meanwhile."""
    try:
        with open_workspace(root) as workspace:
            for batch in range(12):
                workspace.intake.accept(crowd(8, 2000 + 8 * batch))
                if batch % 3 == 2:
                    workspace.sync()
                    witnesses.asked.acquire(timeout=SECONDS)
    finally:
        done.set()


def test_page_api_command_and_notebook_say_one_number_of_one_state(tmp_path):
    """While events arrive: whoever answers of a state answers the same, and at the end all are of one state."""
    root = folder_with(tmp_path, {"geleit.yaml": GELEIT, "needs.yaml": NEEDS} | SOURCES)
    done = threading.Event()
    with (
        open_workspace(root) as serving,
        running(serving) as address,
        httpx.Client(base_url=address, timeout=60) as web,
    ):
        serving.intake.accept(crowd(8, 1900))
        serving.sync()
        with geleit.open(root) as workspace:
            witnesses = Witnesses(root, web, workspace)
            writer = threading.Thread(target=write_crowd, args=(root, witnesses, done))
            writer.start()
            while not done.is_set():
                witnesses.ask()
            writer.join()
            last = witnesses.ask()
    assert len(set(last)) == 1
    said = witnesses.said
    assert len(said) > 2
    assert set().union(*said[last[0]].values()) == {"page", "api", "command", "notebook"}
    assert {len(answers) for answers in said.values()} == {1}
