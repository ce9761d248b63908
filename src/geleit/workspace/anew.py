"""Makes a workspace's data anew from its files, and carries over what no file says.

That is: write keys, what people decided about who is who and answered about probable links, and the events of sources that
send. A correction of a source must not cost any of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from geleit.errors import GeleitError
from geleit.intake.salvage import Salvaged, salvage
from geleit.ledger import tables
from geleit.ledger.decision_tables import decision, decision_member
from geleit.ledger.lease import Lease
from geleit.ledger.ledger import take_numbers
from geleit.ledger.linkage_tables import probable_link
from geleit.ledger.live_tables import write_key
from geleit.workspace.steps import Told
from geleit.workspace.withdrawals import KEPT
from geleit.workspace.workspace import Workspace

TABLES = (write_key, decision, decision_member, probable_link)  # in the order of what refers to what
NUMBERED = (write_key, decision)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Carried:
    """What no file says: rows by table, and withdrawals of consent that were kept at a separation, by identifier set."""

    rows: dict[str, list[Row]]
    withdrawals: list[Row]

    @property
    def keys(self) -> int:
        """How many write keys there are."""
        return len(self.rows[write_key.name])

    @property
    def decisions(self) -> int:
        """How many decisions there are."""
        return len(self.rows[decision.name])


def gather(space: Workspace) -> Carried:
    """Read what no file says, once everything that was acknowledged is in the archive.

    Errors: GeleitError while a server keeps the workspace: what it acknowledges meanwhile would be lost.
    """
    lease = Lease(space.ledger, "upkeep")
    if not lease.take():
        raise GeleitError(
            "a server keeps this workspace; nothing was changed", hint="stop geleit serve, then run the command again"
        )
    try:
        while space.archive.drain():
            pass
        with space.ledger.read() as connection:
            rows = {table.name: _rows(connection, sa.select(table)) for table in TABLES}
            kept = sa.select(tables.identifier_set.c.key.label("set_key"), tables.consent_fact)
            kept = kept.join(tables.identifier_set, tables.identifier_set.c.id == tables.consent_fact.c.set_id)
            return Carried(rows, _rows(connection, kept.where(tables.consent_fact.c.event_id.startswith(KEPT))))
    finally:
        lease.release()


def carry(space: Workspace, carried: Carried) -> None:
    """Write keys, decisions and answers into the new ledger: before anything is imported, so that it follows them."""
    with space.ledger.write() as connection:
        for table in TABLES:
            if found := carried.rows[table.name]:
                connection.execute(sa.insert(table), found)
                if table in NUMBERED and connection.dialect.name == "postgresql":
                    take_numbers(connection, table, max(row["id"] for row in found))


def bring_back(space: Workspace, kept: Path, carried: Carried, told: Told = lambda _: None) -> Salvaged:
    """Take in the events of sources that send, from the data that were set aside, and the kept withdrawals."""
    sending = frozenset(name for name, one in space.definitions.sources.items() if one.collect or one.hook)
    found = salvage(space.intake, space.archive, kept, told, only=sending)
    with space.ledger.write() as connection:
        sets = tables.identifier_set.c
        wanted = {row["set_key"] for row in carried.withdrawals}
        ids = {key: id_ for id_, key in connection.execute(sa.select(sets.id, sets.key).where(sets.key.in_(wanted)))}
        rows = [
            {name: value for name, value in row.items() if name != "set_key"} | {"set_id": ids[row["set_key"]]}
            for row in carried.withdrawals
            if row["set_key"] in ids
        ]
        if rows:
            connection.execute(sa.insert(tables.consent_fact), rows)
    space.sync(told=told)
    return found


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]
