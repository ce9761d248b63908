"""Computes expressions over many records at once, and sets aside the records for which one of them fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from geleit.errors import GeleitError
from geleit.sources.expression import Expression
from geleit.sources.plan import ROW, Column, Selection
from geleit.sources.records import Reason
from geleit.sources.sandbox import Answer, Sandbox, Stopped

EXPLAINED_MAX = 50  # failing records of a chunk that are computed once more, each alone, to say why
EXPENSIVE_MAX = 8
SHOWN_VALUES = 3
SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a record gives nothing."""

    reason: Reason
    message: str


@dataclass(slots=True)
class Computation:
    """One selection over some records. ``answers`` hold the good records' rows, ``failures`` the others by ROW."""

    sandbox: Sandbox
    selection: Selection
    where: str
    answers: list[Answer] = field(default_factory=list)
    failures: dict[int, Failure] = field(default_factory=dict)
    expensive: int = 0

    def run(self, records: pa.Table) -> None:
        """Compute; a failing record costs only itself.

        Errors: GeleitError if the definition can suit no record, or if too many records are too expensive.
        """
        stopped = self._ask(records)
        if stopped is None:
            return
        if stopped.why == "definition":
            raise self._definition_error(records, stopped)
        if stopped.why == "value" and self.selection.group is None:
            good = self._without_failures(records)
            if good is None or (good.num_rows < records.num_rows and self._ask(good) is None):
                return
            records = good
        self._halve(records, stopped)

    def _ask(self, records: pa.Table) -> Stopped | None:
        """Compute all columns for these records; the problem if there is one."""
        if records.num_rows == 0:
            return None
        self.sandbox.offer(records)
        try:
            self.answers.append(self.sandbox.ask(self.selection.sql()))
        except Stopped as stopped:
            return stopped
        return None

    def _without_failures(self, records: pa.Table) -> pa.Table | None:
        """Find failing records by one query; what is left (None if that is nothing)."""
        self.sandbox.offer(records)
        try:
            found = self.sandbox.ask(self.selection.failures_sql()).table
        except Stopped:
            return records
        steps = (self.selection.when, *self.selection.columns)
        flags = [found[f"c{i}"].to_pylist() for i in range(len(steps))]
        bad: set[int] = set()
        for place, row in enumerate(found[ROW].to_pylist()):
            step = next((i for i, flag in enumerate(flags) if flag[place]), None)
            if step is not None:
                bad.add(row)
                self._explain(records, row, steps[step])
        good = [place for place, row in enumerate(records[ROW].to_pylist()) if row not in bad]
        return records.take(pa.array(good, pa.int64())) if good else None

    def _halve(self, records: pa.Table, stopped: Stopped) -> None:
        """Compute the halves apart until the failing record (or group) is alone."""
        rows = sorted(set(records[ROW].to_pylist()))
        if len(rows) == 1:
            self._set_aside(records, rows[0], stopped)
            return
        middle = rows[len(rows) // 2]
        below = pc.less(records[ROW], middle)
        for half in (records.filter(below), records.filter(pc.invert(below))):
            problem = self._ask(half)
            if problem is not None:
                self._halve(half, problem)

    def _set_aside(self, records: pa.Table, row: int, stopped: Stopped) -> None:
        if stopped.why == "limit":
            self.expensive += 1
            if self.expensive > EXPENSIVE_MAX:
                raise GeleitError(
                    f"{self.where}: an expression {stopped.message} for each of {self.expensive} records; "
                    "what was imported before is safe",
                    hint="simplify its expressions: long lists inside of functions are what costs",
                )
        self._explain(records, row, None, stopped)

    def _explain(self, records: pa.Table, row: int, step: Column | None, stopped: Stopped | None = None) -> None:
        """Say which column fails for one record, on which values, and why."""
        if len(self.failures) >= EXPLAINED_MAX and step is not None:
            message = f"{self._place(step)}: {step.expression.text} cannot be computed"
            self.failures[row] = Failure(
                "expression", message + values_at(records, _place_of(records, row), step.expression)
            )
            return
        alone = records.filter(pc.equal(records[ROW], row))
        self.sandbox.offer(alone)
        for column in [step] if step else self._steps():
            problem = self._alone(column)
            if problem is not None:
                reason: Reason = "too_expensive" if problem.why == "limit" else "expression"
                text = f"{self._place(column)}: {column.expression.text} fails{values_at(alone, 0, column.expression)}"
                self.failures[row] = Failure(reason, f"{text}: {problem.message}")
                return
        reason = "too_expensive" if stopped and stopped.why == "limit" else "expression"
        self.failures[row] = Failure(reason, f"{self.where}: {stopped.message if stopped else 'cannot be computed'}")

    def _steps(self) -> list[Column]:
        first = [column for column in (self.selection.each, self.selection.when) if column]
        return [*first, *self.selection.columns]

    def _alone(self, column: Column) -> Stopped | None:
        """The problem of one column for the records that are on offer."""
        conditions = column in (self.selection.each, self.selection.when)
        try:
            self.sandbox.ask(self.selection.sql(() if conditions else (column,)))
        except Stopped as stopped:
            return stopped
        return None

    def _definition_error(self, records: pa.Table, stopped: Stopped) -> GeleitError:
        self.sandbox.offer(records)
        at_fault = next(((c, p) for c in self._steps() if (p := self._alone(c)) is not None), None)
        if at_fault is None:
            return GeleitError(f"{self.where}: {stopped.message}", hint="correct the definition; nothing was imported")
        column, problem = at_fault
        return GeleitError(
            f"{self.where}.{column.name}: {column.expression.text} does not fit the records: {problem.message}",
            hint="correct this expression; nothing of this file was imported",
        )

    def _place(self, column: Column) -> str:
        return f"events.{self.selection.position}.{column.name}"


def together(answers: list[Answer]) -> list[Answer]:
    """The parts in which a selection was computed as one, where their columns are of the same types."""
    first = answers[:1]
    if len(answers) < 2 or any(  # noqa: PLR2004 (one is one)
        one.json != first[0].json or one.table.schema != first[0].table.schema for one in answers
    ):
        return answers
    return [Answer(pa.concat_tables(one.table for one in answers), first[0].json)]


def values_of(sandbox: Sandbox, records: pa.Table, expression: Expression) -> tuple[list[Any], dict[int, Failure]]:
    """A plain expression's value for every record, and why it fails where it does (the value is None there).

    Errors: Stopped if it can suit no record.
    """
    sandbox.offer(records)
    tried = f"TRY({expression.sql}) AS value, TRY(({expression.sql}) IS NULL) IS NULL AS failed"
    try:
        found = sandbox.ask(f"SELECT {tried} FROM record").table  # noqa: S608 (checked by expression.check)
    except Stopped as stopped:
        if stopped.why == "definition":
            raise
        if records.num_rows == 1:
            failure = Failure("too_expensive", f"{expression.text} {stopped.message}")
            return [None], {records[ROW][0].as_py(): failure}
        middle = records.num_rows // 2
        first, first_failed = values_of(sandbox, records.slice(0, middle), expression)
        second, second_failed = values_of(sandbox, records.slice(middle), expression)
        return first + second, first_failed | second_failed
    rows = records[ROW].to_pylist()
    failed = [place for place, flag in enumerate(found["failed"].to_pylist()) if flag]
    return found["value"].to_pylist(), {
        rows[place]: Failure("expression", f"{expression.text} fails{values_at(records, place, expression)}")
        for place in failed
    }


def values_at(records: pa.Table, place: int, expression: Expression) -> str:
    """`` for betrag = 'abc'``: what the columns hold that the expression reads."""
    by_fold = {name.casefold(): name for name in records.column_names}
    names = [by_fold[n.casefold()] for n in sorted(expression.columns) if n.casefold() in by_fold]
    shown = [f"{name} = {_cut(records[name][place].as_py())}" for name in names[:SHOWN_VALUES]]
    return f" for {', '.join(shown)}" if shown else ""


def _place_of(records: pa.Table, row: int) -> int:
    return int(pc.index(records[ROW], row).as_py())


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."
