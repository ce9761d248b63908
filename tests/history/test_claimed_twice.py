"""An event that moved from one customer to another belongs to the need that was cut later, in every reading of history."""

import sqlalchemy as sa

from geleit.history.check import check
from geleit.ledger import tables


def claim(company, event_id, need_id, customer, *, waits):
    times = {"opened_at": 0, "last_at": 0, "events": 1}
    words = dict.fromkeys(("topic", "closed_by", "quote", "quote_event", "stage"), "")
    with company.ledger.write() as connection:
        change = company.ledger.next_change(connection)
        connection.execute(sa.insert(tables.need).values(id=need_id, customer_id=customer, **times, **words))
        connection.execute(sa.insert(tables.need_event).values(need_id=need_id, event_id=event_id))
        connection.execute(sa.update(tables.customer).where(tables.customer.c.id == customer).values(change=change))
        if waits:
            connection.execute(sa.insert(tables.recut).values(customer_id=customer, change=change))


def shown(company):
    with company.history.open_view() as view:
        return sorted(view.execute("SELECT event_id, need_id FROM events").fetchall())


def test_of_two_needs_the_one_counts_whose_customer_does_not_wait(company, event):
    company.accept((event(1), 1), (event(2), 2), (event(3), 3))
    claim(company, event(1).id, "old", "c2", waits=True)
    claim(company, event(1).id, "young", "c1", waits=False)
    claim(company, event(3).id, "waiting", "c3", waits=True)
    company.archive.drain()
    wanted = sorted([(event(1).id, "young"), (event(2).id, ""), (event(3).id, "waiting")])
    assert shown(company) == wanted  # all of it read from where it lies
    company.build()
    assert shown(company) == wanted
    company.accept((event(4), 1), (event(5), 2), (event(6), 3))  # base and delta
    assert shown(company) == sorted([*wanted, *((event(n).id, "") for n in (4, 5, 6))])
    assert check(company.ledger, company.archive, company.journal, company.history).ok
