"""Which visits at browsers of several people are whose: what explains an event without a sign-in on somebody's page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.events.event import Identifier
from geleit.identity.hands import HANDED
from geleit.identity.rules import Rules
from geleit.language.formats import stamp
from geleit.language.words import translate
from geleit.ledger import tables
from geleit.ledger.ledger import among
from geleit.ledger.slice_tables import slice_

SHOWN = 12

_holder, _browser = tables.resolution.alias(), tables.resolution.alias()
_member, _place, _identifier = tables.identifier_set_member.c, tables.identifier_resolution.c, tables.identifier.c


@dataclass(frozen=True, slots=True, order=True)
class Visit:
    """From ``from_t`` until before ``until_t`` a browser of several people was in the hands of ``customer``."""

    from_t: int
    until_t: int
    browser: Identifier
    customer: str


def visits(connection: sa.Connection, customers: Sequence[str], rules: Rules) -> tuple[Visit, ...]:
    """The visits of these customers at browsers of several people, and those of others at theirs; oldest first."""
    query = (
        sa.select(slice_.c.from_t, slice_.c.until_t, _identifier.type, _identifier.value, _holder.c.customer_id)
        .join(_holder, _holder.c.set_id == slice_.c.as_set)
        .join(_browser, _browser.c.set_id == slice_.c.set_id)
        .join(tables.identifier_set_member, _member.set_id == slice_.c.set_id)
        .join(tables.identifier_resolution, _place.identifier_id == _member.identifier_id)
        .join(tables.identifier, _identifier.id == _member.identifier_id)
        .where(_place.reason == "ambiguous")
    )
    found = {
        Visit(begin, end, Identifier(type_, value), customer)
        for side in (_holder, _browser)
        for begin, end, type_, value, customer in connection.execute(query.where(among(side.c.customer_id, customers)))
        if rules.of(type_).class_ in HANDED
    }
    return tuple(sorted(found))


def told(found: Sequence[Visit], language: str, zone: str) -> list[str]:
    """The latest visits in words, a line each, with a heading; nothing without visits."""
    if not found:
        return []
    lines = ["", translate(language, "Visits at a browser that several people use:")]
    lines += [
        translate(
            language,
            "  {browser}: {first} to {last}, {customer}",
            browser=one.browser,
            first=stamp(one.from_t, language, zone),
            last=stamp(one.until_t - 1, language, zone),
            customer=one.customer,
        )
        for one in found[-SHOWN:]
    ]
    if len(found) > SHOWN:
        lines.append(translate(language, "  and {count} earlier ones", count=len(found) - SHOWN))
    return lines
