"""Keeps the ledger's resolution equal to what the pure function says, touching only what new evidence may change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import sqlalchemy as sa

from geleit.events.event import Identifier
from geleit.identity import decisions, hands, newcomers
from geleit.identity.closure import Closure, load, load_all, sets_with
from geleit.identity.evidence import Touched, find_ids
from geleit.identity.graph import Node, Reason, customer_id, owner
from geleit.identity.rules import Rules
from geleit.ledger import tables
from geleit.ledger.ledger import among, given, upsert
from geleit.ledger.prepared import Prepared

_place = tables.identifier_resolution.c
_resolution = tables.resolution.c
_customer = tables.customer.c
_redirect = tables.customer_redirect.c


_NOW = Prepared(sa.select(tables.progress.c.at))
_PLACES = Prepared(
    sa.select(_place.identifier_id, _place.customer_id, _place.reason).where(given(_place.identifier_id))
)
_PLACE = Prepared(upsert(tables.identifier_resolution, ["customer_id", "reason"]))
_OWNERS = Prepared(
    sa.select(_resolution.set_id, _resolution.customer_id).where(given(_resolution.set_id), _resolution.slice == 0)
)
_OWNER = Prepared(upsert(tables.resolution, ["customer_id", "change"]))
_ident, _of = tables.identifier.c, tables.identifier_set_member.c
# Sets with their members: whose the set is, whose each member is and why that one joins nobody, as the ledger has it.
_SETS = Prepared(
    sa.select(
        _of.set_id, _resolution.customer_id, _ident.id, _ident.type, _ident.value, _ident.first_t,
        _place.customer_id, _place.reason,
    )
    .select_from(tables.identifier_set_member)
    .join(tables.identifier, _ident.id == _of.identifier_id)
    .outerjoin(tables.resolution, sa.and_(_resolution.set_id == _of.set_id, _resolution.slice == 0))
    .outerjoin(tables.identifier_resolution, _place.identifier_id == _of.identifier_id)
    .where(given(_of.set_id))
)  # fmt: skip
_SINCE = Prepared(sa.select(_customer.id, _customer.since_t).where(given(_customer.id)))
_CUSTOMER = Prepared(upsert(tables.customer, ["since_t", "change"]))
_REDIRECTS = Prepared(sa.select(_redirect.old_id).where(given(_redirect.old_id)))

Place = tuple[str, Reason]  # customer, and why the identifier joins nobody


@dataclass(slots=True)
class _Change:
    """What one update does to customers: who is named where, before and after."""

    number: int
    before: set[str] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)  # identifiers that have another place now
    handed: set[int] = field(default_factory=set)  # of several people's, where whose turn it was may differ now
    moved: set[str] = field(default_factory=set)
    appeared: set[str] = field(default_factory=set)
    regrouped: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Moved:
    """Customers whose identifier sets changed, old and new ones; ``regrouped``: those who gained or lost earlier events.

    ``appeared``: those who were not there before. Whoever only gained sets that were never seen before has no other events than before, but for those that come with them.
    """

    customers: AbstractSet[str] = frozenset()
    regrouped: AbstractSet[str] = frozenset()
    appeared: AbstractSet[str] = frozenset()


def update(connection: sa.Connection, touched: Touched, rules: Rules, change: int) -> Moved:
    """Resolve what new evidence touches; returns whose identifier sets changed.

    Writes identifier_resolution, resolution (only rows that changed, with ``change``), customer and customer_redirect.
    """
    placed, rest = newcomers.place(connection, touched, rules, change)
    changing = rest.identifiers | _unsettled(connection, rest)
    if not changing:
        return Moved(placed.customers, appeared=placed.appeared.keys())
    closure = load(connection, changing, rules)
    moved = _write(connection, closure, (rest.sets, rest.fresh), rules, change)
    return Moved(moved.customers | placed.customers, moved.regrouped, moved.appeared | placed.appeared.keys())


def _unsettled(connection: sa.Connection, touched: Touched) -> set[int]:
    """Identifiers that were seen together before and now again, where that may change somebody's place.

    More evidence between two of one customer joins them sooner, never otherwise; and what joins nobody stays so. Both were
    neighbors before, so nothing looks more shared than it did.
    """
    asked = {number for some in touched.again for number in some} - touched.identifiers
    if not asked:
        return set()
    places = _places(connection, asked)
    found: set[int] = set()
    for some in touched.again:
        homes = {
            places[number][0] if number in places else "" for number in some if not places.get(number, ("", ""))[1]
        }
        if len(homes) > 1 or "" in homes or not touched.identifiers.isdisjoint(some):
            found |= some
    return found


def redecide(connection: sa.Connection, named: Iterable[Identifier], rules: Rules, change: int) -> Moved:
    """Resolve anew whom a decision that was just made or taken back names, and whom it bears on through others."""
    mine = set(named)
    wanted = decisions.naming(connection, mine).named | mine
    touched = frozenset(id_ for id_, _ in find_ids(connection, wanted).values())
    return update(connection, Touched(touched, frozenset()), rules, change)


def rebuild(connection: sa.Connection, rules: Rules, change: int) -> Moved:
    """Resolve everything anew, after a change of rules; equals what updates would have made of the same evidence."""
    closure = load_all(connection, rules)
    sets = list(connection.execute(sa.select(tables.identifier_set.c.id)).scalars())
    hands.ask_all(connection, change)
    return _write(connection, closure, (sets, frozenset()), rules, change)


def _write(
    connection: sa.Connection,
    closure: Closure,
    given: tuple[Iterable[int], AbstractSet[int]],
    rules: Rules,
    change: int,
) -> Moved:
    """Write what differs.

    ``given``: sets that are resolved in any case (others only if one of their identifiers moved), and identifiers that are
    in no other sets.
    """
    resolved, (sets, fresh) = closure.resolved, given
    work = _Change(change)
    places: dict[int, Place] = {
        number: (resolved.customers[number], closure.reasons.get(number, "")) for number in closure.inner
    }
    stored = _places(connection, places) if closure.stored is None else closure.stored
    _write_identifiers(connection, places, stored, work)
    _write_sets(connection, ({*sets}, sets_with(connection, work.changed - fresh)), (places, rules), work)
    _write_customers(connection, closure, fresh, work)
    _note_handed(closure, (places, stored), work)
    hands.ask(connection, work.handed, change)
    if freed := {n for n in work.changed & work.handed if stored.get(n, ("", ""))[1] == "ambiguous"}:
        dropped = hands.drop(connection, freed, change)
        work.moved |= dropped
        work.regrouped |= dropped
    return Moved(work.moved, work.regrouped, work.appeared)


def _note_handed(closure: Closure, scope: tuple[Mapping[int, Place], Mapping[int, Place]], work: _Change) -> None:
    """Note who began or ceased to be several people's, and what several people have beside a customer that changed."""
    changed = [(number, place) for of in scope for number, place in of.items() if number in work.changed]
    work.handed |= {number for number, (_, reason) in changed if reason == "ambiguous"}
    homes = {home for _, (home, _) in changed}
    customers = closure.resolved.customers
    for link in closure.links if homes else ():
        for end, other in ((link.low, link.high), (link.high, link.low)):
            if closure.reasons.get(end) == "ambiguous" and customers[other] in homes:
                work.handed.add(end)


