"""What people decided about who is who, in the words of identifiers, so that it stands whatever becomes of customers.

A decision names identifiers (type, value), never customers. Its kind:

- ``merge``: all identifiers of ``sides[0]`` are one person;
- ``separate``: whoever has one of ``sides[0]`` is never whoever has one of ``sides[1]``;
- ``shared``: each identifier of ``sides[0]`` belongs to nobody alone (a kiosk, a family's phone) and joins nobody;
- ``household``: the people who have these identifiers live together; joins nobody, ever.

``Decisions`` holds those that stand (not undone). ``Decisions.settled()`` is what resolution applies, a pure function of
them: decisions are read from the newest to the oldest, and what contradicts a newer one is void. So a pair of a merge
across a newer separation is left out; a separation whose sides are one by newer merges is void as a whole; an identifier
marked as shared falls out of older merges, and one that a newer merge names is not shared any more.

How resolution takes it: ``bonds`` join before all evidence, whatever limits, reasons or classes say; then a union that
would bring an identifier of ``one`` and one of ``other`` of the same ``Apart`` together is held back with the rule
``decision: NUMBER``; ``shared`` identifiers join nobody for the reason ``shared``.

``naming`` gives the decisions that bear on some identifiers (those that name one of them, those that name whom these
name, and so on), so that ``naming(x).settled()`` says of them what ``standing().settled()`` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal, cast

import sqlalchemy as sa

from geleit.errors import GeleitError, NotFoundError
from geleit.events.event import Identifier
from geleit.ledger.decision_tables import decision, decision_member
from geleit.ledger.ledger import among, given
from geleit.ledger.prepared import Prepared

Kind = Literal["merge", "separate", "shared", "household"]
Side = tuple[Identifier, ...]

LONGEST = 1_000  # letters of an author's name or a reason
FEWEST: dict[Kind, tuple[int, ...]] = {"merge": (2,), "separate": (1, 1), "shared": (1,), "household": (2,)}

_member = decision_member.c
_ANY = Prepared(sa.select(sa.func.max(decision.c.id)))
_NAMING = Prepared(
    sa.select(_member.decision_id, _member.type, _member.value)
    .join(decision, decision.c.id == _member.decision_id)
    .where(given(_member.value), decision.c.undone_at.is_(None), decision.c.kind != "household")
)
_MADE = (
    decision.c.id, decision.c.kind, decision.c.author, decision.c.reason, decision.c.at,
    decision.c.undone_by, decision.c.undone_why, decision.c.undone_at,
)  # fmt: skip
_SAID = (_member.decision_id, _member.side, _member.type, _member.value)
_NUMBERED = Prepared(sa.select(*_MADE).where(given(decision.c.id)).order_by(decision.c.id))
_SIDES = Prepared(sa.select(*_SAID).where(given(_member.decision_id)))
_ALL = Prepared(sa.select(*_MADE).order_by(decision.c.id))
_ALL_SIDES = Prepared(sa.select(*_SAID))
_RECORD = Prepared(sa.insert(decision).returning(decision.c.id))
_RECORD_MEMBER = Prepared(sa.insert(decision_member))


@dataclass(frozen=True, slots=True)
class Note:
    """Who says it, and why."""

    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class Undone:
    """Who took a decision back, why, and when (microseconds UTC)."""

    author: str
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; ``sides``: two of a separation, else one, each sorted; ``at`` in microseconds UTC."""

    number: int
    kind: Kind
    sides: tuple[Side, ...]
    author: str
    reason: str
    at: int
    undone: Undone | None = None

    @property
    def named(self) -> frozenset[Identifier]:
        """All identifiers that it names."""
        return frozenset(one for side in self.sides for one in side)


@dataclass(frozen=True, slots=True)
class Bond:
    """Two identifiers that are one person by decision ``number``."""

    a: Identifier
    b: Identifier
    number: int


