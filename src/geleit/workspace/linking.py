"""Searches a workspace for customers who are probably one person, and carries out what people answer to that.

Only what is known of both counts: names, birthdays, addresses, e-mail and phone. Nothing is joined by likeness alone: a
link waits until a person answers. Yes becomes a merge, no a separation (both can be taken back); not sure stays noted.
Answers train nothing: the next search weighs likeness as if they were not there, and leaves the answered pairs out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from geleit.errors import GeleitError
from geleit.events.event import Identifier
from geleit.identity import decisions, likely, resolution
from geleit.identity.decisions import Note
from geleit.identity.linkage import queue
from geleit.identity.linkage.headings import role_of_heading
from geleit.identity.linkage.linking import Linked, link, nothing
from geleit.identity.linkage.queue import Answer, Answered, ProbableLink, Reason
from geleit.ledger import tables
from geleit.needs import recut
from geleit.workspace import deciding, naming
from geleit.workspace.workspace import Workspace

BELOW = 2.0  # bits below the threshold from which a pair is still worth a look
Asked = Literal["open", "unsure"]
MOST = 2_000  # links that are proposed at once
_TRAITS_LEFT_OUT = frozenset({"", "other", "title"})


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search came to: customers looked at, pairs compared, links that wait now."""

    customers: int
    pairs: int
    open: int
    threshold: float


@dataclass(frozen=True, slots=True)
class _Known:
    """The customers as rows, and the identifier that stands for each."""

    table: pa.Table
    customers: tuple[str, ...]
    keys: tuple[Identifier, ...]


def search(space: Workspace, now: Callable[[str], None] = nothing) -> Searched:
    """Compare all customers that have a name, and propose who may be one. Errors: as ``link``; Retryable if the ledger is busy."""
    now("reading what is known of people")
    with space.ledger.read() as connection:
        known = _known(connection)
        apart = _pairs_settled(connection)
    found = link(known.table, now=now)
    links = list(_links(found, known, apart))
    with space.ledger.write() as connection:
        before = likely.ends(connection, space.rules)
        count = queue.propose(connection, links, space.clock(), space.rules.probable)
        _follow(space, connection, before | likely.ends(connection, space.rules))
    return Searched(len(known.customers), found.coverage.pairs, count, found.expected.threshold)


def reply(space: Workspace, a: Identifier, b: Identifier, said: Answer, note: Note) -> int | None:
    """Carry out an answer; the number of the decision it became, None for not sure.

    Errors: NotFoundError; GeleitError without author; as ``deciding.decide``.
    """
    with space.ledger.read() as connection:
        asked = queue.one(connection, a, b)
    if asked.state not in ("open", "unsure"):
        raise GeleitError(
            "this was answered before; nothing was changed", hint="geleit identity decisions shows and undoes it"
        )
    number = None
    if said == "accepted":
        number = deciding.decide(
            space, "merge", [naming.together(space, (str(asked.a), str(asked.b)))], note
        ).decision.number
    elif said == "rejected":
        number = deciding.decide(space, "separate", [[asked.a], [asked.b]], note).decision.number
    elif not note.author.strip():
        raise GeleitError("the author is missing; nothing was changed", hint="say who answers")
    with space.ledger.write() as connection:
        queue.answer(connection, asked, Answered(said, note.author, space.clock(), number))
        _follow(space, connection, {asked.a, asked.b})
    return number


def _follow(space: Workspace, connection: sa.Connection, ends: Iterable[Identifier]) -> None:
    """Resolve anew whom likeness joins or joins no more, where identity.yaml lets it."""
    if space.rules.probable is not None:
        change = space.ledger.next_change(connection)
        moved = resolution.redecide(connection, ends, space.rules, change)
        recut.ask(connection, moved.customers, change)


def next_links(space: Workspace, limit: int = 1, state: Asked = "open") -> list[ProbableLink]:
    """The likeliest links whose two people are still two: open ones, or those that somebody was not sure of."""
    found: list[ProbableLink] = []
    with space.ledger.read() as connection:
        for one in queue.listed(connection, state, MOST):
            homes = owners(connection, (one.a, one.b))
            if homes.get(one.a) and homes.get(one.b) and homes[one.a] != homes[one.b]:
                found.append(one)
            if len(found) == limit:
                break
    return found


