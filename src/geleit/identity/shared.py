"""What looks shared and so joins nobody: the values to look over, those that most others were seen with first."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.events.event import Identifier
from geleit.identity.graph import COUNTED
from geleit.identity.rules import Rules
from geleit.ledger import tables
from geleit.ledger.ledger import among

_identifier, _place, _evidence = tables.identifier.c, tables.identifier_resolution.c, tables.evidence.c
LOOKS_SHARED = ("hub", "ambiguous")


@dataclass(frozen=True, slots=True)
class SharedIdentifier:
    """One value: why it joins nobody, with how many users of one system and with how many people's identifiers it was seen.

    ``customer``: whose its events are that name nobody else; ``first_t``: since when it is known.
    """

    identifier: Identifier
    reason: str
    users: int
    others: int
    customer: str
    first_t: int


@dataclass(frozen=True, slots=True)
class SharedOnes:
    """How many values look shared, and those that were seen with the most others."""

    values: int
    listed: tuple[SharedIdentifier, ...]


def looking_shared(connection: sa.Connection, rules: Rules, limit: int = 30) -> SharedOnes:
    """All values that look shared by evidence; a pass over all identifiers. Decisions and lists of names are no such thing."""
    odd = sa.select(_place.identifier_id).where(_place.reason.in_(LOOKS_SHARED)).cte("odd")
    pairs = sa.union(
        sa.select(_evidence.low_id.label("a"), _evidence.high_id.label("b")).join(
            odd, odd.c.identifier_id == _evidence.low_id
        ),
        sa.select(_evidence.high_id, _evidence.low_id).join(odd, odd.c.identifier_id == _evidence.high_id),
    ).subquery()
    most = sa.select(pairs.c.a).group_by(pairs.c.a).order_by(sa.func.count().desc(), pairs.c.a).limit(limit)
    numbers = list(connection.execute(most).scalars())
    values = connection.execute(sa.select(sa.func.count()).select_from(odd)).scalar_one()
    beside = _beside(connection, numbers)
    found = []
    for row in connection.execute(
        sa.select(
            _identifier.id, _identifier.type, _identifier.value, _identifier.first_t, _place.customer_id, _place.reason
        )
        .join(tables.identifier_resolution, _place.identifier_id == _identifier.id)
        .where(among(_identifier.id, numbers))
    ):
        types = beside[row.id]
        users = Counter({type_: n for type_, n in types.items() if rules.of(type_).class_ == "user_id"})
        others = sum(n for type_, n in types.items() if rules.of(type_).class_ in COUNTED)
        who = Identifier(row.type, row.value)
        most_users = max(users.values(), default=0)
        found.append(SharedIdentifier(who, row.reason, most_users, others, row.customer_id, row.first_t))
    found.sort(key=lambda one: (-one.users, -one.others, one.identifier))
    return SharedOnes(values, tuple(found))


def _beside(connection: sa.Connection, numbers: list[int]) -> dict[int, Counter[str]]:
    """How many identifiers of each type each of these was seen with."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    seen: set[tuple[int, int]] = set()
    for end, other in ((_evidence.low_id, _evidence.high_id), (_evidence.high_id, _evidence.low_id)):
        query = (
            sa.select(end, other, _identifier.type)
            .select_from(tables.evidence)
            .join(tables.identifier, _identifier.id == other)
            .where(among(end, numbers))
        )
        for number, beside, type_ in connection.execute(query):
            if (number, beside) not in seen:
                seen.add((number, beside))
                found[number][type_] += 1
    return found