@dataclass(frozen=True, slots=True)
class Apart:
    """Identifiers that are never one customer with those on the other side, by decision ``number``."""

    one: frozenset[Identifier]
    other: frozenset[Identifier]
    number: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What holds; newest first. ``shared`` maps an identifier to its decision; ``void``: decisions without effect.

    ``households``: the numbers of the households that an identifier is named in; they keep likeness from joining.
    """

    bonds: tuple[Bond, ...] = ()
    apart: tuple[Apart, ...] = ()
    shared: dict[Identifier, int] = field(default_factory=dict)
    void: frozenset[int] = frozenset()
    households: dict[Identifier, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions that stand, by number."""

    standing: tuple[Decision, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.standing)

    @property
    def named(self) -> frozenset[Identifier]:
        """All identifiers that a decision other than a household names."""
        return frozenset(end for made in self.standing if made.kind != "household" for end in made.named)

    def settled(self) -> Settled:
        """What holds when each decision yields to the newer ones that contradict it."""
        work = _Settling()
        for made in sorted(self.standing, key=lambda made: -made.number):
            work.take(made)
        homes = households(made for made in self.standing if made.kind == "household")
        return Settled(tuple(work.bonds), tuple(work.apart), work.shared, frozenset(work.void), homes)


NOTHING = Decisions()


class _Settling:
    """Decisions taken one after another, the newest first."""

    def __init__(self) -> None:
        self.bonds: list[Bond] = []
        self.apart: list[Apart] = []
        self.shared: dict[Identifier, int] = {}
        self.void: set[int] = set()
        self.together: dict[Identifier, frozenset[Identifier]] = {}  # who is one with an identifier so far

    def take(self, made: Decision) -> None:
        """Apply one decision as far as the newer ones allow."""
        if made.kind == "merge":
            self._merge(made)
        elif made.kind == "separate":
            self._separate(made)
        elif made.kind == "shared":
            free = [one for one in made.sides[0] if one not in self.together]
            self.shared.update((one, made.number) for one in free if one not in self.shared)
            if not free:
                self.void.add(made.number)

    def _merge(self, made: Decision) -> None:
        joined = False
        for a, b in combinations([one for one in made.sides[0] if one not in self.shared], 2):
            here, there = self.together.get(a, frozenset((a,))), self.together.get(b, frozenset((b,)))
            if any(_across(here, there, apart) for apart in self.apart):
                continue
            self.bonds.append(Bond(a, b, made.number))
            self.together.update(dict.fromkeys(here | there, here | there))
            joined = True
        if not joined:
            self.void.add(made.number)

    def _separate(self, made: Decision) -> None:
        one, other = (frozenset(side) for side in made.sides)
        reached = one.union(*(self.together.get(end, ()) for end in one))
        if reached & other:
            self.void.add(made.number)
        else:
            self.apart.append(Apart(one, other, made.number))


def _across(here: AbstractSet[Identifier], there: AbstractSet[Identifier], apart: Apart) -> bool:
    """Whether one holds an identifier of one side, and the other one of the other side."""
    return bool((here & apart.one and there & apart.other) or (here & apart.other and there & apart.one))


def standing(connection: sa.Connection) -> Decisions:
    """All decisions that stand."""
    return Decisions(tuple(made for made in listed(connection) if made.undone is None))


def naming(connection: sa.Connection, identifiers: Iterable[Identifier]) -> Decisions:
    """The decisions that bear on whose these identifiers are (households do not), with all that bear on those.

    Costs a look at one row where nobody ever decided anything.
    """
    if _ANY.all(connection) == [(None,)]:
        return NOTHING
    waiting, seen = set(identifiers), set[Identifier]()
    numbers: set[int] = set()
    while waiting:
        rows = _NAMING.all(connection, values=sorted({one.value for one in waiting}))
        new = {number for number, type_, value in rows if Identifier(type_, value) in waiting} - numbers
        seen |= waiting
        numbers |= new
        waiting = {one for made in _by_number(connection, new) for one in made.named} - seen
    return Decisions(tuple(_by_number(connection, numbers)))


def households(made: Iterable[Decision]) -> dict[Identifier, frozenset[int]]:
    """The numbers of the households that each identifier is named in."""
    found: dict[Identifier, frozenset[int]] = {}
    for one_ in made:
        found |= {end: found.get(end, frozenset()) | {one_.number} for end in one_.named}
    return found


def households_of(connection: sa.Connection, identifiers: Iterable[Identifier]) -> dict[Identifier, frozenset[int]]:
    """The households that stand and name some of these identifiers, by all that they name."""
    made = history(connection, identifiers)
    return households(one_ for one_ in made if one_.kind == "household" and one_.undone is None)


def listed(connection: sa.Connection) -> list[Decision]:
    """Every decision there ever was, also those that were taken back, by number."""
    return _of(_ALL.all(connection), _ALL_SIDES.all(connection))


