"""Keeps the slices of browsers that change hands: asks for a new cut where one may differ, and works it out.

Events stay as they are: a slice says of a set, for a stretch of time, as whose events its own count (``as_set``). What is cut
is the event of which nobody is known: the owner of its set has neither number, card, address nor phone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from geleit.events.event import Identifier
from geleit.identity.graph import COUNTED
from geleit.identity.rules import Rules
from geleit.identity.turns import SIGNED_OUT, Moment, Turn, both, turns
from geleit.ledger import tables
from geleit.ledger.ledger import among, chunked, given, upsert
from geleit.ledger.prepared import Prepared
from geleit.ledger.slice_tables import slice_, slicing

HANDED = frozenset(("anonymous_id", "device_id"))  # what people use one after another
AT_ONCE = 5_000  # identifiers that are cut in one go, at most

_member, _place, _identifier = tables.identifier_set_member.c, tables.identifier_resolution.c, tables.identifier.c
_resolution = tables.resolution.c
_ASK = Prepared(upsert(slicing, ["change"]))
_SHARED_IN = Prepared(
    sa.select(_member.identifier_id, _identifier.type)
    .join(tables.identifier_resolution, _place.identifier_id == _member.identifier_id)
    .join(tables.identifier, _identifier.id == _member.identifier_id)
    .where(given(_member.set_id), _place.reason == "ambiguous")
    .distinct()
)

Row = tuple[int, int, int]  # from, until before, as which set
Moments = Callable[[Sequence[int]], Iterable[tuple[int, int, int, str, str]]]  # see History.moments


def ask(connection: sa.Connection, identifiers: Iterable[int], change: int) -> None:
    """Note in the caller's transaction that the events of these browsers (ledger ids) have to be cut anew."""
    _ASK.many(connection, [{"identifier_id": number, "change": change} for number in sorted(set(identifiers))])


def handed(identifiers: Iterable[Identifier], rules: Rules) -> bool:
    """Whether there is something among these that people use one after another."""
    return any(rules.of(one.type).class_ in HANDED for one in identifiers)


def ask_seen(connection: sa.Connection, sets: Iterable[int], rules: Rules, change: int) -> None:
    """Something new was seen under these sets: whose turn it was may differ at browsers in them that change hands."""
    rows = _SHARED_IN.all(connection, values=list(sets))
    ask(connection, (number for number, type_ in rows if rules.of(type_).class_ in HANDED), change)


def ask_all(connection: sa.Connection, change: int) -> None:
    """Everything may differ: rules have changed."""
    ask(connection, _shared(connection), change)


def _shared(connection: sa.Connection) -> list[int]:
    """All identifiers that several people have, and those whose events are cut though they are not."""
    cut = sa.select(_member.identifier_id).join(slice_, slice_.c.set_id == _member.set_id)
    shared = sa.select(_place.identifier_id).where(_place.reason == "ambiguous")
    return sorted(connection.execute(cut.union(shared)).scalars())


def shared_keys(connection: sa.Connection) -> frozenset[int]:
    """The keys of all sets that hold an identifier of several people: ``work_out`` asks for the moments of no others."""
    query = (
        sa.select(tables.identifier_set.c.key)
        .join(tables.identifier_set_member, _member.set_id == tables.identifier_set.c.id)
        .join(tables.identifier_resolution, _place.identifier_id == _member.identifier_id)
        .where(_place.reason == "ambiguous")
    )
    return frozenset(connection.execute(query).scalars())


def differing(connection: sa.Connection, rules: Rules, moments: Moments) -> list[int]:
    """The sets (ledger ids) whose slices are not what all events give, but for those that wait to be cut anew."""
    waits = sa.select(_member.set_id).join(slicing, slicing.c.identifier_id == _member.identifier_id)
    waiting = set(connection.execute(waits).scalars())
    found: set[int] = set()
    for some in chunked(_shared(connection), AT_ONCE):
        cuts = work_out(connection, some, rules, moments)
        found |= {n for n in cuts.wanted.keys() | cuts.stored.keys() if cuts.wanted.get(n) != cuts.stored.get(n)}
    return sorted(found - waiting)


def drop(connection: sa.Connection, identifiers: Iterable[int], change: int) -> set[str]:
    """These are not several people's any more: nothing of them is somebody else's. Returns whose events that changes."""
    sets = sa.select(_member.set_id).where(among(_member.identifier_id, [*identifiers]))
    as_well = slice_.join(
        tables.resolution, sa.or_(_resolution.set_id == slice_.c.set_id, _resolution.set_id == slice_.c.as_set)
    )
    held = sa.select(_resolution.customer_id).select_from(as_well).where(slice_.c.set_id.in_(sets)).distinct()
    found = set(connection.execute(held).scalars())
    if found:
        connection.execute(sa.delete(slice_).where(slice_.c.set_id.in_(sets)))
        customer = tables.customer
        connection.execute(sa.update(customer).where(among(customer.c.id, sorted(found))).values(change=change))
    return found


