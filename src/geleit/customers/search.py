"""Finds people: by name, number, phone, e-mail, or a sentence someone said; and resolves keys to customer ids."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.customers import tokens
from geleit.customers.names import names
from geleit.errors import NotFoundError
from geleit.ledger import tables
from geleit.ledger.ledger import chunked

DIGITS = 4  # so many digits alone are a phone number or a number
WIDEST = 3_000  # customers that one word may bring before the other words narrow them down
DIALED = re.compile(r"[\d\s()+/.-]{5,}")
LAST = "\U0010ffff"

_token = tables.search_token.c
_owner = tables.resolution.c


@dataclass(frozen=True, slots=True)
class Found:
    """A customer who fits. ``why`` says what fitted (name, email, phone, number, words), ``matched`` which word."""

    customer_id: str
    name: str
    why: str
    matched: str
    since: int


def find(connection: sa.Connection, query: str, limit: int = 20) -> list[Found]:
    """Customers for whom every word of the query begins a known word; exact words first, then by name."""
    words = _words(query)
    if not words:
        return []
    if whole := _begin(connection, (query.strip().casefold()[: tokens.LONGEST],)):
        words = [(query.strip().casefold()[: tokens.LONGEST],)]
    words.sort(key=lambda forms: (-max(map(len, forms)), forms))
    hits = whole or _begin(connection, words[0])
    for forms in words[1:]:
        hits = _narrow(connection, hits, forms)
    called = names(connection, list(hits))
    exact = {form for forms in words for form in forms}
    order = sorted(hits, key=lambda customer: (hits[customer][1] not in exact, called[customer].casefold(), customer))
    return _found(connection, [(c, *hits[c]) for c in order[:limit]], called)


def _words(query: str) -> list[tuple[str, ...]]:
    text = query.strip()
    if DIALED.fullmatch(text) and len(re.sub(r"\D", "", text)) >= DIGITS:
        digits = re.sub(r"\D", "", text)
        return [(digits.removeprefix("00"),) if text.startswith("00") else (digits,)]
    if "@" in text and " " not in text:
        return [(text.casefold()[: tokens.LONGEST],)]
    return [forms for word in tokens.WORD.findall(text) if (forms := tokens.fold(word)) and len(forms[0]) > 1]


def _begins(forms: Iterable[str]) -> sa.ColumnElement[bool]:
    return sa.or_(*(_token.token.between(form, form + LAST) for form in forms))


def _begin(connection: sa.Connection, forms: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Customers with a word that begins like this: customer -> (what it is, the word)."""
    query = (
        sa.select(_owner.customer_id, _token.field, _token.token)
        .join(tables.resolution, _owner.set_id == _token.set_id)
        .where(_begins(forms))
        .order_by(sa.func.length(_token.token), _token.token)
        .limit(WIDEST)
    )
    hits: dict[str, tuple[str, str]] = {}
    for row in connection.execute(query):
        hits.setdefault(row.customer_id, (row.field, row.token))
    return hits


def _narrow(
    connection: sa.Connection, hits: dict[str, tuple[str, str]], forms: Iterable[str]
) -> dict[str, tuple[str, str]]:
    kept: set[str] = set()
    for some in chunked(list(hits)):
        query = (
            sa.select(_owner.customer_id)
            .join(tables.search_token, _owner.set_id == _token.set_id)
            .where(_owner.customer_id.in_(some), _begins(forms))
            .distinct()
        )
        kept.update(connection.execute(query).scalars())
    return {customer: why for customer, why in hits.items() if customer in kept}


def _found(connection: sa.Connection, hits: Sequence[tuple[str, str, str]], called: dict[str, str]) -> list[Found]:
    ids = [customer for customer, _, _ in hits]
    query = sa.select(tables.customer.c.id, tables.customer.c.since_t).where(tables.customer.c.id.in_(ids))
    since = {row.id: row.since_t for row in connection.execute(query)}
    return [Found(customer, called[customer], why, word, since.get(customer, 0)) for customer, why, word in hits]


def people(connection: sa.Connection, after: str = "", limit: int = 50) -> list[Found]:
    """All customers in the order of their last change, the latest first; ``after`` is the last id of the page before."""
    customer = tables.customer.c
    query = sa.select(customer.id, customer.since_t).order_by(customer.since_t.desc(), customer.id).limit(limit)
    if after:
        last = connection.execute(sa.select(customer.since_t).where(customer.id == after)).scalar_one_or_none()
        if last is not None:
            query = query.where((customer.since_t < last) | ((customer.since_t == last) & (customer.id > after)))
    rows = connection.execute(query).all()
    called = names(connection, [row.id for row in rows])
    return [Found(row.id, called[row.id], "", "", row.since_t) for row in rows]


def resolve_key(connection: sa.Connection, key: str) -> str:
    """The customer of a key: a customer id (old ones answer too), ``type:value``, or a bare value.

    Errors: NotFoundError if nobody or more than one person fits, with what comes near.
    """
    wanted = key.strip()
    if found := _by_id(connection, wanted):
        return found
    identifier, place = tables.identifier.c, tables.identifier_resolution.c
    type_, colon, value = wanted.partition(":")
    join = sa.select(place.customer_id, identifier.type).join(tables.identifier, identifier.id == place.identifier_id)
    rows = (
        connection.execute(join.where(identifier.type == type_, identifier.value.in_((value, value.casefold())))).all()
        if colon
        else []
    )
    if not rows:
        forms = (wanted, wanted.casefold(), *(f"+{form}" for form in tokens.phone_forms(wanted)))
        rows = connection.execute(join.where(identifier.value.in_(forms))).all()
    customers: list[str] = sorted({row.customer_id for row in rows})
    if len(customers) == 1:
        return customers[0]
    if customers:
        types = ", ".join(sorted({f"{row.type}:{value or wanted}" for row in rows}))
        raise NotFoundError(f"'{wanted}' fits {len(customers)} customers", hint=f"say which: {types}")
    hits = find(connection, value if colon else wanted, 3)
    if len(hits) == 1:
        return hits[0].customer_id
    raise NotFoundError(f"there is no customer '{wanted}'", hint=_near(connection, hits, type_ if colon else ""))


def _by_id(connection: sa.Connection, wanted: str) -> str:
    redirect = tables.customer_redirect.c
    if connection.execute(sa.select(tables.customer.c.id).where(tables.customer.c.id == wanted)).first():
        return wanted
    moved: str | None = connection.execute(
        sa.select(redirect.new_id).where(redirect.old_id == wanted)
    ).scalar_one_or_none()
    return moved or ""


def _near(connection: sa.Connection, hits: Sequence[Found], type_: str) -> str:
    if hits:
        return "near: " + ", ".join(f"{hit.customer_id} ({hit.name})" for hit in hits)
    if type_:
        types = connection.execute(sa.select(tables.identifier.c.type).distinct()).scalars().all()
        close = difflib.get_close_matches(type_, types, n=1)
        if type_ not in types:
            return (
                f"did you mean {close[0]}:...?" if close else f"identifier types: {', '.join(sorted(types)) or 'none'}"
            )
    return "geleit find WORDS looks for names, numbers and what people said"
