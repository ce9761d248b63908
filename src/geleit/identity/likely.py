"""Probable links that count as evidence of the lowest rank, where identity.yaml says so: open ones that are likely enough.

An answer ends it: yes is a merge, no a separation, and about what somebody was not sure of, likeness decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from geleit.events.event import Identifier
from geleit.identity.rules import Rules
from geleit.ledger.ledger import given
from geleit.ledger.linkage_tables import probable_link
from geleit.ledger.prepared import Prepared

Likely = tuple[Identifier, Identifier, float]  # two identifiers, and bits for one person

_link = probable_link.c
_ROWS = sa.select(_link.a_type, _link.a_value, _link.b_type, _link.b_value, _link.bits).where(_link.state == "open")
_ALL = Prepared(_ROWS)
_NAMING = Prepared(sa.union(_ROWS.where(given(_link.a_value)), _ROWS.where(given(_link.b_value))))


def counting(connection: sa.Connection, rules: Rules) -> list[Likely]:
    """All links that join by likeness if nothing else speaks against it."""
    return _of(_ALL.all(connection), rules) if rules.probable is not None else []


def naming(connection: sa.Connection, identifiers: Iterable[Identifier], rules: Rules) -> list[Likely]:
    """Those of them that name one of these identifiers."""
    if rules.probable is None:
        return []
    wanted = set(identifiers)
    rows = _NAMING.all(connection, values=sorted({one.value for one in wanted}))
    return [one for one in _of(rows, rules) if one[0] in wanted or one[1] in wanted]


def ends(connection: sa.Connection, rules: Rules) -> frozenset[Identifier]:
    """All identifiers that such links name: whoever has one is not placed by evidence alone."""
    return frozenset(end for a, b, _ in counting(connection, rules) for end in (a, b))


def _of(rows: Sequence[Sequence[Any]], rules: Rules) -> list[Likely]:
    least = rules.probable or 0.0
    return [
        (Identifier(a_type, a_value), Identifier(b_type, b_value), float(bits))
        for a_type, a_value, b_type, b_value, bits in rows
        if bits >= least
    ]
