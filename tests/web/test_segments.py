"""Segments on their pages: the list, one of them, and the builder, by forms alone."""

import re

import httpx
import pytest
from household import GELEIT, LABELS, NEEDS, SOURCE, helga, visitor

from conftest import NOW, Site, folder_with, running
from geleit.intake.following import keep_segments
from geleit.workspace import open_workspace

ASKED = """label: {en: Asked, de: Hat gefragt}
about: {en: "Whom we owe an answer.", de: "Wem wir eine Antwort schulden."}
who:
  all:
    - did: [question_asked, contact_made]
    - not: {trait: city, is: Atlantis}
"""
DEEP = "who: {not: {all: [{did: page_viewed}, {any: [{did: page_viewed}, {did: visit}]}]}}\n"


@pytest.fixture
def own(tmp_path):
    sources = {f"sources/{name}.yaml": SOURCE.format(name=name, en=en, de=de) for name, (en, de) in LABELS.items()}
    segments = {"segments/asked.yaml": ASKED, "segments/deep.yaml": DEEP}
    root = folder_with(tmp_path, {"geleit.yaml": GELEIT, "needs.yaml": NEEDS} | sources | segments)
    with open_workspace(root, clock=lambda: NOW) as workspace:
        workspace.intake.accept([*helga(), *visitor()])
        workspace.sync()
        with running(workspace) as address, httpx.Client(base_url=address, timeout=60) as client:
            yield Site(address, client, "", "", workspace)


def keep(site):
    keep_segments(site.workspace.intake, site.workspace.history, site.workspace.segment_files.now)


def token(site, path):
    return re.search(r'name="token" value="([^"]+)"', site.page(path).text)[1]


def post(site, path, **fields):
    rows = [(name.replace("__", "."), value) for name, value in fields.items()]
    data = {"token": token(site, path), "mark": mark(site, path)} | dict(rows)
    return site.client.post(path, data=data, headers={"origin": site.address, "sec-fetch-site": "same-origin"})


def mark(site, path):
    return re.search(r'name="mark" value="([^"]*)"', site.page(path).text)[1]


def test_the_list_and_the_page_say_who_is_in_and_why_in_both_languages(own):
    assert "Hat gefragt" in own.page("/segments").text
    page = own.page("/segments/asked", "en").text
    assert re.search(r"1 person is in|\d people are in", page)
    assert "asks or speaks with us" in page
    assert "This does not hold: city is “Atlantis”" in page
    assert re.search(r'href="/people/c[^"]+/events\?ids=', page)
    assert "gehört dazu" in own.page("/segments/asked").text or "gehören dazu" in own.page("/segments/asked").text
    assert own.page("/segments/nobody").status_code == 404


def test_programs_get_what_the_pages_show(own):
    listed = {one["name"]: one for one in own.client.get("/api/segments").json()["segments"]}
    asked = own.client.get("/api/segments/asked?lang=de").json()
    assert asked["people"] == len(asked["members"]) == listed["asked"]["people"] > 0
    assert asked["words"][0] == "Alles davon trifft zu:"
    assert listed["asked"]["definition"]["who"]["all"][0]["did"] == ["question_asked", "contact_made"]


def test_a_workspace_without_segments_shows_the_way(empty_site):
    page = empty_site.page("/segments", "en").text
    assert "There is no segment yet" in page
    assert 'href="/segments/new"' in page


