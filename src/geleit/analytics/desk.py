"""Where questions about all journeys are asked: one state for all of them, answered by kernels or by reference SQL."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa
import sqlalchemy as sa

from geleit.analytics.orders import bought
from geleit.analytics.question import Question, Supplies
from geleit.analytics.reference import Actor, Reference
from geleit.analytics.result import Other, Result
from geleit.analytics.selection import Population, Selection, Wanted, select
from geleit.analytics.spoken import Spoken
from geleit.errors import NotFoundError
from geleit.events.kinds import Catalogue, meant
from geleit.events.vocabulary import VOCABULARY
from geleit.history.columns import Columns
from geleit.history.history import History
from geleit.ledger import tables
from geleit.needs.designed import DesignedJourney

Engine = Literal["kernels", "sql"]
MANY = 2**31 - 1
HELD = 4  # groupings of one state kept in memory


class State:
    """One state of the history: its columns, the groupings asked for of late, and reference SQL on it."""

    def __init__(self, columns: Columns, zone: str, needs_of: Callable[[str], Sequence[str]]) -> None:
        self.columns = columns
        self.zone = zone
        self.needs_of = functools.cache(needs_of)
        self.reference = Reference(columns.engine, self.needs_of)
        self.lock = threading.RLock()
        self._selections: OrderedDict[Wanted, Selection] = OrderedDict()
        self._spoken: tuple[Wanted, Spoken] | None = None

    def selection(self, wanted: Wanted) -> Selection:
        """The journeys as wanted."""
        if wanted not in self._selections:
            self._selections[wanted] = self.choose(wanted)
            if len(self._selections) > HELD:
                self._selections.popitem(last=False)
        self._selections.move_to_end(wanted)
        return self._selections[wanted]

    def choose(self, wanted: Wanted) -> Selection:
        """Choose and group the journeys."""
        return select(self.columns, wanted, self.zone, self.needs_of(wanted.topic) if wanted.topic else ())

    def counts(self, question: Question, engine: Engine) -> pa.Table:
        """What is counted, sorted by its keys."""
        if parts := question.parts():
            return _grouped([self.counts(part, engine) for part in parts])
        selection = self.selection(question.wanted)
        found = (
            question.count(selection)
            if engine == "kernels" and not question.by_sql
            else self.reference.counts(question, selection)
        )
        return found.sort_by([(name, "ascending") for name in question.sorted_by or question.keys])

    def customers(self) -> Sequence[str]:
        """The ids of everybody with an event."""
        with self.lock:
            found = self.reference.engine.rows("SELECT DISTINCT customer_id FROM events ORDER BY customer_id", {})
        return [str(one) for one in found["customer_id"].to_pylist()]

    def population(self, wanted: Wanted, engine: Engine) -> Population:
        """Who and what is counted."""
        return self.selection(wanted).population if engine == "kernels" else self.reference.population(wanted)

    def spoken(self, wanted: Wanted) -> Spoken:
        """What people said in the journeys wanted; the last ones asked for are kept."""
        with self.lock:
            if self._spoken is None or self._spoken[0] != wanted:
                self._spoken = (wanted, self.reference.spoken(wanted, self.zone, self.columns.as_of.at))
            return self._spoken[1]

    def actors(self, question: Question, cell: Mapping[str, object]) -> list[Actor]:
        """The people behind a cell."""
        with self.lock:
            if parts := question.parts():
                within = {name: value for name, value in cell.items() if name != "group"}
                chosen = parts[1] if cell.get("group") == "b" else parts[0]
                return self.reference.actors(chosen, self.selection(chosen.wanted), within)
            return self.reference.actors(question, self.selection(question.wanted), cell)


def _grouped(tables: Sequence[pa.Table]) -> pa.Table:
    """Counts of groups as one table, with the group's name."""
    named = [
        table.append_column("group", pa.array([name] * len(table), pa.string()))
        for name, table in zip("ab", tables, strict=True)
    ]
    return pa.concat_tables(named)