def history(connection: sa.Connection, identifiers: Iterable[Identifier]) -> list[Decision]:
    """Every decision that names one of these identifiers, also those that were taken back, by number."""
    wanted = set(identifiers)
    found = among(_member.value, sorted({one.value for one in wanted}))
    rows = connection.execute(sa.select(_member.decision_id, _member.type, _member.value).where(found)).all()
    return _by_number(connection, {row.decision_id for row in rows if Identifier(row.type, row.value) in wanted})


def one(connection: sa.Connection, number: int) -> Decision:
    """A decision. Errors: NotFoundError."""
    for made in _by_number(connection, {number}):
        return made
    raise NotFoundError(f"there is no decision {number}", hint="geleit identity decisions")


def record(connection: sa.Connection, kind: Kind, sides: Sequence[Iterable[Identifier]], note: Note, at: int) -> int:
    """Write a decision in the caller's transaction; returns its number. It changes nobody: resolve those it names.

    Errors: GeleitError for too few identifiers, an identifier on both sides, no author or no reason.
    """
    clean = [tuple(sorted(set(side))) for side in sides]
    _check(kind, clean, note)
    row = {"kind": kind, "author": note.author.strip(), "reason": note.reason.strip(), "at": at}
    ((number,),) = _RECORD.all(connection, **row)
    members = [
        {"decision_id": number, "side": place, "type": end.type, "value": end.value}
        for place, side in enumerate(clean)
        for end in side
    ]
    _RECORD_MEMBER.many(connection, members)
    return int(number)


def take_back(connection: sa.Connection, number: int, note: Note, at: int) -> Decision:
    """Mark a decision as undone in the caller's transaction; returns it as it stood.

    Errors: NotFoundError; GeleitError if it was taken back before.
    """
    made = one(connection, number)
    _check_note(note)
    if made.undone is not None:
        raise GeleitError(
            f"decision {number} was taken back before, by {made.undone.author}; nothing was changed",
            hint="to have it again, decide it anew; geleit identity decisions shows what it said",
        )
    undone = {"undone_by": note.author.strip(), "undone_why": note.reason.strip(), "undone_at": at}
    connection.execute(sa.update(decision).where(decision.c.id == number).values(undone))
    return made


def _check(kind: Kind, sides: Sequence[Side], note: Note) -> None:
    fewest = FEWEST[kind]
    if len(sides) != len(fewest) or any(len(side) < least for side, least in zip(sides, fewest, strict=True)):
        wanted = "one identifier on each side" if kind == "separate" else f"at least {fewest[0]} different identifiers"
        raise GeleitError(
            f"'{kind}' needs {wanted}; nothing was changed",
            hint="name them as type:value, such as email:ada@example.org",
        )
    if both := set(sides[0]).intersection(*sides[1:]) if len(sides) > 1 else set():
        raise GeleitError(
            f"{min(both)} is on both sides; nothing was changed", hint="name each identifier on one side only"
        )
    _check_note(note)


def _check_note(note: Note) -> None:
    for name, said in (("the author", note.author), ("a reason", note.reason)):
        if not said.strip():
            raise GeleitError(f"{name} is missing; nothing was changed", hint="a decision says by whom it is, and why")
        if len(said) > LONGEST:
            raise GeleitError(
                f"{name} of {len(said)} letters is too long; nothing was changed", hint=f"at most {LONGEST} letters"
            )


def _by_number(connection: sa.Connection, numbers: AbstractSet[int]) -> list[Decision]:
    wanted = sorted(numbers)
    return _of(_NUMBERED.all(connection, values=wanted), _SIDES.all(connection, values=wanted))


def _of(made: Iterable[Sequence[Any]], said: Iterable[Sequence[Any]]) -> list[Decision]:
    """Decisions (the columns of ``_MADE``) with the identifiers that they name (those of ``_SAID``)."""
    sides: dict[int, list[list[Identifier]]] = {}
    for number, side, type_, value in said:
        sides.setdefault(number, [[], []])[side].append(Identifier(type_, value))
    return [_decision(row, sides.get(row[0], [[], []])) for row in made]


def _decision(row: Sequence[Any], sides: Sequence[list[Identifier]]) -> Decision:
    number, kind_, author, reason, at, by, why, undone_at = row
    kind = cast("Kind", kind_)
    told = tuple(tuple(sorted(side)) for side in sides[: len(FEWEST[kind])])
    return Decision(number, kind, told, author, reason, at, None if undone_at is None else Undone(by, why, undone_at))