def owners(connection: sa.Connection, sets: Iterable[int]) -> dict[int, str]:
    """The customers of identifier sets (ledger ids), of those that belong to one."""
    return dict(_OWNERS.all(connection, values=list(sets)))


def _places(connection: sa.Connection, numbers: Iterable[int]) -> dict[int, Place]:
    """Where identifiers belong at present, and why they join nobody."""
    return {number: (home, reason) for number, home, reason in _PLACES.all(connection, values=list(numbers))}


def _write_identifiers(
    connection: sa.Connection, places: Mapping[int, Place], stored: Mapping[int, Place], work: _Change
) -> None:
    """Write the places that changed."""
    work.before = {customer for customer, _ in stored.values()}
    work.changed = {number for number, place in places.items() if stored.get(number) != place}
    rows = [
        {"identifier_id": number, "customer_id": places[number][0], "reason": places[number][1]}
        for number in work.changed
    ]
    _PLACE.many(connection, rows)


def _write_sets(
    connection: sa.Connection,
    given: tuple[AbstractSet[int], Iterable[int]],
    scope: tuple[Mapping[int, Place], Rules],
    work: _Change,
) -> None:
    """``given``: sets that were never resolved, and others that may have moved."""
    known, rules = scope
    new, others = given
    stored: dict[int, str] = {}
    by_set: dict[int, list[Node]] = defaultdict(list)
    places = dict(known)
    for set_id, holder, id_, type_, value, first_t, home, reason in _SETS.all(
        connection, values=sorted({*new, *others})
    ):
        if holder is not None:
            stored[set_id] = holder
        by_set[set_id].append(Node(id_, Identifier(type_, value), first_t))
        if home is not None:
            places.setdefault(id_, (home, reason))
    rows = []
    for set_id, nodes in by_set.items():
        if any(node.id not in places for node in nodes):
            continue  # a load places its people one after another: the last one's turn takes the set along
        customer = owner(nodes, places, rules)
        if stored.get(set_id) != customer or set_id in new:
            work.handed.update(node.id for node in nodes if places[node.id][1] == "ambiguous")
        if stored.get(set_id) != customer:
            rows.append({"set_id": set_id, "slice": 0, "customer_id": customer, "change": work.number})
            here = {customer, stored.get(set_id, customer)}
            work.moved |= here
            work.regrouped |= here if set_id in stored or set_id not in new else set()
    _OWNER.many(connection, rows)


