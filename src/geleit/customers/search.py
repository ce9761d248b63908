"""Finds people: by name, number, phone, e-mail, or a sentence someone said; and resolves keys to customer ids."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import sqlalchemy as sa

from geleit.customers import tokens
from geleit.customers.names import names
from geleit.errors import NotFoundError
from geleit.ledger import tables
from geleit.ledger.ledger import among
from geleit.ledger.search_tables import search_identifier, search_text, search_word

DIGITS = 4  # so many digits alone are a phone number or a number
WIDEST = 3_000  # places of a word are counted no further: it is a common one then
DIALED = re.compile(r"[\d\s()+/.-]{5,}")
LAST = "\U0010ffff"
# What fitted, the most telling first: what people are called and said, then what they touched, then what was noted.
WHYS = ("name", "email", "phone", "number", "words", "product", "text")
BESIDES = ("product", "text")  # many people share these words
Forms = tuple[str, ...]  # a word as it may be written: mueller, muller

_owner = tables.resolution.c


@dataclass(frozen=True, slots=True)
class Found:
    """A customer who fits. ``why`` says what fitted (one of ``WHYS``), ``matched`` which word."""

    customer_id: str
    name: str
    why: str
    matched: str
    since: int


class _Texts:
    """Words of texts, and the sets of whom these say something."""

    def __init__(self) -> None:
        words, said = search_word.alias(), search_text.alias()
        self.token, self.field, self.set_id = words.c.token, said.c.field, said.c.set_id
        self.places: sa.FromClause = words.join(said, said.c.text_key == words.c.text_key)

    def joined(self, owner: sa.FromClause) -> sa.Join:
        """Words with their customers."""
        return self.places.join(owner, owner.c.set_id == self.set_id)


class _Identifiers:
    """Words of identifiers, and the sets that these are in."""

    def __init__(self) -> None:
        words, self.member = search_identifier.alias(), tables.identifier_set_member.alias()
        self.token, self.field, self.identifier_id = words.c.token, words.c.field, words.c.identifier_id
        self.places: sa.FromClause = words

    def joined(self, owner: sa.FromClause) -> sa.Join:
        """Words with their customers."""
        inside = self.places.join(self.member, self.member.c.identifier_id == self.identifier_id)
        return inside.join(owner, owner.c.set_id == self.member.c.set_id)


_Place = _Texts | _Identifiers
PLACES: tuple[_Place, ...] = (_Identifiers(), _Texts())


def find(connection: sa.Connection, query: str, limit: int = 20) -> list[Found]:
    """Customers for whom every word of the query begins a known word; exact words first, then by ``WHYS``, then by name.

    The rarest word leads, the others are asked of its customers only; names are read for those shown.
    """
    for words in _readings(query):
        customers = _matching(connection, words, limit)
        if customers:
            return _found(connection, customers, words)
    return _known_as(connection, query.strip(), limit)


def _known_as(connection: sa.Connection, value: str, limit: int) -> list[Found]:
    """Customers of an identifier of just this value: browsers and devices, whose numbers nobody types word by word."""
    identifier, place = tables.identifier.c, tables.identifier_resolution.c
    query = (
        sa.select(tables.customer.c.id, tables.customer.c.since_t)
        .join(tables.identifier_resolution, place.customer_id == tables.customer.c.id)
        .join(tables.identifier, identifier.id == place.identifier_id)
        .where(identifier.value.in_((value, value.casefold())))
        .distinct()
        .limit(limit)
    )
    rows = connection.execute(query).all()
    called = names(connection, [row.id for row in rows])
    return [Found(row.id, called[row.id], "number", value, row.since_t) for row in rows]


def _readings(query: str) -> Iterator[list[Forms]]:
    """How a query may be meant: as one whole (number, address), else word by word."""
    text = query.strip()
    if len(text) > 1 and not tokens.WORD.fullmatch(text):
        yield [(text.casefold()[: tokens.LONGEST],)]
    digits = re.sub(r"\D", "", text)
    if DIALED.fullmatch(text) and len(digits) >= DIGITS:
        yield [(digits.removeprefix("00") if text.startswith("00") else digits,)]
        if all(len(word) > 1 for word in tokens.WORD.findall(text)):  # 2026-10042 may be an order
            yield [tokens.fold(word) for word in tokens.WORD.findall(text)]
    elif "@" not in text or " " in text:
        words = [tokens.fold(word) for word in tokens.WORD.findall(text)]
        known = [forms for forms in words if forms and len(forms[0]) > 1]
        if known:
            yield known


def _matching(connection: sa.Connection, words: Sequence[Forms], limit: int) -> list[str]:
    """Customers whom all words fit, those first who have the rarest word exactly and not only as a product or a text."""
    first, *others = sorted(words, key=lambda forms: (_count(connection, forms), forms))
    found: dict[str, None] = {}
    for exactly, form, besides, place in product((True, False), first, (False, True), PLACES):
        if len(found) < limit:
            query = _led_to(place, form, exactly=exactly).where(*map(_has, others))
            query = query if besides else query.where(place.field.not_in(BESIDES))
            found.update(dict.fromkeys(connection.execute(query.limit(limit)).scalars().all()))
    return list(found)[:limit]


def _led_to(place: _Place, form: str, *, exactly: bool) -> sa.Select[str]:
    """The customers whom a word leads to, or a longer one that begins like it."""
    token = place.token
    fits = token == form if exactly else (token > form) & (token <= form + LAST)
    return sa.select(_owner.customer_id).distinct().select_from(place.joined(tables.resolution)).where(fits)


def _count(connection: sa.Connection, forms: Forms) -> int:
    """How many places a word leads to, each counted no further than WIDEST."""
    places = (
        sa.select(sa.literal(1)).select_from(place.places).where(_begins(forms, place.token)).limit(WIDEST)
        for place in PLACES
    )
    counts = (sa.select(sa.func.count()).select_from(some.subquery()) for some in places)
    return sum(int(connection.execute(count).scalar_one()) for count in counts)


def _has(forms: Forms) -> sa.ColumnElement[bool]:
    """Whether the customer has a word that begins like this, in any of their sets."""
    owner = tables.resolution.alias()
    return sa.or_(
        *(
            sa.exists(
                sa.select(sa.literal(1))
                .select_from(place.joined(owner))
                .where(owner.c.customer_id == _owner.customer_id, _begins(forms, place.token))
            )
            for place in (_Texts(), _Identifiers())
        )
    )


def _begins(forms: Forms, token: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.or_(*(token.between(form, form + LAST) for form in forms))


def _found(connection: sa.Connection, customers: Sequence[str], words: Sequence[Forms]) -> list[Found]:
    """What is shown of customers: name, since when, and which word fitted."""
    called = names(connection, customers)
    query = sa.select(tables.customer.c.id, tables.customer.c.since_t)
    since = dict(connection.execute(query.where(among(tables.customer.c.id, customers))).all())
    exact = {form for forms in words for form in forms}
    fits: dict[str, tuple[bool, int, int, str]] = {}
    for place in PLACES:
        query = (
            sa.select(_owner.customer_id, place.field, place.token)
            .select_from(place.joined(tables.resolution))
            .where(
                among(_owner.customer_id, customers),
                sa.or_(*(_begins(forms, place.token) for forms in words)),
            )
        )
        for row in connection.execute(query).all():
            customer, why, token = str(row[0]), str(row[1]), str(row[2])
            fit = (token not in exact, WHYS.index(why), len(token), token)
            fits[customer] = min(fits.get(customer, fit), fit)
    order = sorted(customers, key=lambda customer: (fits[customer][:2], called[customer].casefold(), customer))
    return [
        Found(customer, called[customer], WHYS[fits[customer][1]], fits[customer][3], since.get(customer, 0))
        for customer in order
    ]


def people(connection: sa.Connection, after: str = "", limit: int = 50) -> list[Found]:
    """All customers, those known most recently first; ``after`` is the last id of the page before."""
    customer = tables.customer.c
    query = sa.select(customer.id, customer.since_t).order_by(customer.since_t.desc(), customer.id).limit(limit)
    if after:
        last = connection.execute(sa.select(customer.since_t).where(customer.id == after)).scalar_one_or_none()
        if last is not None:
            later = (customer.since_t < last) | (customer.id > after)
            query = query.where(customer.since_t <= last, later)
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