def owners(connection: sa.Connection, wanted: Iterable[Identifier]) -> dict[Identifier, str]:
    """The customer of each identifier."""
    identifier, place = tables.identifier.c, tables.identifier_resolution.c
    found = {}
    for one in wanted:
        query = (
            sa.select(place.customer_id)
            .join(tables.identifier, identifier.id == place.identifier_id)
            .where(identifier.type == one.type, identifier.value == one.value)
        )
        if (customer := connection.execute(query).scalar()) is not None:
            found[one] = customer
    return found


def _known(connection: sa.Connection) -> _Known:
    """One row per customer: the newest of each trait that says who somebody is, and e-mail and phone."""
    identifier, place, resolution, trait = (
        tables.identifier.c,
        tables.identifier_resolution.c,
        tables.resolution.c,
        tables.trait.c,
    )
    rows: dict[str, dict[str, str]] = {}
    query = (
        sa.select(resolution.customer_id, trait.name, trait.value)
        .join(tables.trait, trait.set_id == resolution.set_id)
        .order_by(trait.t, trait.ord, trait.event_id)
    )
    for customer, name, value in connection.execute(query):
        said = json.loads(value)
        if role_of_heading(name) not in _TRAITS_LEFT_OUT and isinstance(said, str | int):
            rows.setdefault(customer, {})[name] = str(said)
    keys: dict[str, Identifier] = {}
    ends = (
        sa.select(place.customer_id, identifier.type, identifier.value)
        .join(tables.identifier, identifier.id == place.identifier_id)
        .where(place.reason == "")
        .order_by(identifier.first_t, identifier.type, identifier.value)
    )
    for customer, type_, value in connection.execute(ends):
        keys.setdefault(customer, Identifier(type_, value))
        if customer in rows and type_ in ("email", "phone"):
            rows[customer].setdefault(type_, value)
    customers = tuple(sorted(rows.keys() & keys.keys()))
    names = sorted({name for customer in customers for name in rows[customer]})
    table = pa.table({name: pa.array([rows[one].get(name) for one in customers], pa.string()) for name in names})
    if not names:
        table = pa.table({"name": pa.array([], pa.string())})
    return _Known(table, customers, tuple(keys[one] for one in customers))


def _pairs_settled(connection: sa.Connection) -> set[tuple[str, str]]:
    """Pairs of customers about whom somebody has said something: an answer, a separation, a household."""
    pairs = list(queue.answered(connection))
    for made in decisions.standing(connection).standing:
        if made.kind == "separate":
            pairs += [(a, b) for a in made.sides[0] for b in made.sides[1]]
        elif made.kind == "household":
            pairs += [(a, b) for a in made.sides[0] for b in made.sides[0] if a < b]
    homes = owners(connection, {end for pair in pairs for end in pair})
    return {_in_order(homes[a], homes[b]) for a, b in pairs if a in homes and b in homes}


def _in_order(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _links(found: Linked, known: _Known, apart: set[tuple[str, str]]) -> Iterable[ProbableLink]:
    """The pairs worth a question, the likeliest first."""
    pairs = found.pairs
    likely = np.flatnonzero(pairs.weight >= found.expected.threshold - BELOW)
    for at in likely[np.argsort(-pairs.weight[likely], kind="stable")][:MOST]:
        a, b = int(pairs.left[at]), int(pairs.right[at])
        if _in_order(known.customers[a], known.customers[b]) not in apart:
            yield ProbableLink(
                known.keys[a], known.keys[b], round(float(pairs.weight[at]), 2), _reasons(found, int(at))
            )


def _reasons(found: Linked, at: int) -> tuple[Reason, ...]:
    """What each comparison says of one pair; what the household takes away stands last."""
    told = []
    if found.model is None:
        return ()
    for place, one in enumerate(found.compared):
        level = int(found.pairs.gammas[at, place])
        if level >= 0:
            name = one.levels[level].name if level < len(one.levels) else "different"
            bits = np.log2(found.model.m[place][level] / found.model.u[place][level])
            told.append(Reason(one.name, name, round(float(bits), 1)))
    if found.pairs.household[at] >= 1:
        told.append(Reason("household", "relatives at one address", -round(float(found.pairs.household[at]), 1)))
    return tuple(told)
