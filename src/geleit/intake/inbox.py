"""Takes the events that geleit itself causes from the ledger's inbox: exactly once, for one transaction takes and forgets them."""

from __future__ import annotations

from geleit.intake.live import BATCH, Intake
from geleit.ledger import inbox


def take_inbox(intake: Intake) -> int:
    """Take what waits, batch by batch, with all that follows from it; returns how many events that were.

    Errors: Retryable if the ledger is busy or the disk full; what is not in then waits.
    """
    total = 0
    while done := _batch(intake):
        total += done
    return total


def _batch(intake: Intake) -> int:
    with intake.ledger.read() as connection:
        if not inbox.waiting(connection, 1)[2]:
            return 0
    with intake.ledger.write() as connection:
        last, depth, events = inbox.waiting(connection, BATCH)
        intake.take(connection, events, depth=depth)
        inbox.done(connection, last, depth)
    return len(events)
