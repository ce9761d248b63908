"""Who lives with whom, as people decided: households join nobody, each stays a customer of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.customers.names import names
from geleit.events.event import Identifier
from geleit.identity import decisions
from geleit.identity.evidence import find_ids
from geleit.ledger import tables
from geleit.ledger.ledger import among
from geleit.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Household:
    """One household: its decision, and its people as (customer id, name), by name."""

    number: int
    people: tuple[tuple[str, str], ...]


def households(space: Workspace, identifiers: Iterable[Identifier]) -> list[Household]:
    """The households of whoever has these identifiers, the oldest decision first."""
    with space.ledger.read() as connection:
        made = [
            one for one in decisions.history(connection, identifiers) if one.kind == "household" and one.undone is None
        ]
        found = []
        for one in made:
            ids = [number for number, _ in find_ids(connection, one.named).values()]
            place = tables.identifier_resolution.c
            query = sa.select(place.customer_id).where(among(place.identifier_id, ids)).distinct()
            called = names(connection, list(connection.execute(query).scalars()))
            people = sorted(called.items(), key=lambda pair: (pair[1], pair[0]))
            found.append(Household(one.number, tuple(people)))
    return found
