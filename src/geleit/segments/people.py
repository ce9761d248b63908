"""Reads what conditions ask of a few people from the ledger: their events by selector, traits, needs, orders, answers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geleit.customers import orders, profiles
from geleit.customers.profile import Consent
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

_answer = tables.consent_fact.c
_ANSWERS = Prepared(sa.select(_answer.set_id, _answer.t).where(given(_answer.set_id)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What conditions ask of somebody; ``lines``: also which products the orders are of."""

    selectors: frozenset[int] = frozenset()
    traits: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    needs: bool = False
    orders: bool = False
    lines: bool = False

    def __add__(self, other: Wanted) -> Wanted:
        return Wanted(
            self.selectors | other.selectors,
            self.traits | other.traits,
            self.purposes | other.purposes,
            self.needs or other.needs,
            self.orders or other.orders,
            self.lines or other.lines,
        )


NOTHING = Wanted()


def wanted(conditions: Iterable[c.Condition]) -> Wanted:
    """What these conditions (and those inside them) ask; other segments' conditions are the caller's."""
    parts = [part for one in conditions for part in c.walk(one)]
    bought = [part for part in parts if isinstance(part, c.Orders)]
    return Wanted(
        frozenset(one.key for part in parts for one in c.selectors(part)),
        frozenset(part.trait for part in parts if isinstance(part, c.Trait)),
        frozenset(part.consent for part in parts if isinstance(part, c.ConsentIs)),
        any(isinstance(part, c.NeedIs) for part in parts),
        bool(bought),
        any(part.products for part in bought),
    )


def load(connection: sa.Connection, asked: Mapping[str, Wanted]) -> dict[str, Person]:
    """These people, each with what is asked of them: a few statements for all together."""
    mine = owned(connection, list(asked), by_id=True)
    people = {customer: Person() for customer in asked}
    sets = _sets(mine)
    by_selectors: dict[frozenset[int], list[str]] = defaultdict(list)
    for customer, one in asked.items():
        by_selectors[one.selectors].append(customer)
    for selectors, some in by_selectors.items():
        _events(connection, people, mine, (_keys(sets, some), selectors))
    if told := [customer for customer, one in asked.items() if one.traits]:
        _traits(connection, people, mine, (_keys(sets, told), {name for one in told for name in asked[one].traits}))
    if needing := [customer for customer, one in asked.items() if one.needs]:
        _needs(connection, people, needing)
    if buying := [customer for customer, one in asked.items() if one.orders]:
        _orders(connection, people, mine, (_keys(sets, buying), any(asked[one].lines for one in buying)))
    if answering := [customer for customer, one in asked.items() if one.purposes]:
        purposes = sorted({purpose for one in answering for purpose in asked[one].purposes})
        for customer in _telling(mine, _answering(connection, _keys(sets, answering), purposes)) & set(answering):
            people[customer].consents = _consents(connection, _own(mine, customer))
    return people


def _sets(mine: Owned) -> dict[str, set[int]]:
    """The identifier sets of each that hold events of theirs."""
    found: dict[str, set[int]] = defaultdict(set)
    for number, customer in mine.sets.items():
        found[customer].add(number)
    for number, stretches in mine.cut.items():
        for _, _, customer in stretches:
            found[customer].add(number)
    return found


def _keys(sets: Mapping[str, AbstractSet[int]], customers: Iterable[str]) -> list[int]:
    return sorted(set[int]().union(*(sets.get(customer, frozenset()) for customer in customers)))


def _telling(mine: Owned, rows: Iterable[tuple[int, int]]) -> set[str]:
    """Whose facts these (set, time) are: most people have none, and what nobody told need not be folded."""
    return {customer for set_id, t in rows if (customer := mine.owner(set_id, t))}


def _answering(connection: sa.Connection, sets: list[int], purposes: list[str]) -> list[tuple[int, int]]:
    reported = _TRAITS.all(connection, values=sets, names=[CONSENT_TRAIT + one for one in purposes])
    return [*_ANSWERS.all(connection, values=sets), *((row[0], row[3]) for row in reported)]


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


def _events(
    connection: sa.Connection, people: Mapping[str, Person], mine: Owned, which: tuple[list[int], Collection[int]]
) -> None:
    """``which``: identifier sets, and the selectors whose events are asked for."""
    sets, selectors = which
    if not selectors:
        return
    found: dict[str, dict[int, list[Seen]]] = defaultdict(lambda: defaultdict(list))
    for set_id, selector, t, ord_, event_id, local_day in _EVENTS.all(
        connection, values=sets, selectors=sorted(selectors)
    ):
        if customer := mine.owner(set_id, t):
            found[customer][selector].append(Seen(t, ord_, event_id, local_day))
    for customer, events in found.items():
        people[customer].events = {selector: sorted(some) for selector, some in events.items()}


def _traits(
    connection: sa.Connection, people: Mapping[str, Person], mine: Owned, which: tuple[list[int], Collection[str]]
) -> None:
    sets, names = which
    newest: dict[tuple[str, str], tuple[tuple[int, int, str], str]] = {}
    both = sorted({*names, *(GUESS + name for name in names)})
    for set_id, name, value, *place in _TRAITS.all(connection, values=sets, names=both):
        customer, at = mine.owner(set_id, place[0]), (place[0], place[1], place[2])
        known = newest.get((customer, name))
        if customer and (known is None or at > known[0]):
            newest[customer, name] = (at, value)
    told: dict[str, dict[str, Any]] = defaultdict(dict)
    for (customer, name), (_, value) in newest.items():
        told[customer][name] = json.loads(value)
    for customer, traits in told.items():
        people[customer].traits = traits


def _needs(connection: sa.Connection, people: Mapping[str, Person], customers: list[str]) -> None:
    found: dict[str, list[NeedSeen]] = defaultdict(list)
    for customer, *need in _NEEDS.all(connection, values=customers):
        found[customer].append(NeedSeen(*need))
    for customer, needs in found.items():
        people[customer].needs = needs


def _orders(
    connection: sa.Connection, people: Mapping[str, Person], mine: Owned, which: tuple[list[int], bool]
) -> None:
    """``which``: identifier sets, and whether it is asked for products."""
    own: dict[str, list[orders.Fact]] = defaultdict(list)
    for fact in orders.facts_of(connection, which[0]):
        if customer := mine.owner(fact["set_id"], fact["t"]):
            own[customer].append(fact)
    for customer, found in orders.folded(connection, own, lines=which[1]).items():
        people[customer].orders = found


def _consents(connection: sa.Connection, own: Owned) -> list[Consent]:
    said = [row for row in _rows(connection, tables.trait, own) if row["name"].startswith(CONSENT_TRAIT)]
    answers = [*_rows(connection, tables.consent_fact, own), *profiles.reported(said)]
    return profiles.consents(connection, answers)


def _rows(connection: sa.Connection, table: sa.Table, own: Owned) -> Sequence[sa.RowMapping]:
    query = sa.select(table).where(among(table.c.set_id, own.keys))
    rows = [row for row in connection.execute(query).mappings() if own.owner(row["set_id"], row["t"])]
    return sorted(rows, key=lambda row: (row["t"], row["ord"], row["event_id"]))
