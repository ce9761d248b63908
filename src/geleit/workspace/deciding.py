"""Carries out what people decide about who is who, or shows what would come of it; what hangs on the people follows.

Decision, resolution, kept withdrawals and the wish for a new cut of needs are one ledger transaction. A preview is the
same transaction, taken back: it shows what happens, not what somebody thinks would happen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.customers import profiles
from geleit.errors import GeleitError, NotFoundError
from geleit.events.event import Identifier
from geleit.identity import decisions, resolution
from geleit.identity.decisions import Decision, Kind, Note
from geleit.identity.evidence import find_ids
from geleit.intake import slicing
from geleit.ledger import tables
from geleit.ledger.ledger import among
from geleit.needs import recut
from geleit.workspace import withdrawals
from geleit.workspace.outcome import Drawn, Outcome, outcome, sketches
from geleit.workspace.workspace import Workspace

SOMEBODY = Note("preview", "preview")

Act = Callable[[sa.Connection], Decision]
Sides = Sequence[Sequence[Identifier]]


@dataclass(frozen=True, slots=True)
class Done:
    """A decision that was carried out or taken back, and what became of whom."""

    decision: Decision
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Changed:
    """What one decision did in its transaction; ``moved``: whose needs have to be cut anew."""

    decision: Decision
    drawn: Drawn
    moved: frozenset[str]


class _ShownError(Exception):
    """Takes the transaction of a preview back."""

    def __init__(self, changed: _Changed) -> None:
        super().__init__("shown")
        self.changed = changed


def decide(space: Workspace, kind: Kind, sides: Sides, note: Note) -> Done:
    """Record a decision, resolve whom it names and cut their needs anew; verified before it is committed.

    Errors: GeleitError if it says too little, names somebody unknown, or changes nothing; Retryable if the ledger is busy.
    """
    changed = _carry_out(space, _recorded(space, kind, sides, note), _named(sides))
    return Done(changed.decision, _followed(space, changed))


def preview(space: Workspace, kind: Kind, sides: Sides) -> Outcome:
    """What ``decide`` would make of whom; nothing is changed. Errors: as ``decide``."""
    return outcome(space, _shown(space, _recorded(space, kind, sides, SOMEBODY), _named(sides)).drawn)


def undo(space: Workspace, number: int, note: Note) -> Done:
    """Take a decision back; what it joined or held apart follows evidence and the other decisions again.

    Errors: NotFoundError; GeleitError if it was taken back before; Retryable if the ledger is busy.
    """
    changed = _carry_out(space, _taken_back(space, number, note), _named_by(space, number))
    return Done(changed.decision, _followed(space, changed))


def preview_undo(space: Workspace, number: int) -> Outcome:
    """What ``undo`` would make of whom; nothing is changed. Errors: as ``undo``."""
    return outcome(space, _shown(space, _taken_back(space, number, SOMEBODY), _named_by(space, number)).drawn)


def _named(sides: Sides) -> frozenset[Identifier]:
    return frozenset(one for side in sides for one in side)


def _named_by(space: Workspace, number: int) -> frozenset[Identifier]:
    with space.ledger.read() as connection:
        return decisions.one(connection, number).named


def _recorded(space: Workspace, kind: Kind, sides: Sides, note: Note) -> Act:
    def act(connection: sa.Connection) -> Decision:
        number = decisions.record(connection, kind, sides, note, space.clock())
        _check_useful(connection, kind, sides)
        return decisions.one(connection, number)

    return act


def _taken_back(space: Workspace, number: int, note: Note) -> Act:
    def act(connection: sa.Connection) -> Decision:
        decisions.take_back(connection, number, note, space.clock())
        return decisions.one(connection, number)

    return act


def _carry_out(space: Workspace, act: Act, named: frozenset[Identifier], *, only_show: bool = False) -> _Changed:
    with space.ledger.write() as connection:
        changed = _change(space, connection, act, named)
        if only_show:
            raise _ShownError(changed)
    return changed


def _shown(space: Workspace, act: Act, named: frozenset[Identifier]) -> _Changed:
    try:
        return _carry_out(space, act, named, only_show=True)
    except _ShownError as shown:
        return shown.changed


def _followed(space: Workspace, changed: _Changed) -> Outcome:
    """Cut the needs of those who moved before anybody looks."""
    moved = set(changed.moved)
    sum(slicing.cut_waiting(space.intake, space.history, moved))
    recut.cut_now(space.ledger, space.history, space.catalogue, space.definitions.needs, moved)
    return outcome(space, changed.drawn)


def _change(space: Workspace, connection: sa.Connection, act: Act, named: frozenset[Identifier]) -> _Changed:
    """One decision in the caller's transaction."""
    ids = {number for number, _ in find_ids(connection, named).values()}
    homes = _homes(connection, ids)
    members = {one: _members(connection, one) for one in sorted(set(homes.values()))}
    before, was = sketches(connection, members), _before(connection, named, members)
    made = act(connection)
    if made.kind == "household" and space.rules.probable is None:
        return _Changed(made, Drawn(before, before, {one: one for one in members}), frozenset())
    change = space.ledger.next_change(connection)
    moved = resolution.redecide(connection, named, space.rules, change).customers
    _verify(connection, made)
    withdrawals.keep(connection, made, was, space.clock())
    recut.ask(connection, moved, change)
    everyone = {number for some in members.values() for number in some}
    now = _homes(connection, ids | everyone)
    heirs = {one: Counter(now[number] for number in some).most_common(1)[0][0] for one, some in members.items()}
    return _Changed(made, Drawn(before, sketches(connection, set(now.values())), heirs), frozenset(moved))


