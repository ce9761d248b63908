import contextlib
import json
import re
from datetime import datetime
from html import unescape

import httpx
import pytest
from household import GELEIT, SOURCE, helga
from listening import SECONDS

from conftest import folder_with, running
from geleit.access import write_keys
from geleit.clock import MINUTE, SECOND, localize, micros
from geleit.intake.arrivals import HOUR, STEPS
from geleit.ledger.live_tables import source_hour
from geleit.sources.records import Rejected
from geleit.web.metrics import Measures, Server
from geleit.workspace import open_workspace
from servers import free_port

NOW = micros(localize(datetime(2026, 11, 19, 15, 20), "Europe/Berlin"))  # a Thursday
THIS = NOW // HOUR
LONG = "Kundenkartenprogramm der Einkaufsgemeinschaft Nordhessen"
SOURCES = {
    "shop": "label: {en: Web shop, de: Web-Shop}\ncollect: true\n",
    "app": "label: App\ncollect: {silence: 2 hours}\n",
    "desk": "hook: true\n" + SOURCE.format(name="desk", en="Service desk", de="Servicetheke"),
    "card": f"label: {LONG}\ncollect: true\n",
    "form": "label: {en: Form, de: Formular}\ncollect: true\n",
}


def hour(source, place, new, *, duplicate=0, quarantined=0, last_at=0, step=10):
    """What one hour brought; ``step``: place of its lags."""
    lags = [0] * STEPS
    lags[step] = new
    row = {"source": source, "hour": place, "new": new, "duplicate": duplicate, "quarantined": quarantined}
    last_at = last_at or place * HOUR + HOUR // 2
    return row | {"last_at": last_at, "last_t": last_at - MINUTE, "lags": json.dumps(lags)}


def arrived():
    """The shop goes on, the service desk stopped five hours ago, the app three, the card is new, the form never came."""
    back = range(THIS - 28 * 24, THIS)
    yield from (hour("shop", place, 60, duplicate=1, quarantined=place % 2) for place in back)
    yield hour("shop", THIS, 20, last_at=NOW - SECOND)
    yield from (hour("desk", place, 9) for place in back if place <= THIS - 5)
    yield hour("app", THIS - 3, 120, step=22)
    yield hour("card", THIS, 3, last_at=NOW - MINUTE, step=3)


@contextlib.contextmanager
def opened(root, sources=SOURCES, rows=()):
    definitions = {f"sources/{name}.yaml": text for name, text in sources.items()}
    folder_with(root, {"geleit.yaml": GELEIT} | definitions)
    with open_workspace(root, clock=lambda: NOW) as workspace:
        with workspace.ledger.write() as connection:
            if rows := list(rows):
                connection.execute(source_hour.insert(), rows)
        yield workspace


@contextlib.contextmanager
def asked(workspace):
    with running(workspace) as address, httpx.Client(base_url=address, timeout=SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("live"), rows=arrived()) as workspace:
        workspace.intake.accept(helga(), [Rejected("shop", "", 0, "no_kind", "no name", '{"a":1}', "r1")])
        workspace.sync()
        keys = {name: write_keys.create(workspace.ledger, name, f"of the {name}") for name in ("shop", "app")}
        write_keys.rotate(workspace.ledger, keys["shop"][0].id)
        write_keys.revoke(workspace.ledger, keys["app"][0].id)
        with asked(workspace) as client:
            client.keys = [text for _, text in keys.values()]
            client.workspace = workspace
            yield client


def text_of(html):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def row_of(page, name):
    """The cells of a source's row by the name of their column, and the row's head."""
    row = next(
        row for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL) if f">{name} " in row or f">{name}<" in row
    )
    return {
        unescape(key): text_of(cell)
        for key, cell in re.findall(r'<td[^>]*data-name="([^"]+)">(.*?)</td>', row, re.DOTALL)
    }


def page_of(client, path="/sources", language="en"):
    return client.get(path, params={"lang": language}).text


def test_a_source_that_sends_shows_its_rate_delay_and_losses(live):
    assert row_of(page_of(live), "Web shop") == {
        "State": "sends An alarm if nothing comes until 19 Nov 2026, 15:34.",
        "Last arrival": "19 Nov 2026, 15:19",
        "New, last hour": "60",  # 20 of this hour, two thirds of the one before
        "New, last 24 hours": "1,440",
        "Half came within": "1 second",
        "95 % came within": "1 second",
        "Already known": "24",
        "Refused": "12",
        "Waiting": "1",
    }


