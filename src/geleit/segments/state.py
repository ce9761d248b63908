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
from geleit.history.reading import WHOLE
from geleit.ledger import tables
from geleit.ledger.slice_tables import slice_
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
_need = tables.need.c
NEED = sa.select(
    _need.customer_id, _need.topic, _need.stage, _need.opened_at, _need.closed_at, _need.last_at, _need.silent_at,
    _need.stage_at,
)  # fmt: skip
_order = tables.order_fact.c
_line = tables.order_line.c
LINE = sa.select(_line.event_id, _line.product_id, _line.name)


def _whose(fact: sa.Table) -> tuple[sa.ColumnElement[str], sa.FromClause]:
    """Whose a fact is (empty for nobody's): the set's customer, but in the stretches of time that are cut out of it."""
    whole, held, cut = tables.resolution.alias(), tables.resolution.alias(), slice_.alias()
    in_time = sa.and_(cut.c.set_id == fact.c.set_id, fact.c.t >= cut.c.from_t, fact.c.t < cut.c.until_t)
    joined = (
        fact.outerjoin(whole, sa.and_(whole.c.set_id == fact.c.set_id, whole.c.slice == WHOLE))
        .outerjoin(cut, in_time)
        .outerjoin(held, sa.and_(held.c.set_id == cut.c.as_set, held.c.slice == WHOLE))
    )
    customer = sa.func.coalesce(held.c.customer_id, whole.c.customer_id, "", type_=sa.Text())
    return customer.label("customer_id"), joined


def _orders() -> sa.Select[tuple[object, ...]]:
    customer, joined = _whose(tables.order_fact)
    return sa.select(
        customer, _order.system, _order.order_id, _order.kind, _order.total, _order.currency, _order.t, _order.ord,
        _order.event_id,
    ).select_from(joined)  # fmt: skip


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
        yield "order_told", _orders()
        yield "line_told", LINE
    purposes = sorted({one.consent for one in asked if isinstance(one, ConsentIs)})
    if purposes:
        yield "answer_told", _answers(purposes)
        yield "member", _members(purposes)


def _traits(names: list[str]) -> sa.Select[tuple[object, ...]]:
    trait = tables.trait.c
    customer, joined = _whose(tables.trait)
    told = sa.select(customer, trait.name, trait.value, trait.t, trait.ord, trait.event_id).select_from(joined)
    return told.where(trait.name.in_(names))


def _answers(purposes: list[str]) -> sa.Select[tuple[object, ...]]:
    """Answers, and what clients report with every event."""
    fact, trait = tables.consent_fact.c, tables.trait.c
    customer, joined = _whose(tables.consent_fact)
    given = sa.select(
        customer, fact.set_id, fact.purpose, fact.channel, fact.given, fact.t, fact.ord, fact.event_id,
        sa.literal(0, sa.Integer()).label("reported"),
    ).select_from(joined)  # fmt: skip
    customer, joined = _whose(tables.trait)
    told = sa.select(
        customer, trait.set_id,
        sa.func.substr(trait.name, len(CONSENT_TRAIT) + 1, type_=sa.Text()).label("purpose"),
        sa.literal("", sa.Text()).label("channel"), (trait.value == "true").label("given"),
        trait.t, trait.ord, trait.event_id, sa.literal(1, sa.Integer()).label("reported"),
    ).select_from(joined)  # fmt: skip
    both = sa.union_all(
        given.where(fact.purpose.in_(purposes)),
        told.where(trait.name.in_([CONSENT_TRAIT + name for name in purposes])),
    ).subquery()
    return sa.select(*both.c)


def _members(purposes: list[str]) -> sa.Select[tuple[object, ...]]:
    """The identifiers of the sets under which somebody answered."""
    fact, trait, member = tables.consent_fact.c, tables.trait.c, tables.identifier_set_member.c
    answered = sa.union(
        sa.select(fact.set_id).where(fact.purpose.in_(purposes)),
        sa.select(trait.set_id).where(trait.name.in_([CONSENT_TRAIT + name for name in purposes])),
    )
    return sa.select(member.set_id, member.identifier_id).where(member.set_id.in_(answered))
