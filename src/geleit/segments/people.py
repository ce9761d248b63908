"""Reads what conditions ask of a few people from the ledger: their events by selector, traits, needs, orders, answers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from geleit.customers import orders, profiles
from geleit.customers.profile import Consent, Order
from geleit.customers.profiles import GUESS
from geleit.events.vocabulary import CONSENT_TRAIT
from geleit.history.owners import Owned, owned
from geleit.ledger import tables
from geleit.ledger.ledger import among, given
from geleit.ledger.prepared import Prepared
from geleit.ledger.segment_tables import segment_event
from geleit.segments import conditions as c
from geleit.segments.person import NeedSeen, Person, Seen

_event, _trait, _need = segment_event.c, tables.trait.c, tables.need.c
_EVENTS = Prepared(
    sa.select(_event.set_id, _event.selector, _event.t, _event.ord, _event.event_id, _event.local_day).where(
        given(_event.set_id), given(_event.selector, "selectors")
    )
)
_TRAITS = Prepared(
    sa.select(_trait.set_id, _trait.name, _trait.value, _trait.t, _trait.ord, _trait.event_id).where(
        given(_trait.set_id), given(_trait.name, "names")
    )
)
_NEEDS = Prepared(
    sa.select(
        _need.customer_id, _need.topic, _need.stage, _need.opened_at, _need.closed_at, _need.last_at, _need.silent_at,
        _need.stage_at,
    ).where(given(_need.customer_id))
)  # fmt: skip

_fact, _answer = tables.order_fact.c, tables.consent_fact.c
_ORDERING = Prepared(sa.select(_fact.set_id, _fact.t).where(given(_fact.set_id)))
_ANSWERS = Prepared(sa.select(_answer.set_id, _answer.t).where(given(_answer.set_id)))


def load(connection: sa.Connection, customers: Collection[str], conditions: Iterable[c.Condition]) -> dict[str, Person]:
    """The people, with what these conditions (and those inside them) ask; other segments' conditions are the caller's."""
    parts = [part for one in conditions for part in c.walk(one)]
    mine = owned(connection, list(customers), by_id=True)
    people = {customer: Person() for customer in customers}
    _events(connection, people, mine, {one.key for part in parts for one in c.selectors(part)})
    _traits(connection, people, mine, {part.trait for part in parts if isinstance(part, c.Trait)})
    if any(isinstance(part, c.NeedIs) for part in parts):
        _needs(connection, people)
    bought = any(isinstance(part, c.Orders) for part in parts)
    purposes = sorted({part.consent for part in parts if isinstance(part, c.ConsentIs)})
    for customer in _telling(mine, _ORDERING.all(connection, values=mine.keys)) if bought else ():
        people[customer].orders = _orders(connection, _own(mine, customer))
    for customer in _telling(mine, _answering(connection, mine, purposes)) if purposes else ():
        people[customer].consents = _consents(connection, _own(mine, customer))
    return people


def _telling(mine: Owned, rows: Iterable[tuple[int, int]]) -> set[str]:
    """Whose facts these (set, time) are: most people have none, and what nobody told need not be folded."""
    return {customer for set_id, t in rows if (customer := mine.owner(set_id, t))}


def _answering(connection: sa.Connection, mine: Owned, purposes: list[str]) -> list[tuple[int, int]]:
    reported = _TRAITS.all(connection, values=mine.keys, names=[CONSENT_TRAIT + one for one in purposes])
    return [*_ANSWERS.all(connection, values=mine.keys), *((row[0], row[3]) for row in reported)]


def _own(mine: Owned, customer: str) -> Owned:
    return Owned(frozenset([customer]), *_part(mine, customer))


def _part(mine: Owned, customer: str) -> tuple[dict[int, str], dict[int, list[tuple[int, int, str]]]]:
    sets = {number: holder for number, holder in mine.sets.items() if holder == customer}
    cut = {
        number: stretches
        for number, stretches in mine.cut.items()
        if number in sets or any(holder == customer for _, _, holder in stretches)
    }
    return sets, cut


def _events(connection: sa.Connection, people: Mapping[str, Person], mine: Owned, selectors: Collection[int]) -> None:
    found: dict[str, dict[int, list[Seen]]] = defaultdict(lambda: defaultdict(list))
    if selectors:
        rows = _EVENTS.all(connection, values=mine.keys, selectors=sorted(selectors))
        for set_id, selector, t, ord_, event_id, local_day in rows:
            if customer := mine.owner(set_id, t):
                found[customer][selector].append(Seen(t, ord_, event_id, local_day))
    for customer, events in found.items():
        people[customer].events = {selector: sorted(some) for selector, some in events.items()}


def _traits(connection: sa.Connection, people: Mapping[str, Person], mine: Owned, names: Collection[str]) -> None:
    if not names:
        return
    newest: dict[tuple[str, str], tuple[tuple[int, int, str], str]] = {}
    wanted = sorted({*names, *(GUESS + name for name in names)})
    for set_id, name, value, *place in _TRAITS.all(connection, values=mine.keys, names=wanted):
        customer, at = mine.owner(set_id, place[0]), (place[0], place[1], place[2])
        known = newest.get((customer, name))
        if customer and (known is None or at > known[0]):
            newest[customer, name] = (at, value)
    told: dict[str, dict[str, Any]] = defaultdict(dict)
    for (customer, name), (_, value) in newest.items():
        told[customer][name] = json.loads(value)
    for customer, traits in told.items():
        people[customer].traits = traits


def _needs(connection: sa.Connection, people: Mapping[str, Person]) -> None:
    found: dict[str, list[NeedSeen]] = defaultdict(list)
    for customer, *need in _NEEDS.all(connection, values=list(people)):
        found[customer].append(NeedSeen(*need))
    for customer, needs in found.items():
        people[customer].needs = needs


def _orders(connection: sa.Connection, own: Owned) -> list[Order]:
    return orders.orders(connection, _rows(connection, tables.order_fact, own))


def _consents(connection: sa.Connection, own: Owned) -> list[Consent]:
    said = [row for row in _rows(connection, tables.trait, own) if row["name"].startswith(CONSENT_TRAIT)]
    answers = [*_rows(connection, tables.consent_fact, own), *profiles.reported(said)]
    return profiles.consents(connection, answers)


def _rows(connection: sa.Connection, table: sa.Table, own: Owned) -> Sequence[sa.RowMapping]:
    query = sa.select(table).where(among(table.c.set_id, own.keys))
    rows = [row for row in connection.execute(query).mappings() if own.owner(row["set_id"], row["t"])]
    return sorted(rows, key=lambda row: (row["t"], row["ord"], row["event_id"]))