@pytest.mark.parametrize(
    ("language", "name", "state"),
    [
        (
            "en",
            "Service desk",
            "silent since 19 Nov 2026, 10:30 Something would usually have come by 19 Nov 2026, 11:58.",
        ),
        ("de", "Servicetheke", "still seit 19.11.2026, 10:30 Üblich wäre etwas bis 19.11.2026, 11:58 gewesen."),
        ("en", "App", "silent since 19 Nov 2026, 12:30 Its definition allows 2 hours of silence."),
        ("de", "App", "still seit 19.11.2026, 12:30 Nach der Definition darf es 2 Stunden still sein."),
        ("en", LONG, "sends Not enough history yet to tell what is usual."),
        ("de", LONG, "sendet Noch zu wenig Verlauf, um zu wissen, was üblich ist."),
        ("en", "Form", "nothing came yet"),
        ("de", "Formular", "noch nichts angekommen"),
    ],
)
def test_silence_is_told_with_what_it_rests_on(live, language, name, state):
    found = row_of(page_of(live, language=language), name)
    assert found["Stand" if language == "de" else "State"].startswith(state)


def test_the_alarm_stands_in_a_word_beside_its_color(live):
    page = page_of(live)
    alarms = [text_of(one) for one in re.findall(r'<span class="alarm">(.*?)</span>', page)]
    assert alarms[0] == "2 sources have fallen silent."
    assert sum(alarm.startswith("silent since") for alarm in alarms) == 2


def test_the_start_page_hints_at_it(live):
    assert "Silent for longer than usual App and Service desk" in text_of(page_of(live, "/"))
    assert "Stiller als üblich App und Servicetheke" in text_of(page_of(live, "/", "de"))


def test_keys_are_listed_without_their_text(live):
    page = page_of(live)
    rows = [
        text_of(row)
        for row in re.findall(
            r"<tr>(.*?)</tr>", page.partition('id="write-keys"')[2].partition("</table>")[0], re.DOTALL
        )
    ]
    assert rows[1:] == [
        "App 2 of the app 19 Nov 2026 ended 19 Nov 2026, 15:20",
        "Web shop 1 of the shop 19 Nov 2026 opens until 26 Nov 2026, 15:20",
        "Web shop 3 of the shop 19 Nov 2026 opens",
    ]
    for key in live.keys:
        assert key not in page


def test_what_is_also_read_from_files_stands_with_the_files_too(live):
    page = page_of(live)
    read = text_of(page.partition('id="read"')[2].partition("</table>")[0])
    assert "Service desk" in read
    assert "Form" not in read
    assert "Web shop" not in read


def test_commands_and_metrics_tell_the_same(live):
    found = {one.name: one.live for one in live.workspace.sources("en")}
    assert {name: one.silence.state for name, one in found.items()} == {
        "shop": "running", "desk": "silent", "app": "silent", "card": "learning", "form": "waiting"
    }  # fmt: skip
    assert (found["shop"].day.new, found["shop"].hour.new, found["shop"].day.quarantined) == (1440, 60, 12)
    measured = Measures(Server(live.workspace, None, None, None, None))._sources()
    silent, last = ({sample.labels["source"]: sample.value for sample in family.samples} for family in measured)
    assert silent == {"shop": 0, "desk": 1, "app": 1, "card": 0, "form": 0}
    assert last["shop"] == (NOW - SECOND) / SECOND
    assert "form" not in last


def test_an_empty_workspace_says_how_the_first_event_is_sent(tmp_path):
    with opened(tmp_path, {}) as workspace, asked(workspace) as client:
        for path in ("/", "/sources"):
            page = text_of(page_of(client, path))
            assert 'echo "collect: true" > sources/web.yaml' in page
            assert "geleit key create web" in page
            assert f"curl {str(client.base_url).rstrip('/')}/v1/track -u KEY: \\" in page


def test_the_source_that_waits_is_the_one_that_is_explained(live):
    page = text_of(page_of(live))
    assert "geleit key create form" in page
    assert "collect: true" not in page