class Desk:
    """Answers questions of the newest state; results stay true to theirs, also when asked for their people later."""

    def __init__(
        self,
        history: History,
        catalogue: Catalogue,
        zone: str,
        designs: Mapping[str, DesignedJourney] | None = None,
        *,
        topics: Collection[str] = (),
    ) -> None:
        self._history = history
        self.designs = designs or {}
        self.topics = topics
        self._supplies = Supplies(self.designs, lambda: bought(history, zone))
        self._zone = zone
        self._catalogue = catalogue
        self._state: State | None = None
        self._lock = threading.Lock()

    def ask(self, question: Question, engine: Engine = "kernels") -> Result[Any]:
        """Answer a question.

        Errors: NotFoundError for a kind, value or topic that nobody knows; StoreError.
        """
        state = self._newest()
        question = question.completed(self._supplies._replace(spoken=state.spoken, customers=state.customers))
        if not question.own_kinds:
            question = question.renamed(self._catalogue.canonical)
        self._check(question, state)
        with state.lock:
            counts = state.counts(question, engine)
            selection = state.selection(question.wanted)
            population = state.population(question.wanted, engine)
        rows = tuple(question.rows(counts, selection))
        shown, rest = rows[: question.limit], rows[question.limit :]
        folded = question.folded(counts)
        return Result(
            question=question,
            as_of=state.columns.as_of,
            population=population,
            rows=shown,
            other=Other(folded or len(rest), lambda: rest if folded is None else self._unfold(question, state, engine)),
            find=lambda cell: state.actors(question, cell),
        )

    @staticmethod
    def _unfold(question: Question, state: State, engine: Engine) -> tuple[Any, ...]:
        """What lies beyond the limit of a question that folds while it counts."""
        everything = question.model_copy(update={"limit": MANY})
        with state.lock:
            rows = everything.rows(state.counts(everything, engine), state.selection(question.wanted))
        return tuple(rows[question.limit :])

    def _newest(self) -> State:
        with self._lock:
            now = self._history.as_of()
            held = self._state.columns.as_of if self._state else None
            if held is None or (held.generation, held.change, held.last_seq) != (
                now.generation,
                now.change,
                now.last_seq,
            ):
                self._state = self._open()
            assert self._state is not None  # noqa: S101 (made above)
            return self._state

    def _open(self) -> State:
        return State(self._history.open_columns(), self._zone, self._needs_of)

    def _needs_of(self, topic: str) -> Sequence[str]:
        """The ids of all needs of a topic."""
        query = sa.select(tables.need.c.id).where(tables.need.c.topic == topic)
        with self._history.ledger.read() as connection:
            return list(connection.execute(query).scalars())

    def _check(self, question: Question, state: State) -> None:
        columns = state.columns
        there = columns.own_kinds if question.own_kinds else columns.kinds
        known = {*there, *VOCABULARY, *self._catalogue.definition.kinds}
        for kind in question.kinds:
            if kind not in known:
                raise NotFoundError(
                    f"no event is of the kind '{kind}'{meant(kind, sorted(there))}",
                    hint="geleit analyze kinds lists the kinds there are and how many events each has",
                )
        of = question.topic
        if of and self.topics and of not in self.topics and not len(state.needs_of(of)):
            raise NotFoundError(
                f"no need is of the topic '{of}'{meant(of, self.topics)}",
                hint="needs.yaml names the topics",
            )
        if question.looked_at in ("channel", "stage"):
            self._check_values(question, {*columns.channels} if question.looked_at == "channel" else {*columns.stages})

    def _check_values(self, question: Question, there: set[str]) -> None:
        """Channels and stages that a question names must be some that there are."""
        of = question.looked_at
        known = there | ({*self._catalogue.channels} if of == "channel" else {*self._catalogue.stage_index})
        for value in question.named_values:
            if value and value not in known:
                raise NotFoundError(
                    f"there is no {of} '{value}'{meant(value, known - {''})}",
                    hint=f"geleit analyze kinds --of {of} lists those there are",
                )
