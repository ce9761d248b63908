"""Asks questions by reference SQL: the portable text that kernels must equal, and that names the people behind a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from geleit.analytics.question import Question
from geleit.analytics.selection import Population, Selection, Wanted
from geleit.analytics.spoken import Spoken, spoken
from geleit.history.engine import Engine
from geleit.history.statements import load_from

FOLDER = Path(__file__).parent
STEPS = "journey, customer_id, need_id, place, t, kind, channel, stage, local_day, by_person"  # kept of each event that counts


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody behind a number: the customer, and the need whose journey it was ('' for journeys of customers)."""

    customer: str
    need: str


class Reference:
    """Reference SQL on any engine over the view ``events``."""

    def __init__(self, engine: Engine, needs_of: Callable[[str], Sequence[str]]) -> None:
        self.engine = engine
        self._needs_of = needs_of
        self._made: Wanted | None = None

    def population(self, wanted: Wanted) -> Population:
        """Who and what is counted."""
        self._make_steps(wanted)
        texts, values = load_from(FOLDER / "selection.sql"), _values(wanted)
        return Population(**self._ask(texts["population"], values), **self._ask(texts["left_out"], values))

    def steps(self, wanted: Wanted) -> pa.Table:
        """The events that count, in the order of their journeys."""
        self._make_steps(wanted)
        return self.engine.rows("SELECT * FROM steps ORDER BY customer_id, need_id, place", {})

    def spoken(self, wanted: Wanted, zone: str, now: int) -> Spoken:
        """What people said in the journeys wanted; of promises how they stand at ``now``."""
        self._made = None  # the tables that steps are made from hold others afterwards
        self._put_needs(wanted)
        return spoken(self.engine, wanted, _values(wanted), (zone, now))

    def counts(self, question: Question, selection: Selection) -> pa.Table:
        """What kernels count, by SQL: the columns ``question.counted``."""
        texts = self._prepare(question, selection)
        cells, counts = question.statement(texts, "cells"), question.statement(texts, "counts")
        query = f"WITH cells AS ({cells}) SELECT * FROM ({counts}) AS counted"  # noqa: S608 (our own texts)
        found = self.engine.rows(query, question.parameters())
        return found.select(question.counted.names).cast(question.counted)

    def actors(self, question: Question, selection: Selection, cell: Mapping[str, object]) -> list[Actor]:
        """The people (and needs) behind a cell named by some of ``question.keys``."""
        texts, cell = self._prepare(question, selection), question.cell(cell, selection)
        where = " AND ".join(f"cells.{name} = $cell_{name}" for name in cell) or "true"
        query = (
            f"WITH cells AS ({question.statement(texts, 'cells')}) "  # noqa: S608 (our own texts, names from keys)
            "SELECT DISTINCT customer_id, need_id FROM steps WHERE journey IN (SELECT journey FROM cells "
            f"WHERE {where}) ORDER BY customer_id, need_id"
        )
        values = {**question.parameters(), **{f"cell_{name}": value for name, value in cell.items()}}
        return [
            Actor(**row) for row in self.engine.rows(query, values).rename_columns(["customer", "need"]).to_pylist()
        ]

    def _prepare(self, question: Question, selection: Selection) -> Mapping[str, str]:
        self._make_steps(question.wanted)
        for name, rows in question.tables(selection).items():
            self.engine.put(name, rows)
        return load_from(FOLDER / f"{question.name}.sql")

    def _make_steps(self, wanted: Wanted) -> None:
        if self._made == wanted:
            return
        customers = pa.table({"customer_id": pa.array(wanted.segment or (), pa.string())})
        self.engine.put("segment", customers)
        self._put_needs(wanted)
        text = load_from(FOLDER / "selection.sql")["steps"]
        self.engine.save("steps", f"SELECT {STEPS} FROM ({text}) AS chosen", _values(wanted))  # noqa: S608 (our own text)
        self._made = wanted

    def _put_needs(self, wanted: Wanted) -> None:
        needs = pa.table({"need_id": pa.array(self._needs_of(wanted.topic) if wanted.topic else (), pa.string())})
        self.engine.put("topic_needs", needs)

    def _ask(self, text: str, values: Mapping[str, object]) -> dict[str, int]:
        found: dict[str, int] = self.engine.rows(text, values).to_pylist()[0]
        return found


def _values(wanted: Wanted) -> dict[str, object]:
    fixed = wanted._asdict()
    fixed.pop("segment")
    return fixed | {"only_some": wanted.segment is not None, "of_topic": bool(fixed.pop("topic"))}
