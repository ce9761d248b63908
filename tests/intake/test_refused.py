"""Identifiers that point at nobody: events are taken in, and what was left out of them is counted and told."""

import asyncio
import html
import json

import httpx
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from geleit.cli.app import app
from geleit.errors import NotFoundError
from geleit.events.event import Event, Identifier
from geleit.intake import imports
from geleit.ledger.refused_tables import refused_identifier
from geleit.web.app import create_app
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

SOURCE = """
label: shop
file: exports/shop.csv
rank: 7
events:
  - {kind: page_viewed, key: no, time: at, identifiers: {shop.user_id: user, email: mail}}
"""
ROWS = [
    ("u1", "ada@example.org"),
    ("u2", "null"),
    ("", " 'NULL' "),
    ("0", ""),
    ("u3", "null"),
    ("u4", "Office@Example.org"),
    ("u5", "x" * 500),
    ("guest", "undefined"),
]
RULES = "identifiers: {email: {blocked: ['^office@']}}\n"
LONG = "x" * 400
COUNTED = [
    ("email", "null", "blocked", 3),
    ("email", "office@example.org", "blocked", 1),
    ("email", "undefined", "blocked", 1),
    ("email", LONG, "too_long", 1),
    ("shop.user_id", "0", "blocked", 1),
    ("shop.user_id", "guest", "blocked", 1),
]


def make(root, rows=ROWS):
    init(root, name="Acme")
    (root / "identity.yaml").write_text(RULES)
    (root / "sources" / "shop.yaml").write_text(SOURCE)
    (root / "exports").mkdir(exist_ok=True)
    lines = [f"{n},2026-05-{1 + n % 28:02d} 12:00,{user},{mail}" for n, (user, mail) in enumerate(rows)]
    (root / "exports" / "shop.csv").write_text("no,at,user,mail\n" + "\n".join(lines) + "\n")
    return root


async def got(workspace, path):
    transport = httpx.ASGITransport(app=create_app(workspace))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    return answer.text


def stored(workspace):
    with workspace.ledger.read() as connection:
        return sorted(
            (row.type, row.value, row.reason, row.times) for row in connection.execute(sa.select(refused_identifier))
        )


def told(workspace):
    """What each event says it was sent with, as the archive or the outbox holds it."""
    with workspace.ledger.read() as connection:
        keys = connection.execute(sa.text("SELECT key FROM identifier_set")).scalars().all()
    return {one.event.key: (one.event.identifiers, one.event.refused) for one in workspace.history.events_of(keys)}


@pytest.fixture(params=["live", "bulk"])
def shop(request, tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "BULK", 3 if request.param == "bulk" else 10**9)
    with open_workspace(make(tmp_path / "acme")) as workspace:
        workspace.import_sources()
        yield workspace


def test_every_event_is_in_and_what_was_left_out_is_counted_once(shop):
    assert stored(shop) == COUNTED
    events = told(shop)
    assert len(events) == len(ROWS)
    assert events["1"] == ((Identifier("shop.user_id", "u2"),), (("email", "null", "blocked"),))
    assert events["7"] == ((), (("email", "undefined", "blocked"), ("shop.user_id", "guest", "blocked")))
    assert events["0"][1] == events["3"][1][1:] == ()
    assert shop.import_sources(again=True)[0].duplicate == len(ROWS)
    assert stored(shop) == COUNTED
    shop.sync()
    assert (stored(shop), told(shop)) == (COUNTED, events)
    assert shop.check().ok


def test_what_comes_again_through_another_door_is_counted_once(shop):
    events = [Event("shop", "9", "page_viewed", 1, (Identifier("email", "null"),), raw="{}")]
    shop.intake.accept(events)
    shop.intake.accept([*events, Event("shop", "10", "page_viewed", 5, (Identifier("email", "null"),), raw="{}")])
    assert ("email", "null", "blocked", 5) in stored(shop)
    with shop.ledger.read() as connection:
        row = connection.execute(sa.select(refused_identifier).where(refused_identifier.c.value == "null")).one()
    assert (row.first_t, row.source) == (1, "shop")


def test_it_is_told_on_the_command_line_and_on_pages(shop):
    shop.sync()
    done = CliRunner().invoke(app, ["identity", "refused", "-w", str(shop.root), "--json"])
    said = json.loads(done.output)
    assert (said["values"], said["times"], said["listed"][0]["value"]) == (6, 8, "null")
    rules = {one["value"]: one["rule"] for one in said["listed"]}
    assert (rules["null"], rules["office@example.org"], rules[LONG]) == ("built-in", "blocked: ^office@", "too_long")
    done = CliRunner().invoke(app, ["identity", "refused", "-w", str(shop.root), "--language", "en"])
    assert "3 times" in done.output
    assert "built in" in done.output
    page = asyncio.run(got(shop, "/sources?lang=de"))
    assert "office@example.org" in page
    assert "identity.yaml: blocked: ^office@" in page
    assert "8 Mal kam ein Ereignis" in page
    person = shop.customer("shop.user_id:u2")
    (read,) = shop.read_events(person)
    assert "email: null" in asyncio.run(got(shop, f"/people/{person}/events?ids={read.event.id}&lang=de"))


def test_asking_for_a_value_that_points_at_nobody_says_so(shop):
    with pytest.raises(NotFoundError, match=r"points at nobody \(built in.*; 3 events came with it"):
        shop.explain("email: null ")
    with pytest.raises(NotFoundError, match=r"points at nobody \(identity.yaml: blocked: \^office@\); 0 events"):
        shop.explain("email:Office@example.com")
    with pytest.raises(NotFoundError, match="no customer"):
        shop.explain("email:nobody@example.org")


def test_what_comes_again_after_a_change_of_rules_is_what_it_was(shop):
    (shop.root / "identity.yaml").write_text("blocked: ['^u[23]$']\ninclude: ['email:null']\n")
    with open_workspace(shop.root) as workspace:
        workspace.sync()
        (done,) = workspace.import_sources(again=True)
        assert (done.new, done.duplicate, done.changed, done.quarantined) == (0, len(ROWS), 0, 0)


@pytest.mark.parametrize("bulk", [False, True])
def test_a_customer_whose_number_is_zero_is_one_where_the_rules_name_it(tmp_path, monkeypatch, bulk):
    if bulk:
        monkeypatch.setattr(imports, "BULK", 1)
    root = make(tmp_path / "acme", [("0", "zero@example.org"), ("0", ""), ("1", "one@example.org")])
    with open_workspace(root) as workspace:
        workspace.import_sources()
        assert stored(workspace) == [("shop.user_id", "0", "blocked", 2)]
        page = asyncio.run(got(workspace, "/sources?lang=de"))
    said = CliRunner().invoke(app, ["identity", "refused", "-w", str(root)]).output
    line = 'include: ["shop.user_id:0"]'
    assert f"Write {line}" in said
    assert line in html.unescape(page)
    (root / "identity.yaml").write_text(f"{line}\n")
    assert CliRunner().invoke(app, ["import", "--anew", "-w", str(root)]).exit_code == 0
    with open_workspace(root) as workspace:
        assert stored(workspace) == []
        assert workspace.customer("shop.user_id:0") == workspace.customer("email:zero@example.org")
        assert workspace.counts().customers == 2
