"""The state tables that conditions are asked of in bulk, as selections from the ledger: only what a question needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import duckdb
import sqlalchemy as sa

from geleit.customers.profiles import GUESS
from geleit.events.vocabulary import CONSENT_TRAIT
from geleit.history import delta, snapshot
from geleit.history.history import History
from geleit.ledger import tables
from geleit.ledger.ledger import among
from geleit.segments.conditions import Condition, ConsentIs, NeedIs, Orders, Trait


def open_state(history: History, state: Mapping[str, sa.Select[Any]]) -> duckdb.DuckDBPyConnection:
    """The view ``events`` with more tables made of the ledger as it was at that very moment; the caller closes it."""
    base = history._usable()  # noqa: SLF001 (one transaction must see both)
    with history.ledger.read() as connection:
        beyond, base = history._tail(connection, base)  # noqa: SLF001 (as above)
        duck = delta.open_view(connection, history.archive, base, beyond, history.catalogue)
        for name, selection in state.items():
            snapshot.copy(connection, selection, duck, name)
        return duck


PERSON = sa.select(tables.customer.c.id.label("customer_id"))
_owner = tables.resolution.c
_need = tables.need.c
NEED = sa.select(
    _need.customer_id, _need.topic, _need.stage, _need.opened_at, _need.closed_at, _need.last_at, _need.silent_at,
    _need.stage_at,
)  # fmt: skip
_order = tables.order_fact.c
ORDER = sa.select(
    sa.func.coalesce(_owner.customer_id, "", type_=sa.Text()).label("customer_id"),
    _order.system, _order.order_id, _order.kind, _order.total, _order.currency, _order.t, _order.ord, _order.event_id,
).select_from(
    tables.order_fact.outerjoin(tables.resolution, sa.and_(_owner.set_id == _order.set_id, _owner.slice == 0))
)  # fmt: skip
_line = tables.order_line.c
LINE = sa.select(_line.event_id, _line.product_id, _line.name)


def tables_for(conditions: Iterable[Condition]) -> Iterator[tuple[str, sa.Select[tuple[object, ...]]]]:
    """Which tables the conditions read, by name."""
    asked = list(conditions)
    yield "person", PERSON
    traits = sorted({one.trait for one in asked if isinstance(one, Trait)})
    if traits:
        yield "trait_told", _traits([*traits, *(GUESS + name for name in traits)])
    if any(isinstance(one, NeedIs) for one in asked):
        yield "need", NEED
    if any(isinstance(one, Orders) for one in asked):
        yield "order_told", ORDER
        yield "line_told", LINE
    purposes = sorted({one.consent for one in asked if isinstance(one, ConsentIs)})
    if purposes:
        yield "answer_told", _answers(purposes)
        yield "member", _members(purposes)


def _traits(names: list[str]) -> sa.Select[tuple[object, ...]]:
    trait = tables.trait.c
    return (
        sa.select(_owner.customer_id, trait.name, trait.value, trait.t, trait.ord, trait.event_id)
        .join(tables.resolution, sa.and_(_owner.set_id == trait.set_id, _owner.slice == 0))
        .where(among(trait.name, names))
    )


def _answers(purposes: list[str]) -> sa.Select[tuple[object, ...]]:
    """Answers, and what clients report with every event."""
    fact, trait = tables.consent_fact.c, tables.trait.c
    given = sa.select(
        _owner.customer_id, fact.set_id, fact.purpose, fact.channel, fact.given, fact.t, fact.ord, fact.event_id,
        sa.literal(0, sa.Integer()).label("reported"),
    )  # fmt: skip
    told = sa.select(
        _owner.customer_id, trait.set_id,
        sa.func.substr(trait.name, len(CONSENT_TRAIT) + 1, type_=sa.Text()).label("purpose"),
        sa.literal("", sa.Text()).label("channel"), (trait.value == "true").label("given"),
        trait.t, trait.ord, trait.event_id, sa.literal(1, sa.Integer()).label("reported"),
    )  # fmt: skip
    both = sa.union_all(
        given.join(tables.resolution, sa.and_(_owner.set_id == fact.set_id, _owner.slice == 0)).where(
            among(fact.purpose, purposes)
        ),
        told.join(tables.resolution, sa.and_(_owner.set_id == trait.set_id, _owner.slice == 0)).where(
            among(trait.name, [CONSENT_TRAIT + name for name in purposes])
        ),
    ).subquery()
    return sa.select(*both.c)


def _members(purposes: list[str]) -> sa.Select[tuple[object, ...]]:
    """The identifiers of the sets under which somebody answered."""
    fact, trait, member = tables.consent_fact.c, tables.trait.c, tables.identifier_set_member.c
    answered = sa.union(
        sa.select(fact.set_id).where(among(fact.purpose, purposes)),
        sa.select(trait.set_id).where(among(trait.name, [CONSENT_TRAIT + name for name in purposes])),
    )
    return sa.select(member.set_id, member.identifier_id).where(member.set_id.in_(answered))
