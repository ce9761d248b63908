"""Shows people of a large load before the ledger has them: whoever is asked for is taken in aside, by their events alone.

Who belongs to whom is known by then (``history.gathered``), and a person in it depends on nobody else. So a small ledger
of their own, filled by the live way, says of them what the ledger will say. It goes with the load's parts.
"""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import duckdb
import sqlalchemy as sa

from geleit.customers import search
from geleit.errors import GeleitError, NotFoundError
from geleit.events.event import Identifier
from geleit.history import gathered
from geleit.history.gathered import People
from geleit.history.stored import StoredEvent
from geleit.identity.normalize import normalize
from geleit.ledger import tables
from geleit.ledger.ledger import among
from geleit.needs import recut

if TYPE_CHECKING:
    from geleit.workspace.workspace import Workspace

FRESH = 5.0  # seconds for which somebody who was taken in is not looked at again
TROUBLE = (
    duckdb.Error,
    OSError,
    GeleitError,
)  # with a copy: the ledger will have them all, and says its own troubles itself
_customer, _identifier = tables.customer.c, tables.identifier.c
P = ParamSpec("P")
Said = TypeVar("Said")


def before_its_turn(
    reading: Callable[Concatenate[Workspace, str, P], Said],
) -> Callable[Concatenate[Workspace, str, P], Said]:
    """A method that reads of one customer: whom the ledger does not have yet, it reads where they were taken in aside."""

    @wraps(reading)
    def read(self: Workspace, customer_id: str, /, *args: P.args, **named: P.kwargs) -> Said:
        return reading(self.early.of(customer_id) or self, customer_id, *args, **named)

    return read


class Early:
    """People of the load that is being adopted, each taken in when asked for; safe for several threads."""

    def __init__(self, main: Workspace) -> None:
        self.main = main
        self._side: Workspace | None = None
        self._taken: dict[str, float] = {}
        self._lock = threading.Lock()

    def find(self, query: str) -> list[search.Found]:
        """Those of whom this is an identifier, in full; nobody whom the ledger has."""
        found = []
        for customer in self._named(query):
            if side := self.of(customer):
                found += [hit for hit in side.find(query) if hit.customer_id == customer]
        return found

    def customer(self, key: str) -> str:
        """The customer of a key (an id, ``type:value``, a bare value) if only one fits and the ledger has none; else empty."""
        fitting = [one for one in dict.fromkeys([key, *self._named(key)]) if self.of(one)]
        return fitting[0] if len(fitting) == 1 else ""

    def of(self, customer: str) -> Workspace | None:
        """Where such a person is taken in; None if the ledger has them, somebody met them, or nobody knows them."""
        with suppress(*TROUBLE), self.main.ledger.read() as connection:
            if gathered.origin(connection) is None:
                self.close()
            elif not connection.execute(sa.select(_customer.id).where(_customer.id == customer)).first():
                with gathered.people(connection, self.main.archive) as people, self._lock:
                    if people and time.monotonic() - self._taken.get(customer, -FRESH) >= FRESH:
                        self._take(connection, people, customer)
                    return self._side if people and customer in self._taken else None
        return None

    def stored(self, customer: str) -> list[StoredEvent]:
        """All events of such a person as the archive has them, in total order; none of anybody else."""
        with suppress(*TROUBLE), self.main.ledger.read() as connection:
            with gathered.people(connection, self.main.archive) as people:
                sets = people.sets(customer) if people and self.of(customer) else []
            return self.main.history.events_of(sets)
        return []

    def close(self) -> None:
        """Forget everybody."""
        with self._lock:
            if self._side:
                self._side.close()
                shutil.rmtree(self._side.data, ignore_errors=True)
            self._side = None
            self._taken.clear()

    def _named(self, key: str) -> list[str]:
        """Whose identifier a key is, of any type or of the one that it says."""
        said, _, value = key.partition(":")
        rules, country, archive = self.main.rules, self.main.company.country, self.main.archive
        with (
            suppress(*TROUBLE),
            self.main.ledger.read() as connection,
            gathered.people(connection, archive) as people,
        ):
            types = people.types() if people else []
            asked = [(said, value)] if said in types else [(type_, key) for type_ in types]
            found = (normalize(Identifier(*one), rules, country) for one in asked)
            names = [str(one) for one in found if isinstance(one, Identifier)]
            return sorted(set(people.owners(names).values())) if people else []
        return []

    def _take(self, connection: sa.Connection, people: People, customer: str) -> None:
        """Take a person in by all their events, unless the ledger has placed one of their identifiers meanwhile."""
        self._taken.pop(customer, None)
        events = [stored.event for stored in self.main.history.events_of(people.sets(customer))]
        named = {one for event in events for one in event.identifiers}
        owners = people.owners(sorted(map(str, named)))
        # Whose events name what joins nobody, or somebody else, waits for the ledger: here, where nobody else is, it would join.
        if not named or any(owners.get(str(one)) != customer for one in named) or _met(connection, named):
            return
        side = self._opened(connection)
        side.intake.accept(events)
        recut.cut_now(side.ledger, side.history, side.catalogue, side.definitions.needs, [customer])
        with side.ledger.read() as there:
            if there.execute(sa.select(_customer.id).where(_customer.id == customer)).first():
                self._taken[customer] = time.monotonic()

    def _opened(self, connection: sa.Connection) -> Workspace:
        """The small workspace of those who were asked for, in a folder that goes with the load's parts."""
        origin = gathered.origin(connection)
        if self._side is None and origin:
            parts = gathered.place(self.main.archive, origin[0]).parent
            folder = parts / f"shown-{os.getpid()}-{secrets.token_hex(4)}"
            folder.mkdir(mode=0o700)
            self._side = type(self.main)(self.main.definitions, clock=self.main.clock, data=folder)
        if self._side is None:
            raise NotFoundError("no bulk load is being adopted")
        return self._side


def _met(connection: sa.Connection, identifiers: set[Identifier]) -> bool:
    """Whether the ledger has placed one of these identifiers."""
    there = sa.select(_identifier.type, _identifier.value).join(
        tables.identifier_resolution, tables.identifier_resolution.c.identifier_id == _identifier.id
    )
    rows = connection.execute(there.where(among(_identifier.value, [one.value for one in identifiers]))).all()
    return any(Identifier(row.type, row.value) in identifiers for row in rows)
