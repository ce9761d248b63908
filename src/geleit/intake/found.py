"""Who was found in a bulk load: its parts put together, the groups of its identifiers, and whose each set is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from geleit.events.event import Identifier
from geleit.history.archive import Archive
from geleit.history.statements import load_from
from geleit.identity import groups
from geleit.identity.grouping import AMBIGUOUS, Flags, Groups, Numbers, find_groups, find_owners
from geleit.identity.rules import Rules
from geleit.intake import parts
from geleit.intake.assembling import Assembled, assemble

SQL = load_from(Path(__file__).parent / "found.sql")


@dataclass(frozen=True, slots=True)
class Found:
    """Sets, identifiers and groups by their numbers; ``owner``: the group of each set, -1 of the empty one."""

    load: Assembled
    groups: Groups
    owner: Numbers

    def free(self, there: Numbers) -> Flags:
        """The groups whose customers are known without the ledger.

        No limit holds them back, no shared browser will cut into them, they stand in nobody else's events, and nobody
        has met them: ``there`` are identifiers that the ledger knows.
        """
        wide, load = self.groups.wide, self.load
        found = self.groups.simple.copy()
        found[wide[there]] = False
        found[wide[self.groups.reason == AMBIGUOUS]] = False
        among = wide[load.members]
        found[among[self.owner[load.sets] != among]] = False
        return found

    def write(self, duck: duckdb.DuckDBPyConnection) -> None:
        """Make the tables that the ledger is written from, but for the one of ``pair``."""
        load, known = self.load, self.load.known
        groups.write(duck, self.groups)
        types = pa.DictionaryArray.from_arrays(
            pa.array(known.kind.astype(np.int32)), pa.array(known.types, pa.string())
        )
        there = np.flatnonzero(self.owner >= 0)
        for name, columns in (
            (
                "identifier",
                {
                    "no": np.arange(len(known)),
                    "type": types.cast(pa.string()),
                    "value": known.values,
                    "first_t": known.first_t,
                },
            ),
            ("named", {"set_key": load.keys, "rest": load.rests}),
            ("place", {"set_key": load.keys[load.sets], "no": load.members}),
            ("owner", {"set_key": load.keys[there], "wide": self.owner[there]}),
        ):
            duck.from_arrow(pa.table({label: pa.array(values) for label, values in columns.items()})).create(name)


def pair(duck: duckdb.DuckDBPyConnection) -> None:
    """Make ``evidence``: who was seen together, of the tables of ``Found`` and the load's events (``archived``)."""
    for name in ("paired", "seen", "evidence"):
        duck.execute(SQL[name])
    for name in ("paired", "seen"):
        duck.execute(f"DROP TABLE {name}")


def find(archive: Archive, number: int, folders: Sequence[Path], rules: Rules, named: frozenset[Identifier]) -> Found:
    """Put the parts of a load together and find out who belongs to whom. ``named``: of whom people decided something.

    Errors: StoreError if a part or a segment is damaged.
    """
    with archive.ledger.read() as connection:
        segments = archive.segments_of(connection, number)
    try:
        load = assemble(folders, [archive.path(segment) for segment in segments], rules)
    except (OSError, pa.ArrowException) as error:
        archive.verify(segments)
        raise parts.unreadable(number, error) from None
    found = find_groups(load.known, *load.links(rules), rules, named)
    members = (load.sets, load.members)
    return Found(load, found, find_owners(load.known, found, rules, members, len(load.keys)))
