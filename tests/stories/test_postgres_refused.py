"""What points at nobody, what looks shared and newcomers: the same where PostgreSQL is the ledger."""

import random

import pytest
import sqlalchemy as sa

from geleit.events.event import Event, Identifier
from geleit.identity.refused import counted
from geleit.identity.shared import looking_shared
from geleit.ledger import tables
from geleit.workspace import open_workspace
from geleit.workspace.proof import prove, remake_customers
from geleit.workspace.scaffold import init
from postgres_ledgers import move

DAY = 86_400_000_000


def some_events(seed=3, count=60):
    chance = random.Random(seed)
    found = []
    for number in range(count):
        one = chance.randrange(8)
        who = {("shop.user_id", f"u{one}"), ("web.anonymous_id", chance.choice((f"b{number}", f"b{one}", "shared")))}
        if chance.random() < 0.5:
            who.add(("email", chance.choice((f"u{one}@example.org", "NULL", "guest"))))
        some = tuple(Identifier(*each) for each in sorted(who) if chance.random() < 0.8)
        found.append(Event("web", f"e{number}", "page_viewed", number * DAY, some, raw="{}"))
    return found


def told(workspace):
    place, value = tables.identifier_resolution.c, tables.identifier.c
    query = sa.select(value.type, value.value, place.customer_id, place.reason)
    query = query.join(tables.identifier_resolution, place.identifier_id == value.id)
    with workspace.ledger.read() as connection:
        places = sorted(map(tuple, connection.execute(query)))
        return places, counted(connection, workspace.rules), looking_shared(connection, workspace.rules)


@pytest.mark.parametrize("size", [1, 7])
def test_postgres_says_what_sqlite_says(tmp_path, new_ledger, monkeypatch, size):
    found = []
    for name in ("sqlite", "postgres"):
        init(tmp_path / name, name="Acme")
        if name == "postgres":
            move(tmp_path / name, new_ledger(), monkeypatch)
        with open_workspace(tmp_path / name, clock=lambda: 400 * DAY) as workspace:
            events = some_events()
            for start in range(0, len(events), size):
                workspace.intake.accept(events[start : start + size])
            workspace.sync()
            found.append(told(workspace))
            assert prove(workspace.ledger, workspace.archive, workspace.rules) == ()
            remake_customers(workspace)
            found.append(told(workspace))
    assert all(one == found[0] for one in found)
    assert found[0][1].values == 2
    assert found[0][2].values