def _write_customers(connection: sa.Connection, closure: Closure, fresh: AbstractSet[int], work: _Change) -> None:
    """Customers appear with their first identifier and go when their last one moves; then the old id redirects."""
    resolved = closure.resolved
    since = {name: resolved.since[name] for name in {resolved.customers[number] for number in closure.inner}}
    named = sorted(work.before | since.keys())
    stored: dict[str, int] = dict(_SINCE.all(connection, values=named))
    work.appeared = since.keys() - stored.keys()
    rows = [
        {"id": name, "since_t": first, "change": work.number}
        for name, first in since.items()
        if stored.get(name) != first or name in work.moved
    ]
    _CUSTOMER.many(connection, rows)
    gone = sorted(work.before - since.keys())
    if gone:
        connection.execute(sa.delete(tables.customer).where(among(_customer.id, gone)))
    work.moved |= set(gone)
    work.regrouped |= set(gone)
    _follow(connection, closure, fresh, work)


def _follow(connection: sa.Connection, closure: Closure, fresh: AbstractSet[int], work: _Change) -> None:
    """Old ids answer with the customer that holds the identifier they were named after, wherever that has moved.

    Nobody was ever named after a fresh identifier.
    """
    placed = ((number, closure.resolved.customers[number]) for number in work.changed - fresh)
    homes = {customer_id(closure.nodes[number].identifier): home for number, home in placed}
    known = {old for (old,) in _REDIRECTS.all(connection, values=sorted(homes))}
    alive = {old for old, home in homes.items() if home == old}
    if known & alive:
        connection.execute(sa.delete(tables.customer_redirect).where(among(_redirect.old_id, sorted(known & alive))))
    moved = (known | work.before & homes.keys()) - alive
    if moved:
        ((now,),) = _NOW.all(connection)
        rows = [{"old_id": old, "new_id": homes[old], "at": now} for old in sorted(moved)]
        connection.execute(upsert(tables.customer_redirect, ["new_id", "at"]), rows)
