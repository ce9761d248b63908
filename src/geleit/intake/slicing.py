"""Gives the events of browsers that change hands to the people whose turn it was, right after the acknowledgement."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from geleit.history.history import History
from geleit.identity import hands
from geleit.intake.live import Intake
from geleit.ledger.prepared import Prepared
from geleit.ledger.slice_tables import slicing
from geleit.needs import recut

PART = 500  # sets whose slices are written while the ledger is held
_DONE = Prepared(
    sa.delete(slicing).where(
        slicing.c.identifier_id == sa.bindparam("number"), slicing.c.change <= sa.bindparam("seen")
    )
)


def cut_waiting(intake: Intake, history: History, moved: set[str] | None = None) -> Iterator[int]:
    """Cut the events of all waiting browsers anew; gives how many at a time. Needs of those who changed wait afterwards.

    ``moved`` gathers whose events may differ now.
    """
    with intake.ledger.read() as connection:
        left = connection.execute(sa.select(sa.func.count()).select_from(slicing)).scalar_one()
    while left > 0 and (done := _cut(intake, history, set() if moved is None else moved)):
        left -= done
        yield done


def _cut(intake: Intake, history: History, moved: set[str]) -> int:
    with intake.ledger.read() as connection:
        asked = sa.select(slicing.c.identifier_id, slicing.c.change).limit(hands.AT_ONCE)
        waiting: dict[int, int] = dict(connection.execute(asked).all())
        if not waiting:
            return 0
        cuts = hands.work_out(connection, waiting, intake.rules, history.moments)
    for sets, customers in cuts.parts(PART):
        with intake.ledger.write() as connection:
            change = intake.ledger.next_change(connection)
            hands.write(connection, cuts, sets, customers, change)
            recut.ask(connection, customers, change)
    with intake.ledger.write() as connection:
        recut.ask(connection, cuts.customers, intake.ledger.next_change(connection))
        _DONE.many(connection, [{"number": number, "seen": seen} for number, seen in waiting.items()])
    moved |= cuts.customers
    return len(waiting)
