"""A separation never brings a withdrawn consent back: what was withdrawn while two were one holds for both.

What was withdrawn before a decision joined them goes with the identifiers it hangs on, so a merge that is taken back
leaves everything as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.customers import profiles
from geleit.customers.profile import Consent
from geleit.events.event import Identifier
from geleit.events.vocabulary import CONSENT_TRAIT
from geleit.identity.decisions import Decision, Settled
from geleit.ledger import tables
from geleit.ledger.ledger import among, insert_new

ALWAYS = -(2**62)


KEPT = "decision:"  # how the event id of a withdrawal begins that a separation kept


@dataclass(frozen=True, slots=True)
class Before:
    """A customer before a decision: what they had withdrawn, their identifiers, and which decisions held them together."""

    withdrawn: tuple[Consent, ...]
    identifiers: frozenset[Identifier]
    held: Settled
    since: Mapping[int, int]  # when each of those decisions was made

    def joined(self, mine: frozenset[Identifier]) -> int:
        """Since when those of a customer were one with the others there; ``ALWAYS`` if evidence joined them."""
        across = [
            self.since[bond.number]
            for bond in self.held.bonds
            if {bond.a, bond.b} <= self.identifiers and (bond.a in mine) != (bond.b in mine)
        ]
        return min(across, default=ALWAYS)


def keep(connection: sa.Connection, made: Decision, before: Iterable[Before], now: int) -> int:
    """Write the withdrawals that would get lost in the caller's transaction; returns how many."""
    rows = [row for one in before if one.withdrawn for row in _lost(connection, made, one, now)]
    if rows:
        connection.execute(insert_new(tables.consent_fact), rows)
    return len(rows)


def _lost(connection: sa.Connection, made: Decision, was: Before, now: int) -> Iterable[dict[str, object]]:
    """Withdrawals for each customer who has some of the identifiers now and would have agreed again."""
    for customer, mine in _heirs(connection, was.identifiers).items():
        since = was.joined(mine)
        answers = {(one.purpose, one.channel): one for one in profiles.profile(connection, customer).consents}
        for lost in was.withdrawn:
            answer = answers.get((lost.purpose, lost.channel))
            if answer is not None and answer.given and lost.t >= since:
                for set_id in _agreed(connection, customer, lost):
                    yield {
                        "event_id": f"{KEPT}{made.number}:{set_id}:{lost.purpose}:{lost.channel}",
                        "set_id": set_id,
                        "purpose": lost.purpose,
                        "channel": lost.channel,
                        "given": False,
                        "t": now,
                        "ord": 0,
                        "source": lost.source,
                        "wording": lost.wording,
                    }


def _heirs(connection: sa.Connection, identifiers: frozenset[Identifier]) -> dict[str, frozenset[Identifier]]:
    """Whose the identifiers are now."""
    identifier, place = tables.identifier.c, tables.identifier_resolution.c
    query = (
        sa.select(place.customer_id, identifier.type, identifier.value)
        .join(tables.identifier, identifier.id == place.identifier_id)
        .where(among(identifier.value, sorted({one.value for one in identifiers})))
    )
    found: dict[str, set[Identifier]] = {}
    for customer, type_, value in connection.execute(query):
        if (one := Identifier(type_, value)) in identifiers:
            found.setdefault(customer, set()).add(one)
    return {customer: frozenset(some) for customer, some in sorted(found.items())}


def _agreed(connection: sa.Connection, customer: str, lost: Consent) -> list[int]:
    """The identifier sets under which a customer agreed to it."""
    resolution, fact, trait = tables.resolution.c, tables.consent_fact.c, tables.trait.c
    told = sa.select(fact.set_id).join(tables.resolution, resolution.set_id == fact.set_id)
    told = told.where(
        resolution.customer_id == customer,
        fact.purpose == lost.purpose,
        fact.channel == lost.channel,
        fact.given.is_(True),
    )
    found = set(connection.execute(told).scalars())
    if not lost.channel:
        reported = sa.select(trait.set_id, trait.value).join(tables.resolution, resolution.set_id == trait.set_id)
        reported = reported.where(resolution.customer_id == customer, trait.name == CONSENT_TRAIT + lost.purpose)
        found |= {set_id for set_id, value in connection.execute(reported) if json.loads(value) is True}
    return sorted(found)