def test_sources_without_live_ones_look_as_before(tmp_path):
    till = SOURCE.format(name="till", en="Till", de="Kasse")
    with opened(tmp_path, {"till": till}) as workspace, asked(workspace) as client:
        page = page_of(client)
        assert "Read from files and databases" in page
        assert 'id="live"' not in page
        assert row_of(page, "Till")["Last run"] == "never read"


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_fits(live, chromium, width, language):
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(SECONDS * 1000)
    page.goto(f"{str(live.base_url).rstrip('/')}/sources?lang={language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    overlaps = page.evaluate(OVERLAPS)
    page.close()
    assert overlaps == []


# names of columns that have no room beside their cell in the folded table
OVERLAPS = """() => [...document.querySelectorAll('td[data-name]')].filter((cell) => {
  const name = getComputedStyle(cell, '::before');
  if (name.content === 'none') return false;
  const probe = document.createElement('span');
  probe.textContent = cell.dataset.name;
  probe.style.cssText = `font-size:${name.fontSize};position:absolute;white-space:nowrap;visibility:hidden`;
  document.body.append(probe);
  const wide = probe.offsetWidth > parseFloat(name.width);
  probe.remove();
  return wide;
}).map((cell) => cell.dataset.name)"""


def test_a_source_that_was_not_read_to_its_end_says_what_is_missing(tmp_path):
    desk = SOURCE.format(name="desk", en="Service desk", de="Servicetheke").replace(".jsonl", ".csv")
    with opened(tmp_path, {"desk": desk}) as workspace:
        (tmp_path / "exports").mkdir(exist_ok=True)
        (tmp_path / "exports" / "desk.csv").write_text("renamed;wann\n1;2026-11-18\n")
        assert workspace.import_sources()[0].error
        with asked(workspace) as client:
            english, german = text_of(page_of(client)), text_of(page_of(client, language="de"))
    assert "1 source was not read to its end." in english
    assert "Every record could be read." not in english
    assert "exports/desk.csv has no column" in english
    assert "Nicht zu Ende gelesen" in german


def test_a_store_that_does_not_answer_is_named(tmp_path):
    endpoint = f"http://127.0.0.1:{free_port()}"
    store = f"file: s3://exports/desk.csv\nstorage: {{endpoint: '{endpoint}', anonymous: true}}"
    desk = re.sub(r"(?m)^file: .*$", store, SOURCE.format(name="desk", en="Service desk", de="Servicetheke"))
    with opened(tmp_path, {"desk": desk}) as workspace:
        workspace.import_sources()
        with asked(workspace) as client:
            pages = [text_of(page_of(client, language=language)) for language in ("en", "de")]
    for page in pages:
        assert f"the endpoint {endpoint} does not answer: it refuses the connection" in page


def test_the_first_live_source_never_takes_the_name_of_one_there_is(tmp_path):
    with (
        opened(tmp_path, {"web": SOURCE.format(name="web", en="Web", de="Web")}) as workspace,
        asked(workspace) as client,
    ):
        page = unescape(page_of(client))
    assert 'echo "collect: true" > sources/web2.yaml' in page
    assert "sources/web.yaml" not in page


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Files without a record They were read to their end and held nothing"),
        ("de", "Dateien ohne Datensatz Sie wurden bis zum Ende gelesen und enthielten nichts"),
    ],
)
def test_files_without_a_record_are_named(tmp_path, language, said):
    (tmp_path / "exports").mkdir()
    for day in range(7):
        (tmp_path / "exports" / f"desk{day}.jsonl").write_text("")
    desk = SOURCE.format(name="desk", en="Desk", de="Theke").replace("desk.jsonl", "desk*.jsonl")
    with opened(tmp_path, {"desk": desk}) as workspace:
        workspace.import_sources()
        with asked(workspace) as client:
            page = text_of(page_of(client, language=language))
    assert said in page
    assert "exports/desk6.jsonl" in page
    assert ("and 2 more" if language == "en" else "und 2 weitere") in page


@pytest.mark.parametrize(
    ("named", "language", "said"),
    [
        ("", "en", "Name the file's encoding under csv in the source, such as cp1252."),
        ("csv: {encoding: utf-8}\n", "en", "Name the file's encoding under csv in the source, such as cp1252."),
        ("csv: {encoding: cp1252}\n", "en", "These lines are not in cp1252, as the source says."),
        ("csv: {encoding: cp1252}\n", "de", "Diese Zeilen sind nicht in cp1252, wie es die Quelle sagt."),
    ],
)
def test_what_helps_against_letters_fits_the_encoding_that_is_named(tmp_path, named, language, said):
    other = "ü".encode() if "cp1252" in named else b"\xfc"
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "till.csv").write_bytes(b"no,day,name\n1,2026-03-01,K" + other + b"che\n")
    event = "{kind: page_viewed, key: no, time: day, identifiers: {till.name: name}}"
    with opened(tmp_path, {"till": f"file: exports/till.csv\n{named}events: [{event}]\n"}) as workspace:
        workspace.import_sources()
        with asked(workspace) as client:
            page = text_of(page_of(client, "/sources/quarantine", language))
    assert said in page
    assert ("such as cp1252" in page) == ("cp1252" not in named)


def test_all_records_that_wait_can_be_reached_page_by_page(tmp_path):
    with opened(tmp_path) as workspace:
        waiting = [Rejected("shop", "", 0, "no_kind", f"call {n} bears no name", "{}", f"r{n}") for n in range(45)]
        workspace.intake.accept([], waiting)
        with asked(workspace) as client:
            path, said = "/sources/quarantine?source=shop", []
            while path:
                page = client.get(path).text
                said.append(re.findall(r"call (\d+) bears", page))
                link = re.search(r'<a href="([^"]+)" rel="next">', page)
                path = unescape(link[1]) if link else ""
            assert [len(one) for one in said] == [20, 20, 5]
            assert sorted(int(n) for one in said for n in one) == list(range(45))
            assert "zu den ersten" in page
            assert client.get("/sources/quarantine?after=x").status_code == 200
