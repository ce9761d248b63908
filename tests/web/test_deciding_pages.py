"""The pages on which people decide who is who: what would become of whom, carried out, kept, taken back."""

import re
from html import unescape

import httpx
import pytest
from listening import SECONDS
from playwright.sync_api import expect
from sisters import ADA, BEN, PHONE, ada, ben, folder_of, matter, whole

from conftest import NOW, running
from geleit.web.posting import TOKEN
from geleit.workspace import open_workspace

HERE = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def house(tmp_path):
    """Running pages of two people, an asking client, and the workspace."""
    with open_workspace(folder_of(tmp_path / "w"), clock=lambda: NOW) as space:
        space.intake.accept([*ada(), *ben()])
        space.sync()
        with running(space) as address, httpx.Client(base_url=address, timeout=SECONDS) as client:
            yield space, client, address


def words(html):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def base(space, key):
    return f"/people/{space.customer(str(key))}/identity"


def send(client, path, **fields):
    client.get(f"{path}/decide?kind=merge")
    given = {"token": client.cookies.get(TOKEN), "author": "Anja Kern", "reason": "said so"} | fields
    return client.post(f"{path}/decide", data=given, headers=HERE)


def test_a_merge_is_shown_first_then_carried_out_then_taken_back(house):
    space, client, _ = house
    a, b = base(space, ADA), base(space, BEN)
    found = client.get(f"{a}/decide?kind=merge&q=Sommer-Berg&lang=en").text
    assert "Ada Sommer-Berg" in found
    assert f"who={space.customer(str(BEN))}" in found
    seen = client.get(f"{a}/decide?kind=merge&who={space.customer(str(BEN))}&lang=en").text
    assert "These 2 people become one: 2 orders, 1 open need, and 2 open promises." in words(seen)
    assert "Offers by e-mail: the yes of Ada Sommer ends" in words(seen)
    assert space.customer(str(ADA)) != space.customer(str(BEN))
    answer = send(client, a, kind="merge", who=space.customer(str(BEN)))
    assert answer.status_code == 303
    assert space.customer(str(ADA)) == space.customer(str(PHONE))
    page = client.get(answer.headers["location"]).text
    assert "Decision 1 is carried out: one person." in words(page)
    assert "decision 1, by Anja Kern" in words(page)
    assert "said so" in words(page)
    assert client.get(b, follow_redirects=True).status_code == 200  # the old address answers
    again = send(client, a, kind="undo", number="1", reason="two sisters")
    page = client.get(again.headers["location"]).text
    assert "Decision 1 is taken back." in words(page)
    assert "taken back by Anja Kern on 22 Nov 2026: two sisters" in words(page)
    assert space.customer(str(ADA)) != space.customer(str(BEN))


def test_ledger_and_pages_are_as_before_but_for_the_history(house):
    space, client, _ = house
    paths = [
        f"/people/{space.customer(str(key))}{rest}" for key in (ADA, BEN) for rest in ("", "/identity", "/journey")
    ]

    def all_():
        return [matter(client.get(f"{path}{'?lang=en'}").text) for path in paths], whole(space.ledger)

    before = all_()
    assert send(client, base(space, ADA), kind="merge", who=space.customer(str(BEN))).status_code == 303
    merged, _ = all_()
    assert merged != before[0]
    assert send(client, base(space, ADA), kind="undo", number="1").status_code == 303
    after = all_()
    assert after[1] == before[1]
    for now, once in zip(after[0], before[0], strict=True):
        assert now.splitlines() == once.splitlines()


def test_ticked_identifiers_leave_or_are_shared(house):
    space, client, _ = house
    b = base(space, BEN)
    seen = client.get(f"{b}/decide?kind=separate&x={PHONE.type}:%2B4956144820&lang=en").text
    assert "This becomes 2 people." in words(seen)
    assert send(client, b, kind="separate", x=str(PHONE)).status_code == 303
    assert space.customer(str(PHONE)) != space.customer(str(BEN))
    page = client.get(f"{b}?lang=en").text
    assert "a person decided so" in words(page)
    assert send(client, b, kind="undo", number="1").status_code == 303
    assert send(client, b, kind="shared", x=str(PHONE)).status_code == 303
    assert "marked as shared" in words(client.get(f"{b}?lang=en").text)


