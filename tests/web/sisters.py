"""Two people whom only a person can tell to be one, or two: each with an open need, an order, a promise; one withdrew."""

import re

import sqlalchemy as sa
from household import DISHES, GELEIT, LABELS, NEEDS, SOURCE, Teller, told

from geleit.events.event import Identifier
from geleit.ledger import tables

ADA = Identifier("email", "ada@example.com")
BEN = Identifier("crm.contact_id", "77")
PHONE = Identifier("phone", "+4956144820")
UNLIKE = {"progress", "decision", "decision_member"}  # the change's number, and the history of decisions


def folder_of(root):
    """A workspace with the example's definitions."""
    files = {f"sources/{name}.yaml": SOURCE.format(name=name, en=en, de=de) for name, (en, de) in LABELS.items()}
    for name, text in ({"geleit.yaml": GELEIT, "needs.yaml": NEEDS} | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def ada():
    """Agreed to the newsletter later than Ben said no to it."""
    one = Teller(("email", ADA.value), ("website.user_id", "5"))
    say = one.tell
    say("website", "2026-09-01T10:00", "identified", traits={"first_name": "Ada", "last_name": "Sommer"})
    say("website", "2026-10-01T10:00", "consent_given", purpose="marketing", channel="email")
    say("till", "2026-10-02T10:00", "order_completed", order_id="A-1", total=20.0, currency="EUR")
    say("crm", "2026-11-01T10:00", "need_opened", topic=DISHES, words=told("Er ist zu laut.", "It is too loud."))
    say("crm", "2026-11-02T10:00", "promise_made", promise_id="p1", text=told("Rückruf", "a call"), by="Frau Kern")
    return one.events


def ben():
    """Said no to the newsletter."""
    one = Teller(("crm.contact_id", BEN.value), ("phone", PHONE.value))
    say = one.tell
    say("crm", "2026-09-03T10:00", "identified", traits={"first_name": "Ada", "last_name": "Sommer-Berg"})
    say("crm", "2026-09-20T10:00", "consent_withdrawn", purpose="marketing", channel="email")
    say("till", "2026-10-05T10:00", "order_completed", order_id="B-1", total=30.0, currency="EUR")
    say("crm", "2026-11-03T10:00", "need_opened", topic=DISHES, words=told("Er leckt.", "It leaks."))
    say("crm", "2026-11-04T10:00", "promise_made", promise_id="p2", text=told("Techniker", "a technician"), by="Herr Y")
    return one.events


def whole(ledger):
    """Every row of every table, but for what numbers changes and the history of decisions."""
    found = {}
    with ledger.read() as connection:
        for table in tables.metadata.sorted_tables:
            if table.name not in UNLIKE:
                columns = [column for column in table.columns if column.name != "change"]
                rows = connection.execute(sa.select(*columns)).all()
                found[table.name] = sorted(repr(tuple(row)) for row in rows)
    return found


def matter(html):
    """What a page says, without the history of decisions."""
    return re.sub(r'<section[^>]*id="decisions".*?</section>\s*', "", html, flags=re.DOTALL)
