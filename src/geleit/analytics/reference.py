"""Asks questions by reference SQL: the portable text that kernels must equal, and that names the people behind a cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from geleit.analytics.question import Question
from geleit.analytics.selection import Population, Selection, Wanted
from geleit.history.statements import load_from

FOLDER = Path(__file__).parent
PARAMETER = re.compile(r"\$(\w+)")


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody behind a number: the customer, and the need whose journey it was ('' for journeys of customers)."""

    customer: str
    need: str


class Reference:
    """Reference SQL on DuckDB over the view ``events``."""

    def __init__(self, duck: duckdb.DuckDBPyConnection, needs_of: Callable[[str], Sequence[str]]) -> None:
        self.duck = duck
        self._needs_of = needs_of
        self._made: Wanted | None = None

    def population(self, question: Question) -> Population:
        """Who and what is counted."""
        self._make_steps(question.wanted)
        texts, values = load_from(FOLDER / "selection.sql"), _values(question.wanted)
        found = self._ask(texts["population"], values) | self._ask(texts["left_out"], values)
        return Population(**found)

    def counts(self, question: Question, selection: Selection) -> pa.Table:
        """What kernels count, by SQL: the columns ``question.counted``."""
        texts = self._prepare(question, selection)
        cells, counts = question.statement(texts, "cells"), question.statement(texts, "counts")
        query = f"WITH cells AS ({cells}) SELECT * FROM ({counts}) AS counted"  # noqa: S608 (our own texts)
        found: pa.Table = self.duck.sql(query, params=_fitting(query, question.parameters())).to_arrow_table()
        return found.select(question.counted.names).cast(question.counted)

    def actors(self, question: Question, selection: Selection, cell: Mapping[str, object]) -> list[Actor]:
        """The people (and needs) behind a cell named by some of ``question.keys``."""
        texts, cell = self._prepare(question, selection), question.cell(cell, selection)
        where = " AND ".join(f"cells.{name} = $cell_{name}" for name in cell) or "true"
        query = (
            f"WITH cells AS ({question.statement(texts, 'cells')}) "  # noqa: S608 (our own texts, names from keys)
            "SELECT DISTINCT steps.customer_id, steps.need_id FROM steps INNER JOIN cells ON cells.journey = steps.journey "
            f"WHERE {where} ORDER BY steps.customer_id, steps.need_id"
        )
        values = {**question.parameters(), **{f"cell_{name}": value for name, value in cell.items()}}
        return [Actor(*row) for row in self.duck.execute(query, _fitting(query, values)).fetchall()]

    def _prepare(self, question: Question, selection: Selection) -> Mapping[str, str]:
        self._make_steps(question.wanted)
        for name, rows in question.tables(selection).items():
            self.duck.register(name, rows)
        return load_from(FOLDER / f"{question.name}.sql")

    def _make_steps(self, wanted: Wanted) -> None:
        if self._made == wanted:
            return
        customers = pa.table({"customer_id": pa.array(wanted.segment or (), pa.string())})
        self.duck.register("segment", customers)
        needs = pa.table({"need_id": pa.array(self._needs_of(wanted.topic) if wanted.topic else (), pa.string())})
        self.duck.register("topic_needs", needs)
        text = load_from(FOLDER / "selection.sql")["steps"]
        self.duck.execute(f"CREATE OR REPLACE TEMP TABLE steps AS {text}", _fitting(text, _values(wanted)))
        self._made = wanted

    def _ask(self, text: str, values: Mapping[str, object]) -> dict[str, int]:
        answer = self.duck.execute(text, _fitting(text, values))
        names = [column[0] for column in answer.description or ()]
        return dict(zip(names, answer.fetchall()[0], strict=True))


def _values(wanted: Wanted) -> dict[str, object]:
    fixed = wanted._asdict()
    fixed.pop("segment")
    return fixed | {"only_some": wanted.segment is not None, "of_topic": bool(fixed.pop("topic"))}


def _fitting(text: str, values: Mapping[str, object]) -> dict[str, object]:
    """Only the values that the text asks for."""
    asked = set(PARAMETER.findall(text))
    return {name: value for name, value in values.items() if name in asked}
