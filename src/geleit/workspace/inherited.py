"""Takes over from a broken ledger what people decided about who is who and answered about probable links.

Decisions come in with new numbers, in their old order, behind those that are here; what is known already stays, but for what was
taken back there. A withdrawal of consent that a separation kept comes with it, and so do write keys, hashed as they are: what was
made after the backup goes on opening its source, what was revoked stays so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from geleit.access import write_keys
from geleit.events.event import Identifier
from geleit.identity import decisions, resolution
from geleit.intake.salvage import copied
from geleit.ledger import tables
from geleit.ledger.decision_tables import decision, decision_member
from geleit.ledger.ledger import insert_new, upsert
from geleit.ledger.linkage_tables import probable_link
from geleit.needs import recut
from geleit.workspace.withdrawals import KEPT
from geleit.workspace.workspace import Workspace

LEDGER = "what people decided and write keys, in the ledger"
UNDOING = ("undone_by", "undone_why", "undone_at")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inherited:
    """How many decisions (new here, or taken back there), answers and write keys were taken over; what was unreadable."""

    decisions: int = 0
    answers: int = 0
    keys: int = 0
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Old:
    """Rows of the broken ledger; ``members`` by decision."""

    decisions: list[Row]
    members: dict[int, list[Row]]
    links: list[Row]
    withdrawals: list[Row]
    keys: list[Row]


def decided(space: Workspace, old: Path) -> tuple[Inherited, list[Row]]:
    """Take decisions, answers and write keys over, before the events of the broken workspace come in.

    ``old``: its folder or its ``data/``. Second: the withdrawals, which need the events (see ``withdrawn``).
    """
    ledger = (old / "data" if (old / "data").is_dir() else old) / "ledger.sqlite"
    try:
        found = _read(ledger)
    except (FileNotFoundError, sqlite3.DatabaseError):  # it was on a server, is lost or broken
        return Inherited(unreadable=(LEDGER,)), []
    with space.ledger.write() as connection:
        numbers, changed = _decisions(connection, found)
        answers = _answers(connection, found.links, numbers)
        keys = write_keys.take_over(connection, found.keys)
        named = {Identifier(one["type"], one["value"]) for number in changed for one in found.members[number]}
        change = space.ledger.next_change(connection)
        moved = resolution.redecide(connection, named, space.rules, change)
        recut.ask(connection, moved.customers, change)
    kept = [row | {"event_id": _renumbered(row["event_id"], numbers)} for row in found.withdrawals]
    return Inherited(len(changed), answers, keys), [row for row in kept if row["event_id"]]


def withdrawn(space: Workspace, rows: Sequence[Row]) -> int:
    """Write the kept withdrawals whose identifier sets are known here; returns how many."""
    sets, fact = tables.identifier_set.c, tables.consent_fact.c
    with space.ledger.write() as connection:
        wanted = sorted({row["set_key"] for row in rows})
        ids = {key: id_ for id_, key in connection.execute(sa.select(sets.id, sets.key).where(sets.key.in_(wanted)))}
        there = set(connection.execute(sa.select(fact.event_id).where(fact.event_id.startswith(KEPT))).scalars())
        new = []
        for row in rows:
            if (set_id := ids.get(row["set_key"])) is None:
                continue
            number, _, rest = row["event_id"].removeprefix(KEPT).partition(":")
            event_id = f"{KEPT}{number}:{set_id}:{rest.partition(':')[2]}"
            if event_id not in there:
                said = {name: value for name, value in row.items() if name != "set_key"}
                new.append(said | {"set_id": set_id, "event_id": event_id, "given": bool(row["given"])})
        if new:
            connection.execute(insert_new(tables.consent_fact), new)
    return len(new)


def _read(ledger: Path) -> _Old:
    with copied(ledger) as copy:
        copy.row_factory = sqlite3.Row

        def rows(query: str) -> list[Row]:
            return [dict(row) for row in copy.execute(query)]

        made = rows("SELECT * FROM decision ORDER BY id")
        members: dict[int, list[Row]] = {row["id"]: [] for row in made}
        for row in rows("SELECT * FROM decision_member ORDER BY decision_id, side, type, value"):
            members.setdefault(row["decision_id"], []).append(row)
        links = rows("SELECT * FROM probable_link")
        kept = rows(
            "SELECT identifier_set.key AS set_key, consent_fact.* FROM consent_fact "
            "JOIN identifier_set ON identifier_set.id = consent_fact.set_id "
            "WHERE consent_fact.event_id LIKE 'decision:%'"
        )
        return _Old(made, members, links, kept, rows("SELECT * FROM write_key ORDER BY id"))


def _decisions(connection: sa.Connection, old: _Old) -> tuple[dict[int, int], list[int]]:
    """Old numbers with those here, and the old numbers of what is new here or was taken back there."""
    here = {_said(one): one for one in decisions.listed(connection)}
    numbers: dict[int, int] = {}
    changed: list[int] = []
    for row in old.decisions:
        members = old.members[row["id"]]
        ends = tuple((one["side"], one["type"], one["value"]) for one in members)
        known = here.get((row["kind"], row["author"], row["reason"], row["at"], tuple(sorted(ends))))
        undone = {name: row[name] for name in UNDOING}
        if known is not None:
            numbers[row["id"]] = known.number
            if known.undone is None and row["undone_at"] is not None:
                taken_back = sa.update(decision).where(decision.c.id == known.number)
                connection.execute(taken_back.values(undone))
                changed.append(row["id"])
            continue
        said = {name: row[name] for name in ("kind", "author", "reason", "at")}
        (number,) = connection.execute(sa.insert(decision).returning(decision.c.id), said | undone).one()
        connection.execute(sa.insert(decision_member), [one | {"decision_id": number} for one in members])
        numbers[row["id"]] = int(number)
        changed.append(row["id"])
    return numbers, changed


def _said(one: decisions.Decision) -> tuple[object, ...]:
    ends = sorted((place, end.type, end.value) for place, side in enumerate(one.sides) for end in side)
    return one.kind, one.author, one.reason, one.at, tuple(ends)


def _answers(connection: sa.Connection, links: Sequence[Row], numbers: dict[int, int]) -> int:
    """Answers that nobody gave here."""
    link = probable_link.c
    keys = ("a_type", "a_value", "b_type", "b_value")
    answered = {
        tuple(row) for row in connection.execute(sa.select(*(link[name] for name in keys)).where(link.state != "open"))
    }
    new = [
        row | {"decision_id": numbers.get(row["decision_id"])}
        for row in links
        if row["state"] != "open" and tuple(row[name] for name in keys) not in answered
    ]
    if new:
        names = [column.name for column in probable_link.c if column.name not in keys]
        connection.execute(upsert(probable_link, names), new)
    return len(new)


def _renumbered(event_id: str, numbers: dict[int, int]) -> str:
    """A kept withdrawal's id under the number that its decision has here; empty if that is unknown."""
    number, _, rest = event_id.removeprefix(KEPT).partition(":")
    return f"{KEPT}{numbers[int(number)]}:{rest}" if number.isdigit() and int(number) in numbers else ""
