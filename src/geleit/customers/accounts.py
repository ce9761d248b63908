"""Accounts: a company or household and the people who belong to it, with dates; consent stays with the person."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from geleit.customers.names import names
from geleit.customers.profiles import memberships
from geleit.errors import NotFoundError
from geleit.ledger import tables


@dataclass(frozen=True, slots=True)
class Member:
    """One person's time in an account; None where a date is not known or has not come."""

    customer_id: str
    name: str
    role: str
    joined_at: int | None
    left_at: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account with all who ever belonged to it, present members first."""

    account_id: str
    name: str
    members: tuple[Member, ...]


def account(connection: sa.Connection, account_id: str) -> Account:
    """One account by ``system:number``, or by its bare number if only one system has it.

    Errors: NotFoundError.
    """
    fact = tables.account_fact.c
    exact = sa.select(fact.account_id).where(fact.account_id == account_id).limit(1)
    wanted = connection.execute(exact).scalar_one_or_none()
    if wanted is None:
        bare = connection.execute(
            sa.select(fact.account_id).where(fact.account_id.endswith(f":{account_id}", autoescape=True)).distinct()
        )
        known = sorted(bare.scalars())
        if len(known) != 1:
            hint = f"say which: {', '.join(known)}" if known else "accounts are named system:number"
            raise NotFoundError(f"there is no account '{account_id}'", hint=hint)
        wanted = known[0]
    query = (
        sa.select(tables.account_fact, tables.resolution.c.customer_id)
        .join(tables.resolution, tables.resolution.c.set_id == fact.set_id)
        .where(fact.account_id == wanted)
        .order_by(fact.t, fact.ord, fact.event_id)
    )
    rows = connection.execute(query).mappings().all()
    by_person: dict[str, list[sa.RowMapping]] = {}
    for row in rows:
        by_person.setdefault(row["customer_id"], []).append(row)
    called = names(connection, list(by_person))
    members = [
        Member(customer, called[customer], span.role, span.joined_at, span.left_at)
        for customer, facts in by_person.items()
        for span in memberships(facts)
    ]
    members.sort(key=lambda member: (member.left_at is not None, member.joined_at or 0, member.name))
    name = next((row["name"] for row in reversed(rows) if row["name"]), wanted)
    return Account(wanted, name, tuple(members))