def test_a_household_stands_on_the_page_of_each(house):
    space, client, _ = house
    ben_id = space.customer(str(BEN))
    assert send(client, base(space, ADA), kind="household", who=ben_id).status_code == 303
    page = client.get(f"/people/{space.customer(str(ADA))}?lang=en").text
    assert re.search(rf'Lives with.*href="/people/{ben_id}">Ada Sommer-Berg', page, re.DOTALL)
    assert space.customer(str(ADA)) != ben_id
    send(client, base(space, ADA), kind="undo", number="1")
    assert "Lives with" not in client.get(f"/people/{ben_id}?lang=en").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "merge", "who": "self"}, "needs at least 2 different identifiers"),
        ({"kind": "separate"}, "one identifier on each side"),
        ({"kind": "shared"}, "at least 1"),
        ({"kind": "merge", "who": "other", "reason": " "}, "a reason is missing"),
        ({"kind": "merge", "who": "other", "author": ""}, "the author is missing"),
    ],
)
def test_what_cannot_be_is_said_on_the_page_and_changes_nothing(house, fields, said):
    space, client, _ = house
    key = {"self": ADA, "other": BEN}.get(fields.get("who"))
    given = fields | ({"who": space.customer(str(key))} if key else {})
    before = whole(space.ledger)
    answer = send(client, base(space, ADA), **given)
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert whole(space.ledger) == before


def test_unknown_kinds_people_and_decisions_are_not_found(house):
    space, client, _ = house
    a = base(space, ADA)
    assert client.get(f"{a}/decide?kind=erase").status_code == 404
    assert client.get(f"{a}/decide?kind=merge&who=cnobody").status_code == 404
    assert client.get(f"{a}/decide?kind=undo&number=9").status_code == 404
    assert send(client, a, kind="undo", number="9").status_code == 404


def test_a_form_from_elsewhere_changes_nothing(house):
    space, client, address = house
    a, fields = base(space, ADA), {"kind": "merge", "who": space.customer(str(BEN)), "author": "x", "reason": "x"}
    client.get(f"{a}/decide?kind=merge")
    token = client.cookies.get(TOKEN)
    for given, headers in (
        (fields, HERE),
        (fields | {"token": token}, {"sec-fetch-site": "cross-site"}),
        (fields | {"token": token}, {"origin": "http://evil.example"}),
    ):
        answer = client.post(f"{a}/decide", data=given, headers=headers)
        assert answer.status_code == 403
        assert "Es wurde nichts geändert" in answer.text
    with httpx.Client(base_url=address, timeout=SECONDS) as stranger:  # without the cookie
        assert stranger.post(f"{a}/decide", data=fields | {"token": token}, headers=HERE).status_code == 403
    assert space.customer(str(ADA)) != space.customer(str(BEN))


def test_in_a_browser_without_scripts_two_people_become_one_and_two_again(house, chromium):
    space, _, address = house
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.set_default_timeout(SECONDS * 1000)
    page = context.new_page()
    page.goto(f"{address}{base(space, ADA)}?lang=en")
    page.get_by_role("link", name="The same person as").click()
    page.get_by_role("searchbox").last.fill("Sommer-Berg")
    page.get_by_role("button", name="Search").last.click()
    page.get_by_role("link", name="Show the consequence").click()
    page.get_by_label("Reason").fill("she said so")
    page.get_by_label("Your name").fill("Anja Kern")
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_role("status")).to_contain_text("one person")
    assert len(space.people()) == 1
    page.get_by_role("link", name="Take it back").click()
    expect(page.get_by_label("Your name")).to_have_value("Anja Kern")  # given once
    page.get_by_label("Reason").fill("two sisters")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("status")).to_contain_text("taken back")
    assert len(space.people()) == 2
    context.close()
