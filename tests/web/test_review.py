"""Probable links in a workspace: found from what two systems know, answered on a page, honored forever."""

import csv
import random
import re
from html import unescape

import httpx
import pytest
from household import GELEIT
from listening import SECONDS
from playwright.sync_api import expect
from shop import until
from test_language import sources

from conftest import NOW, folder_with, running
from first_names import FIRST
from geleit.identity.linkage import queue
from geleit.language.words import translations
from geleit.web.pages.review import LEVELS
from geleit.web.posting import TOKEN
from geleit.workspace import deciding, linking, open_workspace
from geleit.workspace.deciding import Note

HERE = {"sec-fetch-site": "same-origin"}
SOURCE = """\
label: {{en: {name}, de: {name}}}
file: exports/{name}.csv
system: {name}
events:
  - kind: identified
    key: nr
    time: wann
    identifiers: {{{name}.customer_no: nr}}
    traits: {{first_name: vorname, last_name: nachname, birthday: geboren, street: strasse, postal_code: plz, city: ort}}
"""
LAST = [
    "Adler",
    "Brandt",
    "Conrad",
    "Dorn",
    "Ebert",
    "Fuchs",
    "Huber",
    "Köhler",
    "Lehmann",
    "Müller",
    "Otto",
    "Vogt",
    "Pohl",
    "Richter",
    "Schäfer",
    "Weiß",
    "Zander",
]
STREETS = [
    "Ahornstraße",
    "Birkenstraße",
    "Eichenstraße",
    "Feldstraße",
    "Gartenstraße",
    "Hafenstraße",
    "Lindenstraße",
    "Parkstraße",
]
SAME = 6  # people whom both systems know


def person(number, chance):
    """Somebody of the shop (even numbers) or the desk."""
    born = f"{1940 + chance.randrange(60)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    row = {
        "nr": f"s{number}",
        "wann": "2026-01-05 10:00",
        "vorname": chance.choice(FIRST),
        "nachname": chance.choice(LAST),
    }
    home = f"{chance.choice(STREETS)} {chance.randint(1, 90)}"
    return row | {"geboren": born, "strasse": home, "plz": f"341{chance.randint(10, 40)}", "ort": "Kassel"}


def people(count=40):
    """Rows of the shop; some of the desk's are the same people, written otherwise."""
    chance = random.Random(3)
    shop = [person(number, chance) for number in range(count)]
    desk = []
    for number, row in enumerate(shop):
        if number < SAME:
            last = row["nachname"].replace("ö", "oe").replace("ü", "ue") + ("n" if number % 2 else "")
            desk.append(
                row | {"nr": f"d{number}", "nachname": last, "strasse": row["strasse"].replace("straße", "str.")}
            )
        else:
            desk.append(person(number, chance) | {"nr": f"d{number}"})
    return {"shop": shop, "desk": desk}


