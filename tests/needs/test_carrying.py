"""Needs that are carried on as events come equal those cut from the whole history."""

import random

import pytest
import sqlalchemy as sa

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.ledger import tables
from geleit.ledger.live_tables import need_tip
from geleit.needs import recut
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

NEEDS = """
needs:
  - topic: repair
    label: {en: repair}
    opens: [{kind: complaint_opened}]
    continues: [{kind: contact_made}, {kind: question_asked}]
    closes: [{kind: complaint_closed}, {kind: need_closed}]
    gap: {default: 10 days, service: 20 days}
    reopens: 5 days
  - topic: purchase
    label: {en: purchase}
    opens: [{kind: product_viewed}]
    closes: [{kind: order_completed}, {kind: need_closed}]
    gap: 15 days
  - topic: move
    label: {en: move}
    opens: [{kind: need_opened, where: {topic: move}}]
    lookback: 3 days
    gap: 8 days
"""
KINDS = (
    *("complaint_opened", "contact_made", "question_asked", "complaint_closed", "product_viewed", "order_completed"),
    *("page_viewed", "page_viewed", "need_opened", "need_closed", "judgement_given", "criterion_stated", "identified"),
)


@pytest.fixture
def workspace(tmp_path):
    init(tmp_path / "acme", name="Acme")
    (tmp_path / "acme" / "needs.yaml").write_text(NEEDS)
    with open_workspace(tmp_path / "acme", clock=lambda: 400 * DAY) as opened:
        opened.sync()
        yield opened


def happening(chance, number, day):
    kind = chance.choice(KINDS)
    properties = {"topic": chance.choice(["move", "repair", "purchase"])} if kind.startswith("need_") else {}
    if chance.random() < 0.1:
        properties["about"] = f"k{chance.randrange(number + 3)}"
    if chance.random() < 0.2:
        properties["words"] = f"words {number}"
    who = [Identifier("shop.user_id", str(chance.randrange(1, 5)))]
    if chance.random() < 0.1:
        who.append(Identifier("email", f"{chance.randrange(3)}@example.org"))
    t = int((day + chance.random() * chance.choice([0.9, 0.9, 0.9, 4])) * DAY)
    return Event(
        "shop", f"k{number}", kind, t, tuple(who), properties=properties, record=chance.choice([*[""] * 9, "r"])
    )


def needs_of(workspace, customers):
    need, member = tables.need, tables.need_event
    with workspace.ledger.read() as connection:
        mine = need.c.customer_id.in_(customers)
        rows = connection.execute(sa.select(need).where(mine).order_by(need.c.id)).all()
        query = sa.select(member).join(need, need.c.id == member.c.need_id).where(mine)
        return rows, sorted(connection.execute(query).all())


def tips_of(workspace, customers):
    with workspace.ledger.read() as connection:
        return sorted(connection.execute(sa.select(need_tip).where(need_tip.c.customer_id.in_(customers))).all())


def settled(workspace):
    """Customers whose needs do not wait to be cut."""
    with workspace.ledger.read() as connection:
        waiting = sa.select(tables.recut.c.customer_id)
        query = sa.select(tables.customer.c.id).where(tables.customer.c.id.not_in(waiting))
        return list(connection.execute(query).scalars())


def recut_all(workspace):
    with workspace.ledger.write() as connection:
        recut.ask_all(connection, workspace.ledger.next_change(connection))
    list(recut.slices(workspace.ledger, workspace.history, workspace.catalogue, workspace.definitions.needs))


@pytest.mark.parametrize("seed", range(6))
def test_carried_needs_equal_those_cut_from_everything(workspace, seed):
    chance, number, carried = random.Random(seed), 0, 0
    for day in range(0, 90, 3):
        batch = [happening(chance, number + place, day) for place in range(chance.randrange(1, 6))]
        number += len(batch)
        workspace.intake.accept(batch)
        before = settled(workspace)
        carried += len({workspace.customer(str(one.identifiers[0])) for one in batch}.intersection(before))
        found = needs_of(workspace, before), tips_of(workspace, before)
        recut_all(workspace)
        assert (needs_of(workspace, before), tips_of(workspace, before)) == found, (seed, day)
    assert carried > 5  # needs of customers who did something are current at once


def test_late_events_wait_for_a_new_cut_and_get_it(workspace):
    view = Event("shop", "a", "product_viewed", 20 * DAY, (Identifier("shop.user_id", "1"),))
    late = Event("shop", "b", "product_viewed", 2 * DAY, (Identifier("shop.user_id", "1"),))
    workspace.intake.accept([view])
    (customer,) = settled(workspace)
    assert [need.id for need in needs_of(workspace, [customer])[0]] == [view.id]
    workspace.intake.accept([late])
    assert settled(workspace) == []
    workspace.sync()
    assert {need.id for need in needs_of(workspace, [customer])[0]} == {view.id, late.id}
