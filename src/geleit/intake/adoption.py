"""Adopts a bulk load into the ledger in short slices: identifiers, sets, evidence, facts, then customer by customer.

Each slice holds the ledger for some ten milliseconds (see ``pace``). A kill costs nothing: what is in is found again or, for evidence
(which is counted), remembered by its place. Groups that the ledger knew before, or that somebody touched meanwhile, are
resolved by the live way, which sees all evidence by then.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from geleit.customers import tokens
from geleit.customers.fact_columns import TABLES, schema
from geleit.errors import GeleitError
from geleit.events.event import Identifier
from geleit.files import only_one
from geleit.history.archive import Archive, Segment
from geleit.history.disk import writing
from geleit.history.reading import connect, gather
from geleit.history.statements import load_from
from geleit.history.walk import Walk
from geleit.identity import closure, decisions, likely, resolution
from geleit.identity.evidence import Touched, add_evidence, find_ids, find_sets, move_earlier
from geleit.intake import gathering, parts
from geleit.intake.deriving import Deriving
from geleit.intake.found import Found, find, pair
from geleit.intake.live import Intake
from geleit.intake.loading import clear_half_written
from geleit.intake.newcomers import Person, Ranked, Slice, write_again
from geleit.intake.pace import Pace
from geleit.intake.slices import Pairs, slices
from geleit.ledger import tables
from geleit.ledger.ledger import among, take_numbers, write_rows
from geleit.ledger.search_tables import search_identifier
from geleit.needs import recut
from geleit.needs.need import Cut
from geleit.needs.parallel import Cutting, telling
from geleit.needs.rows import write_cuts
from geleit.processes import seldom_searched

SLICE = 10_000  # rows written while the ledger is held, at most
PEOPLE = 1_000  # groups of one slice, at most
DIFFICULT = 40  # groups that are resolved one by one in a slice, at most
MEMORY = "1200MB"
SHIFTED = "shifted.txt"  # ledger ids, one a line
NEWER = """
(set_id, name, source) DO UPDATE
SET value = excluded.value, t = excluded.t, ord = excluded.ord, event_id = excluded.event_id
WHERE (excluded.t, excluded.ord, excluded.event_id) > ("trait".t, "trait".ord, "trait".event_id)
"""

SQL = load_from(Path(__file__).parent / "adoption.sql")
load = tables.load.c
Progress = Callable[[str, int], None]


def adopt_all(
    intake: Intake,
    archive: Archive,
    *,
    progress: Progress = lambda _step, _done: None,
    known: Callable[[], object] = lambda: None,
) -> int:
    """Adopt every load that waits; returns how many customers were taken in or touched.

    ``known`` is called as soon as it is told whose the events of a large load are, before the ledger has its people.

    Errors: Retryable if the ledger is busy or the disk full; run it again, it goes on where it was. StoreError if a part
    of a load and its segment are damaged.
    """
    with only_one(archive.folder.parent / "load.lock"), writing("the bulk load", "all its events are in the archive"):
        with intake.ledger.write() as connection:
            clear_half_written(connection, archive)
            connection.execute(sa.update(tables.load).where(load.state == "loading").values(state="adopting"))
        with intake.ledger.read() as connection:
            waiting = list(connection.execute(sa.select(load.id).where(load.state == "adopting")).scalars())
        return sum(Adoption(intake, archive, number, progress).run(known) for number in waiting)


class Adoption:
    """One load on its way into the ledger."""

    def __init__(self, intake: Intake, archive: Archive, number: int, progress: Progress) -> None:
        self.intake, self.ledger, self.number, self.progress = intake, intake.ledger, number, progress
        self.archive = archive
        self.folder = parts.parts_folder(archive, number)
        self.rest: list[Person] = []  # groups for the live way
        self.shifted: frozenset[int] = frozenset()

    def run(self, known: Callable[[], object] = lambda: None) -> int:
        """Adopt everything and let go of the parts; ``known`` as for ``adopt_all``."""
        try:
            with (
                writing("what a bulk load says of people", "all its events are in the archive"),
                self.ledger.relieving(),
                seldom_searched(wholly=False),
            ):
                done = self._adopt(known)
        except duckdb.Error as error:
            raise parts.unreadable(self.number, error) from None
        with self.ledger.write() as connection:
            self.ledger.next_change(connection)
            connection.execute(sa.update(tables.load).where(load.id == self.number).values(state="done"))
        shutil.rmtree(self.folder, ignore_errors=True)
        return done

    def _adopt(self, known: Callable[[], object]) -> int:
        done = 0
        if sound := parts.make_sound(self.archive, self.number):
            with connect(memory_limit=MEMORY, temp_directory=str(self.folder / "spill")) as duck:
                people = self._gather(sound)
                if gathering.tell(people, self.archive, self.number):
                    with suppress(GeleitError):  # whoever wants to read them early; what is wrong is said in its turn
                        known()
                self.archive.keys.merge(self.ledger)  # now, while little is in memory
                self._spread(duck, people)
                del people
                pa.default_memory_pool().release_unused()  # the engine needs it now
                pair(duck)
                with closing(self._deriving()) as facts, closing(self._cutting(duck)) as cutting:
                    self._identifiers(duck)
                    self._sets(duck)
                    self._evidence(duck)
                    self._facts(duck, facts)
                    done = self._people(duck, cutting) + self._difficult()
        return done

    def _gather(self, folders: Sequence[Path]) -> Found:
        """Put the parts together and find out who belongs to whom."""
        self.progress("groups", 0)
        with self.ledger.read() as connection:
            named = decisions.standing(connection).named | likely.ends(connection, self.intake.rules)
        return find(self.archive, self.number, folders, self.intake.rules, frozenset(named))

    def _spread(self, duck: duckdb.DuckDBPyConnection, people: Found) -> None:
        """Make the tables that the ledger is written from."""
        gather(duck, [self.archive.path(segment) for segment in self._segments()], 0)
        people.write(duck)

    def _segments(self) -> list[Segment]:
        with self.ledger.read() as connection:
            return self.archive.segments_of(connection, self.number)

    def _deriving(self) -> Deriving:
        """What makes the facts of the load's events, while the ledger is written."""
        return Deriving(self.archive, self._segments(), self.intake.setting, self.folder)

    def _cutting(self, duck: duckdb.DuckDBPyConnection) -> Cutting:
        """What cuts the needs of those whom nothing holds back, while the ledger is written."""
        duck.execute(SQL["stored"])
        duck.execute(SQL["owned"])
        walk = Walk(duck, self.intake.catalogue, telling(self.intake.needs))
        return Cutting(walk.tables(), walk.ways, self.intake.needs)

    def _identifiers(self, duck: duckdb.DuckDBPyConnection) -> None:
        """Write identifiers and their words; ``known(no, id)`` says which ids they have."""
        known = Pairs("no", "id")
        pace = Pace(self.ledger, SLICE)
        for rows in slices(duck, SQL["identifiers"], pace):
            words = tokens.of_identifiers([(place, *row[1:3]) for place, row in enumerate(rows)])
            with pace.turn() as connection:
                first = 1 + take_numbers(connection, tables.identifier, len(rows))
                ids: Sequence[int] = range(first, first + len(rows))
                new = [(number, *row[1:]) for number, row in zip(ids, rows, strict=True)]
                names = ("id", "type", "value", "first_t")
                if write_rows(connection, tables.identifier, names, new, "DO NOTHING") < len(rows):
                    ids = self._those_there(connection, rows, first)
                    words = [one for one in words if ids[one[1]] == first + one[1]]
                said = [(token, first + place, field) for token, place, field in words]
                write_rows(connection, search_identifier, ("token", "identifier_id", "field"), said)
            known.add((row[0] for row in rows), ids)
            self.progress("identifiers", len(rows))
        known.create(duck, "known")

    def _those_there(self, connection: sa.Connection, rows: Sequence[tuple[Any, ...]], first: int) -> list[int]:
        """The ids of identifiers of which the ledger knew some; theirs are below ``first``."""
        members = [Identifier(type_, value) for _, type_, value, _ in rows]
        found = find_ids(connection, members)
        there = {member: known for member, known in found.items() if known[0] < first}
        seen = [(there[member], row[3]) for row, member in zip(rows, members, strict=True) if member in there]
        self._remember_shifted(zip(rows, members, strict=True), there)
        move_earlier(connection, {id_: t for (id_, first_t), t in seen if t < first_t})
        return [found[member][0] for member in members]

    def _remember_shifted(
        self, rows: Iterable[tuple[tuple[Any, ...], Identifier]], there: Mapping[Identifier, tuple[int, int]]
    ) -> None:
        """Note whose first time counts in another window of a limit for the ledger than for this load.

        In a file, before the ledger knows of it: after a kill the times are equal, and the customer is still to be seen to.
        """
        rules = self.intake.rules
        found = [
            there[member][0]
            for row, member in rows
            if member in there and rules.slot(member, row[3]) != rules.slot(member, there[member][1])
        ]
        if found:
            with (self.folder / SHIFTED).open("a", encoding="utf-8") as file:
                file.writelines(f"{number}\n" for number in found)

    def _shifted(self) -> frozenset[int]:
        path = self.folder / SHIFTED
        return frozenset(map(int, path.read_text(encoding="utf-8").split())) if path.exists() else frozenset()

    def _sets(self, duck: duckdb.DuckDBPyConnection) -> None:
        """Write sets and their members; ``known_set(set_key, id)`` says which ids they have."""
        known = Pairs("set_key", "id")
        pace = Pace(self.ledger, SLICE // 2)
        for rows in slices(duck.cursor(), SQL["sets"], pace):
            with pace.turn() as connection:
                first = 1 + take_numbers(connection, tables.identifier_set, len(rows))
                ids: Sequence[int] = range(first, first + len(rows))
                new = [(number, key, rest) for number, (key, rest, _) in zip(ids, rows, strict=True)]
                if write_rows(connection, tables.identifier_set, ("id", "key", "rest"), new, "DO NOTHING") < len(rows):
                    there = find_sets(connection, [(key, rest) for key, rest, _ in rows])
                    ids = [there[key] for key, _, _ in rows]
                known_by = zip(ids, rows, strict=True)
                pairs = [(id_, member) for id_, row in known_by if id_ >= first for member in row[2] or ()]
                write_rows(connection, tables.identifier_set_member, ("set_id", "identifier_id"), pairs)
            known.add((row[0] for row in rows), ids)
            self.progress("sets", len(rows))
        known.create(duck, "known_set")

    def _evidence(self, duck: duckdb.DuckDBPyConnection) -> None:
        """Add what was seen together; counted, so each slice remembers how far it is."""
        with self.ledger.read() as connection:
            done = connection.execute(sa.select(load.adopted).where(load.id == self.number)).scalar_one()
        pace = Pace(self.ledger, SLICE)
        for rows in slices(duck, f"{SQL['pairs']} OFFSET {int(done)}", pace):
            with pace.turn() as connection:
                add_evidence(connection, rows)
                done += len(rows)
                connection.execute(sa.update(tables.load).where(load.id == self.number).values(adopted=done))
            self.progress("evidence", len(rows))

    def _facts(self, duck: duckdb.DuckDBPyConnection, facts: Deriving) -> None:
        """Write the facts; what is there stays, a trait yields to a later one."""
        for table in TABLES:
            duck.read_parquet(list(map(str, facts.files(table)))).create_view(f"{table.name}_made")
            names = [field.name for field in schema(table)]
            written = ["set_id" if name == "set_key" else name for name in names]
            conflict = NEWER if table is tables.trait else "DO NOTHING"
            pace = Pace(self.ledger, SLICE)
            for rows in slices(duck, _fact_rows(table, names), pace):
                with pace.turn() as connection:
                    write_rows(connection, table, written, rows, conflict)
                self.progress("facts", len(rows))

    def _people(self, duck: duckdb.DuckDBPyConnection, cutting: Cutting) -> int:
        """Place groups that no limit holds back, and that nobody else has placed."""
        self.shifted = self._shifted()
        members, sets = Ranked(duck, SQL["people"]), Ranked(duck, SQL["belongings"])
        done = 0
        cuts = (one for some in cutting for one in some)
        cut = next(cuts, None)
        pace = Pace(self.ledger, PEOPLE)
        for some in slices(duck, SQL["groups"], pace):
            last = some[-1][0]
            needs: dict[int, Cut] = {}
            while cut and cut.no <= last:
                needs[cut.no], cut = Cut(cut.needs, cut.tip, cut.noted), next(cuts, None)
            groups = Slice(some, members.until(last), sets.until(last), needs)
            with pace.turn() as connection:
                done += self._place(connection, groups)
            self.progress("customers", len(some))
        return done

    def _place(self, connection: sa.Connection, groups: Slice) -> int:
        """Write one slice of customers; those that need the live way are put aside."""
        change = self.ledger.next_change(connection)
        place = tables.identifier_resolution.c
        mine = [number for _, number, _ in groups.members]
        query = sa.select(place.identifier_id, place.customer_id, place.reason).where(among(place.identifier_id, mine))
        placed = {number: (customer, reason) for number, customer, reason in connection.execute(query)}
        new, others = groups.parted(placed.keys() | self.shifted.intersection(mine))
        known: list[Person] = []
        for person in others:
            simple = person.simple and self.shifted.isdisjoint(number for number, _ in person.identifiers)
            # Placed by an adoption that was killed, or by somebody else just so? What joins nobody owns fewer sets.
            so = all(placed.get(number) == (person.customer, reason) for number, reason in person.identifiers)
            (known if simple and so else self.rest).append(person)
        done = self._unmoved(connection, known)
        groups.write(connection, new, change)
        write_again(connection, done, change)
        # Nobody else knows of those who are new: all their events are of this load.
        write_cuts(connection, {new[rank]: cut for rank, cut in groups.needs.items() if rank in new})
        waiting = [customer for rank, customer in new.items() if rank not in groups.needs]
        recut.ask(connection, [*waiting, *(person.customer for person in done)], change)
        return len(new)

    def _unmoved(self, connection: sa.Connection, known: Sequence[Person]) -> list[Person]:
        """Those who stay as they are; the others are put aside.

        More evidence inside of one customer joins it sooner, never otherwise. Only new company may make an identifier
        one that joins nobody.
        """
        joining = [number for person in known for number, reason in person.identifiers if not reason]
        hindered = closure.hindered_now(connection, joining, self.intake.rules)
        stay: list[Person] = []
        for person in known:
            moved = any(number in hindered for number, _ in person.identifiers)
            (self.rest if moved else stay).append(person)
        return stay

    def _difficult(self) -> int:
        """Resolve by the live way what was put aside."""
        waiting, pace = deque(self.rest), Pace(self.ledger, DIFFICULT)
        while waiting:
            some = [waiting.popleft() for _ in range(min(pace.rows, len(waiting)))]
            identifiers = frozenset(number for person in some for number, _ in person.identifiers)
            sets = frozenset(number for person in some for number in person.sets)
            with pace.turn() as connection:
                change = self.ledger.next_change(connection)
                moved = resolution.update(connection, Touched(identifiers, sets), self.intake.rules, change)
                owner = tables.resolution.c
                found = connection.execute(sa.select(owner.customer_id).where(among(owner.set_id, sets))).scalars()
                recut.ask(connection, {*moved.customers, *found}, change)
            self.progress("customers", len(some))
        return len(self.rest)


def _fact_rows(table: sa.Table, names: Sequence[str]) -> str:
    """The question for the rows of a table of facts, those of a set side by side; names are our columns'."""
    if "set_key" not in names:
        return f"SELECT DISTINCT {', '.join(names)} FROM {table.name}_made ORDER BY {names[0]}, {names[1]}"  # noqa: S608
    columns = ", ".join("known_set.id AS set_id" if name == "set_key" else f"facts.{name}" for name in names)
    found = f"SELECT {columns} FROM {table.name}_made AS facts INNER JOIN known_set USING (set_key)"  # noqa: S608
    return f"SELECT DISTINCT * FROM ({found}) ORDER BY set_id"  # noqa: S608