@pytest.fixture
def house(tmp_path):
    """Running pages of two systems' customers, an asking client, and the workspace."""
    root = folder_with(
        tmp_path / "w", {"geleit.yaml": GELEIT} | {f"sources/{n}.yaml": SOURCE.format(name=n) for n in ("shop", "desk")}
    )
    (root / "exports").mkdir()
    for name, rows in people().items():
        with (root / "exports" / f"{name}.csv").open("w", newline="", encoding="utf-8") as to:
            writer = csv.DictWriter(to, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    with open_workspace(root, clock=lambda: NOW) as space:
        space.import_sources()
        with running(space) as address, httpx.Client(base_url=address, timeout=SECONDS) as client:
            yield space, client, address


def words(html):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def send(client, link, answer, **fields):
    client.get("/identity/review")
    given = {"token": client.cookies.get(TOKEN), "author": "Anja Kern", "answer": answer}
    ends = {
        f"{end}_{part}": getattr(one, part) for end, one in (("a", link.a), ("b", link.b)) for part in ("type", "value")
    }
    return client.post("/identity/review", data=given | ends | fields, headers=HERE)


def open_links(space):
    return linking.next_links(space, 100)


def whose(space, one):
    return space.customer(str(one))


def test_who_is_written_otherwise_is_found_and_nobody_is_joined(house):
    space, _, _ = house
    before = space.counts().customers
    done = linking.search(space)
    assert space.counts().customers == before == 80
    found = {(one.a.value, one.b.value) for one in open_links(space)}
    same = {(f"d{number}", f"s{number}") for number in range(SAME)}
    assert same <= found
    assert len(found) <= 8
    assert done.open == len(found)


def test_an_answer_is_carried_out_and_never_asked_again(house):
    space, client, _ = house
    found = linking.search(space)
    assert f"Is this one person? {found.open} pairs wait" in client.get("/people", params={"lang": "en"}).text
    yes, no, unsure = open_links(space)[:3]
    page = client.get("/identity/review?lang=en").text
    assert "One person or two?" in words(page)
    assert space.profile(whose(space, yes.a)).name in words(page)
    assert "same street and number" in words(page)
    for link, answer in ((yes, "accept"), (no, "reject"), (unsure, "unsure")):
        done = send(client, link, answer)
        assert done.status_code == 303
        after = client.get(done.headers["location"], params={"lang": "en"} if answer == "unsure" else None)
        kept = re.search(r'kept as decision \d+\.</?[^<]*|href="([^"]+kind=undo[^"]+)"', after.text)
        assert bool(kept) == (answer != "unsure")
        if kept:
            undo = unescape(re.search(r'href="([^"]+kind=undo[^"]+)"', after.text)[1])
            assert client.get(undo).status_code == 200
    assert whose(space, yes.a) == whose(space, yes.b)
    assert whose(space, no.a) != whose(space, no.b)
    assert whose(space, unsure.a) != whose(space, unsure.b)
    linking.search(space)
    left = {(one.a, one.b) for one in open_links(space)}
    assert not left & {(one.a, one.b) for one in (yes, no, unsure)}
    with space.ledger.read() as connection:
        assert queue.waiting(connection).unsure == 1
    again = send(client, no, "accept")
    assert again.status_code == 409
    assert whose(space, no.a) != whose(space, no.b)


def test_who_was_not_sure_can_take_it_up_again(house):
    space, client, _ = house
    linking.search(space)
    first, second = open_links(space)[:2]
    for link in (first, second):
        assert send(client, link, "unsure").headers["location"] == "/identity/review"
    page = client.get("/identity/review?lang=en").text
    assert 'href="/identity/review?again=1"' in page
    page = client.get("/identity/review?again=1&lang=en").text
    assert "Somebody was not sure of this." in words(page)
    assert f'value="{first.a.value}"' in page
    following = client.get(unescape(re.search(r'href="([^"]+place=1[^"]*)"', page)[1])).text
    assert f'value="{second.a.value}"' in following
    done = send(client, first, "accept", again="1")
    assert done.headers["location"].startswith("/identity/review?again=1&decided=")
    assert whose(space, first.a) == whose(space, first.b)
    assert f'value="{second.a.value}"' in client.get(done.headers["location"]).text
    assert client.get("/identity/review?again=1&place=x").status_code == 200


def test_likeness_joins_where_identity_yaml_says_so(house):
    space, _, _ = house
    linking.search(space)
    likely = [one for one in open_links(space) if one.bits >= 5]
    assert likely
    (space.root / "identity.yaml").write_text("probable_links: {join: true, above: 5}\n")
    with open_workspace(space.root, clock=lambda: NOW) as joined:
        joined.sync()
        assert all(whose(joined, one.a) == whose(joined, one.b) for one in likely)
        assert joined.check().ok
        found = {(one.a, one.b) for one in open_links(joined)}
        assert not found & {(one.a, one.b) for one in likely}
        linking.search(joined)
        assert all(whose(joined, one.a) == whose(joined, one.b) for one in likely)
        (told,) = joined.explain(str(likely[0].a), str(likely[0].b)).chain
        assert (told.bits, bool(told.likeness)) == (likely[0].bits, True)
        deciding.decide(joined, "separate", [[likely[0].a], [likely[0].b]], Note("Anja Kern", "are two"))
        assert whose(joined, likely[0].a) != whose(joined, likely[0].b)
    (space.root / "identity.yaml").write_text("")
    with open_workspace(space.root, clock=lambda: NOW) as apart:
        apart.sync()
        assert all(whose(apart, one.a) != whose(apart, one.b) for one in likely)


def test_without_a_name_or_from_another_site_nothing_is_answered(house):
    space, client, _ = house
    linking.search(space)
    link = open_links(space)[0]
    assert send(client, link, "accept", author="").status_code == 409
    assert send(client, link, "unsure", author="").status_code == 409
    assert send(client, link, "accept", token="stolen").status_code == 403
    assert send(client, link, "sometimes").status_code == 400
    assert whose(space, link.a) != whose(space, link.b)
    assert open_links(space)[0] == link


def test_the_page_says_what_to_do_where_nothing_waits(house):
    _, client, _ = house
    assert "Keine wahrscheinliche Verbindung wartet" in words(client.get("/identity/review?lang=de").text)
    assert "geleit identity link" in client.get("/identity/review?lang=en").text


@pytest.mark.browser
def test_keys_answer(house, chromium):
    space, _, address = house
    linking.search(space)
    first = open_links(space)[0]
    page = chromium.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.goto(f"{address}/identity/review?lang=en")
    page.get_by_label("Your name").fill("Anja Kern")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("r")
    expect(page.get_by_role("heading", level=1)).to_contain_text("One person or two?")
    until(lambda: (first.a, first.b) not in {(one.a, one.b) for one in open_links(space)})
    expect(page.get_by_role("heading", level=1)).to_contain_text("One person or two?")
    page.close()


def test_every_level_has_its_german():
    german = translations("de")
    assert [level for level in LEVELS if level not in german._catalog] == []
    assert len(sources()) > 100
