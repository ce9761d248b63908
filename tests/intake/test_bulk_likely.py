"""Probable links that join by identity.yaml: a bulk load, live events and a rebuild come to the same people."""

import os
import random

import pytest
import sqlalchemy as sa

from geleit.events.event import Identifier
from geleit.identity import decisions
from geleit.identity.linkage import queue
from geleit.identity.linkage.queue import ProbableLink, Reason
from geleit.intake import imports
from geleit.ledger import tables
from geleit.workspace import open_workspace
from geleit.workspace.proof import prove, remake_customers
from geleit.workspace.scaffold import init

SOURCE = """
label: {name}
file: exports/{name}-*.csv
events:
  - kind: page_viewed
    key: no
    time: at
    identifiers: {{{name}.user_id: user, email: mail, phone: phone, web.anonymous_id: browser}}
"""
RULES = "probable_links: {join: true, above: 4}\nidentifiers: {email: {limit: 2}}\n"
PEOPLE = 12


def records(chance, name, count):
    """What one system says of twelve people, who share a phone now and then."""
    found = []
    for number in range(count):
        one = chance.randrange(PEOPLE)
        who = {
            "user": f"{name}{one}",
            "mail": f"{name}{one}-{chance.randrange(3)}@example.org",
            "phone": f"+4956144820{chance.randrange(PEOPLE):02d}",
            "browser": f"b{chance.randrange(3 * PEOPLE)}",
        }
        said = {field: value for field, value in who.items() if chance.random() < 0.45} or {"user": who["user"]}
        found.append((number, f"2026-{chance.randrange(1, 7):02d}-{chance.randrange(1, 28):02d} 12:00", said))
    return found


def guesses(chance):
    """Who may be whom in the other system: mostly right, in all strengths; some name whom nobody ever sees."""
    found = {}
    for one in range(PEOPLE + 2):
        other = one if chance.random() < 0.7 else chance.randrange(PEOPLE)
        a, b = Identifier("shop.user_id", f"shop{one}"), Identifier("crm.user_id", f"crm{other}")
        if chance.random() < 0.3:
            b = Identifier("email", f"crm{other}-0@example.org")
        bits = chance.choice((2.0, 4.0, 6.5, 9.0))
        found[a, b] = ProbableLink(a, b, bits, (Reason("name", "same", bits),))
    return list(found.values())


def workspace_of(root, seed):
    """A company whose probable links and decisions are there before any event."""
    chance = random.Random(seed)
    init(root, name="Acme")
    (root / "identity.yaml").write_text(RULES)
    (root / "exports").mkdir(exist_ok=True)
    for name in ("shop", "crm"):
        (root / "sources" / f"{name}.yaml").write_text(SOURCE.format(name=name))
        made = records(chance, name, 90)
        for part in range(2):
            lines = [
                ",".join((str(number), at, *(said.get(field, "") for field in ("user", "mail", "phone", "browser"))))
                for number, at, said in made[part::2]
            ]
            text = "no,at,user,mail,phone,browser\n" + "\n".join(lines) + "\n"
            (root / f"exports/later-{name}-{part}.csv").write_text(text)
    with open_workspace(root) as workspace, workspace.ledger.write() as connection:
        queue.propose(connection, guesses(chance), 0)
        note = decisions.Note("Anja Kern", "knows them")
        three, four = ((Identifier("shop.user_id", f"shop{n}"), Identifier("crm.user_id", f"crm{n}")) for n in (3, 4))
        decisions.record(connection, "separate", [[three[0]], [three[1]]], note, 0)
        decisions.record(connection, "household", [four], note, 0)
    return root


def arrive(root, part):
    for name in ("shop", "crm"):
        (root / f"exports/later-{name}-{part}.csv").rename(root / f"exports/{name}-{part}.csv")


def state(workspace):
    """Identifiers with customers and reasons, customers with their beginnings, sets with their owners."""
    place, customer = tables.identifier_resolution.c, tables.customer.c
    query = sa.select(tables.identifier.c.type, tables.identifier.c.value, place.customer_id, place.reason)
    query = query.join(tables.identifier_resolution, place.identifier_id == tables.identifier.c.id)
    owners = sa.select(tables.identifier_set.c.key, tables.resolution.c.customer_id).join(
        tables.resolution, tables.resolution.c.set_id == tables.identifier_set.c.id
    )
    with workspace.ledger.read() as connection:
        return [
            sorted(map(tuple, connection.execute(one)))
            for one in (query, sa.select(customer.id, customer.since_t), owners)
        ]


@pytest.mark.parametrize("seed", range(1 + int(os.environ.get("GELEIT_KILLS", "0")) // 20))
def test_bulk_equals_live_equals_rebuild(tmp_path, monkeypatch, seed):
    found, joined = [], 0
    for way, bulk in (("live", (10**9, 10**9)), ("bulk", (3, 3)), ("mixed", (3, 10**9)), ("later", (10**9, 3))):
        root = workspace_of(tmp_path / way, seed)
        for part, least in enumerate(bulk):
            arrive(root, part)
            monkeypatch.setattr(imports, "BULK", least)
            with open_workspace(root) as workspace:
                workspace.import_sources()
        with open_workspace(root) as workspace, workspace.ledger.read() as connection:
            loads = connection.execute(sa.select(sa.func.count()).select_from(tables.load)).scalar_one()
        assert bool(loads) == (way != "live")
        with open_workspace(root) as workspace:
            workspace.sync()
            found.append(state(workspace))
            assert prove(workspace.ledger, workspace.archive, workspace.rules) == ()
            remake_customers(workspace)
            found.append(state(workspace))
            text = "".join(workspace.explain(f"shop.user_id:shop{n}").text("en") for n in range(PEOPLE))
            joined += text.count("probably one person")
    assert all(one == found[0] for one in found)
    assert joined
