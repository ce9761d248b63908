"""Folds the facts of one customer: traits, consents, accounts, orders, products; the same however they arrived."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from geleit.customers import orders
from geleit.customers.names import name_of
from geleit.customers.profile import Consent, KnownIdentifier, Membership, Profile, Trait
from geleit.errors import NotFoundError
from geleit.events.vocabulary import CONSENT_TRAIT
from geleit.history.owners import Owned, owned
from geleit.ledger import tables
from geleit.ledger.ledger import chunked

Row = Any  # a row of the ledger, or what reads like one

GUESS = "guess."  # traits that nobody stated


def profile(connection: sa.Connection, customer_id: str) -> Profile:
    """Everything known of one customer except the events.

    Errors: NotFoundError for an unknown id.
    """
    customer = connection.execute(sa.select(tables.customer).where(tables.customer.c.id == customer_id)).first()
    if customer is None:
        raise NotFoundError(f"there is no customer '{customer_id}'", hint="geleit find WORDS looks for people")
    sets = owned(connection, [customer_id], by_id=True)
    said = _rows(connection, tables.trait, sets)
    traits = _traits(row for row in said if not row["name"].startswith(CONSENT_TRAIT))
    answers = [*_rows(connection, tables.consent_fact, sets), *reported(said)]
    identifiers = _identifiers(connection, customer_id)
    bought = orders.orders(connection, _rows(connection, tables.order_fact, sets))
    waits = connection.execute(sa.select(tables.recut).where(tables.recut.c.customer_id == customer_id)).first()
    by_name = {trait.name: trait.value for trait in traits}
    return Profile(
        customer_id=customer_id,
        name=name_of(by_name, [(i.type, i.value) for i in identifiers]) or customer_id,
        salutation=str(by_name.get("salutation") or ""),
        since=customer.since_t,
        change=customer.change,
        pending=waits is not None,
        identifiers=tuple(identifiers),
        traits=tuple(traits),
        consents=tuple(consents(connection, answers)),
        memberships=tuple(memberships(_rows(connection, tables.account_fact, sets))),
        orders=tuple(bought),
        products=tuple(orders.products(bought, _rows(connection, tables.product_fact, sets))),
    )


def _rows(connection: sa.Connection, table: sa.Table, sets: Owned) -> list[sa.RowMapping]:
    """A table's rows of what one customer owns, in total order."""
    rows = [
        row
        for some in chunked(sets.keys)
        for row in connection.execute(sa.select(table).where(table.c.set_id.in_(some))).mappings()
        if sets.owner(row["set_id"], row["t"])
    ]
    return sorted(rows, key=_in_time)


def _in_time(row: sa.RowMapping) -> tuple[int, int, str]:
    return row["t"], row["ord"], row["event_id"]


def _traits(rows: Iterable[sa.RowMapping]) -> list[Trait]:
    """The newest of each name; what other sources said differently stands behind it."""
    by_name: dict[str, list[Trait]] = {}
    for row in rows:
        name = row["name"].removeprefix(GUESS)
        said = Trait(
            name, json.loads(row["value"]), row["source"], row["t"], row["event_id"], row["name"].startswith(GUESS)
        )
        by_name.setdefault(name, []).append(said)
    traits = []
    for name in sorted(by_name):
        stated = [said for said in by_name[name] if not said.guessed] or by_name[name]
        newest = stated[-1]
        others = tuple(said for said in reversed(stated) if said.value != newest.value)
        traits.append(Trait(name, newest.value, newest.source, newest.t, newest.event_id, newest.guessed, others))
    return traits


def _identifiers(connection: sa.Connection, customer_id: str) -> list[KnownIdentifier]:
    identifier, place = tables.identifier.c, tables.identifier_resolution.c
    query = (
        sa.select(identifier.id, identifier.type, identifier.value, identifier.first_t, place.reason)
        .join(tables.identifier_resolution, place.identifier_id == identifier.id)
        .where(place.customer_id == customer_id)
        .order_by(identifier.first_t, identifier.type, identifier.value)
    )
    rows = connection.execute(query).all()
    sources = _sources(connection, [row.id for row in rows])
    return [
        KnownIdentifier(row.type, row.value, row.first_t, tuple(sorted(sources.get(row.id, ()))), row.reason)
        for row in rows
    ]


def _sources(connection: sa.Connection, identifiers: Sequence[int]) -> dict[int, set[str]]:
    """Which sources showed each identifier together with another one."""
    found: dict[int, set[str]] = {}
    for some in chunked(identifiers):
        for end in (tables.evidence.c.low_id, tables.evidence.c.high_id):
            query = sa.select(end, tables.evidence.c.source).where(end.in_(some)).distinct()
            for number, source in connection.execute(query):
                found.setdefault(number, set()).add(source)
    return found


def reported(traits: Iterable[Row]) -> Iterator[Row]:
    """What clients report of consent with every event, as answers: the last of each set and source."""
    for row in traits:
        if row["name"].startswith(CONSENT_TRAIT):
            purpose, given = row["name"].removeprefix(CONSENT_TRAIT), json.loads(row["value"]) is True
            yield {**row, "purpose": purpose, "channel": "", "given": given, "wording": ""}


def consents(connection: sa.Connection, rows: Sequence[Row]) -> list[Consent]:
    """The standing answer per purpose and channel.

    A withdrawal holds until someone agrees again under one of the identifiers that withdrew: where two people turn out
    to be one, the stricter answer wins. At one moment the withdrawal counts.
    """
    identifiers = _identifiers_of(connection, {row["set_id"] for row in rows})
    answers: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda r: (r["t"], not r["given"], r["ord"], r["event_id"])):
        standing = answers.setdefault((row["purpose"], row["channel"]), [])
        mine = identifiers[row["set_id"]]
        standing[:] = [one for one in standing if not one["given"] and not identifiers[one["set_id"]] & mine]
        # Of withdrawals by others and this answer, the first in the list is the one that holds.
        standing.insert(len(standing) if row["given"] else 0, row)
    return [
        Consent(purpose, channel, row["given"], row["t"], row["source"], row["wording"])
        for (purpose, channel), (row, *_) in sorted(answers.items())
    ]


def _identifiers_of(connection: sa.Connection, sets: Iterable[int]) -> dict[int, set[int]]:
    member = tables.identifier_set_member.c
    found: dict[int, set[int]] = {number: set() for number in sets}
    for some in chunked(sorted(found)):
        query = sa.select(member.set_id, member.identifier_id).where(member.set_id.in_(some))
        for set_id, identifier in connection.execute(query):
            found[set_id].add(identifier)
    return found


def memberships(rows: Sequence[sa.RowMapping]) -> list[Membership]:
    """Times in accounts, oldest first: joined, then left; joining again begins a new time."""
    spans: dict[str, list[Membership]] = {}
    for row in rows:
        times = spans.setdefault(row["account_id"], [])
        current = times[-1] if times and times[-1].left_at is None else None
        name = row["name"] or (times[-1].account_name if times else "")
        if row["joined"] and current is None:
            times.append(Membership(row["account_id"], name, row["role"], row["t"], None, row["source"]))
        elif row["joined"] and current is not None:
            role = row["role"] or current.role
            times[-1] = Membership(row["account_id"], name, role, current.joined_at, None, row["source"])
        elif current is not None:
            times[-1] = Membership(row["account_id"], name, current.role, current.joined_at, row["t"], row["source"])
        else:
            times.append(Membership(row["account_id"], name, row["role"], None, row["t"], row["source"]))
    return sorted((m for times in spans.values() for m in times), key=lambda m: (m.joined_at or 0, m.account_id))
