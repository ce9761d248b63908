"""Which identifiers a decision names when somebody speaks of people, and how people call identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import sqlalchemy as sa

from geleit.errors import GeleitError, NotFoundError
from geleit.events.event import Identifier
from geleit.identity import closure, explanation
from geleit.identity.graph import customer_id
from geleit.identity.normalize import malformed, normalize
from geleit.ledger import tables
from geleit.maps.identities import Naming
from geleit.workspace import deciding
from geleit.workspace.outcome import Person
from geleit.workspace.workspace import Workspace

ROUNDS = 10  # of looking whom a merge would split off

_identifier = tables.identifier.c
_place = tables.identifier_resolution.c


def person(space: Workspace, key: str) -> Identifier:
    """The identifier by which a decision speaks of a whole person.

    ``key``: a customer id (old ones answer too), ``type:value`` or a bare value. An identifier that joins others stands
    for itself; an order number for its customer. Errors: NotFoundError.
    """
    with space.ledger.read() as connection:
        try:
            found = _exactly(space, connection, key)
        except NotFoundError:
            found = None
        if found is not None and space.rules.of(found.type).links:
            return found
        return naming_identifier(connection, space.customer(key))


def together(space: Workspace, keys: Sequence[str]) -> list[Identifier]:
    """The identifiers that a merge of whole people names; ``keys`` as for ``person``.

    One of each person is not enough where limits would split them then (each has a customer number of one system):
    whoever would be split off is named, too. Errors: NotFoundError; GeleitError if they are one already.
    """
    named = [person(space, key) for key in keys]
    for _ in range(ROUNDS):
        after = deciding.preview(space, "merge", [named]).after
        apart = [one for one in after if not {str(end) for end in named} & set(one.identifiers)]
        if not apart:
            break
        named += map(_first, apart)
    return named


def _first(one: Person) -> Identifier:
    """The identifier that names a person of a preview."""
    ends = [Identifier(*key.split(":", 1)) for key in one.identifiers]
    return next((end for end in ends if customer_id(end) == one.customer_id), ends[0])


def exact(space: Workspace, key: str) -> Identifier:
    """The identifier that is called so. Errors: NotFoundError."""
    with space.ledger.read() as connection:
        return _exactly(space, connection, key)


def in_words(space: Workspace, language: str) -> Naming:
    """How sources and types of this company are called in a picture."""
    return Naming(
        language,
        space.company.zone,
        lambda source: space.source_label(source, language),
        lambda type_: space.rules.of(type_).class_,
    )


def naming_identifier(connection: sa.Connection, customer: str) -> Identifier:
    """The identifier that a customer is named after. Errors: NotFoundError."""
    query = (
        sa.select(_identifier.type, _identifier.value)
        .join(tables.identifier_resolution, _place.identifier_id == _identifier.id)
        .where(_place.customer_id == customer)
        .order_by(_place.reason, _identifier.first_t, _identifier.type, _identifier.value)
    )
    found = [Identifier(type_, value) for type_, value in connection.execute(query)]
    if not found:
        raise NotFoundError(f"there is no customer '{customer}'", hint="geleit find WORDS looks for people")
    return next((one for one in found if customer_id(one) == customer), found[0])


def separation(
    space: Workspace, key: str, leaving: Sequence[Identifier]
) -> tuple[tuple[Identifier, ...], tuple[Identifier, ...]]:
    """The two sides of a separation in which some identifiers leave a person.

    Those stay by name that hang together without the leaving ones; what hangs on the leaving ones alone (a browser seen
    with them only) is on no side and follows them. Errors: NotFoundError; GeleitError if nobody would be left.
    """
    customer = space.customer(key)
    with space.ledger.read() as connection:
        start = explanation.find(connection, str(naming_identifier(connection, customer)))
        walked = closure.load(connection, [start], space.rules)
        gone = set(leaving)
        staying = {
            number
            for number, home in walked.resolved.customers.items()
            if home == customer and walked.nodes[number].identifier not in gone and not walked.reasons.get(number)
        }
        staying = {number for number in staying if space.rules.of(walked.nodes[number].identifier.type).links}
    if not staying:
        raise GeleitError(
            "nobody would be left: all identifiers of this person would leave; nothing was changed",
            hint="name only those that belong to somebody else",
        )
    ends = [(link.low, link.high) for link in walked.resolved.accepted]
    ends += [(low, high) for low, high, _ in walked.resolved.bonds]
    parts = _parts(staying, ends)
    largest = max(parts, key=lambda part: (start in part, len(part), -min(part)))
    stay = sorted(walked.nodes[number].identifier for number in largest)
    return tuple(stay), tuple(sorted(gone))


def _parts(numbers: set[int], ends: Sequence[tuple[int, int]]) -> list[set[int]]:
    """Which of these hang together by links among them."""
    around: dict[int, set[int]] = {number: set() for number in numbers}
    for low, high in ends:
        if low in numbers and high in numbers:
            around[low].add(high)
            around[high].add(low)
    parts: list[set[int]] = []
    left = set(numbers)
    while left:
        part, waiting = set[int](), {min(left)}
        while waiting:
            part |= waiting
            waiting = {other for number in waiting for other in around[number]} - part
        parts.append(part)
        left -= part
    return parts


def _spelled(space: Workspace, connection: sa.Connection, key: str) -> int:
    """The ledger id of an identifier in any notation: ``0561 / 44 82 17`` is ``phone:+49561448217``."""
    try:
        return explanation.find(connection, space.normal(key))
    except NotFoundError:
        for type_ in ("phone", "email"):
            found = normalize(Identifier(type_, key), space.rules, space.company.country)
            if isinstance(found, Identifier) and found.value != key and not malformed(found, space.rules):
                with suppress(NotFoundError):
                    return explanation.find(connection, found.value)
        raise


def _exactly(space: Workspace, connection: sa.Connection, key: str) -> Identifier:
    if connection.execute(sa.select(tables.customer.c.id).where(tables.customer.c.id == key)).first():
        raise NotFoundError(f"'{key}' is a customer, not an identifier", hint=f"geleit customer {key} lists theirs")
    number = _spelled(space, connection, key)
    row = connection.execute(sa.select(_identifier.type, _identifier.value).where(_identifier.id == number)).one()
    return Identifier(row.type, row.value)