def test_a_segment_is_made_looked_at_and_saved_by_forms_alone(own):
    new = "/segments/new"
    first = post(own, new, row="0", **{"0.kind": "did", "0.did": "page_viewed"}, action="add trait")
    assert 'name="1.trait"' in first.text
    assert 'value="page_viewed"' in first.text
    row = {"row": "0", "0.kind": "did", "0.did": "question_asked", "0.how": "at_least", "0.span": "9 years"}
    looked = post(own, new, **row, action="look")
    assert looked.status_code == 200
    assert re.search(r"\d+ (Mensch würde|Menschen würden) dazugehören", looked.text)
    assert not (own.workspace.root / "segments" / "old.yaml").exists()
    saved = post(own, new, **row, action="save", name="old", label="Alte Fragen", author="Anja Kern")
    assert (saved.status_code, saved.headers["location"]) == (303, "/segments/old")
    text = (own.workspace.root / "segments" / "old.yaml").read_text()
    assert text.startswith("# saved by Anja Kern on 2026-11-22\n")
    assert "wird gezählt" in own.page("/segments").text
    keep(own)
    assert "Alte Fragen" in own.page("/segments/old").text
    assert 'value="question_asked"' in own.page("/segments/old/edit").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"0.did": "visit", "0.span": "2 jears"}, "Bedingung 1: Schreiben Sie eine Zahl und eine Einheit"),
        ({"0.did": ""}, "Bedingung 1: Hier fehlt noch etwas."),
        ({"0.did": "visit", "name": "../geleit"}, "„../geleit“ kann keine Datei heißen"),
        ({"0.did": "visit", "author": ""}, "Es ist niemand genannt, der speichert"),
        ({"0.did": "visit", "name": "asked"}, "Inzwischen hat jemand anderes „asked“ gespeichert"),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_what_was_written(own, fields, said):
    given = {"row": "0", "0.kind": "did", "name": "mine", "author": "Anja Kern", "action": "save"} | fields
    answer = post(own, "/segments/new", **given)
    assert answer.status_code == 422
    assert said in answer.text
    assert sorted(path.name for path in (own.workspace.root / "segments").iterdir()) == ["asked.yaml", "deep.yaml"]
    assert (own.workspace.root / "segments" / "asked.yaml").read_text() == ASKED


def test_a_file_that_changed_meanwhile_is_never_overwritten(own):
    path = own.workspace.root / "segments" / "asked.yaml"
    edit = "/segments/asked/edit"
    fields = {"row": "0", "0.kind": "did", "0.did": "visit", "author": "Anja Kern", "action": "save", "label": "x"}
    before = mark(own, edit)
    path.write_text(ASKED + "# changed by another\n")
    data = {"token": token(own, edit), "mark": before} | fields
    refused = own.client.post(edit, data=data, headers={"sec-fetch-site": "same-origin"})
    assert refused.status_code == 422
    assert path.read_text() == ASKED + "# changed by another\n"
    assert post(own, edit, **fields).status_code == 303
    assert "Asked" in path.read_text()  # the label of the other language stays
    assert "Whom we owe" in path.read_text()


def test_what_rows_cannot_say_is_left_to_the_file(own):
    assert "segments/deep.yaml" in own.page("/segments/deep/edit").text
    assert "<fieldset" not in own.page("/segments/deep/edit").text


def test_forms_of_other_sites_change_nothing(own):
    data = {"row": "0", "0.kind": "did", "0.did": "visit", "name": "mine", "author": "x", "action": "save"}
    assert own.client.post("/segments/new", data=data).status_code == 403
    assert not (own.workspace.root / "segments" / "mine.yaml").exists()


def test_a_wrong_file_is_shown_and_what_was_right_stands(own):
    path = own.workspace.root / "segments" / "asked.yaml"
    path.write_text("who: {dit: visit}\n")
    page = own.page("/segments", "en").text
    assert "cannot be used" in page
    assert "did you mean" in page
    assert "Asked" in page


def test_who_came_stands_in_the_timeline_as_our_doing(own):
    path = own.workspace.root / "segments" / "asked.yaml"
    path.write_text("label: {en: Wrote, de: Hat geschrieben}\nwho: {did: feedback_given}\n")
    keep(own)
    event = helga()[0]
    own.workspace.intake.accept(
        [type(event)("crm", "new", "feedback_given", NOW, event.identifiers, properties={"text": "hm"})]
    )
    keep(own)
    customer = own.workspace.customer(str(event.identifiers[0]))
    page = own.page(f"/people/{customer}").text
    assert "wird unserem Segment zugeordnet: Hat geschrieben" in page
    shown = own.page("/segments/asked", "en").text
    assert "came in" in shown
    assert re.search(r"In seven days 1 came", shown)
