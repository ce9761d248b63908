"""Keeps probable links and the answers to them, in the words of identifiers; an answer is never overwritten by a new search."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from geleit.errors import NotFoundError
from geleit.events.event import Identifier
from geleit.identity.explanation import Likeness
from geleit.ledger.linkage_tables import probable_link

Answer = Literal["accepted", "rejected", "unsure"]
_link = probable_link.c


@dataclass(frozen=True, slots=True)
class Reason:
    """What one comparison says: how alike the two are in it, in bits for (above 0) or against one person."""

    comparison: str
    level: str
    bits: float


@dataclass(frozen=True, slots=True)
class ProbableLink:
    """Two people who may be one: an identifier of each, bits for it, and why."""

    a: Identifier
    b: Identifier
    bits: float
    reasons: tuple[Reason, ...]
    state: str = "open"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many links wait for an answer, and how many were answered with not sure."""

    open: int
    unsure: int


def propose(connection: sa.Connection, links: Iterable[ProbableLink], at: int, kept: float | None = None) -> int:
    """Replace the open links by these; those that somebody answered stay as they are. Returns how many are open.

    ``kept``: bits from which open links join people at present (see ``likely``): these stay, too. The search cannot find
    them anew, for it sees one customer.
    """
    replaced = _link.state == "open"
    connection.execute(sa.delete(probable_link).where(replaced if kept is None else replaced & (_link.bits < kept)))
    rows = connection.execute(sa.select(_link.a_type, _link.a_value, _link.b_type, _link.b_value)).all()
    answered = {tuple(row) for row in rows}
    new = {_key(one): _row(one, at) for one in links}
    fresh = [row for key, row in new.items() if key not in answered]
    if fresh:
        connection.execute(sa.insert(probable_link), fresh)
    return waiting(connection).open


def likeness(connection: sa.Connection, pairs: Sequence[tuple[Identifier, Identifier]]) -> list[tuple[Likeness, ...]]:
    """What was reckoned of pairs of identifiers: each comparison with its bits; nothing for those never compared."""
    found = []
    for a, b in pairs:
        row = connection.execute(sa.select(probable_link).where(_same(a, b))).first()
        told = _of(row).reasons if row is not None else ()
        found.append(tuple(Likeness(f"{one.comparison} {one.level}", one.bits) for one in told))
    return found


def listed(connection: sa.Connection, state: str, limit: int = 50) -> list[ProbableLink]:
    """Links in one state, the likeliest first."""
    order = (_link.bits.desc(), _link.a_type, _link.a_value, _link.b_type, _link.b_value)
    rows = connection.execute(sa.select(probable_link).where(_link.state == state).order_by(*order).limit(limit)).all()
    return [_of(row) for row in rows]


def one(connection: sa.Connection, a: Identifier, b: Identifier) -> ProbableLink:
    """One link. Errors: NotFoundError."""
    row = connection.execute(sa.select(probable_link).where(_same(a, b))).first()
    if row is None:
        raise NotFoundError(
            f"no probable link joins {a} and {b}", hint="geleit identity link --workspace DIR searches anew"
        )
    return _of(row)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a person answered, who and when (microseconds UTC), and the decision that it became."""

    said: Answer
    author: str
    at: int
    decision: int | None = None


def answer(connection: sa.Connection, link: ProbableLink, given: Answered) -> None:
    """Note what a person answered."""
    values = {"state": given.said, "author": given.author, "answered_at": given.at, "decision_id": given.decision}
    connection.execute(sa.update(probable_link).where(_same(link.a, link.b)).values(values))


def waiting(connection: sa.Connection) -> Waiting:
    """How much waits."""
    rows = connection.execute(sa.select(_link.state, sa.func.count()).group_by(_link.state))
    counted: dict[str, int] = {state: count for state, count in rows}  # noqa: C416 (rows)
    return Waiting(counted.get("open", 0), counted.get("unsure", 0))


def answered(connection: sa.Connection) -> list[tuple[Identifier, Identifier]]:
    """The pairs to which somebody gave an answer, whatever it was."""
    return [
        (one.a, one.b) for state in ("accepted", "rejected", "unsure") for one in listed(connection, state, 1_000_000)
    ]


def _same(a: Identifier, b: Identifier) -> sa.ColumnElement[bool]:
    low, high = sorted((a, b))
    return sa.and_(
        _link.a_type == low.type, _link.a_value == low.value, _link.b_type == high.type, _link.b_value == high.value
    )


def _key(link: ProbableLink) -> tuple[str, str, str, str]:
    low, high = sorted((link.a, link.b))
    return low.type, low.value, high.type, high.value


def _row(link: ProbableLink, at: int) -> dict[str, Any]:
    reasons = json.dumps([[one.comparison, one.level, one.bits] for one in link.reasons])
    ends = dict(zip(("a_type", "a_value", "b_type", "b_value"), _key(link), strict=True))
    return {**ends, "bits": link.bits, "reasons": reasons, "state": "open", "found_at": at}


def _of(row: Any) -> ProbableLink:
    reasons = tuple(Reason(*told) for told in json.loads(row.reasons))
    return ProbableLink(
        Identifier(row.a_type, row.a_value), Identifier(row.b_type, row.b_value), row.bits, reasons, row.state
    )
