"""A visit is a day on which the person came, not one on which the company wrote."""

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

ADA = (Identifier("email", "ada@example.org"),)


def test_what_the_company_begins_is_no_visit(tmp_path):
    init(tmp_path / "acme", name="Acme")
    kinds = ["page_viewed", "message_sent"]
    given = [
        Event("shop", kind, kind, day * DAY, ADA, place={"channel": "email" if kind == "message_sent" else "web"})
        for day, kind in enumerate(kinds, 100)
    ]
    given.append(Event("shop", "called", "contact_made", 90 * DAY, ADA, place={"channel": "phone"}))
    by_us = {"channel": "phone", "initiator": "company"}
    given.append(Event("shop", "called back", "contact_made", 91 * DAY, ADA, place=by_us))
    with open_workspace(tmp_path / "acme") as workspace:
        workspace.intake.accept(given)
        workspace.sync()
        found = workspace.visits(workspace.read_events(workspace.customer("ada@example.org")))
    assert {one.channel: (one.visits, one.events) for one in found} == {"web": (1, 1), "phone": (1, 1)}
