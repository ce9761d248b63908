"""Whose the events of a bulk load are while it is being adopted: found out at once, and held until the ledger has its people.

``intake.gathering`` writes a file beside the load's parts; a generation that is built meanwhile keeps a copy. A person is
held as long as the ledger knows none of its identifiers; whoever was met or placed since is the ledger's alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import sqlalchemy as sa

from geleit.history import reading, snapshot
from geleit.history.archive import Archive
from geleit.history.generation import Generation
from geleit.history.statements import load
from geleit.ledger import tables

FILE = "people.duckdb"
IDENTITY = sa.select(tables.applied_definition.c.hash).where(tables.applied_definition.c.name == "identity")
_load, _set, _member = tables.load.c, tables.identifier_set.c, tables.identifier_set_member.c
_ADOPTING = sa.select(_load.id, _load.started_at, _load.parts).where(_load.state == "adopting").order_by(_load.id)
_MEMBERS = (
    sa.select(_set.key, tables.identifier.c.type, tables.identifier.c.value)
    .join(tables.identifier_set_member, _member.set_id == _set.id)
    .join(tables.identifier, tables.identifier.c.id == _member.identifier_id)
)
_SETTLED = sa.select(_set.key.label("set_key")).join(tables.resolution, tables.resolution.c.set_id == _set.id)


def place(archive: Archive, number: int) -> Path:
    """Where the people of a load stand."""
    return archive.folder.parent / "loads" / f"{number:06d}" / FILE


def origin(connection: sa.Connection) -> tuple[int, int, int, str] | None:
    """The load that is being adopted (number, begin, parts), and the rules of identity that hold; None if there is none."""
    row = connection.execute(_ADOPTING.limit(1)).first()
    return (row.id, row.started_at, row.parts, connection.execute(IDENTITY).scalar() or "") if row else None


def hold(
    connection: sa.Connection, duck: duckdb.DuckDBPyConnection, archive: Archive, base: Generation | None = None
) -> int:
    """Make ``held(set_key, customer_id)`` and ``released(customer_id)``; returns the load that they are of, 0 for none.

    Released are people of the base's copy whom only the ledger knows by now, and '' if events of nobody may be theirs.
    """
    sql, now = load("gathered.sql"), origin(connection)
    if now and base and base.gathered == now[0]:
        duck.execute(sql["kept"])
        if _origin(duck)[:4] != now:  # what the base says holds no more
            for name in ("all_released", "nobody_held"):
                duck.execute(sql[name])
            return 0
        _compare(connection, duck, base.change)
        if duck.execute("SELECT 1 FROM released LIMIT 1").fetchone():
            duck.execute(sql["release_nobody"])
        return now[0]
    if now and _read(duck, place(archive, now[0])):
        found = _origin(duck)
        if found[:4] == now:
            _compare(connection, duck, found[4])
            duck.execute(sql["release_nobody"])
            return now[0]
    for name in ("nobody_released", "nobody_held"):
        duck.execute(sql[name])
    return 0


def let_go(duck: duckdb.DuckDBPyConnection) -> None:
    """Drop what ``hold`` made."""
    duck.execute("DROP VIEW held")
    for name in ("released", "settled", "met"):
        duck.execute(f"DROP TABLE IF EXISTS {name}")
    _forget(duck)


class People:
    """The people of a load as its file names them: looked up one by one."""

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self.duck = duck

    def types(self) -> list[str]:
        """The types of identifiers that the load has."""
        return [row[0] for row in self.duck.execute("SELECT type FROM people.type ORDER BY type").fetchall()]

    def owners(self, identifiers: Sequence[str]) -> dict[str, str]:
        """Whose identifiers (``type:value``) are; not in it is whoever is unknown or only the ledger can tell."""
        return dict(self.duck.execute(load("gathered.sql")["named"], {"names": list(identifiers)}).fetchall())

    def sets(self, customer: str) -> list[int]:
        """The identifier sets of a person; none if it is unknown."""
        return [row[0] for row in self.duck.execute(load("gathered.sql")["sets_of"], {"customer": customer}).fetchall()]


@contextmanager
def people(connection: sa.Connection, archive: Archive) -> Iterator[People | None]:
    """The people of the load that is being adopted, as the file beside its parts names them; None if there is none.

    Errors: duckdb.Error if the file is damaged or goes away meanwhile.
    """
    now = origin(connection)
    path = place(archive, now[0]) if now else None
    if path is None or not path.exists():
        yield None
        return
    with reading.connect(threads="1") as duck:
        duck.execute("ATTACH $path AS people (READ_ONLY)", {"path": str(path)})
        found = duck.execute("SELECT load, started_at, parts, identity FROM people.origin").fetchall()[0]
        yield People(duck) if found == now else None


def _compare(connection: sa.Connection, duck: duckdb.DuckDBPyConnection, change: int) -> None:
    """Who was placed or met after a change of the ledger."""
    sql = load("gathered.sql")
    snapshot.copy(connection, _SETTLED.where(tables.resolution.c.change > change), duck, "settled")
    elsewhere = [row[0] for row in duck.execute(sql["elsewhere"]).fetchall()]
    snapshot.copy_matching(connection, _MEMBERS, _set.key, elsewhere, (duck, "met"))
    duck.execute(sql["released"])
    duck.execute(sql["held"])


def _read(duck: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Read the file of a load wholly; False if it is not there or damaged: it spares time and nothing else."""
    if not path.exists():
        return False
    try:
        duck.execute("ATTACH $path AS people (READ_ONLY)", {"path": str(path)})
        duck.execute(load("gathered.sql")["taken"])
    except duckdb.Error:
        _forget(duck)
        return False
    finally:
        duck.execute("DETACH DATABASE IF EXISTS people")
    return True


def _origin(duck: duckdb.DuckDBPyConnection) -> tuple[int, int, int, str, int]:
    number, began, parts, identity, change = duck.execute("SELECT * FROM known_origin").fetchall()[0]
    return number, began, parts, identity, change


def _forget(duck: duckdb.DuckDBPyConnection) -> None:
    for label in ("owner", "member", "origin"):
        duck.execute(f"DROP VIEW IF EXISTS known_{label}")
        duck.execute(f"DROP TABLE IF EXISTS taken_{label}")