@dataclass(slots=True)
class Cuts:
    """Sets with their slices now and so far; ``owners``: the customers of these sets and of those as which they count."""

    wanted: dict[int, list[Row]] = field(default_factory=dict)
    stored: dict[int, list[Row]] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)

    @property
    def customers(self) -> set[str]:
        """Whose the events of all these sets are or were."""
        return self._involved(self.wanted.keys() | self.stored.keys())

    def parts(self, size: int) -> Iterator[tuple[list[int], set[str]]]:
        """The sets that differ, so many at a time, and the customers whose events they are or were."""
        differing = sorted(
            n for n in self.wanted.keys() | self.stored.keys() if self.wanted.get(n) != self.stored.get(n)
        )
        for some in chunked(differing, size):
            yield some, self._involved(some)

    def _involved(self, sets: Iterable[int]) -> set[str]:
        rows = [row for number in sets for of in (self.wanted, self.stored) for row in of.get(number, ())]
        found = {*sets, *(as_set for *_, as_set in rows)}
        return {self.owners[number] for number in found if number in self.owners}


class _Seen:
    """What the ledger knows of some browsers, of those seen with them in one set, and of all sets that hold one of them."""

    def __init__(self, connection: sa.Connection, asked: Iterable[int], rules: Rules) -> None:
        self.connection, self.rules = connection, rules
        self.asked = self._used(asked)
        self.sets = self._sets_of(self.asked)
        self.members = self._members(self.sets)
        self.places: dict[int, tuple[Identifier, str]] = {}
        self._learn({one for some in self.members.values() for one in some} | self.asked)
        beside = {n for some in self.members.values() for n in some if self.handed(n)} - self.asked
        self.around = self._sets_of(beside) - self.sets  # sets of companions alone
        self.members |= self._members(self.around)
        self.owners = _owners(connection, self.members)
        self.known = self._people()

    def _used(self, asked: Iterable[int]) -> set[int]:
        """What people use one after another (phones are no such thing), and what was cut when rules said otherwise."""
        query = sa.select(_identifier.id, _identifier.type).where(among(_identifier.id, [*asked]))
        types: dict[int, str] = dict(self.connection.execute(query).all())
        found = {number for number, type_ in types.items() if self.rules.of(type_).class_ in HANDED}
        if types.keys() - found:
            held = sa.select(_member.identifier_id).join(slice_, slice_.c.set_id == _member.set_id)
            others = held.where(among(_member.identifier_id, types.keys() - found))
            found |= set(self.connection.execute(others).scalars())
        return found

    def handed(self, number: int) -> bool:
        """Whether a browser or device changes hands."""
        if number not in self.places:
            return False
        identifier, reason = self.places[number]
        return reason == "ambiguous" and self.rules.of(identifier.type).class_ in HANDED

    def person(self, set_id: int) -> str:
        """Who is known to be there where a set is seen; empty if nobody is."""
        owner = self.owners.get(set_id, "")
        return owner if owner in self.known else ""

    def cutters(self, set_id: int) -> list[int]:
        """The browsers whose turns say whose the events of a set are; none if that is known, or must not be guessed."""
        if set_id not in self.owners or self.owners[set_id] in self.known:
            return []
        found = [
            number for number in self.members[set_id] if self.rules.of(self.places[number][0].type).class_ in HANDED
        ]
        if any(self.places[number][1] not in ("", "ambiguous") for number in found):
            return []  # a kiosk
        return sorted((number for number in found if self.handed(number)), key=lambda number: self.places[number][0])

    def _sets_of(self, numbers: set[int]) -> set[int]:
        query = sa.select(_member.set_id).where(among(_member.identifier_id, numbers)).distinct()
        return set(self.connection.execute(query).scalars()) if numbers else set()

    def _members(self, sets: set[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {number: [] for number in sets}
        if sets:
            query = sa.select(_member.set_id, _member.identifier_id).where(among(_member.set_id, sets))
            for set_id, number in self.connection.execute(query):
                found[set_id].append(number)
        return found

    def _learn(self, numbers: set[int]) -> None:
        query = (
            sa.select(_identifier.id, _identifier.type, _identifier.value, _place.reason)
            .join(tables.identifier_resolution, _place.identifier_id == _identifier.id)
            .where(among(_identifier.id, numbers))
        )
        for number, type_, value, reason in self.connection.execute(query):
            self.places[number] = Identifier(type_, value), reason

    def _people(self) -> set[str]:
        """Those of the owners of whom a number, a card, an address or a phone is known."""
        owners = sorted(set(self.owners.values()))
        query = (
            sa.select(_place.customer_id, _identifier.type)
            .join(tables.identifier, _identifier.id == _place.identifier_id)
            .where(among(_place.customer_id, owners), _place.reason == "")
            .distinct()
        )
        return {one for one, type_ in self.connection.execute(query) if self.rules.of(type_).class_ in COUNTED}


def work_out(connection: sa.Connection, asked: Iterable[int], rules: Rules, moments: Moments) -> Cuts:
    """Cut the events of these browsers (ledger ids) anew; nothing is written.

    A browser at which more people were seen than make a value a hub is a kiosk: nothing of it is given to anybody.
    """
    seen = _Seen(connection, asked, rules)
    cutters = {set_id: seen.cutters(set_id) for set_id in seen.sets}
    needed = {number for some in cutters.values() for number in some}
    holding: dict[int, list[int]] = defaultdict(list)
    for set_id, members in seen.members.items():
        for number in needed.intersection(members):
            holding[number].append(set_id)
    people = {number: {seen.person(one) for one in sets} - {""} for number, sets in holding.items()}
    few = {number for number, some in people.items() if len(some) <= rules.hub.user_ids}
    happened = _moments(connection, seen, {one for number in few for one in holding[number]}, moments)
    found = {number: turns(moment for one in holding[number] for moment in happened[one]) for number in few}
    cuts = Cuts(stored=_stored(connection, seen.sets))
    for set_id, browsers in cutters.items():
        if browsers and (rows := _rows([found.get(number, []) for number in browsers], happened[set_id])):
            cuts.wanted[set_id] = rows
    held = {as_set for some in (cuts.wanted, cuts.stored) for rows in some.values() for *_, as_set in rows}
    cuts.owners = _owners(connection, held | cuts.wanted.keys() | cuts.stored.keys())
    return cuts


def write(connection: sa.Connection, cuts: Cuts, sets: Sequence[int], customers: Iterable[str], change: int) -> None:
    """Put the slices of some sets in the place of those so far; whoever has other events now has changed."""
    connection.execute(sa.delete(slice_).where(among(slice_.c.set_id, sets)))
    rows = [
        {"set_id": set_id, "number": place, "from_t": begin, "until_t": end, "as_set": as_set}
        for set_id in sets
        for place, (begin, end, as_set) in enumerate(cuts.wanted.get(set_id, ()), 1)
    ]
    if rows:
        connection.execute(sa.insert(slice_), rows)
    customer = tables.customer
    connection.execute(sa.update(customer).where(among(customer.c.id, sorted(customers))).values(change=change))


def _moments(connection: sa.Connection, seen: _Seen, sets: set[int], moments: Moments) -> Mapping[int, list[Moment]]:
    """What happened, by set."""
    query = sa.select(tables.identifier_set.c.key, tables.identifier_set.c.id)
    ids: dict[int, int] = dict(connection.execute(query.where(among(tables.identifier_set.c.id, sets))).all())
    found: dict[int, list[Moment]] = defaultdict(list)
    for key, t, order, event_id, kind in moments(list(ids)) if ids else ():
        number = ids[key]
        found[number].append(Moment(t, order, event_id, number, seen.person(number), kind in SIGNED_OUT))
    return found


def _rows(held: Sequence[Sequence[Turn]], happened: Sequence[Moment]) -> list[Row]:
    """The turns on which all browsers of a set agree, as far as something happened in them."""
    agreed, *others = held
    for other in others:
        agreed = both(agreed, other)
    times = [moment.t for moment in happened]
    return [
        (turn.from_t, turn.until_t, turn.as_set)
        for turn in agreed
        if any(turn.from_t <= t < turn.until_t for t in times)
    ]


def _stored(connection: sa.Connection, sets: Iterable[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    query = sa.select(slice_).where(among(slice_.c.set_id, sets)).order_by(slice_.c.set_id, slice_.c.number)
    for set_id, _, begin, end, as_set in connection.execute(query):
        found[set_id].append((begin, end, as_set))
    return dict(found)


def _owners(connection: sa.Connection, sets: Iterable[int]) -> dict[int, str]:
    query = sa.select(_resolution.set_id, _resolution.customer_id).where(among(_resolution.set_id, [*sets]))
    return dict(connection.execute(query).all())