def _before(
    connection: sa.Connection, named: Iterable[Identifier], members: dict[str, dict[int, Identifier]]
) -> list[withdrawals.Before]:
    """What those customers had withdrawn, and what held them together."""
    standing = decisions.naming(connection, {*named, *(one for some in members.values() for one in some.values())})
    settled, since = standing.settled(), {made.number: made.at for made in standing.standing}
    found = []
    for customer, some in members.items():
        answers = profiles.profile(connection, customer).consents
        withdrawn = tuple(answer for answer in answers if not answer.given)
        found.append(withdrawals.Before(withdrawn, frozenset(some.values()), settled, since))
    return found


def _homes(connection: sa.Connection, ids: Iterable[int]) -> dict[int, str]:
    """Whose identifiers (ledger ids) are."""
    place = tables.identifier_resolution.c
    query = sa.select(place.identifier_id, place.customer_id).where(among(place.identifier_id, ids))
    return {number: customer for number, customer in connection.execute(query.order_by(place.identifier_id))}  # noqa: C416 (rows)


def _members(connection: sa.Connection, customer: str) -> dict[int, Identifier]:
    """A customer's identifiers by ledger id."""
    identifier, place = tables.identifier.c, tables.identifier_resolution.c
    query = (
        sa.select(identifier.id, identifier.type, identifier.value)
        .join(tables.identifier_resolution, place.identifier_id == identifier.id)
        .where(place.customer_id == customer)
    )
    return {number: Identifier(type_, value) for number, type_, value in connection.execute(query)}


def _check_useful(connection: sa.Connection, kind: Kind, sides: Sides) -> None:
    """Refuse what names somebody unknown, or merges those who are one already."""
    named = _named(sides)
    known = find_ids(connection, named)
    if unknown := sorted(named - known.keys()):
        raise NotFoundError(
            f"there is no identifier '{unknown[0]}'; nothing was changed", hint="geleit find WORDS looks for people"
        )
    homes = set(_homes(connection, [number for number, _ in known.values()]).values())
    if kind in ("merge", "household") and len(homes) == 1:
        raise GeleitError(
            f"these are one customer already ({min(homes)}); nothing was changed",
            hint=f"geleit identity explain {min(named)} says why",
        )


def _verify(connection: sa.Connection, made: Decision) -> None:
    """Take everything back if the ledger does not say what was decided: a success that did nothing would be a lie."""
    if made.undone is not None:
        return
    ids = {one: number for one, (number, _) in find_ids(connection, made.named).items()}
    homes = _homes(connection, ids.values())
    sides = [{homes[ids[one]] for one in side} for side in made.sides]
    place = tables.identifier_resolution.c
    told = {
        "household": True,
        "merge": len(sides[0]) == 1,
        "separate": not set.intersection(*sides),
        "shared": not connection.execute(
            sa.select(place.identifier_id).where(among(place.identifier_id, ids.values()), place.reason == "")
        ).first(),
    }
    if not told[made.kind]:
        raise GeleitError(
            f"'{made.kind}' had not the effect that it should have, so it was taken back; nothing was changed",
            hint="geleit identity explain A B shows what joins them; please report this",
        )
